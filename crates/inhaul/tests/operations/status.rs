//! `inhaul status`, and the states in `inhaul retrieval`.

use crate::{By, House, keys};

const DOCUMENT: [&str; 17] = [
    "attention",
    "deletion_paused",
    "failing",
    "last_checked",
    "lateness_ms",
    "messages_24h",
    "next",
    "offline_since",
    "retrievals",
    "running",
    "server",
    "standing",
    "started",
    "up_s",
    "v",
    "waiting",
    "working",
];

fn good_and_bad(by: By) -> House {
    let house = House::new(by);
    house.home.pull("isp");
    let good = house.home.inhaul.run(&["status"]).unwrap();
    assert_eq!(good.code(), Some(0), "{good:?}");
    assert!(
        good.stdout.starts_with("1 of 1 working, 1 message in 24 h"),
        "{good:?}"
    );
    assert_eq!(
        good.stderr
            .contains("No server runs. Nothing was checked since 2"),
        by == By::Itself
    );
    house.retrieval("club", "wrong", &["--every", "never", "--folder", "Club"]);
    for _ in 0..2 {
        house.home.fails(&["pull", "club"], 77);
    }
    house
}

#[test]
fn one_screen_says_what_works_and_what_does_not() {
    for by in [By::Itself, By::Server] {
        let house = good_and_bad(by);
        let found = house.home.fails(&["status"], 1);
        let mut lines = found.stdout.lines();
        let first = lines.next().unwrap();
        assert!(
            first.starts_with("1 of 2 working, 1 needs attention"),
            "{found:?}"
        );
        assert_eq!(first.contains(", up "), by == By::Server, "{found:?}");
        let club = lines.next().unwrap();
        assert!(club.starts_with("X club"), "{found:?}");
        for word in ["anna", "auth-refused", "since "] {
            assert!(club.contains(word), "{word} in {found:?}");
        }
        let found = house.home.fails(&["status", "--json"], 1);
        let document = crate::installation::document(&found.stdout);
        assert_eq!(keys(&document), DOCUMENT, "{document}");
        assert_eq!(document["server"], by == By::Server);
        assert_eq!(document["lateness_ms"].is_object(), by == By::Server);
        assert_eq!(document["standing"]["needs-you"], 1);
        assert_eq!(document["standing"]["working"], 1);
        let failing = &document["failing"][0];
        assert_eq!(
            (&failing["name"], &failing["state"]),
            (&"club".into(), &"needs-you".into())
        );
        assert_eq!(
            (&failing["code"], &failing["tries"]),
            (&"auth-refused".into(), &2.into())
        );
    }
}

#[test]
fn a_monitoring_plug_in_gets_one_line_and_its_code() {
    for by in [By::Itself, By::Server] {
        let house = good_and_bad(by);
        let warning = house.home.fails(&["status", "--nagios"], 1);
        let (text, numbers) = warning.stdout.trim_end().split_once(" | ").unwrap();
        assert!(
            text.starts_with("INHAUL WARNING - 1 of 2 working"),
            "{warning:?}"
        );
        assert!(
            numbers.starts_with("working=1;;;0;2 attention=1;0;;0;2 "),
            "{warning:?}"
        );
        house
            .home
            .inhaul
            .ok(&["retrieval", "pause", "isp"])
            .unwrap();
        let critical = house.home.fails(&["status", "--nagios"], 2);
        assert!(
            critical.stdout.starts_with("INHAUL CRITICAL - "),
            "{critical:?}"
        );
        house
            .home
            .inhaul
            .ok(&["retrieval", "remove", "club", "--yes"])
            .unwrap();
        let ok = house.home.inhaul.ok(&["status", "--nagios"]).unwrap();
        assert!(
            ok.starts_with("INHAUL OK - 0 of 0 working, 1 paused"),
            "{ok}"
        );
    }
    let house = House::new(By::Itself);
    let broken = house
        .home
        .inhaul
        .clone()
        .env("INHAUL_CHECKS__FLOOR", "often");
    let unknown = broken.run(&["status", "--nagios"]).unwrap();
    assert_eq!(unknown.code(), Some(3), "{unknown:?}");
    assert!(
        unknown.stdout.starts_with("INHAUL UNKNOWN - "),
        "{unknown:?}"
    );
    assert_eq!(unknown.stdout.lines().count(), 1, "{unknown:?}");
}

#[test]
fn whether_the_server_answers_can_be_asked_alone() {
    let alone = House::new(By::Itself);
    alone.home.fails(&["status", "--server-only"], 69);
    let served = House::new(By::Server);
    let said = served.home.inhaul.ok(&["status", "--server-only"]).unwrap();
    assert!(said.starts_with("The server answers, up "), "{said}");
    let quiet = served
        .home
        .inhaul
        .ok(&["status", "--server-only", "-q"])
        .unwrap();
    assert_eq!(quiet, "");
}

#[test]
fn a_retrieval_says_how_it_stands_and_when_it_runs_next_and_why_then() {
    let house = good_and_bad(By::Itself);
    house.retrieval("new", "secret", &["--every", "10m", "--folder", "New"]);
    let listed = house
        .home
        .json(&["retrieval", "list", "--state", "needs-you,new"]);
    let listed = listed["retrievals"].as_array().unwrap();
    let states: Vec<_> = listed
        .iter()
        .map(|one| (&one["name"], &one["state"]))
        .collect();
    let expected = [("club", "needs-you"), ("new", "new")].map(|(a, b)| (a.into(), b.into()));
    assert_eq!(states, expected.each_ref().map(|(a, b)| (a, b)));
    assert!(listed[1]["next"].is_string(), "{}", listed[1]);
    let table = house.home.inhaul.ok(&["retrieval", "list"]).unwrap();
    assert!(table.contains("LAST GOOD  "), "{table}");
    assert!(table.contains("  NEXT  "), "{table}");
    house.home.pull("new");
    let shown = house.home.inhaul.ok(&["retrieval", "show", "new"]).unwrap();
    assert!(
        shown.contains("\nState       working\n            Last good check "),
        "{shown}"
    );
    assert!(shown.contains("\nNext        in "), "{shown}");
    assert!(
        shown.contains("\nWhy then    Every 10 min, as set.\n"),
        "{shown}"
    );
    house
        .home
        .fails(&["retrieval", "list", "--state", "wrong"], 64);
}
