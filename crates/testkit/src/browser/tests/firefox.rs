//! Firefox against the same pages: it is driven, and all that it asks for is seen.

use super::super::firefox::{Firefox, Passed};
use super::end::{namespace_of, processes_in};
use super::pages::site;

#[test]
fn every_request_of_firefox_goes_through_the_proxy() {
    let site = site();
    let firefox = Firefox::start().unwrap();
    firefox.open(&site.url("/enter")).unwrap();
    assert_eq!(firefox.url().unwrap(), site.url("/done"));
    firefox.open(&site.url("/frames")).unwrap();
    firefox.wait_for("iframe").unwrap();
    let within = firefox.in_frame("iframe", |frame| {
        frame.script("return document.body.textContent", &[])
    });
    assert!(within.unwrap().as_str().unwrap().contains("Within a frame"));
    let hidden = "return document.querySelector('iframe').contentDocument === null";
    assert_eq!(firefox.script(hidden, &[]).unwrap(), true);

    let passed = firefox.passed();
    let tell = |one: &Passed| {
        let cookie = if one.cookie { "cookie" } else { "none" };
        let end = if one.refused { "refused" } else { "passed" };
        let url = one.url.replace(&site.url("/"), "/");
        format!("{} {url} {} {cookie} {end}", one.method, one.kind)
    };
    let mut told: Vec<_> = passed.iter().map(tell).collect();
    told.retain(|one| !one.contains("/favicon.ico"));
    told.sort();
    assert_eq!(
        told,
        [
            "GET /done document cookie passed",
            "GET /enter document none passed",
            "GET /events empty cookie passed",
            "GET /frames document cookie passed",
            "GET /pixel.svg image none passed",
            "GET http://192.0.2.1/  none refused",
            "GET http://tracker.example.org/frame.png  none refused",
            "GET http://tracker.example.org/page.png  none refused",
            "POST /done?fetch empty cookie passed",
        ]
    );
    // The server was asked for nothing else.
    let asked = passed.iter().filter(|one| !one.refused);
    let mut asked: Vec<_> = asked.map(|one| (one.url.clone(), one.cookie)).collect();
    let heard = site.heard().into_iter();
    let mut heard: Vec<_> = heard
        .map(|(target, cookie)| (site.url(&target), cookie))
        .collect();
    asked.sort();
    heard.sort();
    assert_eq!(asked, heard);
}

#[test]
fn a_form_is_filled_in_firefox_and_what_is_not_there_is_told() {
    let site = site();
    let firefox = Firefox::start().unwrap();
    firefox.open(&site.url("/")).unwrap();
    assert_eq!(firefox.title().unwrap(), "Form");
    firefox.fill("#name", "Grüße & more").unwrap();
    firefox.click("button[aria-label=Save]").unwrap();
    firefox.wait_for("p").unwrap();
    let url = firefox.url().unwrap();
    assert!(url.contains("name=Gr%C3%BC%C3%9Fe+%26+more"), "{url}");
    let error = firefox.script("return missing.thing()", &[]).unwrap_err();
    assert!(format!("{error:#}").contains("missing is not defined"));
}

#[test]
fn no_process_outlives_a_dropped_firefox() {
    let firefox = Firefox::start().unwrap();
    let namespace = namespace_of(&firefox.profile().to_string_lossy());
    assert!(processes_in(&namespace).len() > 2);
    drop(firefox);
    assert!(processes_in(&namespace).is_empty());
}
