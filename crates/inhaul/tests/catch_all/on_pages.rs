//! A catch-all set up on the pages of a running server, and what its mailbox's server heard of it.

use inhaul_testkit::Server;

use crate::browser::{Answer, Browser};
use crate::house::{House, Kind, MESSAGES, PASSWORD};
use crate::installation::LOCAL_PASSWORD;

/// Where a form leads.
#[track_caller]
fn next(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{answer:?}");
    answer.header("location").unwrap().to_owned()
}

#[test]
fn a_catch_all_is_set_up_on_pages_by_headers_alone() {
    let house = House::new(Kind::Alone);
    let inhaul = &house.home.inhaul;
    let words = ["account", "add", "boss", "--admin", "--password-stdin"];
    inhaul.ok_with_input(&words, LOCAL_PASSWORD).unwrap();
    let server = Server::start(inhaul).unwrap();
    let mut browser = Browser::at(&server);
    browser.sign_in("boss", LOCAL_PASSWORD);

    let at = house.remote.address().to_string();
    let mailbox = [
        ("domains", "firm.example"),
        ("server", at.as_str()),
        ("security", "none"),
        ("user", "catchall"),
        ("password", PASSWORD),
        ("do", "test"),
    ];
    let header = next(&browser.submit("/manage/catch-all/add", &mailbox));
    let page = browser.get(&header).body;
    assert!(page.contains("in 12 of 12"), "{page}");
    let source = [("source", "Delivered-To"), ("do", "choose")];
    let rules = next(&browser.submit(&header, &source));
    let table = [
        ("address", "david@firm.example"),
        ("to", "ben / Shop"),
        ("fallback", "unclaimed"),
        ("do", "preview"),
    ];
    let preview = next(&browser.submit(&rules, &table));
    let page = browser.get(&preview).body;
    assert!(
        page.contains("8 to their person, 4 to the fallback account"),
        "{page}"
    );
    // A rule sorts what is known; the server hears nothing of it.
    let heard = house.mailbox.commands().len();
    let connections = house.remote.connections();
    let rule = [
        ("address", "emma@firm.example"),
        ("to", "anna"),
        ("do", "rule"),
    ];
    assert_eq!(next(&browser.submit(&preview, &rule)), preview);
    let page = browser.get(&preview).body;
    assert!(
        page.contains("9 to their person, 3 to the fallback account"),
        "{page}"
    );
    assert_eq!(house.mailbox.commands().len(), heard);
    assert_eq!(house.remote.connections(), connections);

    let commands = house.mailbox.commands();
    for verb in ["RETR", "DELE"] {
        assert_eq!(house.mailbox.count(verb), 0, "{commands:?}");
    }
    let tops: Vec<_> = commands
        .iter()
        .filter(|line| line.starts_with("TOP"))
        .collect();
    assert_eq!(tops.len() as u64, MESSAGES);
    assert!(tops.iter().all(|line| line.ends_with(" 0")), "{tops:?}");
    assert_eq!(house.mailbox.len() as u64, MESSAGES);
    for account in ["anna", "ben", "clara", "unclaimed"] {
        assert_eq!(house.count(account, "INBOX"), 0, "nothing was stored");
    }
    let audit = house.audit();
    let line = "the headers of 12 messages of firm.example";
    assert!(audit.contains(line) && audit.contains("boss"), "{audit}");

    // Saved, it brings what the preview said.
    let (step, _) = preview.rsplit_once('/').unwrap();
    let fields = [("name", "firm"), ("copies", "keep"), ("do", "paused")];
    let saved = next(&browser.submit(&format!("{step}/save"), &fields));
    assert!(saved.ends_with("/rules?saved=paused"), "{saved}");
    let page = browser.get(&saved).body;
    assert!(page.contains("david@firm.example"), "{page}");
    house.ok(&["retrieval", "resume", "firm"]);
    house.home.pull("firm");
    for (account, folder, messages) in [
        ("anna", "INBOX", 3),
        ("ben", "INBOX", 2),
        ("ben", "Shop", 2),
        ("clara", "INBOX", 2),
        ("unclaimed", "INBOX", 3),
    ] {
        assert_eq!(house.count(account, folder), messages, "{account}/{folder}");
    }
}

#[test]
fn the_preview_of_a_saved_one_reads_headers_alone_and_its_rules_sort_them_again() {
    let house = House::with_firm(Kind::Alone);
    let inhaul = &house.home.inhaul;
    let words = ["account", "add", "boss", "--admin", "--password-stdin"];
    inhaul.ok_with_input(&words, LOCAL_PASSWORD).unwrap();
    let server = Server::start(inhaul).unwrap();
    let mut browser = Browser::at(&server);
    browser.sign_in("boss", LOCAL_PASSWORD);
    let list = browser.get("/manage/retrievals").body;
    let (before, _) = list.split_once("/rules\"").unwrap();
    let (_, firm) = before.rsplit_once('"').unwrap();
    let [preview, rules] = ["preview", "rules"].map(|page| format!("{firm}/{page}"));

    // Nobody asks the server before a button is pressed.
    let page = browser.get(&preview).body;
    assert!(
        page.contains("It brings nothing and deletes nothing."),
        "{page}"
    );
    assert_eq!(house.remote.connections(), 0);
    let look = [("do", "look"), ("newest", "50")];
    assert_eq!(next(&browser.submit(&preview, &look)), preview);
    let page = browser.get(&preview).body;
    let sorted = "6 to their person, 6 to the fallback account";
    assert!(page.contains(sorted), "{page}");
    let connections = house.remote.connections();
    let commands = house.mailbox.commands();
    let rule = [
        ("address", "david@firm.example"),
        ("to", "ben / Shop"),
        ("do", "move"),
    ];
    let done = next(&browser.submit(&preview, &rule));
    let page = browser.get(&done).body;
    let sorted = "8 to their person, 4 to the fallback account";
    assert!(page.contains(sorted), "{page}");
    browser.submit(&rules, &[("do", "remove-1")]);
    let page = browser.get(&preview).body;
    assert!(page.contains("6 to their person, 6 to"), "{page}");
    browser.submit(&rules, &rule);
    // The command line changes the same rules.
    house.ok(&[
        "catch-all",
        "rule",
        "add",
        "firm",
        "emma@firm.example",
        "anna",
    ]);
    let page = browser.get(&preview).body;
    assert!(page.contains("9 to their person, 3 to"), "{page}");
    assert_eq!(house.remote.connections(), connections);
    assert_eq!(house.mailbox.commands(), commands);

    assert!(commands.iter().all(|line| !line.starts_with("RETR")));
    assert!(commands.iter().all(|line| !line.starts_with("DELE")));
    let tops = commands.iter().filter(|line| line.starts_with("TOP"));
    let (count, bodies) = tops.fold((0, 0), |(count, bodies), line| {
        (count + 1, bodies + u64::from(!line.ends_with(" 0")))
    });
    assert_eq!((count, bodies), (MESSAGES, 0), "{commands:?}");
    assert_eq!(house.mailbox.len() as u64, MESSAGES);
    for account in ["anna", "ben", "clara", "unclaimed"] {
        assert_eq!(house.count(account, "INBOX"), 0, "nothing was stored");
    }
    let audit = house.audit();
    let line = "the headers of 12 messages of firm.example";
    assert_eq!(audit.matches(line).count(), 1, "{audit}");

    // What is for nobody comes to the fallback and stays there, with its reason.
    house.home.pull("firm");
    assert_eq!(house.count("unclaimed", "INBOX"), 3);
    let told = house.ok(&["where", "business.5@example.net"]);
    let why = "Delivered-To no. 1 = frank@firm.example, no rule, fallback unclaimed/INBOX";
    assert!(told.contains(why), "{told}");
    assert_eq!(house.mailbox.len() as u64, MESSAGES);
    let verbs = [
        "CAPA", "USER", "PASS", "AUTH", "STAT", "LIST", "UIDL", "TOP", "RETR", "QUIT",
    ];
    let is_known = |line: &String| verbs.iter().any(|verb| line.starts_with(verb));
    let commands = house.mailbox.commands();
    assert!(commands.iter().all(is_known), "{commands:?}");
}
