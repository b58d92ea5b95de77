//! The browser against pages of the test's own.

mod site;

use std::fs;

use self::site::{Page, Site};
use super::*;
use crate::TestDir;

const FORM: &str = r#"<!doctype html><html lang="en"><title>Form</title><h1>Retrieval</h1>
<form action="/done"><label for="name">Name of it</label><input id="name" name="name" value="old">
<label>Every <select name="every"><option value="5">5 minutes<option value="10">10 minutes</select></label>
<label><input type="checkbox" name="keep"> Keep</label>
<button hidden>Save</button><button aria-label="Save"><svg width="9" height="9"></svg></button></form>
<ul><li id="a">One <button>Remove</button><li id="b">Two <button type="button">Remove</button></ul>
<p id="late"></p><a href="/done">All
   done</a>
<script>document.addEventListener('keydown', e => { document.title = (e.ctrlKey ? 'Control ' : '') + e.key });
document.querySelector('#b button').onclick = () => setTimeout(() => late.textContent = 'Two is gone', 300);
</script>"#;

fn site() -> Site {
    let plain = "<!doctype html><html lang=en><title>Done</title><h1>Done</h1><p>got {query}</p>";
    let long = r#"<!doctype html><html lang=en><meta name=viewport content="width=device-width">
<title>Long</title><div style="height:3000px">long</div><div class="fits">x</div>"#;
    let wide = r#"<!doctype html><html lang=en><meta name=viewport content="width=device-width">
<title>Wide</title><div id="wide" style="width:700px">wide</div>"#;
    Site::serve([
        ("/", Page::html(FORM)),
        ("/done", Page::html(plain)),
        ("/long", Page::html(long)),
        ("/wide", Page::html(wide)),
    ])
    .unwrap()
}

#[test]
fn a_form_is_used_as_a_person_uses_it() {
    let site = site();
    let browser = Browser::start().unwrap();
    browser.open(&site.url("/")).unwrap();
    assert_eq!(browser.title().unwrap(), "Form");
    assert!(browser.text().unwrap().contains("Name of it"));
    let name = By::field("Name of it");
    assert_eq!(browser.value(&name).unwrap(), "old");
    browser.fill(&name, "Grüße & more").unwrap();
    browser.choose(&By::field("Every"), "10 minutes").unwrap();
    browser.click(&By::field("Keep")).unwrap();
    assert!(browser.is_ticked(&By::field("Keep")).unwrap());
    assert!(browser.choose(&By::field("Every"), "never").is_err());

    // Two of one name are told apart by where they are, and refused otherwise.
    assert_eq!(browser.count(&By::button("Remove")).unwrap(), 2);
    let refused = browser.click(&By::button("Remove")).unwrap_err();
    let refused = format!("{refused:#}");
    assert!(refused.contains("2 of button"), "{refused}");
    browser.click(&By::button("Remove").within("#b")).unwrap();
    browser.wait_for_text("Two is gone").unwrap();

    browser.press("Control+k").unwrap();
    assert_eq!(browser.title().unwrap(), "Control k");
    browser.press("g i").unwrap();
    assert_eq!(browser.title().unwrap(), "i");

    // A hidden button of the same name is not in the way, and the new page is there at once.
    browser.click(&By::button("Save")).unwrap();
    assert_eq!(
        browser.text_of(&By::css("p")).unwrap(),
        "got name=Gr%C3%BC%C3%9Fe+%26+more&every=10&keep=on"
    );
    browser.back().unwrap();
    browser.click(&By::link("All done")).unwrap();
    assert_eq!(browser.url().unwrap(), site.url("/done"));
    browser.wait_for(&By::heading("Done")).unwrap();
    assert!(!browser.shows(&By::text("Remove")).unwrap());

    // What is not there is waited for, and then the failure says what was there instead.
    let patience = Duration::from_millis(100);
    let waited = browser.wait_within(patience, "nothing", |browser| {
        Ok(browser.shows(&By::link("Nowhere"))?.then_some(()))
    });
    let said = waited.unwrap_err().to_string();
    assert!(said.contains("/done") && said.contains("got"), "{said}");
}

#[test]
fn a_picture_shows_the_whole_page_in_the_width_of_the_window() {
    let site = site();
    let browser = Browser::start().unwrap();
    let dir = TestDir::new("pictures").unwrap();
    let path = dir.join("new/page.png");
    for view in View::ALL {
        browser.view(view).unwrap();
        browser.open(&site.url("/long")).unwrap();
        browser.screenshot(&path).unwrap();
        let (width, height) = png_size(&fs::read(&path).unwrap());
        assert_eq!(width, view.size().0, "{view:?}");
        assert!((3000..3100).contains(&height), "{view:?}: {height}");
        assert_eq!(browser.sticks_out().unwrap(), Vec::<String>::new());
    }
    browser.open(&site.url("/wide")).unwrap();
    let out = browser.sticks_out().unwrap().join("\n");
    assert!(out.contains("div#wide ends at 708"), "{out}");
    browser.view(View::Wide).unwrap();
    assert!(browser.sticks_out().unwrap().is_empty());
}

/// Width and height as the first chunk of a PNG says them.
fn png_size(png: &[u8]) -> (u32, u32) {
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(&png[12..16], b"IHDR");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}
