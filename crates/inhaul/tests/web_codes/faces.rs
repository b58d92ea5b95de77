//! The faces of one failure: a command, a program's answer, a page. They say the same.

use inhaul_types::ErrorCode;
use serde_json::Value;

use crate::house::House;
use crate::text::{assert_readable, seen, words};

/// What each face is to show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub(crate) code: ErrorCode,
    /// What `inhaul pull` ends with.
    pub(crate) exit: i32,
    /// How the headline begins.
    pub(crate) title: &'static str,
    /// How the first step begins.
    pub(crate) step: &'static str,
    /// The name that has to be in it.
    pub(crate) server: &'static str,
}

/// Has a retrieval checked, which fails, and compares what each face says of it.
#[track_caller]
pub(crate) fn assert_alike(house: &House, name: &str, expected: &Expected) {
    let (exit, report) = house.pull(name);
    assert_eq!(exit, Some(expected.exit), "{report}");
    assert_card(&report, expected);

    let api = house.api(name);
    let card = &api["card"];
    for part in ["code", "title", "what", "do", "next", "said"] {
        assert_eq!(card[part], report[part], "{part} of {name}: {api}");
    }
    assert_eq!(api["code"], expected.code.as_str());

    let shown = house.home.json(&["retrieval", "show", name]);
    assert_eq!(&shown["card"], card);
    let shown = house.home.inhaul.ok(&["retrieval", "show", name]).unwrap();
    let shown = words(&shown);
    assert_readable(&shown);
    for part in parts(card) {
        assert!(shown.contains(&words(&part)), "{part:?}: {shown}");
    }
    assert!(shown.contains(expected.code.as_str()), "{shown}");

    assert_page(&card_of(&house.page(name)), card, expected);
}

/// A card as data is what was expected, and is for people.
#[track_caller]
fn assert_card(card: &Value, expected: &Expected) {
    assert_eq!(card["code"], expected.code.as_str(), "{card}");
    let text = |part: &str| card[part].as_str().unwrap().to_owned();
    assert!(text("title").starts_with(expected.title), "{card}");
    let first = card["do"][0].as_str().unwrap();
    assert!(first.starts_with(expected.step), "{card}");
    let all = parts(card).join("\n");
    assert!(all.contains(expected.server), "{card}");
    assert_readable(&all);
}

/// Headline, what happened, the steps, what comes next, the server's own words.
fn parts(card: &Value) -> Vec<String> {
    let text = |part: &str| card[part].as_str().map(str::to_owned);
    let mut parts: Vec<String> = ["title", "what", "next", "said"]
        .iter()
        .filter_map(|part| text(part))
        .collect();
    let steps = card["do"].as_array().unwrap().iter();
    parts.extend(steps.map(|step| step.as_str().unwrap().to_owned()));
    parts
}

/// The card on the page says what the data says, with the page's own places for commands.
#[track_caller]
fn assert_page(html: &str, card: &Value, expected: &Expected) {
    let page = seen(html);
    assert_readable(&page);
    assert!(page.contains(expected.code.as_str()), "{page}");
    assert!(page.contains(expected.server), "{page}");
    for part in ["title", "what", "next", "said"] {
        if let Some(part) = card[part].as_str() {
            assert!(page.contains(&words(part)), "{part:?}: {page}");
        }
    }
    for step in card["do"].as_array().unwrap() {
        let step = step.as_str().unwrap();
        // In place of a command stands the button or link that does it.
        let (before, command) = step.split_once(": `").unwrap_or((step, ""));
        let before = before.replace("try again", "press Try again");
        let before = match command.is_empty() {
            true => step.replace('`', ""),
            false => before,
        };
        assert!(page.contains(&words(&before)), "{before:?}: {page}");
    }
    assert!(!page.contains("inhaul pull "), "{page}");
    for option in ["--server", "--password", "--security", "--pin"] {
        assert!(!page.contains(option), "{option}: {page}");
    }
    assert!(page.contains("Try again"), "{page}");
}

/// The card of a page, as HTML.
#[track_caller]
fn card_of(page: &str) -> String {
    let (_, card) = page.split_once(r#"<div class="card">"#).expect("a card");
    let (card, _) = card.split_once("<section").unwrap();
    card.to_owned()
}
