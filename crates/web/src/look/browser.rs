//! The gallery in a browser: every width, both themes, and what the script does in it.

use inhaul_testkit::{Browser, By, Preference, View};

use super::gallery;

#[test]
fn the_gallery_fits_every_screen_and_obeys_mouse_and_keys() {
    let directory = tempfile::tempdir().unwrap();
    gallery::leave_in(directory.path());
    let address = |theme| format!("file://{}/{theme}.html", directory.path().display());
    let browser = Browser::start().unwrap();
    for theme in ["light", "dark"] {
        browser.open(&address(theme)).unwrap();
        for view in View::ALL {
            browser.view(view).unwrap();
            let out = browser.sticks_out().unwrap();
            assert!(out.is_empty(), "{theme}, {view:?}: {out:?}");
        }
        browser.view(View::Phone).unwrap();
        let small = browser.script(SMALL, &[]).unwrap();
        assert_eq!(small.as_array().map(Vec::len), Some(0), "{theme}: {small}");
        browser.view(View::Wide).unwrap();
        browser.assert_accessible();
    }
    browser.prefer(&[Preference::ForcedColors]).unwrap();
    let stroke = "return getComputedStyle(document.querySelector('.bar-failed')).stroke";
    assert_ne!(browser.script(stroke, &[]).unwrap(), "none");
    browser.prefer(&[]).unwrap();

    port_and_security_follow_each_other(&browser);
    a_password_is_shown_and_hidden(&browser);
    a_menu_closes_with_escape(&browser);
    keys_are_listed_and_the_focus_comes_back(&browser);
    assert_eq!(browser.console_errors().unwrap(), [""; 0]);
}

fn port_and_security_follow_each_other(browser: &Browser) {
    let port = By::field("Port");
    browser.choose(&By::field("Security"), "STARTTLS").unwrap();
    assert_eq!(browser.value(&port).unwrap(), "110");
    browser.wait_for_text("changed to 110").unwrap();
    browser.wait_until_gone(&By::css(".changed")).unwrap();
    browser.fill(&port, "1995").unwrap();
    browser.choose(&By::field("Security"), "TLS").unwrap();
    assert_eq!(browser.value(&port).unwrap(), "1995", "somebody's own");
}

fn a_password_is_shown_and_hidden(browser: &Browser) {
    let password = By::field("Password");
    let kind = || browser.attribute(&password, "type").unwrap();
    browser.click(&By::field("Show")).unwrap();
    assert_eq!(kind().as_deref(), Some("text"));
    browser.click(&By::field("Show")).unwrap();
    assert_eq!(kind().as_deref(), Some("password"));
}

fn a_menu_closes_with_escape(browser: &Browser) {
    browser.script("scrollTo(0, 0)", &[]).unwrap();
    browser.click(&By::css(".person > summary")).unwrap();
    browser.wait_for(&By::css(".person[open]")).unwrap();
    browser.press("Escape").unwrap();
    browser.wait_until_gone(&By::css(".person[open]")).unwrap();
    let focused = browser.focused().unwrap().unwrap();
    assert!(focused.name.contains("alice"), "{focused:?}");
}

fn keys_are_listed_and_the_focus_comes_back(browser: &Browser) {
    browser.press("?").unwrap();
    browser.wait_for(&By::heading("Keys")).unwrap();
    browser.assert_accessible();
    browser.press("Escape").unwrap();
    browser.wait_until_gone(&By::heading("Keys")).unwrap();
    let focused = browser.focused().unwrap().unwrap();
    assert!(focused.name.contains("alice"), "{focused:?}");
    browser.press("j").unwrap();
    let focused = browser.focused().unwrap().unwrap();
    assert!(focused.name.contains("Old ISP"), "{focused:?}");
}

/// What a thumb would miss: lower than 44 pixels, and no link in a sentence.
const SMALL: &str = r"
const targets = 'button, .button, summary, select, textarea, .tick, .tabs a, .menu-sheet a, .pager a, '
  + 'input:not([type=checkbox], [type=radio], [type=hidden])';
return [...document.querySelectorAll(targets)]
  .filter(e => e.offsetHeight > 0 && e.offsetHeight < 43.5 && !e.matches('.tick .tick'))
  .map(e => e.outerHTML.slice(0, 80) + ' is ' + e.offsetHeight + ' high');
";
