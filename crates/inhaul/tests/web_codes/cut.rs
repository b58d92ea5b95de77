//! The line is cut in message 7 of 12, and what was stored is deleted at once (A7).

use std::num::NonZeroU32;

use inhaul_sample::switches::Retr;

use crate::forms::Browser;
use crate::house::House;
use crate::installation::{LOCAL_PASSWORD, assert_each_once};
use crate::peers::{Peers, letter};
use crate::text::seen;

#[test]
fn a_line_cut_in_message_7_of_12_costs_nothing_and_the_pages_show_it() {
    let mut peers = Peers::new();
    let house = House::new();
    let (remote, mailbox) = peers.mailbox(|it| {
        it.retr = Retr::CutAtNth(NonZeroU32::new(7).unwrap());
    });
    for number in 1..=12 {
        mailbox.append(letter(number, 3_000));
    }
    let sent = mailbox.contents();
    house.add("isp", &remote.with("--after-storing=delete"));
    let (exit, report) = house.pull("isp");
    assert_eq!((exit, &report["code"]), (Some(75), &"cut-off".into()));
    assert_eq!((&report["listed"], &report["new"]), (&12.into(), &6.into()));

    // Six are here, and what is not here is all still there.
    let here = house.home.messages("anna");
    assert_eq!(here.len(), 6);
    assert!((6..=12).contains(&mailbox.len()), "{}", mailbox.len());
    let there = mailbox.contents();
    for message in &sent {
        assert!(here.contains(message) || there.contains(message));
    }
    let page = house.page("isp");
    let text = seen(&page);
    for words in [
        "The line was cut in the middle of message 7 of 12",
        "6 messages are stored.",
        "Nothing. The rest comes with the next check.",
        "Half messages are never kept",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let rows = page.split_once("<tbody>").unwrap().1;
    let row = seen(rows.split_once("</tr>").unwrap().0);
    assert!(row.contains("✖ cut-off"), "{row}");
    assert!(row.contains(" 6 "), "{row}");
    let conversation = format!("/manage/retrievals/{}/runs/{}", id(&house), report["run"]);
    let conversation = seen(&house.pages().get(&conversation).body);
    for words in ["C: RETR 7", "✖ cut-off", "C: AUTH PLAIN ********"] {
        assert!(conversation.contains(words), "{words}: {conversation}");
    }

    // The next run goes on where it stopped.
    mailbox.behave();
    let (exit, report) = house.pull("isp");
    assert_eq!((exit, &report["new"]), (Some(0), &6.into()), "{report}");
    assert_each_once(&sent, &house.home.messages("anna"));
    assert_eq!(mailbox.len(), 0);
    let text = seen(&house.page("isp"));
    assert!(text.contains("Working."), "{text}");
    assert!(!text.contains("What to do"), "{text}");
    let mut anna = Browser::at(&house.server);
    anna.sign_in("anna", LOCAL_PASSWORD);
    let inbox = anna.get("/").body;
    assert_eq!(inbox.matches("<a class=\"message unread\"").count(), 12);
    for number in 1..=12 {
        let subject = format!("<span class=\"words\">letter {number}</span>");
        assert_eq!(inbox.matches(&subject).count(), 1, "{subject}");
    }
}

fn id(house: &House) -> i64 {
    house.api("isp")["id"].as_i64().unwrap()
}
