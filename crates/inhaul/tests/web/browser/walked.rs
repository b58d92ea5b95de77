//! Every page with the keyboard and a screen reader (UX A17): each stop is seen and has a name, the
//! order is that of the page, and there is a way out at both ends.

use inhaul_testkit::{Browser, By, View};

use super::hands::{Hands, assert_is_clear};
use super::looking::PAGES;
use super::scene::Scene;

#[test]
fn the_focus_walks_through_every_page_in_its_order_and_back() {
    let browser = Browser::start().unwrap();
    let scene = Scene::new(&browser);
    scene.retrieval("Old ISP", "u1", "secret");
    scene.retrieval("Club", "u2", "wrong");
    scene.remote.mailbox("u2");
    scene.letters(60);
    for name in ["Old ISP", "Club"] {
        scene.house.home.inhaul.run(&["pull", name]).unwrap();
    }
    let numbers = ["Old ISP", "Club"].map(|name| scene.number_of(name));
    for page in PAGES {
        walk(&browser, &scene.house.at(&page.replace("ID", &numbers[0])));
    }
    let club = format!("/retrievals/{}", numbers[1]);
    walk(&browser, &scene.house.at(&club));
    browser.view(View::Phone).unwrap();
    for page in ["/", "/retrievals", "/manage"] {
        walk(&browser, &scene.house.at(page));
    }
    browser.view(View::Wide).unwrap();
    browser.forget().unwrap();
    for page in ["/sign-in", "/welcome", "/help/auth-refused"] {
        walk(&browser, &scene.house.at(page));
    }
}

fn walk(browser: &Browser, page: &str) {
    browser.open(page).unwrap();
    // A message counts as read after a second, and the page says so.
    browser.wait_until_gone(&By::css("[data-seen]")).unwrap();
    browser
        .wait_until_gone(&By::css(".message.unread[aria-current]"))
        .unwrap();
    browser.wait_for(&By::css("main h1")).unwrap();
    names(browser, page);
    // From the top, whatever has the focus when the page opens.
    browser.script(TO_THE_TOP, &[]).unwrap();
    let forwards = browser.tab_order(MOST).unwrap();
    assert!(forwards.len() < MOST, "{page}: no way out");
    assert_eq!(forwards[0].name, "Skip to the content", "{page}");
    for stop in &forwards {
        assert_is_clear(stop, page);
    }
    let order = browser.script(ORDER, &[]).unwrap();
    assert_eq!(order, serde_json::json!([]), "{page}: jumps");

    // The skip link leads past the top bar.
    browser.script(TO_THE_TOP, &[]).unwrap();
    let hands = Hands(browser);
    hands.press("Tab");
    hands.assert_at("link", "Skip to the content");
    hands.press("Enter");
    hands.press("Tab");
    let inside = browser.script(
        "return document.activeElement.closest('header.top') === null",
        &[],
    );
    assert_eq!(inside.unwrap(), true, "{page}");

    // From the end back to the top: nothing hides below what is fixed there.
    browser.script(TO_THE_END, &[]).unwrap();
    let mut back = Vec::new();
    for _ in 0..forwards.len() {
        browser.press("Shift+Tab").unwrap();
        let stop = browser.focused().unwrap();
        let Some(stop) = stop else {
            panic!("{page}: {} stops backwards: {back:?}", back.len());
        };
        assert_is_clear(&stop, &format!("{page}, backwards"));
        back.push(stop.name);
    }
    back.reverse();
    let names: Vec<String> = forwards.into_iter().map(|stop| stop.name).collect();
    assert_eq!(back, names, "{page}: another order backwards");
}

/// What can be used has a name, and the page its landmarks and one headline.
fn names(browser: &Browser, page: &str) {
    let heard = browser.heard().unwrap();
    for one in heard.iter().filter(|one| one.focusable) {
        // Where the script puts the focus, and nobody else.
        let is_place = ["RootWebArea", "main", "paragraph", "generic"].contains(&one.role.as_str());
        assert!(is_place || !one.name.is_empty(), "{page}: {one:?}");
    }
    let mains = heard.iter().filter(|one| one.role == "main").count();
    assert_eq!(mains, 1, "{page}");
    let headlines = browser.count(&By::css("h1")).unwrap();
    assert_eq!(headlines, 1, "{page}");
    let quiet = heard
        .iter()
        .any(|one| one.role == "status" && one.live == "polite");
    assert!(quiet, "{page}: nothing to announce in");
}

/// More stops than any page has.
const MOST: usize = 250;

/// Parts that can have the focus and do not come in the order of the page.
const ORDER: &str = "return [...document.querySelectorAll('[tabindex]')]
    .filter(e => e.tabIndex > 0).map(e => e.outerHTML.slice(0, 100));";

/// In front of everything that is on the page.
const TO_THE_TOP: &str = "
const top = document.createElement('a');
top.href = '#';
top.textContent = 'top';
document.body.prepend(top);
top.focus();
top.addEventListener('blur', () => top.remove());";

/// Behind everything that is on the page.
const TO_THE_END: &str = "
const end = document.createElement('a');
end.href = '#';
end.textContent = 'end';
document.body.append(end);
end.focus();
end.addEventListener('blur', () => end.remove());";
