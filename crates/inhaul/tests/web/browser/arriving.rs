//! Setting a server up, signing in and out.

use inhaul_testkit::{Browser, By, Scripts};

use crate::house::{House, NAME, PASSWORD};

#[test]
fn the_first_person_sets_it_up_and_signs_in_again() {
    let house = House::new();
    let browser = Browser::start().unwrap();

    // Without the link nobody gets far.
    browser.open(&house.at("/")).unwrap();
    browser
        .wait_for_text("This server is not set up yet.")
        .unwrap();
    let link = house.set_up_link();
    let code = link.rsplit_once('#').unwrap().1.to_owned();

    browser.forget().unwrap();
    house.set_up(&browser);
    // The code has gone from the address, so that no history has it.
    assert!(!browser.url().unwrap().contains(&code));
    let sent = browser.requests().unwrap();
    assert!(
        sent.iter().all(|request| !request.url.contains(&code)),
        "{sent:?}"
    );

    browser
        .click(&By::link("Skip, take me to my empty inbox"))
        .unwrap();
    browser.wait_for_text("Nothing here yet.").unwrap();

    // The link works once.
    browser.forget().unwrap();
    browser.open(&link).unwrap();
    browser.wait_for(&By::button("Sign in")).unwrap();

    house.sign_in(&browser, NAME, "not-the-password-at-all");
    browser
        .wait_for_text("Name or password is not right.")
        .unwrap();
    house.sign_in(&browser, NAME, PASSWORD);
    browser.wait_for(&By::heading("Inbox")).unwrap();

    // Somebody else who has the browser's old cookie finds nothing behind it.
    browser.click(&By::css("details.person > summary")).unwrap();
    browser.click(&By::button("Sign out")).unwrap();
    browser.wait_for(&By::button("Sign in")).unwrap();
    browser.open(&house.at("/preferences")).unwrap();
    browser.wait_for(&By::button("Sign in")).unwrap();
    // And is where they wanted to go once they are known.
    browser.fill(&By::css("#name"), NAME).unwrap();
    browser.fill(&By::css("#password"), PASSWORD).unwrap();
    browser.click(&By::button("Sign in")).unwrap();
    browser.wait_for(&By::heading("Preferences")).unwrap();

    // Who set it up and who has another password is on record.
    browser.fill(&By::css("#old"), PASSWORD).unwrap();
    browser
        .fill(&By::css("#new"), "four-loud-magpies-3377")
        .unwrap();
    browser.click(&By::button("Change password")).unwrap();
    browser.wait_for(&By::heading("Preferences")).unwrap();
    let audit = house.home.inhaul.ok(&["audit"]).unwrap();
    for change in ["set up", "password"] {
        assert!(audit.contains(change), "{audit}");
    }
    let mut errors = browser.console_errors().unwrap();
    // The browser counts the refused password as one.
    errors.retain(|error| !error.contains("/sign-in - Failed to load resource"));
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn the_first_person_sets_it_up_without_script() {
    let house = House::new();
    let browser = Browser::start().unwrap();
    browser.scripts(Scripts::Off).unwrap();
    let link = house.set_up_link();
    let (page, code) = link.split_once('#').unwrap();
    browser.open(page).unwrap();
    browser.fill(&By::css("#code"), code).unwrap();
    browser.fill(&By::css("#name"), NAME).unwrap();
    browser.fill(&By::css("#password"), "short").unwrap();
    // What the browser does not check the server does.
    browser.fill(&By::css("#password"), PASSWORD).unwrap();
    browser
        .click(&By::button("Create account and continue"))
        .unwrap();
    browser.wait_for(&By::heading("What first?")).unwrap();
    browser.open(&house.at("/")).unwrap();
    browser.wait_for(&By::heading("Inbox")).unwrap();
}
