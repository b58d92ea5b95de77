//! Reading strangers' mail in Firefox: nothing it brings runs, and nothing is asked for but its text.
//!
//! All that Firefox asks for, also of this machine, goes through a proxy of the test's, so that
//! what is seen there is all there is.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use inhaul_testkit::{Firefox, Passed};

use super::reading::{ACTING, MARK, MARKING, acting_letters};
use super::scene::Scene;
use crate::house::{NAME, PASSWORD};

#[test]
fn no_message_runs_anything_or_reaches_out() {
    let scene = Scene::by_command();
    scene.retrieval("Old ISP", "u1", "secret");
    for letter in acting_letters() {
        scene.mailbox.append(letter);
    }
    scene.house.home.inhaul.ok(&["pull", "Old ISP"]).unwrap();
    let numbers = numbers(&scene);
    assert_eq!(numbers.len(), acting_letters().count());

    let firefox = Firefox::start().unwrap();
    sign_in(&firefox, &scene);
    let own = scene.house.at("/");
    for number in &numbers {
        firefox.open(&format!("{own}message/{number}")).unwrap();
        let source = "const frame = document.querySelector('iframe.letter');
return frame.contentDocument === null && frame.src";
        let source = firefox.script(source, &[]).unwrap();
        let body = source.as_str().expect("the page sees into the frame");
        firefox.in_frame("iframe.letter", was_only_read).unwrap();
        assert_only(&leave(&firefox), &own, number, (body, "iframe"));

        // In a window of its own there is no frame to hold it.
        firefox.open(body).unwrap();
        was_only_read(&firefox).unwrap();
        assert_eq!(firefox.url().unwrap(), body);
        assert_only(&leave(&firefox), &own, number, (body, "document"));
    }
}

/// What the sanitiser would overlook, the policy of a message's document holds by itself.
#[test]
fn the_policy_alone_lets_nothing_run_or_reach_out() {
    let scene = Scene::by_command();
    scene.retrieval("Old ISP", "u1", "secret");
    scene.mailbox.append(acting_letters().next().unwrap());
    scene.house.home.inhaul.ok(&["pull", "Old ISP"]).unwrap();
    let firefox = Firefox::start().unwrap();
    sign_in(&firefox, &scene);
    let number = &numbers(&scene)[0];
    let page = scene.house.at(&format!("/message/{number}"));
    firefox.open(&page).unwrap();
    let policy = "return fetch(document.querySelector('iframe.letter').src)
.then((body) => body.headers.get('content-security-policy'))";
    let policy = firefox.script(policy, &[]).unwrap();
    leave(&firefox);

    let own = scene.house.at("/");
    let bare = bare_pages(Some(policy.as_str().unwrap()));
    for (number, html) in ACTING.iter().enumerate() {
        let page = format!("{bare}{number}");
        firefox.open(&page).unwrap();
        assert_eq!(firefox.script(MARK, &[]).unwrap(), "", "{html}");
        let passed = leave(&firefox).into_iter().map(|one| one.url);
        let passed: Vec<_> = passed.filter(|url| !url.starts_with(&own)).collect();
        assert_eq!(passed, [page], "{html}");
    }
}

/// Without this, it might be the test that sees nothing.
#[test]
fn where_nothing_holds_it_the_same_html_runs_and_reaches_out() {
    let firefox = Firefox::start().unwrap();
    let bare = bare_pages(None);
    let mut hits = BTreeSet::new();
    for (number, html) in ACTING.iter().enumerate() {
        // Dialogs that nobody closes, and pages that are left before they are looked at.
        if ["alert(", "refresh", "submit()"]
            .iter()
            .any(|word| html.contains(word))
        {
            continue;
        }
        firefox.open(&format!("{bare}{number}")).unwrap();
        assert_eq!(firefox.script(MARK, &[]).unwrap(), "ran", "{html}");
        let passed = leave(&firefox).into_iter().map(|one| one.url);
        hits.extend(passed.filter(|url| url.contains("/hit")));
    }
    assert!(hits.len() >= 20, "{hits:#?}");
}

fn numbers(scene: &Scene) -> Vec<String> {
    let listed = scene.house.home.json(&["message", "list", NAME]);
    let listed = listed["messages"].as_array().unwrap().iter();
    listed.map(|message| message["id"].to_string()).collect()
}

fn sign_in(firefox: &Firefox, scene: &Scene) {
    firefox.open(&scene.house.at("/sign-in")).unwrap();
    firefox.fill("#name", NAME).unwrap();
    firefox.fill("#password", PASSWORD).unwrap();
    firefox.click("main form button").unwrap();
    firefox.wait_for("a.message").unwrap();
    leave(firefox);
}

/// Leaves the page, and returns what was asked for since the last was left.
fn leave(firefox: &Firefox) -> Vec<Passed> {
    firefox.open("about:blank").unwrap();
    firefox.passed()
}

/// The text is there, and no script has left its mark.
fn was_only_read(firefox: &Firefox) -> anyhow::Result<()> {
    let text = firefox.script("return document.body.textContent", &[])?;
    assert!(text.as_str().unwrap().contains("It was read."), "{text}");
    assert_eq!(firefox.script(MARK, &[])?, "");
    Ok(())
}

/// The message was asked for once, in this way, and else only what the page around it asks for.
#[track_caller]
fn assert_only(passed: &[Passed], own: &str, number: &str, message: (&str, &str)) {
    let (body, others): (Vec<_>, Vec<_>) = passed
        .iter()
        .partition(|one| (one.url.as_str(), one.kind.as_str()) == message);
    assert_eq!(body.len(), 1, "message {number}: {passed:#?}");
    for one in others {
        let path = one.url.strip_prefix(own);
        assert!(
            path.is_some_and(|path| is_of_page(path, number)),
            "message {number}: {one:?}"
        );
    }
}

/// Itself, what it looks like, and what its script asks and says by the way.
fn is_of_page(path: &str, number: &str) -> bool {
    path.starts_with("assets/")
        || ["mail/events", "mail/state"].contains(&path)
        || path == format!("message/{number}")
        || path == format!("message/{number}/seen")
}

/// A server whose page of each number is `ACTING`'s, as it is, under this policy.
fn bare_pages(policy: Option<&str>) -> String {
    let policy = policy.map(|policy| format!("Content-Security-Policy: {policy}\r\n"));
    let policy = policy.unwrap_or_default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for line in listener.incoming().flatten() {
            let policy = policy.clone();
            // A line that is given up is nobody's fault.
            thread::spawn(move || drop(answer(line, &policy)));
        }
    });
    format!("http://{address}/")
}

fn answer(mut line: TcpStream, policy: &str) -> std::io::Result<()> {
    let mut lines = BufReader::new(line.try_clone()?).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    // The rest of the head.
    lines
        .take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty()))
        .count();
    let path = first.split(' ').nth(1).unwrap_or_default();
    let number = path.trim_start_matches('/').parse::<usize>().ok();
    let html = number.and_then(|number| ACTING.get(number));
    let (status, html) = match html {
        Some(html) => ("200 OK", format!("<p>x</p>{MARKING}{html}")),
        None => ("404 Not Found", String::new()),
    };
    write!(
        line,
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n\
         {policy}Content-Length: {}\r\n\r\n{html}",
        html.len()
    )
}
