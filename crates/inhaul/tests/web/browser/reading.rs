//! Reading strangers' mail in Chromium: nothing it brings runs, and nothing is asked for elsewhere.

use inhaul_testkit::{Browser, By, corpus_or_fixtures};

use super::scene::Scene;

/// What would ask for `/hit` if it ran, or if it were loaded.
pub(super) const ACTING: &[&str] = &[
    "<script>fetch('/hit/1')</script>",
    "<img src=x onerror=\"new Image().src='/hit/2'\">",
    "<img src=/hit/3>",
    "<svg onload=\"fetch('/hit/4')\"><image href=/hit/5></svg>",
    "<iframe src=/hit/6></iframe><embed src=/hit/7><object data=/hit/8></object>",
    "<iframe srcdoc=\"<script>fetch('/hit/9')</script>\"></iframe>",
    "<link rel=stylesheet href=/hit/10><style>@import '/hit/11'; body{background:url(/hit/12)}</style>",
    "<p style=\"background:url('/hit/13')\">x</p><div style=\"list-style:url(/hit/14)\">x</div>",
    "<meta http-equiv=refresh content=\"0;url=/hit/15\"><base href=/hit/>",
    "<form action=/hit/16 id=f><input name=a autofocus onfocus=\"this.form.submit()\"></form>",
    "<video src=/hit/17 autoplay poster=/hit/18></video><audio src=/hit/19 autoplay></audio>",
    "<a id=a href=\"javascript:fetch('/hit/20')\">x</a><details open ontoggle=\"fetch('/hit/21')\">x</details>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=/hit/22&gt;\">",
    "<noscript><p title=\"</noscript><img src=/hit/23 onerror=alert(1)>\"></noscript>",
    "<picture><source srcset=/hit/24><img srcset=\"/hit/25 1x\" lowsrc=/hit/26></picture>",
    "<body background=/hit/27 onload=\"fetch('/hit/28')\"><table background=/hit/29><td background=/hit/30>x",
    "<link rel=prefetch href=/hit/31><link rel=dns-prefetch href=//hit.example><link rel=preconnect href=//hit.example>",
    "<isindex action=javascript:alert(1) type=image><input type=image src=/hit/32>",
    "<img src=\"cid:evil\"><img src=\"data:image/svg+xml,<svg onload=alert(1)>\">",
];

#[test]
fn no_message_runs_anything_or_reaches_out() {
    let browser = Browser::start().unwrap();
    let scene = Scene::new(&browser);
    scene.retrieval("Old ISP", "u1", "secret");
    for letter in acting_letters() {
        scene.mailbox.append(letter);
    }
    let (messages, _) = corpus_or_fixtures();
    let whole = std::env::var("INHAUL_FULL").is_ok_and(|value| value == "1");
    let every = if whole { 1 } else { 20 };
    for message in messages.into_iter().step_by(every) {
        scene.mailbox.append(message.octets);
    }
    scene.house.home.inhaul.ok(&["pull", "Old ISP"]).unwrap();

    let numbers = numbers(&browser, &scene);
    assert!(numbers.len() > 2 * ACTING.len(), "{}", numbers.len());
    let own = scene.house.at("/");
    let mut frames = 0;
    for number in &numbers {
        browser.requests().unwrap();
        browser
            .open(&scene.house.at(&format!("/message/{number}")))
            .unwrap();
        browser.wait_for(&By::css("article.reading")).unwrap();
        frames += browser.count(&By::css("iframe.letter")).unwrap();
        assert_own(&browser, &own, number);
        let source = "const frame = document.querySelector('iframe.letter');
return frame && frame.contentDocument === null && frame.src";
        let source = browser.script(source, &[]).unwrap();
        if source.is_null() {
            continue;
        }
        let body = source.as_str().expect("the page sees into the frame");
        frames += 1;

        // In a window of its own there is no frame to hold it.
        browser.open(body).unwrap();
        assert_eq!(browser.script(MARK, &[]).unwrap(), "", "message {number}");
        assert_eq!(browser.url().unwrap(), body);
        assert_own(&browser, &own, number);
    }
    assert!(frames >= 2 * ACTING.len(), "{frames} frames");
}

/// Nothing was asked for but what is the pages' own.
#[track_caller]
fn assert_own(browser: &Browser, own: &str, number: &str) {
    for request in browser.requests().unwrap() {
        let is_own = request.url.starts_with(own) && !request.url.contains("/hit/");
        // Chromium tells of pictures that are in the page itself, too.
        let is_inside = request.url.starts_with("data:");
        // What the policy stops is told and never sent.
        let is_stopped = request.failed.as_deref() == Some("csp");
        assert!(
            is_own || is_inside || is_stopped,
            "message {number}: {request:?}"
        );
    }
}

/// Letters with these in them: on their own, and as a page that loads from elsewhere.
pub(super) fn acting_letters() -> impl Iterator<Item = Vec<u8>> {
    let both = |html: &&str| ["", "https://track.example"].map(|at| letter(html, at));
    ACTING.iter().flat_map(both)
}

fn letter(html: &str, at: &str) -> Vec<u8> {
    let html = html.replace("/hit/", &format!("{at}/hit/"));
    let letter = format!(
        "From: <b onclick=fetch('/hit/0')>@evil.example\r\n\
         Subject: <img src=/hit/0 onerror=alert(1)>\r\n\
         Content-Type: text/html; charset=utf-8\r\n\r\n\
         <p>It was read.</p>{html}{MARKING}\r\n"
    );
    letter.into_bytes()
}

/// Leaves a mark if it runs.
pub(super) const MARKING: &str = "<script>document.documentElement.className='ran'</script>\
    <img src=x: onerror=\"document.documentElement.className='ran'\">";

/// The mark.
pub(super) const MARK: &str = "return document.documentElement.className";

/// The numbers of all messages, from the pages of the list.
fn numbers(browser: &Browser, scene: &Scene) -> Vec<String> {
    let mut numbers = Vec::new();
    browser.open(&scene.house.at("/")).unwrap();
    loop {
        browser.wait_for(&By::css(".message")).unwrap();
        let here = browser.script(
            "return [...document.querySelectorAll('a.message')].map((row) => row.pathname).join(' ')",
            &[],
        );
        let here = here.unwrap();
        let paths = here.as_str().unwrap().split(' ');
        numbers.extend(paths.map(|path| path.trim_start_matches("/message/").to_owned()));
        let older = By::css(".older");
        if !browser.shows(&older).unwrap() {
            return numbers;
        }
        let next = browser.script("return document.querySelector('.older').href", &[]);
        browser.open(next.unwrap().as_str().unwrap()).unwrap();
    }
}
