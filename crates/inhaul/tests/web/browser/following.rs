//! The log is followed also behind a proxy that collects answers (UX 2.3).

use inhaul_testkit::{Browser, By};

use crate::holding::HoldingProxy;
use crate::house::{House, NAME, PASSWORD};

#[test]
fn behind_a_proxy_that_holds_streams_back_the_log_is_asked_for() {
    let browser = Browser::start().unwrap();
    let house = House::new();
    house.set_up(&browser);
    // Nobody answers there.
    let how = ["--server", "127.0.0.1:1", "--security=none", "--no-test"];
    let added = house
        .home
        .try_retrieval("Silent", "u1", "alice", "secret", &how);
    assert!(added.status.success(), "{added:?}");
    let proxy = HoldingProxy::before(&house.pages);
    browser.open(&proxy.at("/sign-in")).unwrap();
    browser.fill(&By::css("#name"), NAME).unwrap();
    browser.fill(&By::css("#password"), PASSWORD).unwrap();
    browser.click(&By::button("Sign in")).unwrap();
    browser.wait_for(&By::heading("Inbox")).unwrap();

    browser.open(&proxy.at("/manage/log")).unwrap();
    browser.click(&By::button("Follow")).unwrap();
    browser
        .wait_for_text("A proxy holds the live log back. Refreshing every 2 seconds instead.")
        .unwrap();
    browser.wait_for(&By::link("How to fix")).unwrap();
    house.home.inhaul.run(&["pull", "Silent"]).unwrap();
    browser.wait_for_text("run failed").unwrap();
    browser.wait_for(&By::link("Silent")).unwrap();
    browser.assert_accessible();

    // Pressed once more, it does not wait for the stream again.
    browser.click(&By::button("Follow")).unwrap();
    browser.click(&By::button("Follow")).unwrap();
    house.home.inhaul.run(&["pull", "Silent"]).unwrap();
    browser
        .wait_until("the second run's line", |browser| {
            Ok((browser.script(TWO_FAILED, &[])? == true).then_some(()))
        })
        .unwrap();
    let asked = proxy.asked();
    let streams = asked
        .iter()
        .filter(|path| path.starts_with("/manage/log/follow"));
    assert_eq!(streams.count(), 1, "{asked:?}");
    let polls = asked
        .iter()
        .filter(|path| path.starts_with("/manage/log/news"));
    assert!(polls.count() >= 2, "{asked:?}");
}

const TWO_FAILED: &str = "return document.querySelectorAll('.log .level-warn').length >= 2";
