//! The demo's web pages as somebody has them who starts `inhaul demo` and opens its link.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

#[path = "../demonstration/mod.rs"]
mod demonstration;
mod sample;
mod visitor;

use std::net::{TcpStream, UdpSocket};
use std::process::Command;

use demonstration::{Running, link};
use visitor::{Answer, Visitor};

/// Opens the link; the page that comes.
fn come_in(demo: &Running) -> (Visitor, Answer) {
    let mut visitor = Visitor::new(&demo.address);
    assert_eq!(visitor.open("/welcome").status, 200);
    let answer = visitor.send("/welcome", &format!("code={}", demo.code));
    assert_eq!(answer.status, 200, "{answer:?}");
    (visitor, answer)
}

#[test]
fn the_link_leads_to_the_mail_once() {
    let mut demo = Running::start();
    demo.wait_for("  Firm   20 new");
    let (mut visitor, inbox) = come_in(&demo);
    assert!(
        inbox.body.contains("Demo: nothing here is real"),
        "{inbox:?}"
    );
    // 24 of the old provider, 1 order or more, 3 of work.
    assert_eq!(inbox.count("via Old ISP"), 24, "{inbox:?}");
    assert!(inbox.count("via Shop") >= 1, "{inbox:?}");
    assert!(
        inbox.body.contains("Two files from the holidays"),
        "{inbox:?}"
    );
    // Who has it manages it.
    assert!(inbox.body.contains("href=\"/manage\""), "{inbox:?}");
    assert_eq!(visitor.open("/").status, 200);

    let mut second = Visitor::new(&demo.address);
    let refused = second.send("/welcome", &format!("code={}", demo.code));
    assert_eq!(refused.status, 403);
    assert!(
        refused.body.contains("Type open where the demo runs"),
        "{refused:?}"
    );
    assert_eq!(second.open("/").count("via Old ISP"), 0);

    demo.told("open");
    let (address, code) = link(&demo.wait_for("http://"));
    assert_eq!(address, demo.address);
    let inbox = second.send("/welcome", &format!("code={code}"));
    assert_eq!(inbox.count("via Old ISP"), 24, "{inbox:?}");
}

#[test]
fn the_doctor_finds_nothing_but_the_password_that_is_refused() {
    let mut demo = Running::start();
    demo.wait_for("  Firm   20 new");
    let doctor = demo.command(&["doctor"]);
    let told = String::from_utf8(doctor.stdout).unwrap();
    for line in [
        // By the names that only a demo knows.
        "ok    6 of 6 servers reached (",
        "FAIL  Club: strict.example refuses the password (auth-refused",
        &format!("fix: inhaul --data {} retrieval set Club", demo.data),
        "\n\n1 problem.\n",
    ] {
        assert!(told.contains(line), "{line:?} in\n{told}");
    }
}

#[test]
fn the_drawer_makes_things_happen() {
    let mut demo = Running::start();
    demo.wait_for("  Firm   20 new");
    let (mut visitor, inbox) = come_in(&demo);
    for shown in [
        "Send me a message now",
        "Make old-isp.example",
        "value=\"behave\" checked",
        "+14 days",
        "Retrievals &gt; Old ISP",
    ] {
        assert!(inbox.body.contains(shown), "{shown}: {inbox:?}");
    }
    assert!(!inbox.body.contains(SENT), "{inbox:?}");

    let page = visitor.send("/demo/send", "count=50&to=%2Fpreferences");
    assert!(
        page.body
            .contains("50 new messages lie in you@old-isp.example.")
    );
    // It is the page where it was pressed, and the drawer stays open.
    assert!(page.body.contains("<title>Preferences"), "{page:?}");
    assert!(page.body.contains("id=\"demo\" open"), "{page:?}");
    let page = visitor.send("/demo/skip", "span=10m&to=%2F");
    assert!(page.body.contains(" for the demo now. "), "{page:?}");
    demo.wait_for("  Old ISP   50 new");
    assert!(visitor.open("/").body.contains(SENT));

    let page = visitor.send("/demo/manner", "manner=refuse-password&to=%2F");
    let chosen = "value=\"refuse-password\" checked";
    assert!(page.body.contains(chosen), "{page:?}");
    visitor.send("/demo/skip", "span=10m");
    demo.wait_for("X Old ISP   auth-refused");
    let need_you = demo.retrievals_that("needs-you");
    assert!(need_you.contains("Old ISP"), "{need_you}");
    // What is typed shows, too.
    demo.told("make behave");
    demo.wait_for("old-isp.example behaves.");
    demo.told("send");
    demo.wait_for("1 new message lies in ");
    let page = visitor.open("/");
    assert!(page.body.contains("value=\"behave\" checked"), "{page:?}");
}

#[test]
fn the_drawer_sends_to_the_firm_and_the_fallback_tells_who_had_no_rule() {
    let mut demo = Running::start();
    demo.wait_for("  Firm   20 new");
    let (mut visitor, inbox) = come_in(&demo);
    assert!(inbox.body.contains("Send to firm.example"), "{inbox:?}");
    let page = visitor.send("/demo/scene", "scene=nobody&to=%2F");
    let told = "Letter 1 to firm.example lies there for infos, whom nobody has a rule for.";
    assert!(page.body.contains(told), "{page:?}");
    demo.told("pull firm");
    demo.wait_for("  Firm   1 new");

    let (_, list) = inbox.body.split_once("href=\"/folder/").unwrap();
    let (id, _) = list.split_once('"').unwrap();
    let folder = visitor.open(&format!("/folder/{id}"));
    assert!(folder.body.contains("<h1 class=\"phone-unseen\">Firm"));
    let told = "3 messages here had no rule. Most frequent: ";
    assert!(folder.body.contains(told), "{folder:?}");
    let (_, action) = folder.body.split_once("/manage/retrievals/").unwrap();
    let (retrieval, _) = action.split_once('/').unwrap();
    let rules = format!("/manage/retrievals/{retrieval}/rules");
    let form = "do=move&address=infos%40firm.example&to=anna";
    let page = visitor.send(&rules, form);
    let told = "The rule is there, and 1 message moved.";
    assert!(page.body.contains(told), "{page:?}");
    let folder = visitor.open(&format!("/folder/{id}"));
    assert!(folder.body.contains("2 messages here had no rule."));
}

#[test]
fn the_drawer_does_nothing_that_it_does_not_offer() {
    let mut demo = Running::start();
    demo.wait_for("  Firm   20 new");
    let mut stranger = Visitor::new(&demo.address);
    let answer = stranger.send("/demo/send", "count=1");
    assert!(!answer.body.contains("lies in you@old-isp.example"));
    assert!(!answer.body.contains("id=\"demo\""), "{answer:?}");
    let (mut visitor, _) = come_in(&demo);
    for (path, form) in [
        ("/demo/send", "count=0"),
        ("/demo/send", "count=501"),
        ("/demo/send", "count=many"),
        ("/demo/send", ""),
        ("/demo/manner", "manner=explode"),
        ("/demo/scene", "scene=everybody"),
        ("/demo/skip", "span=-1d"),
    ] {
        let answer = visitor.send(path, form);
        assert_eq!(answer.status, 422, "{path} {form}: {answer:?}");
    }
    // Nobody is led elsewhere.
    let answer = visitor.send("/demo/send", "count=1&to=%2F%2Fevil.example");
    assert!(answer.body.contains("1 new message lies in"), "{answer:?}");
}

/// A message that somebody sends by a button.
const SENT: &str = "Message 50, sent by you";

#[test]
fn nobody_is_signed_out_because_the_clock_was_set_ahead() {
    let mut demo = Running::start();
    demo.wait_for("  Firm   20 new");
    let (mut visitor, _) = come_in(&demo);
    demo.told("skip 14d");
    demo.wait_for("It is ");
    assert_eq!(visitor.open("/").count("via Old ISP"), 24);
}

#[test]
fn only_this_machine_reaches_it() {
    let demo = Running::start();
    let port = demo.address.rsplit(':').next().unwrap();
    // No packet leaves: the system says which of its addresses it would use.
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    if socket.connect("192.0.2.1:9").is_ok() {
        let own = socket.local_addr().unwrap().ip();
        let reached = TcpStream::connect(format!("{own}:{port}"));
        assert!(own.is_loopback() || reached.is_err(), "{own}");
    }
    let refused = Command::new(env!("CARGO_BIN_EXE_inhaul"))
        .args(["demo", "--listen", "0.0.0.0:0"])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(64), "{refused:?}");
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("--i-know-this-is-a-demo"), "{told}");
}
