//! Somebody without a mouse (UX A17): from the set-up link to mail in the inbox, then the list, the
//! dock, menus, the list of keys.

use inhaul_testkit::{Browser, By, Dovecot, DovecotOptions};

use super::hands::Hands;
use super::scene::Scene;
use crate::house::{House, NAME, PASSWORD};

#[test]
fn the_keyboard_leads_from_the_link_to_a_saved_retrieval() {
    let dovecot = Dovecot::start(&DovecotOptions::default()).unwrap();
    dovecot
        .deliver(
            "u1",
            b"From: Jana <jana@example.org>\r\nSubject: Minutes\r\n\r\nHello.\r\n",
        )
        .unwrap();
    let browser = Browser::start().unwrap();
    let hands = Hands(&browser);
    let house = House::new();
    browser.open(&house.set_up_link()).unwrap();
    hands.fill("Sign-in name", NAME);
    hands.fill("Password", PASSWORD);
    hands.enter("button", "Create account and continue");
    browser.wait_for(&By::heading("What first?")).unwrap();

    // Out and in again.
    browser.forget().unwrap();
    browser.open(&house.at("/setup/next")).unwrap();
    browser.wait_for(&By::button("Sign in")).unwrap();
    hands.assert_at("textbox", "Sign-in name");
    browser.type_text(NAME).unwrap();
    hands.fill("Password", "not-the-password");
    hands.press("Enter");
    browser
        .wait_for_text("Name or password is not right.")
        .unwrap();
    // The focus is at what is wrong, and the fields come next.
    hands.fill("Sign-in name", NAME);
    hands.fill("Password", PASSWORD);
    hands.go_to("checkbox", "Show");
    hands.press("Space");
    assert_eq!(
        browser.attribute(&By::css("#password"), "type").unwrap(),
        Some("text".to_owned())
    );
    hands.enter("button", "Sign in");
    browser.wait_for(&By::heading("What first?")).unwrap();

    hands.enter("link", "Add a mailbox");
    wizard(&hands, dovecot.pop3s_addr().port());
    browser.wait_for(&By::heading("Retrievals")).unwrap();
    let listed = house.home.json(&["retrieval", "list"]);
    let added = &listed["retrievals"][0];
    assert_eq!(added["name"], "Home", "{listed}");
    assert_eq!(added["folder"], "INBOX", "{listed}");
    browser
        .wait_until("the message", |browser| {
            browser.open(&house.at("/"))?;
            Ok(browser.text()?.contains("Minutes").then_some(()))
        })
        .unwrap();
}

/// Through all five steps of the wizard.
fn wizard(hands: &Hands<'_>, port: u16) {
    let browser = hands.0;
    browser.wait_for(&By::heading("Add a mailbox")).unwrap();
    hands.fill("E-mail address", "u1@mail.example");
    hands.fill("Password", Dovecot::PASSWORD);
    hands.enter("DisclosureTriangle", "My sign-in name is not my address");
    hands.fill("Sign-in name", "u1");
    hands.go_to("DisclosureTriangle", "I know the server settings");
    hands.press("Space");
    hands.fill("Server", &format!("127.0.0.1:{port}"));
    hands.enter("button", "Find my settings");

    browser.wait_for(&By::button("Test it")).unwrap();
    hands.enter("button", "Test it");
    browser.wait_for_text("could not prove who it is").unwrap();
    hands.enter("DisclosureTriangle", "Show certificate");
    let trust = "Trust exactly this certificate until it changes";
    hands.enter("button", trust);
    browser.wait_for(&By::link("Continue")).unwrap();
    hands.enter("link", "Continue");

    browser.wait_for(&By::field("Name")).unwrap();
    hands.fill("Name", "Home");
    hands.go_to("textbox", "or a new folder");
    hands.press("Tab");
    let (role, name) = hands.at();
    assert_eq!(role, "radio");
    let everything = "Everything that is there now: 1 message";
    assert!(name.starts_with(everything), "{name}");
    hands.press("Down Down");
    hands.assert_at("radio", "Only what arrives from now on");
    hands.press("Up Up");
    hands.go_to("radio", "Every");
    hands.press("Up");
    hands.assert_at("radio", "Automatic: as often as mail arrives there");
    hands.press("Down Down");
    hands.assert_at("radio", "Only by hand");
    hands.press("Up Up");
    hands.enter("button", "Continue");

    let add = By::button("Add and check now");
    browser.wait_for(&By::css("input[name=after]")).unwrap();
    browser.wait_for(&add).unwrap();
    let focused = browser.script("return document.activeElement.localName", &[]);
    assert_eq!(focused.unwrap(), "body");
    hands.enter("button", "Add and check now");
}

#[test]
fn dock_menus_and_lists_are_used_without_a_mouse() {
    let browser = Browser::start().unwrap();
    let scene = Scene::new(&browser);
    scene.retrieval("Old ISP", "u1", "secret");
    scene.letters(5);
    let hands = Hands(&browser);
    list(&hands, &scene);
    dock(&hands, &scene);
    menus(&hands, &scene);
    keys(&hands, &scene);
}

/// Rows by `j` and `k`, opened by `o` and by Enter.
fn list(hands: &Hands<'_>, scene: &Scene) {
    let browser = hands.0;
    scene.retrieval("Shop", "u2", "secret");
    browser.open(&scene.house.at("/retrievals")).unwrap();
    hands.press("j");
    hands.assert_at("link", "Old ISP");
    hands.press("j");
    hands.assert_at("link", "Shop");
    hands.press("k o");
    browser.wait_for(&By::heading("Old ISP")).unwrap();
    hands.press("g r");
    browser.wait_for(&By::heading("Retrievals")).unwrap();
    hands.press("n n p Enter");
    browser.wait_for(&By::heading("Old ISP")).unwrap();
    hands.press("g r");
    browser.wait_for(&By::heading("Retrievals")).unwrap();
    hands.press("+");
    browser.wait_for(&By::heading("Add a mailbox")).unwrap();
    // Nothing happens by a key while somebody types.
    hands.fill("E-mail address", "g r?Rj/");
    assert_eq!(browser.value(&By::css("#address")).unwrap(), "g r?Rj/");
    assert!(!browser.shows(&By::css("dialog, .dock")).unwrap());
    scene
        .house
        .home
        .inhaul
        .ok(&["retrieval", "remove", "Shop", "--yes"])
        .unwrap();
}

/// Start, fold, stop, dismiss; the focus goes nowhere by itself and is never lost.
fn dock(hands: &Hands<'_>, scene: &Scene) {
    let browser = hands.0;
    scene.slow();
    browser.open(&scene.house.at("/retrievals")).unwrap();
    hands.go_to("link", "Old ISP");
    hands.press("R");
    browser
        .wait_for(&By::text("1 of 5 messages").within(".dock"))
        .unwrap();
    hands.assert_at("link", "Old ISP");
    hands.go_to("button", "Stop after this message");
    // Folded, it does not take the focus with it.
    hands.press("Escape");
    hands.assert_at("button", "Details");
    assert!(!browser.shows(&By::css(".dock-lines")).unwrap());
    hands.press("Enter");
    browser.wait_for(&By::css(".dock-lines")).unwrap();
    hands.go_to("button", "Stop after this message");
    hands.press("Space");
    hands.assert_at("button", "Stop after this message");
    scene.fast();
    browser
        .wait_for(&By::text("Stopped.").within(".dock-head"))
        .unwrap();
    // The button has gone, and whoever was on it is beside it.
    hands.assert_at("button", "Close");
    hands.press("Enter");
    browser.wait_until_gone(&By::css(".dock")).unwrap();
    hands.assert_at("button", "Check mail");
    // By the button itself, too.
    hands.check("Enter");
    hands.assert_at("button", "Check mail");
    browser
        .wait_for(&By::text("new message").within(".dock-head"))
        .unwrap();
    // Who reads it keeps it for longer than the eight seconds.
    hands.go_back_to("button", "Close");
    hands.press("Enter");
    browser.wait_until_gone(&By::css(".dock")).unwrap();
}

/// Menus open by Enter, close by Esc with the focus where it was, and are not left open.
fn menus(hands: &Hands<'_>, scene: &Scene) {
    let browser = hands.0;
    browser.open(&scene.house.at("/retrievals")).unwrap();
    let open = By::css("details.menu[open]");
    hands.enter("DisclosureTriangle", "More for Old ISP");
    browser.wait_for(&open).unwrap();
    hands.press("Tab");
    hands.assert_at("button", "Check now");
    hands.press("Escape");
    browser.wait_until_gone(&open).unwrap();
    hands.assert_at("DisclosureTriangle", "More for Old ISP");
    hands.press("Enter");
    hands.go_to("link", "Remove");
    hands.press("Tab");
    browser.wait_until_gone(&open).unwrap();
    // The second half of the button.
    browser.open(&scene.house.at("/retrievals")).unwrap();
    hands.enter("DisclosureTriangle", "More ways to check");
    hands.enter("button", "I am waiting for a message");
    browser
        .wait_for(&By::text("Waiting for a message.").within(".dock-head"))
        .unwrap();
    hands.assert_at("DisclosureTriangle", "More ways to check");
    hands.enter("button", "Stop waiting");
    browser
        .wait_until_gone(&By::button("Stop waiting"))
        .unwrap();
    // And out, by the menu of the person.
    browser.open(&scene.house.at("/")).unwrap();
    hands.enter("DisclosureTriangle", NAME);
    hands.enter("link", "Preferences");
    browser.wait_for(&By::heading("Preferences")).unwrap();
}

/// The dialog keeps the focus and gives it back; shortcuts end with the preference.
fn keys(hands: &Hands<'_>, scene: &Scene) {
    let browser = hands.0;
    hands.go_to("link", "Retrievals");
    hands.press("?");
    browser.wait_for(&By::heading("Keys")).unwrap();
    hands.assert_at("button", "Close");
    browser.assert_accessible();
    let within = "const at = document.activeElement;
        return at === document.body || at.closest('dialog') !== null;";
    for _ in 0..6 {
        hands.press("Tab");
        assert_eq!(browser.script(within, &[]).unwrap(), true);
    }
    // No key acts behind it, and Esc belongs to it.
    hands.press("g r ?");
    assert_eq!(browser.count(&By::css("dialog")).unwrap(), 1);
    hands.press("Escape");
    browser.wait_until_gone(&By::css("dialog")).unwrap();
    hands.assert_at("link", "Retrievals");

    hands.go_to(
        "checkbox",
        "Single-key shortcuts Press ? on any page to see them.",
    );
    hands.press("Space");
    hands.enter("button", "Save");
    browser
        .wait_for(&By::css("html:not([data-shortcuts])"))
        .unwrap();
    hands.press("? g r R");
    assert!(!browser.shows(&By::css("dialog, .dock")).unwrap());
    assert!(browser.url().unwrap().contains("/preferences"));
    // The button is still there for whoever looks for the keys.
    hands.enter("button", "Keyboard help");
    browser
        .wait_for_text("Single-key shortcuts are off.")
        .unwrap();
    hands.press("Enter");
    browser.wait_until_gone(&By::css("dialog")).unwrap();
    hands.assert_at("button", "Keyboard help");
    browser.open(&scene.house.at("/")).unwrap();
}
