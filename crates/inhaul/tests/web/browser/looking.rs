//! Every page in every look: wide, phone and narrow, light and dark, with and without script.

use inhaul_sample::{SampleConfig, SampleServer};
use inhaul_testkit::{Browser, By, Preference, Scripts, View};
use tokio::runtime::Runtime;

use super::colours::faint;
use crate::house::{House, PASSWORD};
use crate::installation::Installation;

/// Pages of an installation with something in it. `ID` is the retrieval's number.
pub(crate) const PAGES: &[&str] = &[
    "/setup/next",
    "/",
    // The first and the last of thirteen: one of them is formatted.
    "/message/1",
    "/message/13",
    "/message/13?view=source",
    "/mail/large",
    "/starred",
    "/search?q=invoice",
    "/search?q=before:soon",
    "/message/1?show=unread&light=dark",
    "/preferences",
    "/retrievals",
    "/retrievals/add",
    "/retrievals/ID",
    "/retrievals/ID/edit",
    "/retrievals/ID/remove",
    "/retrievals/ID/runs/1",
    "/where?words=generated&days=365",
    "/manage",
    "/manage/accounts",
    "/manage/accounts/1",
    "/manage/groups",
    "/manage/groups/1",
    "/manage/retrievals",
    "/manage/retrievals/ID",
    "/manage/catch-all/add",
    "/manage/log",
    "/manage/audit",
    "/manage/settings",
    "/manage/settings/doctor",
    "/manage/settings/licences",
    "/nothing-here",
];

const FORMATTED: &[u8] = b"From: \"News\" <news@shop.example>\r\nTo: alice@example.org\r\n\
    Subject: A long subject that says at length what is in this letter and what is not\r\n\
    Content-Type: multipart/mixed; boundary=m\r\n\r\n\
    --m\r\nContent-Type: text/html\r\n\r\n\
    <h1>Sale</h1><img src=\"https://shop.example/1.png\"><p>Until Sunday.</p>\r\n\
    --m\r\nContent-Type: application/pdf; name=\"a-long-name-of-a-file-without-any-blank-in-it-2026.pdf\"\r\n\r\n\
    %PDF\r\n--m--\r\n";

/// An installation with a mailbox that works, and one that needs its owner.
fn lived_in(browser: &Browser) -> (House, Runtime, SampleServer) {
    let runtime = Runtime::new().unwrap();
    let started = runtime.block_on(SampleServer::start(SampleConfig::default()));
    let remote = started.unwrap();
    let mailbox = remote.mailbox("u1");
    // Its file makes it a large one.
    let file = format!("%PDF{}", "\r\n%".repeat(40_000));
    let formatted = String::from_utf8_lossy(FORMATTED).replace("%PDF", &file);
    mailbox.append(formatted.into_bytes());
    for _ in 0..12 {
        mailbox.append_generated(2_000);
    }
    let house = House::new();
    house.set_up(browser);
    let at = remote.address().to_string();
    let how = |name| {
        let how = ["--server", &at, "--security=none", "--no-test", "--owner"];
        [&how[..], &[name]].concat()
    };
    let home: &Installation = &house.home;
    for (name, password) in [("Old ISP", "secret"), ("Club", "wrong")] {
        let added = home.try_retrieval(name, "u1", "alice", password, &how("alice"));
        assert!(added.status.success(), "{added:?}");
        home.inhaul.run(&["pull", name]).unwrap();
    }
    (house, runtime, remote)
}

#[test]
fn every_page_is_accessible_in_every_look() {
    let browser = Browser::start().unwrap();
    let mut faults = Vec::new();
    let fresh = House::new();
    faults.extend(look_at(&browser, &fresh, "/setup"));
    browser.open(&fresh.set_up_link()).unwrap();
    browser.fill(&By::css("#name"), "a b").unwrap();
    browser.fill(&By::css("#password"), PASSWORD).unwrap();
    let create = By::button("Create account and continue");
    browser.click(&create).unwrap();
    browser.wait_for_text("Use up to 64 letters").unwrap();
    faults.extend(look(&browser, "a refused name"));
    let (house, _runtime, _remote) = lived_in(&browser);
    let id = number_of(&house, "Old ISP");
    for page in PAGES {
        faults.extend(look_at(&browser, &house, &page.replace("ID", &id)));
    }
    let club = format!("/retrievals/{}", number_of(&house, "Club"));
    faults.extend(look_at(&browser, &house, &club));
    browser.forget().unwrap();
    for page in [
        "/sign-in",
        "/welcome",
        "/help/auth-refused",
        "/help/disk-full",
        "/help/live-progress",
    ] {
        faults.extend(look_at(&browser, &house, page));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_page_says_the_same_without_script() {
    let browser = Browser::start().unwrap();
    let (house, _runtime, _remote) = lived_in(&browser);
    let id = number_of(&house, "Old ISP");
    browser.scripts(Scripts::Off).unwrap();
    for page in PAGES {
        browser.open(&house.at(&page.replace("ID", &id))).unwrap();
        browser.wait_for(&By::css("main h1")).unwrap();
    }
}

fn look_at(browser: &Browser, house: &House, path: &str) -> Vec<String> {
    browser.open(&house.at(path)).unwrap();
    look(browser, path)
}

/// What is wrong with the page that is open: what axe-core finds, and what makes it scroll sideways.
pub(super) fn look(browser: &Browser, path: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for view in [View::Wide, View::Phone] {
        browser.view(view).unwrap();
        // What lies half under the head of the page is not too small to be hit.
        browser.script("scrollTo(0, 0)", &[]).unwrap();
        // Without motion: colours that are on their way to others are nobody's.
        let light = [Preference::LessMotion];
        let dark = [Preference::LessMotion, Preference::Dark];
        for preferences in [&light[..], &dark] {
            browser.prefer(preferences).unwrap();
            let found = browser.axe().unwrap();
            let told = |fault| format!("{path}, {view:?}, {preferences:?}: {fault}");
            faults.extend(found.iter().map(told));
            let told = |text| format!("{path}, {view:?}, {preferences:?}: {text}");
            faults.extend(faint(browser).into_iter().map(told));
        }
        let wide = browser.sticks_out().unwrap();
        faults.extend(
            wide.iter()
                .map(|one| format!("{path}, {view:?}: {one} sticks out")),
        );
    }
    browser.view(View::Narrow).unwrap();
    let wide = browser.sticks_out().unwrap();
    faults.extend(
        wide.iter()
            .map(|one| format!("{path}, narrow: {one} sticks out")),
    );
    browser.view(View::Wide).unwrap();
    faults
}

/// The retrieval's number, as its page's address has it.
fn number_of(house: &House, name: &str) -> String {
    let listed = house.home.json(&["retrieval", "list"]);
    let all = listed["retrievals"].as_array().unwrap();
    let one = all.iter().find(|one| one["name"] == name).unwrap();
    one["id"].to_string()
}
