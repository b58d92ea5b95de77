//! Letters that attack whoever reads them, or the server that shows them.

use std::fmt::Write as _;

use inhaul_sample::{Mailbox, SampleConfig, SampleServer};
use tokio::runtime::Runtime;

use super::siege::{Memory, house, is_served, visitor};
use super::wire::{Answer, Visitor};
use crate::house::House;

/// A house whose alice gets what is put into a mailbox elsewhere.
struct Post {
    house: House,
    mailbox: Mailbox,
    _remote: SampleServer,
    _runtime: Runtime,
}

impl Post {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let remote = runtime.block_on(SampleServer::start(SampleConfig::default()));
        let remote = remote.unwrap();
        let house = house();
        let at = remote.address().to_string();
        let how = [
            "--server",
            &at,
            "--security=none",
            "--no-test",
            "--every=never",
        ];
        let added = house
            .home
            .try_retrieval("Post", "u1", "alice", "secret", &how);
        assert!(added.status.success(), "{added:?}");
        Self {
            house,
            mailbox: remote.mailbox("u1"),
            _remote: remote,
            _runtime: runtime,
        }
    }

    /// Brings letters; the numbers that they have here.
    fn bring(&self, letters: Vec<Vec<u8>>) -> Vec<String> {
        let wanted = letters.len();
        for letter in letters {
            self.mailbox.append(letter);
        }
        self.house.home.inhaul.ok(&["pull", "Post"]).unwrap();
        let listed = self.house.home.json(&["message", "list", "alice"]);
        let listed = listed["messages"].as_array().unwrap();
        assert!(listed.len() >= wanted, "{listed:?}");
        let numbers = listed.iter().map(|message| message["id"].to_string());
        numbers.collect()
    }
}

/// Everything about a message that can be asked for.
fn addresses(page: &str, number: &str) -> Vec<String> {
    let mut addresses: Vec<String> = ["", "?view=plain", "?view=source", "?pictures=shown"]
        .iter()
        .map(|view| format!("/message/{number}{view}"))
        .collect();
    addresses.push(format!("/m/{number}/raw"));
    for start in [format!("\"/m/{number}/body"), format!("\"/m/{number}/part")] {
        for found in page.split(start.as_str()).skip(1).take(20) {
            let end = found.split('"').next().unwrap().replace("&#38;", "&");
            addresses.push(format!("{}{end}", &start[1..]));
        }
    }
    addresses
}

/// Opens a message in every way.
#[track_caller]
fn open(who: &Visitor, number: &str) -> Vec<(String, Answer)> {
    let page = who.get(&format!("/message/{number}"));
    assert_eq!(page.status, 200, "{number}: {}", page.head);
    let all = addresses(&page.body, number).into_iter();
    let all = all.map(|path| {
        let answer = who.get(&path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.head);
        (path, answer)
    });
    all.collect()
}

/// A letter of these fields, and this body.
fn letter(fields: &str, body: &str) -> Vec<u8> {
    format!("{fields}\r\n{body}\r\n").into_bytes()
}

const EVIL: [&str; 4] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' autofocus onfocus='alert(1)",
    "</textarea></title><svg onload=alert(1)>",
];

#[test]
fn no_field_of_a_letter_becomes_a_pages_own_markup() {
    let post = Post::new();
    let mut letters = Vec::new();
    for evil in EVIL {
        let packed: String = evil.bytes().map(|octet| format!("={octet:02X}")).collect();
        let encoded = format!("=?utf-8?Q?{packed}?=");
        for word in [evil, &encoded] {
            let quoted = word.replace('"', "\\\"");
            let fields = format!(
                "Received: from {word} by {word}; Fri, 13 Mar 2026 09:00:00 +0000\r\n\
                 From: \"{quoted}\" <a@evil.example>\r\nReply-To: {word}\r\nSender: {word}\r\n\
                 To: {word} <b@evil.example>\r\nCc: {word}\r\nSubject: {word}\r\nDate: {word}\r\n\
                 Message-ID: <{word}>\r\nX-{word}: {word}\r\nMIME-Version: 1.0\r\n\
                 Content-Type: multipart/mixed; boundary=m\r\n"
            );
            let body = format!(
                "--m\r\nContent-Type: text/plain; charset=\"{quoted}\"; name=\"{quoted}\"\r\n\r\n{evil}\r\n\
                 --m\r\nContent-Type: text/html; name=\"{quoted}\"\r\n\
                 Content-Disposition: attachment; filename=\"../../{quoted}\"\r\nContent-ID: <{word}>\r\n\r\n{evil}\r\n\
                 --m\r\nContent-Type: {word}/{word}; name=\"{quoted}\"\r\n\r\nx\r\n--m--\r\n"
            );
            letters.push(letter(&fields, &body));
        }
    }
    let wanted = letters.len();
    let numbers = post.bring(letters);
    let alice = visitor(&post.house, "alice");
    let mut pages = vec![("/".to_owned(), alice.get("/"))];
    for path in [
        "/search?q=alert",
        "/mail/large",
        "/where?words=alert&days=365",
    ] {
        pages.push((path.to_owned(), alice.get(path)));
    }
    for number in &numbers {
        pages.extend(open(&alice, number));
    }
    assert!(pages.len() > wanted * 6, "{}", pages.len());
    for (path, answer) in &pages {
        let policy = answer.header("content-security-policy").unwrap_or_default();
        if path.contains("/part/") || path.ends_with("/raw") {
            // It is saved, whatever it says of itself.
            let disposition = answer.header("content-disposition").unwrap();
            assert!(
                disposition.starts_with("attachment; "),
                "{path}: {disposition}"
            );
            assert!(!disposition.contains('/'), "{path}: {disposition}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert!(policy.contains("sandbox"), "{path}: {policy}");
            continue;
        }
        assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
        for evil in [
            "<script>alert",
            "<img src=x",
            "<svg onload",
            "=' autofocus onfocus='",
        ] {
            assert!(
                !answer.body.contains(evil),
                "{evil} on {path}: {}",
                answer.body
            );
        }
    }
}

#[test]
fn letters_that_unfold_without_end_are_opened_in_bounded_memory() {
    let post = Post::new();
    let html = |body: String| letter("Subject: x\r\nContent-Type: text/html\r\n", &body);
    let mut deep = String::new();
    for level in 0..5_000 {
        write!(
            deep,
            "Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"
        )
        .unwrap();
    }
    let mut many = String::new();
    for part in 0..100_000 {
        write!(
            many,
            "--m\r\nContent-Type: text/html; name=\"f{part}\"\r\n\r\n<b>x\r\n"
        )
        .unwrap();
    }
    let mixed = "Subject: x\r\nContent-Type: multipart/mixed; boundary=m\r\n";
    let packed = "A".repeat(76) + "\r\n";
    let base64 = "Subject: x\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n";
    let quoted =
        "Subject: x\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n";
    let long = format!(
        "Subject: {}\r\nX-Many: {}\r\n",
        "=?utf-8?Q?=41?= ".repeat(50_000),
        "y".repeat(900_000)
    );
    let letters = vec![
        [b"Subject: deep\r\n".to_vec(), deep.into_bytes()].concat(),
        letter(mixed, &many),
        letter(base64, &packed.repeat(400_000)),
        letter(quoted, &"=3Cb=3E".repeat(2_000_000)),
        letter(&long, "x"),
        html("<a href=\"https://bank.example/\">evil.example</a>\n".repeat(100_000)),
        html("<div>".repeat(1_000_000)),
        html(format!("<p style=\"{}\">x", "a:b;".repeat(500_000))),
        html("<table><tr><td>".repeat(300_000)),
        html(format!(
            "<img src=\"data:image/png;base64,{}\">",
            packed.repeat(100_000)
        )),
    ];
    let numbers = post.bring(letters);
    let alice = visitor(&post.house, "alice");
    let memory = Memory::watch(&post.house);
    for number in &numbers {
        open(&alice, number);
        is_served(&post.house);
    }
    assert_eq!(alice.get("/search?q=bank").status, 200);
    memory.assert_below(250 * 1024);
}

#[test]
fn what_is_anothers_is_not_there_and_nobody_in_between_keeps_any() {
    let post = Post::new();
    let fields = "Subject: Secret plan\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n";
    let body = "--m\r\nContent-Type: text/html\r\n\r\n<p>The secret plan</p>\r\n\
        --m\r\nContent-Type: text/plain; name=plan.txt\r\nContent-Disposition: attachment\r\n\r\nThe secret plan\r\n--m--\r\n";
    let numbers = post.bring(vec![letter(fields, body)]);
    let (alice, bob) = (visitor(&post.house, "alice"), visitor(&post.house, "bob"));
    let root = visitor(&post.house, "root");
    let stranger = Visitor::stranger(&post.house);
    let folders = alice.get("/").body;
    let inbox = folders.split("data-drop=\"").nth(1).unwrap();
    let inbox = inbox.split('"').next().unwrap().to_owned();
    let mut paths = vec![
        format!("/folder/{inbox}"),
        format!("/folder/{inbox}?show=unread"),
    ];
    let number = &numbers[0];
    for (path, answer) in open(&alice, number) {
        assert!(
            answer.body.contains("ecret plan") || path.contains("/body"),
            "{path}"
        );
        // A proxy or a browser that keeps it would show it to whoever comes next.
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        paths.push(path);
    }
    for path in [
        "/",
        "/starred",
        "/search?q=secret",
        "/mail/large",
        "/mail/state",
    ] {
        let answer = alice.get(path);
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
    for path in &paths {
        for who in [&bob, &root] {
            let answer = who.get(path);
            assert_eq!(answer.status, 404, "{path}");
            assert!(
                !answer.body.contains("ecret plan"),
                "{path}: {}",
                answer.body
            );
        }
        let answer = stranger.get(path);
        assert_eq!(answer.status, 303, "{path}");
    }
    // Nor can anybody else change it, or learn that it is there.
    for fields in [
        &[("do", "delete"), ("message", number.as_str())][..],
        &[("do", "star"), ("message", number)],
        &[("do", "move"), ("message", number), ("folder", &inbox)],
        &[("do", "read-all"), ("in", &inbox), ("upto", "99")],
    ] {
        let missing = fields.iter().map(|(name, value)| match *name {
            "message" | "in" => (*name, "999999"),
            _ => (*name, *value),
        });
        let missing: Vec<(&str, &str)> = missing.collect();
        let (theirs, nobodys) = (
            bob.post("/mail/act", fields),
            bob.post("/mail/act", &missing),
        );
        assert_eq!(theirs.status, nobodys.status, "{fields:?}");
    }
    for (path, fields) in [
        (format!("/mail/folder/{inbox}"), &[("do", "remove")][..]),
        (format!("/message/{number}/seen"), &[]),
        (format!("/message/{number}/trust"), &[]),
    ] {
        assert_eq!(bob.post(&path, fields).status, 404, "{path}");
    }
    assert!(!bob.get("/search?q=secret").body.contains("plan"));
    let after = alice.get("/?show=unread").body;
    assert!(after.contains("Secret plan"), "{after}");
    assert!(!after.contains("class=\"star\""), "{after}");
}
