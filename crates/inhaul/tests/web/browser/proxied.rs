//! Behind a proxy that collects answers (UX A15): the dock asks instead of listening.

use inhaul_testkit::{Browser, By};

use super::scene::Scene;
use crate::holding::HoldingProxy;
use crate::house::{NAME, PASSWORD};

#[test]
fn behind_a_proxy_that_holds_streams_back_the_dock_asks_after_three_seconds() {
    let browser = Browser::start().unwrap();
    let scene = Scene::new(&browser);
    scene.retrieval("Old ISP", "u1", "secret");
    scene.letters(3);
    scene.slow();
    let proxy = HoldingProxy::before(&scene.house.pages);
    browser.open(&proxy.at("/sign-in")).unwrap();
    browser.fill(&By::css("#name"), NAME).unwrap();
    browser.fill(&By::css("#password"), PASSWORD).unwrap();
    browser.click(&By::button("Sign in")).unwrap();
    browser.wait_for(&By::heading("Inbox")).unwrap();

    browser.script(THREE_SECONDS_LATER, &[]).unwrap();
    browser
        .click(&By::button("Check mail").within(".top"))
        .unwrap();
    let noted = browser.wait_until("three seconds to pass", |browser| {
        let noted = browser.script("return window.noted ?? null", &[])?;
        Ok(noted.as_str().map(str::to_owned))
    });
    let blocked = "Live progress is blocked by a proxy. Refreshing every 2 seconds instead.";
    assert_eq!(noted.unwrap(), format!("{blocked} How to fix"));
    browser
        .wait_for(&By::text("of 3 messages").within(".dock"))
        .unwrap();

    // Where the note leads says what to do, and the way back leads to the same check.
    browser.click(&By::link("How to fix")).unwrap();
    browser
        .wait_for(&By::heading("Live progress is blocked by a proxy"))
        .unwrap();
    browser.wait_for_text("proxy_buffering off;").unwrap();
    browser.assert_accessible();
    browser.wait_for_text(blocked).unwrap();

    scene.fast();
    browser
        .wait_for(&By::text("3 new messages from 1 mailbox.").within(".dock-head"))
        .unwrap();
    assert!(!browser.shows(&By::text(blocked)).unwrap());
    let asked = proxy.asked();
    let of_check = |path: &&String| path.starts_with("/api/v1/check/");
    let streams = |path: &&String| of_check(path) && path.ends_with("/events");
    assert_eq!(asked.iter().filter(streams).count(), 2, "{asked:?}");
    let is_poll = |path: &&String| of_check(path) && !path.ends_with("/events");
    assert!(asked.iter().filter(is_poll).count() >= 2, "{asked:?}");
    assert_eq!(scene.mailbox.sign_ins().accepted, 1);

    // Whoever runs the proxy may have no account.
    browser.forget().unwrap();
    browser
        .open(&scene.house.at("/help/live-progress"))
        .unwrap();
    browser.wait_for_text("flush_interval -1").unwrap();
    browser.assert_accessible();
}

#[test]
fn behind_such_a_proxy_an_open_list_asks_for_news() {
    let browser = Browser::start().unwrap();
    let scene = Scene::new(&browser);
    scene.retrieval("Old ISP", "u1", "secret");
    let proxy = HoldingProxy::before(&scene.house.pages);
    browser.open(&proxy.at("/sign-in")).unwrap();
    browser.fill(&By::css("#name"), NAME).unwrap();
    browser.fill(&By::css("#password"), PASSWORD).unwrap();
    browser.click(&By::button("Sign in")).unwrap();
    browser.wait_for(&By::heading("Inbox")).unwrap();
    scene.letters(2);
    scene.house.home.inhaul.ok(&["pull", "Old ISP"]).unwrap();
    browser
        .wait_until("two rows", |browser| {
            let rows = browser.count(&By::css(".messages > li"))?;
            Ok((rows == 2).then_some(()))
        })
        .unwrap();
    let asked = proxy.asked();
    assert!(asked.iter().any(|path| path == "/mail/state"), "{asked:?}");
}

/// By the page's own clock, which a busy machine slows down as it does the dock's: three seconds
/// after the stream was asked for, and a moment for the same turn of the page's loop.
const THREE_SECONDS_LATER: &str = "
const Stream = window.EventSource;
window.EventSource = class extends Stream {
  constructor(url) {
    super(url);
    setTimeout(() => setTimeout(() => {
      window.noted = document.querySelector('.dock-note').textContent;
    }, 100), 3000);
  }
};";
