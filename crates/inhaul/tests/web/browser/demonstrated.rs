//! The demonstration in a browser: mail to read within a minute of the command (UX A1), and a mailbox
//! added by somebody who knows its address and password (UX A3).

use std::time::{Duration, Instant};

use inhaul_testkit::{Browser, By};

use crate::demonstration::Running;

/// Comes in by the demo's link.
pub(super) fn come_in(browser: &Browser, demo: &Running) {
    let link = format!("http://{}/welcome#{}", demo.address, demo.code);
    browser.open(&link).unwrap();
    browser.click(&By::button("Come in")).unwrap();
}

/// Until a message is listed that came this way.
fn wait_for_mail(browser: &Browser, words: &str) {
    browser
        .wait_until("a message", |browser| {
            let rows = By::css(".message .subject");
            let is_there = browser.count(&rows)? > 0 && browser.text()?.contains(words);
            if !is_there {
                browser.reload()?;
            }
            Ok(is_there.then_some(()))
        })
        .unwrap();
}

#[test]
fn a_demo_shows_its_first_message_within_a_minute() {
    // A person's browser runs already.
    let browser = Browser::start().unwrap();
    let began = Instant::now();
    let demo = Running::start();
    let answers = Instant::now();
    come_in(&browser, &demo);
    wait_for_mail(&browser, "via ");
    println!(
        "first message {:.1} s after the command, {:.1} s after the page answered",
        began.elapsed().as_secs_f64(),
        answers.elapsed().as_secs_f64()
    );
    assert!(began.elapsed() < Duration::from_secs(60));
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
}

#[test]
fn address_password_and_four_presses_add_a_mailbox() {
    let browser = Browser::start().unwrap();
    let demo = Running::start();
    come_in(&browser, &demo);
    let told = |place: &str| {
        browser.script(
            &format!("return document.querySelector('{place}').textContent"),
            &[],
        )
    };
    browser.wait_for(&By::css("#demo")).unwrap();
    let said = "#demo a[href=\"/retrievals/add\"] ~ code";
    let address = told(said).unwrap();
    let password = told(&format!("{said} ~ code")).unwrap();
    browser
        .open(&format!("http://{}/retrievals/add", demo.address))
        .unwrap();

    let typed = [("#address", &address), ("#password", &password)];
    for (field, typed) in typed {
        browser
            .fill(&By::css(field), typed.as_str().unwrap())
            .unwrap();
    }
    browser.click(&By::button("Find my settings")).unwrap();
    browser
        .wait_for_text("the list of known providers")
        .unwrap();
    browser.click(&By::button("Test it")).unwrap();
    browser.wait_for_text("2 messages").unwrap();
    browser.click(&By::link("Continue")).unwrap();
    browser.click(&By::button("Add and check now")).unwrap();

    browser.wait_for(&By::heading("Retrievals")).unwrap();
    browser.open(&format!("http://{}/", demo.address)).unwrap();
    wait_for_mail(&browser, "Regatta in June");
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
}
