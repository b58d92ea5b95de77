//! `retrieval add`, `set`, `show` and `list` of a catch-all.

use serde_json::json;

use crate::house::{House, Kind, SHARED};

#[test]
fn every_option_is_saved_and_shown() {
    let house = House::new(Kind::Alone);
    let options = [
        "--no-test",
        "--catch-all=Delivered-To",
        "--header-index=2",
        "--header-strip=mbox-",
        "--domain=Firm.Example",
        "--domain=club.example",
        "--domain-alias=firm.net=firm.example",
        "--separators=+-",
        "--max-recipients=5",
        "--fallback=unclaimed/New",
        "--rule=sales@firm.example=ben/Shop",
        "--rule=*+news@firm.example=anna",
    ];
    let added = house.add("firm", &options);
    assert!(
        added.stdout.contains("inhaul catch-all preview \"firm\""),
        "{added:?}"
    );
    let shown = house.json(&["retrieval", "show", "firm"]);
    let catch_all = json!({
        "header": "Delivered-To",
        "evidence": null,
        "index": 2,
        "strip": "mbox-",
        "domains": ["firm.example", "club.example"],
        "domain_aliases": { "firm.net": "firm.example" },
        "separators": "+-",
        "max_recipients": 5,
        "fallback": "unclaimed/New",
        "rules": [
            { "address": "sales@firm.example", "to": "ben/Shop" },
            { "address": "*+news@firm.example", "to": "anna/INBOX" },
        ],
    });
    assert_eq!(shown["catch_all"], catch_all);
    let shown = house.ok(&["retrieval", "show", "firm"]);
    for line in [
        "Shared by   Delivered-To, no. 2 from the top, without mbox- in front\n",
        "Domains     firm.example, club.example, firm.net is firm.example\n",
        "Tags        +-\n",
        "At most     5 accounts for one message\n",
        "Rules       2 rules (inhaul catch-all rules \"firm\")\n",
        "Fallback    unclaimed/New\n",
    ] {
        assert!(shown.contains(line), "{line:?} in {shown}");
    }
    let listed = house.ok(&["retrieval", "list"]);
    assert!(listed.contains("firm  (all)"), "{listed}");
    let audit = house.audit();
    assert!(audit.contains("sales@firm.example=ben/Shop"), "{audit}");
}

#[test]
fn what_does_not_go_together_is_told_before_anything_is_asked() {
    let house = House::new(Kind::Alone);
    for (options, why) in [
        (&[][..], "nothing says where the mail goes"),
        (&["--catch-all=auto"], "a catch-all needs --fallback"),
        (
            &["--to=anna", "--catch-all=auto", "--fallback=ben"],
            "exclude each other",
        ),
        (
            &["--to=anna", "--domain=firm.example"],
            "--domain is for catch-alls",
        ),
        (
            &["--catch-all=auto", "--fallback=ben", "--owner=anna"],
            "has no owner",
        ),
        (
            &["--catch-all=auto", "--fallback=ben", "--folder=Lists"],
            "--folder goes with --to",
        ),
        (
            &["--catch-all=X Y", "--fallback=ben"],
            "is not the name of a header",
        ),
        (
            &["--catch-all=auto", "--fallback=ben", "--domain=a@b.example"],
            "write the domain alone",
        ),
        (
            &["--catch-all=auto", "--fallback=ben", "--header-index=2"],
            "--header-index counts headers",
        ),
        (
            &["--catch-all=to-cc", "--fallback=ben", "--evidence=X-To"],
            "--evidence is for --catch-all auto",
        ),
        (
            &["--catch-all=auto", "--fallback=ben", "--rule=sales"],
            "is no rule",
        ),
        (
            &[
                "--catch-all=auto",
                "--fallback=ben",
                "--domain=a.example",
                "--domain-alias=b.example=c.example",
            ],
            "which is none of the domains",
        ),
    ] {
        let refused = house.add("firm", options);
        assert_eq!(refused.code(), Some(64), "{options:?}: {refused:?}");
        assert!(
            refused.stderr.contains(why),
            "{options:?}: {}",
            refused.stderr
        );
    }
    for options in [
        ["--fallback=nobody", "--catch-all=auto", "--no-test"],
        [
            "--rule=a@firm.example=nobody",
            "--catch-all=auto",
            "--fallback=ben",
        ],
    ] {
        let refused = house.add("firm", &options);
        assert_eq!(refused.code(), Some(67), "{options:?}: {refused:?}");
    }
    assert_eq!(house.remote.connections(), 0);
}

#[test]
fn a_retrieval_becomes_a_catch_all_and_a_single_one_again() {
    let house = House::new(Kind::Alone);
    let added = house.add("firm", &["--to=anna", "--folder=Firm", "--no-test"]);
    assert!(added.status.success(), "{added:?}");
    let set = |more: &[&'static str]| [&["retrieval", "set", "firm"][..], more].concat();
    let catch_all = || house.json(&["retrieval", "show", "firm"])["catch_all"].clone();
    house.refuses(&set(&["--catch-all=auto"]), 64, "needs --fallback");
    house.refuses(
        &set(&["--fallback=ben"]),
        64,
        "--fallback is for catch-alls",
    );
    house.ok(&set(&SHARED));
    assert_eq!(catch_all()["header"], "Delivered-To");
    // What is not named stays.
    house.ok(&set(&["--rule=sales@firm.example=ben"]));
    house.ok(&set(&["--header-index=2", "--fallback=ben/Rest"]));
    let now = catch_all();
    assert_eq!(
        (&now["index"], &now["fallback"]),
        (&json!(2), &json!("ben/Rest"))
    );
    assert_eq!(
        (now["rules"].as_array().unwrap().len(), &now["domains"]),
        (1, &json!(["firm.example"]))
    );
    house.ok(&set(&["--rule=none", "--domain=none", "--catch-all=auto"]));
    let now = catch_all();
    assert_eq!(
        (&now["rules"], &now["domains"], &now["header"]),
        (&json!([]), &json!([]), &json!("auto"))
    );
    house.refuses(&set(&["--folder=Lists"]), 64, "--folder goes with --to");
    house.refuses(
        &set(&["--to=anna", "--catch-all=auto"]),
        64,
        "exclude each other",
    );
    house.ok(&set(&["--to=anna"]));
    assert_eq!(catch_all(), json!(null));
}
