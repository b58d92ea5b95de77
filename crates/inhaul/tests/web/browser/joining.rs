//! From an empty directory to the first message, following only what the screen says.

use std::time::Instant;

use inhaul_testkit::{Browser, By, Dovecot, DovecotOptions};

use crate::house::House;

#[test]
fn a_new_user_sees_the_first_message_of_a_real_mailbox() {
    let dovecot = Dovecot::start(&DovecotOptions::default()).unwrap();
    for number in 1..=12 {
        let message = format!(
            "From: Jana Novak <jana@example.org>\r\nSubject: Minutes no. {number}\r\n\
             Message-ID: <{number}@example.org>\r\n\r\nHello.\r\n"
        );
        dovecot.deliver("u1", message.as_bytes()).unwrap();
    }
    let browser = Browser::start().unwrap();

    let began = Instant::now();
    let house = House::new();
    house.set_up(&browser);
    browser.click(&By::link("Add a mailbox")).unwrap();

    browser
        .fill(&By::field("E-mail address"), "u1@mail.example")
        .unwrap();
    browser
        .fill(&By::css("#password"), Dovecot::PASSWORD)
        .unwrap();
    browser
        .click(&By::text("My sign-in name is not my address"))
        .unwrap();
    browser.fill(&By::css("#user"), "u1").unwrap();
    browser
        .click(&By::text("I know the server settings"))
        .unwrap();
    let port = dovecot.pop3s_addr().port();
    // As some providers write it.
    browser
        .fill(&By::css("#server"), &format!("127.0.0.1 {port}s"))
        .unwrap();
    browser.click(&By::button("Find my settings")).unwrap();
    browser.click(&By::button("Test it")).unwrap();
    // Its certificate is its own: the person compares the key and trusts it.
    browser.wait_for_text("could not prove who it is").unwrap();
    browser.click(&By::text("Show certificate")).unwrap();
    let trust = By::button("Trust exactly this certificate until it changes");
    browser.click(&trust).unwrap();
    browser.wait_for_text("12 messages").unwrap();
    browser.click(&By::link("Continue")).unwrap();
    browser.click(&By::button("Continue")).unwrap();
    browser.click(&By::button("Add and check now")).unwrap();
    let added = Instant::now();
    browser
        .wait_until("the first message is listed", |browser| {
            browser.open(&house.at("/"))?;
            Ok(browser.text()?.contains("Minutes no.").then_some(()))
        })
        .unwrap();
    println!(
        "first message {:.1} s after the start, {:.1} s after the last press",
        began.elapsed().as_secs_f64(),
        added.elapsed().as_secs_f64()
    );
    assert!(browser.text().unwrap().contains("Jana Novak"));
    // Copies stay.
    assert_eq!(dovecot.count("u1").unwrap(), 12);
    // Nothing of the password is anywhere.
    assert!(!browser.html().unwrap().contains(Dovecot::PASSWORD));
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
}
