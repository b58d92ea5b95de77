//! Accounts, groups and retrievals as they are managed: what changes, what is asked, what is kept.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod installation;

use inhaul_testkit::{Dovecot, DovecotOptions};

use installation::{Installation, LOCAL_PASSWORD, Pulled, assert_each_once, document};

fn letters(count: u32) -> Vec<Vec<u8>> {
    let letter = |n| {
        format!(
            "From: Ann <ann@example.org>\r\nSubject: letter number {n}\r\n\
             Message-ID: <letter-{n}@example.org>\r\n\r\nThis is letter {n}.\r\n"
        )
    };
    (0..count).map(|n| letter(n).into_bytes()).collect()
}

/// A server with letters for `u1`, and an installation with the retrieval `isp` of it.
fn house(count: u32, more: &[&str]) -> (Dovecot, Installation) {
    let mut server = Dovecot::start(&DovecotOptions::default()).unwrap();
    server.fill("u1", letters(count)).unwrap();
    let home = Installation::new().account("anna");
    add(&server, &home, "isp", more);
    (server, home)
}

fn add(server: &Dovecot, home: &Installation, name: &str, more: &[&str]) {
    let at = server.pop3_addr().to_string();
    let how = ["--server", &at, "--security=none"];
    home.retrieval(name, "u1", "anna", &[&how[..], more].concat());
}

fn new(listed: u64, new: u64) -> Pulled {
    Pulled {
        code: String::new(),
        listed,
        new,
        deleted: 0,
    }
}

#[test]
fn an_account_is_changed_by_what_is_named() {
    let home = Installation::new().account("anna").account("ben");
    home.inhaul.ok(&["group", "add", "Staff"]).unwrap();
    let change = [
        "account",
        "set",
        "anna",
        "--name",
        "annika",
        "--address",
        "annika@example.org",
        "--address",
        "a@example.org",
        "--group",
        "staff",
        "--admin",
        "--disable",
    ];
    assert_eq!(home.json(&change)["changed"], "anna");
    let shown = home.json(&["account", "show", "annika"]);
    assert_eq!(
        shown["addresses"],
        serde_json::json!(["a@example.org", "annika@example.org"])
    );
    for (key, value) in [("admin", true), ("enabled", false)] {
        assert_eq!(shown[key], value, "{shown}");
    }
    assert_eq!(shown["group"], "Staff");
    home.inhaul
        .ok(&[
            "account",
            "set",
            "annika",
            "--remove-address=a@example.org",
            "--no-admin",
            "--enable",
        ])
        .unwrap();
    let shown = home.json(&["account", "show", "annika"]);
    assert_eq!(
        (&shown["admin"], &shown["enabled"]),
        (&false.into(), &true.into())
    );
    for (words, code) in [
        (&["account", "set", "annika"][..], 64),
        (&["account", "set", "annika", "--name", "ben"], 64),
        (&["account", "set", "annika", "--name", "a/b"], 64),
        (
            &["account", "set", "ben", "--address", "annika@example.org"],
            64,
        ),
        (
            &[
                "account",
                "set",
                "annika",
                "--remove-address",
                "b@example.org",
            ],
            67,
        ),
        (&["account", "set", "annika", "--group", "Nobodies"], 67),
        (&["account", "set", "anna", "--admin"], 67),
        (&["account", "password", "annika", "--no-input"], 64),
    ] {
        let finished = home.fails(words, code);
        assert_eq!(finished.stdout, "", "{words:?}");
    }
    let words = ["account", "password", "annika", "--password-stdin"];
    let said = home.inhaul.ok_with_input(&words, "another").unwrap();
    assert_eq!(said, "Changed.\n");
}

#[test]
fn an_account_has_limits_of_its_own() {
    let home = Installation::new().account("anna");
    let set = ["account", "set", "anna", "--limit"];
    for words in ["mailbox=5GB,at-once=1", "at_once=none"] {
        home.inhaul.ok(&[&set[..], &[words]].concat()).unwrap();
    }
    let shown = home.json(&["account", "show", "anna"]);
    assert_eq!(shown["limits"]["mailbox"], 5_000_000_000_u64, "{shown}");
    assert!(shown["limits"]["at-once"].is_null(), "{shown}");
    let shown = home.inhaul.ok(&["account", "show", "anna"]).unwrap();
    assert!(shown.contains("Limits      mailbox=5GB\n"), "{shown}");
    home.fails(&[&set[..], &["mailbox=much"]].concat(), 64);
}

#[test]
fn the_last_administrator_stays_and_is_told_why() {
    let home = Installation::new().account("anna").account("ben");
    let set = |name, how| home.inhaul.ok(&["account", "set", name, how]);
    set("anna", "--admin").unwrap();
    for how in ["--no-admin", "--disable"] {
        let refused = home.fails(&["account", "set", "anna", how], 64);
        assert!(
            refused
                .stderr
                .contains("without the account \"anna\" no administrator could sign in"),
            "{refused:?}"
        );
        assert!(refused.stderr.contains("--admin"), "{refused:?}");
    }
    set("ben", "--admin").unwrap();
    set("anna", "--no-admin").unwrap();
}

#[test]
fn an_account_goes_with_its_mail_when_it_is_not_needed_any_more() {
    let (server, home) = house(5, &[]);
    home.pull("isp");
    let needed = home.fails(&["account", "remove", "anna", "--yes"], 64);
    assert!(
        needed
            .stderr
            .contains("the retrieval \"isp\" brings mail to it"),
        "{needed:?}"
    );
    assert!(
        needed.stderr.contains("inhaul retrieval remove \"isp\""),
        "{needed:?}"
    );
    home.inhaul
        .ok(&["retrieval", "remove", "isp", "--yes"])
        .unwrap();
    for more in [&[][..], &["--no-input"]] {
        let asked = home.fails(&[&["account", "remove", "anna"], more].concat(), 64);
        assert!(
            asked.stderr.contains("anna's mailbox has 5 messages ("),
            "{asked:?}"
        );
        assert!(
            asked.stderr.contains("Nothing changes on remote servers"),
            "{asked:?}"
        );
        assert!(asked.stderr.contains("--yes"), "{asked:?}");
    }
    assert_eq!(home.messages("anna").len(), 5);
    let removed = home.json(&["account", "remove", "anna", "--yes"]);
    assert_eq!(
        (&removed["removed"], &removed["messages"]),
        (&"anna".into(), &5.into())
    );
    home.fails(&["account", "show", "anna"], 67);
    home.fails(&["message", "show", "1"], 67);
    assert_eq!(server.count("u1").unwrap(), 5);

    // Somebody else of that name gets everything: it is another mailbox.
    let words = ["account", "add", "anna", "--password-stdin"];
    home.inhaul.ok_with_input(&words, LOCAL_PASSWORD).unwrap();
    add(&server, &home, "isp", &[]);
    assert_eq!(home.pull("isp"), new(5, 5));
}

#[test]
fn a_group_keeps_its_triggers_and_limits() {
    let home = Installation::new().account("anna");
    let everyone = home.json(&["group", "show", "Everyone"]);
    for (trigger, seconds) in [("button", 60), ("folder", 300), ("cli", 60)] {
        assert_eq!(everyone["triggers"][trigger], seconds, "{everyone}");
    }
    assert_eq!(everyone["triggers"].as_object().unwrap().len(), 9);
    assert_eq!(everyone["accounts"], 1);

    let added = home.json(&["group", "add", "Staff", "--trigger", "all=off,button=on"]);
    assert_eq!(added["added"], "Staff");
    let change = [
        "group",
        "set",
        "Staff",
        "--trigger",
        "schedule=5m",
        "--limit",
        "retrievals=10,message=50MB,octets_per_run=200MB",
        "--users-may",
        "edit,plain",
        "--enabled=no",
    ];
    assert_eq!(home.json(&change)["changed"], "Staff");
    let staff = home.json(&["group", "show", "staff"]);
    let triggers = &staff["triggers"];
    assert_eq!(
        (&triggers["schedule"], &triggers["button"]),
        (&300.into(), &60.into())
    );
    assert!(triggers["api"].is_null(), "{staff}");
    assert_eq!(staff["limits"]["retrievals"], 10);
    assert_eq!(staff["limits"]["message"], 50_000_000);
    assert_eq!(staff["limits"]["octets-per-run"], 200_000_000);
    assert!(staff["limits"]["mailbox"].is_null(), "{staff}");
    assert_eq!(staff["users_may"], serde_json::json!(["edit", "plain"]));
    assert_eq!(
        (&staff["enabled"], &everyone["enabled"]),
        (&false.into(), &true.into())
    );
    let listed = home.json(&["group", "list"]);
    assert_eq!(listed["groups"][1]["name"], "Staff", "{listed}");
    let shown = home.inhaul.ok(&["group", "show", "Staff"]).unwrap();
    assert!(shown.contains("50MB"), "{shown}");
    let table = home.inhaul.ok(&["group", "list"]).unwrap();
    assert!(table.contains("2 on, 7 off"), "{table}");
    assert!(table.contains("retrievals=10,message=50MB"), "{table}");

    for (words, code) in [
        (&["group", "add", "staff"][..], 64),
        (&["group", "add", ""], 64),
        (&["group", "set", "Staff"], 64),
        (&["group", "set", "Staff", "--trigger", "login=on"], 64),
        (&["group", "set", "Staff", "--trigger", "button=maybe"], 64),
        (&["group", "set", "Staff", "--limit", "message=50"], 64),
        (&["group", "set", "Staff", "--users-may", "everything"], 64),
        (&["group", "set", "Everyone", "--name", "All"], 64),
        (&["group", "remove", "Everyone"], 64),
        (&["group", "show", "Nobodies"], 67),
        (&["group", "remove", "Nobodies"], 67),
    ] {
        home.fails(words, code);
    }
}

#[test]
fn a_group_with_accounts_stays_and_says_who_is_in_it() {
    let home = Installation::new().account("anna").account("ben");
    home.inhaul.ok(&["group", "add", "Staff"]).unwrap();
    for name in ["anna", "ben"] {
        home.inhaul
            .ok(&["account", "set", name, "--group", "Staff"])
            .unwrap();
    }
    let needed = home.fails(&["group", "remove", "Staff"], 64);
    assert!(
        needed.stderr.contains("2 accounts are in it: anna, ben"),
        "{needed:?}"
    );
    let nothing = home
        .inhaul
        .run(&["group", "set", "Staff", "--trigger", "all=off"])
        .unwrap();
    assert!(nothing.status.success(), "{nothing:?}");
    assert!(
        nothing
            .stderr
            .contains("Nothing would start a check for 2 accounts"),
        "{nothing:?}"
    );
    for name in ["anna", "ben"] {
        home.inhaul
            .ok(&["account", "set", name, "--group", "Everyone"])
            .unwrap();
    }
    assert_eq!(home.json(&["group", "remove", "Staff"])["removed"], "Staff");
}

#[test]
fn a_mailbox_added_again_brings_nothing_twice() {
    let (mut server, home) = house(7, &[]);
    assert_eq!(home.pull("isp"), new(7, 7));
    let asked = home.fails(&["retrieval", "remove", "isp"], 64);
    for words in [
        "isp (u1 on 127.0.0.1, to anna/INBOX)",
        "Nothing changes on 127.0.0.1",
        "brings nothing twice",
        "--yes",
    ] {
        assert!(asked.stderr.contains(words), "{words} in {asked:?}");
    }
    let removed = home.json(&["retrieval", "remove", "isp", "--yes"]);
    assert_eq!(removed["removed"], serde_json::json!(["isp"]));
    home.fails(&["pull", "isp"], 67);
    assert_eq!(home.messages("anna").len(), 7);
    assert_eq!(server.count("u1").unwrap(), 7);

    add(&server, &home, "again", &[]);
    assert_eq!(home.pull("again"), new(7, 0));
    server.fill("u1", letters(8).split_off(7)).unwrap();
    assert_eq!(home.pull("again"), new(8, 1));
    assert_each_once(&server.retr_all("u1").unwrap(), &home.messages("anna"));
    // Into another folder it is another destination: there everything is new.
    add(&server, &home, "elsewhere", &["--folder", "Copy"]);
    assert_eq!(home.pull("elsewhere"), new(8, 8));
}

#[test]
fn names_are_globs_numbers_or_with_their_account() {
    let (server, home) = house(1, &[]);
    for name in ["work one", "work two"] {
        add(&server, &home, name, &["--folder", name]);
    }
    let names = |document: &serde_json::Value, key: &str| -> Vec<String> {
        let names = document[key].as_array().unwrap().iter();
        names.map(|name| name.as_str().unwrap().into()).collect()
    };
    let paused = home.json(&["retrieval", "pause", "work*"]);
    assert_eq!(names(&paused, "paused"), ["work one", "work two"]);
    let state = |states: &str| {
        let list = home.json(&["retrieval", "list", "--state", states]);
        let list = list["retrievals"].as_array().unwrap().clone();
        list.iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(state("paused"), ["work one", "work two"]);
    assert_eq!(state("new"), ["isp"]);
    assert_eq!(state("new,paused").len(), 3);
    assert_eq!(
        home.json(&["pull", "--all"])["retrievals"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let id = home.json(&["retrieval", "show", "work two"])["id"].to_string();
    let resumed = home.json(&["retrieval", "resume", "ANNA/work one", &id]);
    assert_eq!(names(&resumed, "resumed"), ["work one", "work two"]);
    assert_eq!(state("working"), ["isp"]);
    let several = home.fails(&["retrieval", "history", "work*"], 64);
    assert!(several.stderr.contains("means 2 retrievals"), "{several:?}");
    home.fails(&["retrieval", "pause", "no*"], 67);
    home.fails(&["retrieval", "list", "--state", "asleep"], 64);
    let table = home.inhaul.ok(&["retrieval", "list"]).unwrap();
    assert!(table.contains("LAST 12"), "{table}");
    let row = table.lines().find(|line| line.contains("isp")).unwrap();
    assert!(row.contains("working") && row.contains('▃'), "{row}");
}

#[test]
fn history_shows_runs_and_what_was_said_in_one() {
    let (server, home) = house(3, &[]);
    home.pull("isp");
    home.pull("isp");
    drop(server);
    home.pull_with(&["isp"]);
    let runs = home.json(&["retrieval", "history", "isp"]);
    let runs = runs["runs"].as_array().unwrap();
    let results: Vec<_> = runs
        .iter()
        .map(|run| {
            (
                run["result"].as_str().unwrap(),
                run["new"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(results, [("failed", 0), ("ok", 0), ("ok", 3)]);
    assert_eq!(runs[0]["code"], "no-answer");
    assert_eq!(runs[2]["started_by"], "cli");
    assert!(runs[2]["took_ms"].is_u64() && runs[2]["bytes"].as_u64().unwrap() > 0);
    let table = home
        .inhaul
        .ok(&["retrieval", "history", "isp", "--limit", "2"])
        .unwrap();
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(
        table.contains("nothing new") && table.contains("no-answer"),
        "{table}"
    );
    let first = runs[2]["run"].to_string();
    let said = home
        .inhaul
        .ok(&["retrieval", "history", "isp", "--run", &first])
        .unwrap();
    assert!(
        said.contains("UIDL") && !said.contains(Dovecot::PASSWORD),
        "{said}"
    );
    let said = home.json(&["retrieval", "history", "isp", "--run", &first]);
    assert!(said["conversation"].as_array().unwrap().len() > 5, "{said}");
    home.fails(&["retrieval", "history", "isp", "--run", "99"], 67);
}

#[test]
fn turning_deletion_on_says_how_many_and_asks() {
    let (server, home) = house(4, &[]);
    home.pull("isp");
    let after = ["retrieval", "set", "isp", "--after-storing", "delete"];
    let asked = home.fails(&[&after[..], &["--days", "14"]].concat(), 64);
    assert!(asked.stderr.contains("4 messages ("), "{asked:?}");
    assert!(
        asked
            .stderr
            .contains("on 127.0.0.1 will be deleted there 14 days after they were stored here."),
        "{asked:?}"
    );
    let said = home
        .inhaul
        .ok(&[&after[..], &["--days", "14", "--yes"]].concat())
        .unwrap();
    assert!(said.contains("Nothing is deleted before 20"), "{said}");
    // Later than before, or not at all, is nothing to ask about; sooner is.
    home.inhaul
        .ok(&[&after[..], &["--days", "30"]].concat())
        .unwrap();
    home.fails(&after, 64);
    home.inhaul
        .ok(&["retrieval", "set", "isp", "--after-storing", "keep"])
        .unwrap();
    home.pull("isp");
    assert_eq!(server.count("u1").unwrap(), 4);
    // A script that adds one with deletion has said so.
    add(
        &server,
        &home,
        "deletes",
        &["--folder=Other", "--after-storing=delete"],
    );
    let account = home
        .inhaul
        .run_with_input(
            &["account", "add", "ben", "--password-stdin"],
            LOCAL_PASSWORD,
        )
        .unwrap();
    assert!(account.status.success());
    home.inhaul
        .ok(&["retrieval", "set", "isp", "--to", "ben"])
        .unwrap();
    let shown = home.json(&["retrieval", "show", "isp"]);
    assert_eq!(
        (&shown["account"], &shown["folder"]),
        (&"ben".into(), &"INBOX".into())
    );
    let said = home.inhaul.ok(&["account", "list", "--json"]).unwrap();
    assert_eq!(document(&said)["accounts"].as_array().unwrap().len(), 2);
}

#[test]
fn limits_of_a_retrieval_hold_and_what_they_left_is_brought_once() {
    let (mut server, home) = house(
        4,
        &["--every=never", "--limit=max-messages=2,largest=100KB"],
    );
    let large = |n: u32| {
        let line = format!("This is a line of the large letter {n}, one of many.\r\n");
        let head = format!("Subject: large {n}\r\nMessage-ID: <large-{n}@example.org>\r\n\r\n");
        [head, line.repeat(4_000)].concat().into_bytes()
    };
    server.fill("u1", vec![large(1), large(2)]).unwrap();
    let shown = home.inhaul.ok(&["retrieval", "show", "isp"]).unwrap();
    let words = "Limits      max-messages=2,largest=100KB\n";
    assert!(shown.contains(words), "{shown}");
    let first = home.json(&["pull", "isp"]);
    let first = &first["retrievals"][0];
    assert_eq!((&first["new"], &first["remaining"]), (&2.into(), &2.into()));
    let note = &first["notes"][0];
    assert_eq!(
        (&note["code"], &note["messages"]),
        (&"too-large".into(), &2.into())
    );
    home.inhaul
        .ok(&["retrieval", "set", "isp", "--limit=reconnect=yes"])
        .unwrap();
    server
        .fill("u1", vec![letters(9).remove(8), letters(8).remove(7)])
        .unwrap();
    assert_eq!(home.pull("isp").new, 4);

    let left = home.json(&["retrieval", "bring", "isp"]);
    let left = left["left"].as_array().unwrap();
    assert_eq!(left.len(), 2, "{left:?}");
    let number = left[0]["number"].to_string();
    let said = home
        .inhaul
        .ok(&["retrieval", "bring", "isp", &number])
        .unwrap();
    assert_eq!(
        said,
        "Ordered: 1 message. It comes with the next check, whatever its size: inhaul pull \"isp\"\n"
    );
    assert_eq!(home.pull("isp").new, 1);
    assert_eq!(home.pull("isp").new, 0);
    let left = home.json(&["retrieval", "bring", "isp"]);
    assert_eq!(left["left"].as_array().unwrap().len(), 1, "{left}");
    for (words, code) in [
        (&["retrieval", "bring", "isp", &number][..], 64),
        (&["retrieval", "bring", "isp", "4000000"], 67),
        (&["retrieval", "bring", "other"], 67),
        (&["retrieval", "set", "isp", "--limit=max-messages=0"], 64),
    ] {
        home.fails(words, code);
    }

    // A mailbox that is full here says so, and who can do something about it.
    home.inhaul
        .ok(&["account", "set", "anna", "--limit=mailbox=200KB"])
        .unwrap();
    server.fill("u1", vec![letters(7).remove(6)]).unwrap();
    let full = home.inhaul.run(&["pull", "isp"]).unwrap();
    assert_eq!(full.code(), Some(75));
    let said = [full.stdout, full.stderr].concat();
    assert!(said.contains("mailbox here is full"), "{said}");
}
