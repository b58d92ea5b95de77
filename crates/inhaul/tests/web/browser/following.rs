//! The log is followed also where a proxy holds its stream back.

use inhaul_testkit::{Browser, By};

use crate::house::House;

#[test]
fn the_log_is_asked_for_where_its_stream_says_nothing() {
    let browser = Browser::start().unwrap();
    let house = House::new();
    house.set_up(&browser);
    // Nobody answers there.
    let how = ["--server", "127.0.0.1:1", "--security=none", "--no-test"];
    let added = house
        .home
        .try_retrieval("Silent", "u1", "alice", "secret", &how);
    assert!(added.status.success(), "{added:?}");
    browser.open(&house.at("/manage/log")).unwrap();
    // To a page a stream that a proxy holds back is one that never says anything.
    browser.script(HELD_BACK, &[]).unwrap();
    browser.click(&By::button("Follow")).unwrap();
    browser
        .wait_for_text("A proxy holds the live log back.")
        .unwrap();
    house.home.inhaul.run(&["pull", "Silent"]).unwrap();
    browser.wait_for_text("run failed").unwrap();
    browser.wait_for(&By::link("Silent")).unwrap();
    // Once more: it does not wait for the stream again.
    browser.click(&By::button("Follow")).unwrap();
    browser.click(&By::button("Follow")).unwrap();
    house.home.inhaul.run(&["pull", "Silent"]).unwrap();
    let failed = "return document.querySelectorAll('.log .level-warn').length >= 2";
    browser
        .wait_until("the second run's line is there", |browser| {
            Ok((browser.script(failed, &[])? == true).then_some(()))
        })
        .unwrap();
    assert_eq!(browser.console_errors().unwrap(), [""; 0]);
}

const HELD_BACK: &str = "window.EventSource = class { addEventListener() {} close() {} };";
