//! The browser against pages of the test's own.

mod end;
mod firefox;
mod pages;
mod site;

use std::fs;

use self::pages::site;
use super::*;
use crate::TestDir;

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

    // Where a name comes from makes no difference.
    assert_eq!(browser.count(&By::button("Shy")).unwrap(), 1);

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
fn faults_of_accessibility_are_found_and_told() {
    let site = site();
    let browser = Browser::start().unwrap();
    browser.open(&site.url("/bad")).unwrap();
    let found = browser.axe().unwrap();
    let ids: Vec<_> = found.iter().map(|found| found.id.as_str()).collect();
    assert_eq!(ids, ["color-contrast", "image-alt", "label"], "{found:#?}");
    let told = found[1].to_string();
    assert!(told.starts_with("image-alt (critical): Image"), "{told}");
    assert!(told.contains("\n    img\n      <img src="), "{told}");

    // Neither a strict policy nor scripts switched off hides anything.
    browser.open(&site.url("/good")).unwrap();
    browser.assert_accessible();
    browser.scripts(Scripts::Off).unwrap();
    browser.open(&site.url("/good")).unwrap();
    browser.assert_accessible();
    browser.open(&site.url("/bad")).unwrap();
    assert_eq!(browser.axe().unwrap(), found);
}

#[test]
fn what_a_person_prefers_reaches_the_page() {
    let site = site();
    let browser = Browser::start().unwrap();
    let colours = || {
        let style = "const s = getComputedStyle(document.body);
return s.backgroundColor + ' ' + s.transitionDuration + ' ' + s.borderTopStyle + ' ' + s.outlineStyle";
        text(&browser.script(style, &[]).unwrap()).unwrap()
    };
    let all = [
        Preference::Dark,
        Preference::LessMotion,
        Preference::MoreContrast,
    ];
    for (preferences, expected) in [
        (&[][..], "rgb(255, 255, 255) 1s none none"),
        (&all[..1], "rgb(0, 0, 0) 1s none none"),
        (&all[1..], "rgb(255, 255, 255) 0s dotted none"),
        (
            &[Preference::ForcedColors],
            "rgb(255, 255, 255) 1s none solid",
        ),
    ] {
        browser.prefer(preferences).unwrap();
        browser.open(&site.url("/good")).unwrap();
        assert_eq!(colours(), expected, "{preferences:?}");
    }

    let says = |words: &str| browser.shows(&By::text(words)).unwrap();
    assert!(says("with scripts") && !says("None here"));
    browser.scripts(Scripts::Off).unwrap();
    browser.open(&site.url("/good")).unwrap();
    assert!(says("without scripts") && says("None here"));
    browser.scripts(Scripts::On).unwrap();
    browser.reload().unwrap();
    assert!(says("with scripts"));
}

#[test]
fn every_request_is_seen_and_whether_a_cookie_went_with_it() {
    let site = site();
    let browser = Browser::start().unwrap();
    browser.requests().unwrap();
    browser.open(&site.url("/enter")).unwrap();
    let told = |requests: &[Request]| -> Vec<String> {
        let icon = site.url("/favicon.ico");
        let requests = requests.iter().filter(|request| request.url != icon);
        let tell = |request: &Request| {
            let cookie = if request.cookie { "cookie" } else { "none" };
            let end = request.status.map(|status| status.to_string());
            let end = end.or_else(|| request.failed.clone()).unwrap_or_default();
            let url = request.url.replace(&site.url("/"), "/");
            format!("{} {url} {} {cookie} {end}", request.method, request.kind)
        };
        requests.map(tell).collect()
    };
    assert_eq!(
        told(&browser.requests().unwrap()),
        [
            "GET /enter Document none 303",
            "GET /done Document cookie 200"
        ]
    );
    assert_eq!(told(&browser.requests().unwrap()), Vec::<String>::new());

    browser.console_errors().unwrap();
    browser.open(&site.url("/frames")).unwrap();
    let mut requests: Vec<Request> = Vec::new();
    browser
        .wait_until("the ends of all requests", |browser| {
            requests.extend(browser.requests()?);
            Ok((requests.len() >= 7).then_some(()))
        })
        .unwrap();
    let mut seen = told(&requests);
    seen.sort();
    assert_eq!(
        seen,
        [
            "GET /events EventSource cookie 200",
            "GET /frames Document cookie 200",
            // The frame is sandboxed: to the cookie's rule it is another site.
            "GET /pixel.svg Image none 200",
            "GET http://192.0.2.1/ Image none net::ERR_NAME_NOT_RESOLVED",
            "GET http://tracker.example.org/frame.png Image none net::ERR_NAME_NOT_RESOLVED",
            "GET http://tracker.example.org/page.png Image none net::ERR_NAME_NOT_RESOLVED",
            "POST /done?fetch Fetch cookie 200",
        ]
    );
    // The server has seen the same.
    let mut asked: Vec<_> = requests.iter().filter(|r| r.status.is_some()).collect();
    asked.retain(|request| !request.url.ends_with("/favicon.ico"));
    let mut asked: Vec<_> = asked.iter().map(|r| (r.url.clone(), r.cookie)).collect();
    let mut heard = site.heard();
    heard.retain(|(target, _)| !["/enter", "/done", "/favicon.ico"].contains(&target.as_str()));
    let mut heard: Vec<_> = heard
        .into_iter()
        .map(|(target, cookie)| (site.url(&target), cookie))
        .collect();
    asked.sort();
    heard.sort();
    assert_eq!(asked, heard);
    let errors = browser.console_errors().unwrap().join("\n");
    assert!(errors.contains("missing is not defined"), "{errors}");
    assert!(errors.contains("page.png"), "{errors}");

    // What the cache answers is told as well.
    for cached in [false, true] {
        browser.open(&site.url("/good")).unwrap();
        let requests = browser.requests().unwrap();
        let style = requests.iter().find(|r| r.kind == "Stylesheet").unwrap();
        assert_eq!((style.cached, style.cookie), (cached, !cached), "{style:?}");
    }

    // A new visitor has none.
    browser.forget().unwrap();
    browser.requests().unwrap();
    browser.open(&site.url("/done")).unwrap();
    let seen = told(&browser.requests().unwrap());
    assert_eq!(seen, ["GET /done Document none 200"]);
}

#[test]
fn tabs_and_frames_are_entered_and_left() {
    let site = site();
    let browser = Browser::start().unwrap();
    browser.prefer(&[Preference::Dark]).unwrap();
    browser.open(&site.url("/frames")).unwrap();
    // The stream of events does not end, and nothing waits for its end.
    browser.wait_for_text("came one").unwrap();
    let within = browser.in_frame(&By::css("iframe"), |frame| frame.text());
    assert_eq!(within.unwrap().trim(), "Within a frame");
    assert!(!browser.text().unwrap().contains("Within"));

    let first = browser.tab().unwrap();
    browser.click(&By::link("Away")).unwrap();
    let tabs = browser.wait_until("a second tab", |browser| {
        let tabs = browser.tabs()?;
        Ok((tabs.len() == 2).then_some(tabs))
    });
    let second = tabs.unwrap().into_iter().find(|tab| *tab != first);
    browser.switch_to(&second.unwrap()).unwrap();
    browser.wait_for(&By::heading("Done")).unwrap();
    let dark = "return matchMedia('(prefers-color-scheme: dark)').matches && innerWidth === 1280";
    assert_eq!(browser.script(dark, &[]).unwrap(), true);
    browser.close_tab(&first).unwrap();
    assert_eq!(browser.url().unwrap(), site.url("/frames"));
    let third = browser.open_tab().unwrap();
    assert_eq!(browser.tab().unwrap(), third);
    assert_eq!(browser.script(dark, &[]).unwrap(), true);
}

#[test]
fn the_way_of_the_focus_is_told() {
    let site = site();
    let browser = Browser::start().unwrap();
    browser.open(&site.url("/keys")).unwrap();
    assert_eq!(browser.focused().unwrap(), None);
    let stops = browser.tab_order(20).unwrap();
    let told: Vec<_> = stops
        .iter()
        .map(|s| {
            format!(
                "{} {:?} {} {} {}",
                s.role, s.name, s.element, s.ring, s.seen
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "link \"Skip\" a.skip 2 true",
            "button \"Bare\" button#b.bare.wide 0 true",
            "generic \"Div\" div.clear 0 true",
            "button \"Under\" button#under 2 false",
            "textbox \"Field\" input 2 true",
            "link \"Far down\" a 2 true",
        ]
    );
    browser.open(&site.url("/keys")).unwrap();
    assert_eq!(browser.tab_order(2).unwrap(), stops[..2]);
    browser.press("Shift+Tab").unwrap();
    assert_eq!(browser.focused().unwrap().as_ref(), Some(&stops[0]));
    browser.press("Enter").unwrap();
    assert_eq!(browser.url().unwrap(), site.url("/"));
}

#[test]
fn a_screen_reader_has_names_and_roles_and_keys_type() {
    let site = site();
    let browser = Browser::start().unwrap();
    browser.open(&site.url("/")).unwrap();
    let heard = browser.heard().unwrap();
    let of = |role: &str| -> Vec<_> {
        let those = heard.iter().filter(|one| one.role == role);
        those
            .map(|one| (one.name.as_str(), one.focusable))
            .collect()
    };
    assert_eq!(of("heading"), [("Retrieval", false)]);
    assert_eq!(of("textbox"), [("Name of it", true)]);
    assert_eq!(of("checkbox"), [("Keep", true)]);
    assert!(heard.iter().all(|one| one.live.is_empty()), "{heard:?}");

    browser.press("Tab End").unwrap();
    browser.type_text(" and Č?").unwrap();
    let field = By::field("Name of it");
    assert_eq!(browser.value(&field).unwrap(), "old and Č?");
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
