//! `inhaul trigger`, and `inhaul pull --due`.

use crate::{By, House};

#[test]
fn without_a_server_it_says_what_to_do() {
    let house = House::new(By::Itself);
    let ended = house.home.fails(&["trigger", "isp"], 69);
    assert!(ended.stderr.contains("no server runs for"), "{ended:?}");
    assert!(ended.stderr.contains("inhaul serve"), "{ended:?}");
    assert!(ended.stderr.contains("inhaul pull"), "{ended:?}");
}

#[test]
fn a_trigger_starts_a_run_once_and_then_says_when_the_next_is_possible() {
    let house = House::new(By::Server);
    let inhaul = &house.home.inhaul;
    let said = inhaul.ok(&["trigger", "isp", "--wait"]).unwrap();
    let (first, rest) = said.split_once('\n').unwrap();
    let run = first
        .strip_prefix("Accepted. Run ")
        .and_then(|rest| rest.split_once(" started. Follow: inhaul log --run "))
        .unwrap_or_else(|| panic!("{said}"));
    assert_eq!(run.1, format!("{} --follow", run.0), "{said}");
    assert!(rest.contains("isp   1 new"), "{said}");
    // The log has the whole run, and following one that has ended does not wait.
    let log = inhaul.ok(&["log", "--run", run.0, "--follow"]).unwrap();
    assert!(log.contains("run finished"), "{log}");
    assert!(log.contains(&format!("run={}", run.0)), "{log}");
    let refused = house.home.fails(&["trigger", "isp"], 75);
    assert!(refused.stderr.starts_with("Checked "), "{refused:?}");
    assert!(
        refused.stderr.contains(" The next one is possible in "),
        "{refused:?}"
    );
    let refused = house.home.fails(&["trigger", "isp", "--json"], 75);
    let document = crate::installation::document(&refused.stdout);
    let one = &document["retrievals"][0];
    assert_eq!(
        (&one["answer"], &one["reason"]),
        (&"refused".into(), &"too-soon".into())
    );
    assert!(one["until"].is_string(), "{one}");
}

#[test]
fn a_paused_retrieval_is_not_checked_and_a_name_must_be_there() {
    let house = House::new(By::Server);
    house
        .home
        .inhaul
        .ok(&["retrieval", "pause", "isp"])
        .unwrap();
    let refused = house.home.fails(&["trigger", "isp"], 77);
    assert!(refused.stderr.contains("is paused"), "{refused:?}");
    house.home.fails(&["trigger", "nothing"], 67);
    house
        .home
        .fails(&["trigger", "isp", "--activation", "schedule"], 64);
}

#[test]
fn a_sign_in_starts_what_its_account_owns_and_counts_for_it() {
    let house = House::new(By::Server);
    let sign_in = [
        "trigger",
        "--account",
        "anna",
        "--activation",
        "pop3-login",
        "--client-address",
        "192.0.2.7",
        "--wait",
    ];
    let nothing = house.home.inhaul.ok(&sign_in).unwrap();
    assert_eq!(nothing, "There is nothing to check.\n");
    house.retrieval("own", "secret", &["--owner", "anna", "--folder", "Own"]);
    let limit = [
        "group",
        "set",
        "Everyone",
        "--limit",
        "started-per-day-address=1",
    ];
    house.home.inhaul.ok(&limit).unwrap();
    let started = house.home.json(&sign_in);
    let one = &started["retrievals"][0];
    assert_eq!(
        (&one["name"], &one["answer"]),
        (&"own".into(), &"started".into())
    );
    assert_eq!(
        (&one["ended"]["result"], &one["ended"]["new"]),
        (&"ok".into(), &1.into())
    );
    let refused = house.home.fails(&[&sign_in[..], &["--json"]].concat(), 75);
    let refused = crate::installation::document(&refused.stdout);
    assert_eq!(
        refused["retrievals"][0]["reason"], "limit-address",
        "{refused}"
    );
}

#[test]
fn a_hook_may_name_an_account_by_its_address_and_write_the_time_behind_a_blank() {
    let house = House::new(By::Server);
    let inhaul = &house.home.inhaul;
    let addresses = ["account", "set", "anna", "--address"];
    for address in ["Anna.Bell@example.org", "*@example.net"] {
        inhaul.ok(&[&addresses[..], &[address]].concat()).unwrap();
    }
    house.retrieval("own", "secret", &["--owner", "anna", "--folder", "Own"]);
    let hook = |name| {
        let rest = ["--activation", "imap-login", "--wait", "5m"];
        [&["trigger", "--account", name][..], &rest].concat()
    };
    let started = house.home.json(&hook("anna.bell@EXAMPLE.org"));
    let one = &started["retrievals"][0];
    assert_eq!(
        (&one["name"], &one["ended"]["new"]),
        (&"own".into(), &1.into())
    );
    let history = house.home.json(&["retrieval", "history", "own"]);
    assert_eq!(history["runs"][0]["started_by"], "imap-login");
    // Too soon for another: refused at once, whatever it would have waited.
    house.home.fails(&hook("ANNA"), 75);
    for nobody in ["bob", "bob@example.org", "bob@example.net", "*@example.net"] {
        let ended = house.home.fails(&hook(nobody), 67);
        assert!(ended.stderr.contains("there is no account"), "{ended:?}");
    }
}

#[test]
fn what_cannot_be_meant_says_what_to_write() {
    let house = House::new(By::Server);
    for (words, exit, hint) in [
        (&["isp", "--account", "anna"][..], 64, "or an account"),
        (&["--account", "anna", "--wait", "8"], 64, "--wait=8s"),
        (&["isp", "--wait", "8s"], 67, "--wait=8s"),
        (&["isp", "--client-address", "192.0.2.7"], 64, "--account"),
        (
            &["--account", "anna", "--client-address", "somewhere"],
            64,
            "invalid IP address",
        ),
    ] {
        let words = [&["trigger"][..], words].concat();
        let ended = house.home.fails(&words, exit);
        assert!(ended.stderr.contains(hint), "{words:?}: {ended:?}");
    }
    // A name is a name where names may stand.
    house.retrieval("8s", "secret", &["--every", "never", "--folder", "Other"]);
    let said = house.home.inhaul.ok(&["trigger", "--wait", "8s"]).unwrap();
    assert!(said.contains("1 new"), "{said}");
}

#[test]
fn a_pull_of_what_is_due_brings_that_and_nothing_else() {
    let house = House::new(By::Itself);
    house.retrieval(
        "polled",
        "secret",
        &["--every", "10m", "--folder", "Polled"],
    );
    let brought = house.home.json(&["pull", "--due"]);
    let brought = brought["retrievals"].as_array().unwrap();
    let names: Vec<_> = brought.iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["polled"]);
    let again = house.home.json(&["pull", "--due"]);
    assert_eq!(again["retrievals"].as_array().unwrap().len(), 0, "{again}");
    house.mailbox.append_generated(100);
    assert_eq!(house.home.pull("polled").new, 1);
}
