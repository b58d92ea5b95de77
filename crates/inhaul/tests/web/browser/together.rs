//! "Check mail" pressed in two tabs (UX A14): one run, both show it, nothing moves.

use inhaul_testkit::{Browser, By, View};
use serde_json::Value;

use super::scene::Scene;

#[test]
fn two_tabs_show_one_run_and_neither_list_nor_focus_moves() {
    let browser = Browser::start().unwrap();
    let scene = Scene::new(&browser);
    scene.retrieval("Old ISP", "u1", "secret");
    scene.letters(60);
    scene.house.home.pull("Old ISP");
    let before = scene.mailbox.sign_ins().accepted;
    let inbox = scene.house.at("/");
    scene.slow();
    scene.letters(3);

    browser.open(&inbox).unwrap();
    let first = browser.tab().unwrap();
    read_on(&browser);
    let placed = places(&browser);
    // By its key: somebody reads on where they are.
    browser.press("R").unwrap();
    assert_shows(&browser, "Checking 1 mailbox");
    assert_eq!(places(&browser), placed);

    let second = browser.open_tab().unwrap();
    browser.view(View::Phone).unwrap();
    browser.open(&inbox).unwrap();
    // A page opened meanwhile shows it by itself.
    assert_shows(&browser, "Checking 1 mailbox");
    read_on(&browser);
    let placed_second = places(&browser);
    browser.press("R").unwrap();
    browser
        .wait_for_text("Already checking. Showing progress.")
        .unwrap();
    assert_eq!(places(&browser), placed_second);
    let listed = scene.house.home.json(&["retrieval", "list"]);
    assert_eq!(listed["retrievals"].as_array().unwrap().len(), 1);

    scene.fast();
    for (tab, placed, view) in [
        (&first, placed, View::Wide),
        (&second, placed_second, View::Phone),
    ] {
        browser.switch_to(tab).unwrap();
        browser.view(view).unwrap();
        assert_shows(&browser, "3 new messages from 1 mailbox.");
        browser
            .wait_for(&By::link("3 new messages").within(".list"))
            .unwrap();
        assert_eq!(places(&browser), placed, "{view:?}: at the end");
        // It was good, so the dock goes by itself.
        browser.wait_until_gone(&By::css(".dock")).unwrap();
        assert_eq!(places(&browser), placed, "{view:?}: without the dock");
    }
    assert_eq!(scene.mailbox.sign_ins().accepted - before, 1, "one run");
    let history = scene.house.home.json(&["retrieval", "history", "Old ISP"]);
    let runs = history["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2, "the first one, and this: {history}");
}

/// Somebody is in the middle of the list, and has the focus on the way to older messages.
fn read_on(browser: &Browser) {
    let script =
        "document.querySelector('a[rel=next]').focus({ preventScroll: true }); scrollTo(0, 300);";
    browser.script(script, &[]).unwrap();
}

#[track_caller]
fn assert_shows(browser: &Browser, title: &str) {
    browser
        .wait_for(&By::text(title).within(".dock-title"))
        .unwrap();
    assert!(browser.shows(&By::text("Old ISP").within(".dock")).unwrap());
}

/// Where each row is, how far the page is scrolled, and what has the focus.
fn places(browser: &Browser) -> Value {
    let script = "const box = e => { const b = e.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; };
        const focus = document.activeElement;
        return { rows: [...document.querySelectorAll('.messages > li')].map(box), scrolled: scrollY,
            focus: [focus.localName, focus.textContent, ...box(focus)] };";
    let places = browser.script(script, &[]).unwrap();
    assert_eq!(places["rows"].as_array().unwrap().len(), 50);
    assert_eq!(places["focus"][0], "a");
    places
}
