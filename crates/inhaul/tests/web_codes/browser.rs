//! A card in a browser: read, folded out, acted on.

use inhaul_sample::switches::Refusal;
use inhaul_testkit::{Browser, By};

use crate::house::{House, PASSWORD};
use crate::peers::Peers;

#[test]
fn a_card_names_its_buttons_and_they_lead_where_it_is_put_right() {
    let mut peers = Peers::new();
    let house = House::new();
    house.add("Club", &peers.refusing(Refusal::Auth));
    assert_eq!(house.pull("Club").0, Some(77));
    let id = house.api("Club")["id"].as_i64().unwrap();

    let browser = Browser::start().unwrap();
    browser.open(&house.at("/sign-in")).unwrap();
    browser.fill(&By::css("#name"), "alice").unwrap();
    browser.fill(&By::css("#password"), PASSWORD).unwrap();
    browser.click(&By::button("Sign in")).unwrap();
    browser.wait_for(&By::css(".places")).unwrap();
    let place = format!("/manage/retrievals/{id}");
    browser.open(&house.at(&place)).unwrap();
    browser
        .wait_for(&By::heading("127.0.0.1 refuses the password auth-refused"))
        .unwrap();
    for words in [
        "Sign in on the provider's website to check the password.",
        "Enter the password here again.",
        "Mail waits safely on 127.0.0.1.",
    ] {
        assert!(browser.shows(&By::text(words)).unwrap(), "{words}");
    }
    assert!(!browser.shows(&By::css(".card pre")).unwrap(), "folded");
    browser.click(&By::css(".card details > summary")).unwrap();
    browser.wait_for(&By::css(".card pre")).unwrap();
    browser.assert_accessible();

    browser.click(&By::link("Enter password")).unwrap();
    browser.wait_for(&By::css("#password")).unwrap();
    browser.open(&house.at(&place)).unwrap();
    browser
        .click(&By::link("auth-refused").within(".card"))
        .unwrap();
    browser.wait_for_text("What to do").unwrap();
    assert!(browser.url().unwrap().ends_with("/help/auth-refused"));
    assert_eq!(browser.console_errors().unwrap(), [""; 0]);
}
