//! From the link on the terminal to an inbox with mail, with the pages' own security policy.

use inhaul_sample::{SampleConfig, SampleServer};
use inhaul_testkit::{Browser, By, Preference, Scripts, Server, View};
use tokio::runtime::Runtime;

use crate::installation::{Installation, LOCAL_PASSWORD};

/// A server without anybody, its address and the code of its set-up link.
fn empty_server(home: &Installation) -> (Server, String, String) {
    let server = Server::start(&home.inhaul).unwrap();
    let ready = server.ready().unwrap();
    let address = ready.lines().find_map(|line| line.strip_prefix("web "));
    let address = address.unwrap().to_owned();
    let link = home.inhaul.ok(&["setup-link"]).unwrap();
    let (_, code) = link.split_once("/setup#").unwrap();
    let code = code.split_whitespace().next().unwrap().to_owned();
    (server, address, code)
}

/// The page fits every window in both themes, and keeps the rules of accessibility.
fn looks_right(browser: &Browser) {
    for preferences in [&[][..], &[Preference::Dark]] {
        browser.prefer(preferences).unwrap();
        for view in View::ALL {
            browser.view(view).unwrap();
            let out = browser.sticks_out().unwrap();
            assert!(out.is_empty(), "{view:?}: {out:?}");
        }
        browser.assert_accessible();
    }
    browser.prefer(&[]).unwrap();
    browser.view(View::Wide).unwrap();
}

#[test]
fn from_the_link_to_an_inbox_with_mail() {
    let runtime = Runtime::new().unwrap();
    let remote = runtime.block_on(SampleServer::start(SampleConfig::default()));
    let remote = remote.unwrap();
    let mailbox = remote.mailbox("u1");
    for number in 0..60 {
        let from = "\"Novak, Jana\" <jana@work.example>";
        let letter = format!("From: {from}\r\nSubject: Minutes {number}\r\n\r\nHello\r\n");
        mailbox.append(letter.into_bytes());
    }
    let home = Installation::new();
    let (_server, address, code) = empty_server(&home);
    let browser = Browser::start().unwrap();

    set_up(&browser, &address, &code);
    browser.open(&address).unwrap();
    browser.wait_for_text("Nothing here yet").unwrap();
    looks_right(&browser);

    let at = remote.address().to_string();
    let how = ["--server", &at, "--security=none", "--every=never"];
    let added = home.try_retrieval("Old ISP", "u1", "alice", "secret", &how);
    assert!(added.status.success(), "{added:?}");
    home.inhaul.ok(&["pull", "Old ISP"]).unwrap();
    inbox(&browser);
    preferences(&browser);
    sign_in(&browser, &address);
    let mut errors = browser.console_errors().unwrap();
    // A form that is refused is one to Chromium.
    errors.retain(|error| !error.contains("status of 422"));
    assert_eq!(errors, [""; 0]);
}

fn set_up(browser: &Browser, address: &str, code: &str) {
    browser.open(&format!("{address}/setup")).unwrap();
    browser.wait_for_text("not set up yet").unwrap();
    for absent in ["Code", "Sign-in name", "Password"] {
        assert!(!browser.shows(&By::field(absent)).unwrap(), "{absent}");
    }
    looks_right(browser);

    browser.open("about:blank").unwrap();
    browser.open(&format!("{address}/setup#{code}")).unwrap();
    browser.wait_for_text("You are the first person").unwrap();
    assert!(!browser.shows(&By::text("not set up yet")).unwrap());
    assert!(!browser.shows(&By::field("Code")).unwrap());
    let url = browser.url().unwrap();
    assert!(!url.contains(code), "the code is not in the history");

    browser
        .fill(&By::field("Sign-in name"), "no spaces")
        .unwrap();
    browser
        .fill(&By::field("Password"), LOCAL_PASSWORD)
        .unwrap();
    browser
        .click(&By::button("Create account and continue"))
        .unwrap();
    browser.wait_for(&By::css(".error")).unwrap();
    assert_eq!(browser.value(&By::field("Password")).unwrap(), "");
    assert!(!browser.shows(&By::field("Code")).unwrap(), "still known");
    looks_right(browser);
    browser.fill(&By::field("Sign-in name"), "alice").unwrap();
    browser
        .fill(&By::field("Password"), LOCAL_PASSWORD)
        .unwrap();
    browser
        .click(&By::button("Create account and continue"))
        .unwrap();
    browser.wait_for(&By::heading("What first?")).unwrap();
    looks_right(browser);
}

fn inbox(browser: &Browser) {
    browser.reload().unwrap();
    browser.wait_for_text("Novak, Jana").unwrap();
    assert_eq!(browser.count(&By::css(".message")).unwrap(), 50);
    assert!(browser.shows(&By::text("via Old ISP")).unwrap());
    looks_right(browser);
    let current = By::css(".places [aria-current]");
    assert_eq!(browser.text_of(&current).unwrap(), "Mail");

    browser.press("]").unwrap();
    browser.wait_for(&By::link("‹ Newer")).unwrap();
    assert_eq!(browser.count(&By::css(".message")).unwrap(), 10);
    browser.press("[").unwrap();
    browser.wait_for(&By::link("Older ›")).unwrap();

    browser.view(View::Phone).unwrap();
    assert!(!browser.shows(&By::css(".places")).unwrap());
    browser.click(&By::css(".hamburger > summary")).unwrap();
    browser
        .wait_for(&By::link("Preferences").within(".hamburger"))
        .unwrap();
    // A colour on its way to another is neither.
    let still = Preference::LessMotion;
    for preferences in [&[still][..], &[still, Preference::Dark]] {
        browser.prefer(preferences).unwrap();
        browser.assert_accessible_within(".hamburger");
    }
    browser.prefer(&[]).unwrap();
    browser.view(View::Wide).unwrap();
    browser.press("g i").unwrap();
    browser
        .wait_until_gone(&By::css(".hamburger[open]"))
        .unwrap();
}

fn preferences(browser: &Browser) {
    browser.click(&By::css(".person > summary")).unwrap();
    browser
        .click(&By::link("Preferences").within(".person"))
        .unwrap();
    browser.wait_for(&By::heading("Preferences")).unwrap();
    looks_right(browser);
    browser.click(&By::field("Dark")).unwrap();
    browser.click(&By::button("Save")).unwrap();
    browser.wait_for(&By::css("html[data-theme=dark]")).unwrap();
    browser.assert_accessible();

    browser
        .fill(&By::field("Password now"), "not this one")
        .unwrap();
    browser
        .fill(&By::field("New password"), LOCAL_PASSWORD)
        .unwrap();
    browser.click(&By::button("Change password")).unwrap();
    browser
        .wait_for_text("That is not your password now.")
        .unwrap();
    let focused = browser.focused().unwrap().unwrap();
    assert_eq!(
        focused.name, "Password now",
        "the wrong field has the focus"
    );
    browser.assert_accessible();
}

fn sign_in(browser: &Browser, address: &str) {
    browser.forget().unwrap();
    browser.scripts(Scripts::Off).unwrap();
    browser.open(&format!("{address}/preferences")).unwrap();
    browser.wait_for(&By::button("Sign in")).unwrap();
    looks_right(browser);
    browser.fill(&By::field("Sign-in name"), "alice").unwrap();
    browser
        .fill(&By::field("Password"), LOCAL_PASSWORD)
        .unwrap();
    browser.click(&By::button("Sign in")).unwrap();
    // Without script, too, and where they were going.
    browser.wait_for(&By::heading("Preferences")).unwrap();
    browser.scripts(Scripts::On).unwrap();
}
