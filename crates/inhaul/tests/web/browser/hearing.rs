//! What somebody hears who does not see the pages (UX A17, 2.3): the start of a check, each mailbox
//! that is done, the sum; and of everything that can be used a name and a role.

use inhaul_testkit::{Browser, By, Heard};
use serde_json::Value;

use super::hands::Hands;
use super::scene::Scene;

#[test]
fn a_check_is_told_by_its_start_each_mailbox_and_the_sum() {
    let browser = Browser::start().unwrap();
    let scene = Scene::new(&browser);
    scene.retrieval("Old ISP", "u1", "secret");
    scene.retrieval("Club", "u2", "wrong");
    scene.remote.mailbox("u2");
    scene.letters(4);
    scene.slow();
    browser.open(&scene.house.at("/")).unwrap();
    browser.script(LISTEN, &[]).unwrap();

    browser
        .click(&By::button("Check mail").within(".top"))
        .unwrap();
    browser
        .wait_for(&By::text("refuses the password").within(".dock"))
        .unwrap();
    browser
        .wait_for(&By::text("1 of 4 messages").within(".dock"))
        .unwrap();
    progress(&browser);
    scene.fast();
    let sum = "4 new messages. 1 mailbox could not be checked: Club.";
    browser
        .wait_for(&By::text(sum).within(".dock-head"))
        .unwrap();
    assert_eq!(
        said(&browser),
        [
            "Checking 2 mailboxes",
            "Club: refuses the password",
            "Old ISP: 4 new messages",
            sum
        ]
    );

    // On another page nobody is told again what they know, and the next check is told in full.
    browser.open(&scene.house.at("/retrievals")).unwrap();
    browser.script(LISTEN, &[]).unwrap();
    scene.letters(3);
    scene.slow();
    Hands(&browser).check("R");
    browser
        .wait_for(&By::text("1 of 3 messages").within(".dock"))
        .unwrap();
    // The other one is not asked again at once after a refused password.
    assert_eq!(said(&browser)[0], "Checking 1 mailbox");
    browser.open(&scene.house.at("/preferences")).unwrap();
    browser.script(LISTEN, &[]).unwrap();
    browser
        .wait_for(&By::text("of 3 messages").within(".dock"))
        .unwrap();
    assert_eq!(said(&browser), [""; 0]);
    scene.fast();
    browser
        .wait_for(&By::text("3 new messages.").within(".dock-head"))
        .unwrap();
    let told = said(&browser);
    assert_eq!(told[0], "Old ISP: 3 new messages", "{told:?}");
    assert_eq!(told.len(), 2, "{told:?}");
}

/// The progress has a name and stands beside its words; nothing but one quiet region is announced.
fn progress(browser: &Browser) {
    let heard = browser.heard().unwrap();
    let named = |role: &str| -> Vec<&str> {
        let those = heard.iter().filter(|one| one.role == role);
        those.map(|one| one.name.as_str()).collect()
    };
    assert_eq!(named("progressbar"), ["Old ISP"], "{heard:?}");
    assert!(named("region").contains(&"Checking mail"), "{heard:?}");
    assert!(named("link").contains(&"Fix it: Club"), "{heard:?}");
    let live: Vec<&Heard> = heard
        .iter()
        .filter(|one| !one.live.is_empty() && one.live != "off")
        .collect();
    assert!(
        live.iter()
            .all(|one| one.role == "status" && one.live == "polite"),
        "{live:?}"
    );
}

/// What was announced, in its order.
fn said(browser: &Browser) -> Vec<String> {
    let said = browser.script("return window.said", &[]).unwrap();
    let texts = said.as_array().unwrap().iter();
    texts
        .map(|text| Value::as_str(text).unwrap().to_owned())
        .collect()
}

/// Whatever is added to a region that is announced, as a screen reader hears of it.
const LISTEN: &str = "
window.said = [];
const regions = document.querySelectorAll('[role=status], [role=alert], [role=log], [aria-live]');
for (const region of regions) {
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) window.said.push(node.textContent);
  }).observe(region, { childList: true, subtree: true });
}";
