//! "Check mail" pressed in two tabs (UX A14): one run, both show it, nothing moves. And without
//! script (A13).

use std::time::Instant;

use inhaul_testkit::{Browser, By, Scripts, View};
use serde_json::Value;

use super::hands::Hands;
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
    // Only a run that has not looked yet is joined; behind another one more follows.
    scene.slow_from_the_start();
    scene.letters(3);

    browser.open(&inbox).unwrap();
    let first = browser.tab().unwrap();
    read_on(&browser);
    let placed = places(&browser);
    // By its key: somebody reads on where they are.
    Hands(&browser).check("R");
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
    let ends = [
        (&first, placed, View::Wide),
        (&second, placed_second, View::Phone),
    ];
    for (tab, placed, view) in &ends {
        browser.switch_to(tab).unwrap();
        browser.view(*view).unwrap();
        assert_shows(&browser, "3 new messages from 1 mailbox.");
        browser
            .wait_for(&By::link("3 new messages").within(".list"))
            .unwrap();
        assert_eq!(&places(&browser), placed, "{view:?}: at the end");
    }
    for (tab, placed, view) in ends {
        browser.switch_to(tab).unwrap();
        browser.view(view).unwrap();
        // It was good, so the dock goes by itself.
        browser.wait_until_gone(&By::css(".dock")).unwrap();
        assert_eq!(places(&browser), placed, "{view:?}: without the dock");
    }
    assert_eq!(scene.mailbox.sign_ins().accepted - before, 1, "one run");
    let history = scene.house.home.json(&["retrieval", "history", "Old ISP"]);
    let runs = history["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2, "the first one, and this: {history}");
}

#[test]
fn without_script_the_button_leads_to_the_result() {
    let browser = Browser::start().unwrap();
    let scene = Scene::new(&browser);
    scene.retrieval("Old ISP", "u1", "secret");
    scene.letters(3);
    browser.scripts(Scripts::Off).unwrap();
    browser.open(&scene.house.at("/retrievals")).unwrap();
    let pressed = Instant::now();
    browser.click(&By::button("Check mail")).unwrap();
    let result = By::heading("3 new messages from 1 mailbox.");
    browser.wait_for(&result).unwrap();
    // That it comes within 10 s is asked of the server in tests/pages.
    println!(
        "result {:.1} s after the press",
        pressed.elapsed().as_secs_f64()
    );
    browser.click(&By::link("Back to the inbox")).unwrap();
    browser.wait_for(&By::css(".message")).unwrap();
    assert_eq!(browser.count(&By::css(".message")).unwrap(), 3);
}

#[test]
fn the_page_of_a_check_goes_on_without_taking_the_focus() {
    let browser = Browser::start().unwrap();
    let scene = Scene::new(&browser);
    scene.retrieval("Old ISP", "u1", "secret");
    scene.letters(8);
    scene.slow();
    browser.open(&scene.house.at("/retrievals")).unwrap();
    let begin =
        "return fetch('/check', { method: 'POST', headers: { accept: 'application/json' } })
        .then(answer => answer.json()).then(check => check.check_id);";
    let check = browser.script(begin, &[]).unwrap();
    let page = format!("/check/{}", check.as_str().unwrap());
    browser.open(&scene.house.at(&page)).unwrap();
    let hands = Hands(&browser);
    hands.go_to("button", "Stop after this message");
    browser
        .script(
            "window.same = true; window.told = document.querySelector('.dock-lines').textContent",
            &[],
        )
        .unwrap();
    browser
        .wait_until("another word", |browser| {
            let other = "return document.querySelector('.dock-lines').textContent !== window.told";
            Ok((browser.script(other, &[])? == true).then_some(()))
        })
        .unwrap();
    assert_eq!(
        browser.script("return window.same ?? false", &[]).unwrap(),
        true
    );
    hands.assert_at("button", "Stop after this message");
    scene.fast();
    browser
        .wait_for(&By::heading("8 new messages from 1 mailbox."))
        .unwrap();
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
        .wait_for(&By::text(title).within(".dock-head"))
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
