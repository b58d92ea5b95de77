//! A mailbox that fails fifty times in a row (A5): it is checked again and again, never less often
//! than it may be, and its people hear of it when it stops and when it works again: once each.

use std::time::Duration;

use inhaul_sample::switches::{Refusal, SignIn};
use inhaul_types::Timestamp;

use crate::forms::Browser;
use crate::house::House;
use crate::installation::{LOCAL_PASSWORD, wait_until};
use crate::peers::{Peers, letter};
use crate::text::seen;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const TIMES: u64 = 50;

/// Fails fifty times, the next check never further away than this; then it works again.
fn fails_fifty_times(refusal: Refusal, most: Duration, states: &[&str], stopped: &str) {
    let mut peers = Peers::new();
    let (house, clock) = House::with_clock();
    let (remote, mailbox) = peers.mailbox(|it| it.sign_in = SignIn::Refused(refusal));
    house.add("isp", &remote.with("--every=10m"));
    let begun = clock.now();
    let mut failed = 0;
    while failed < TIMES {
        let (exit, report) = house.pull("isp");
        assert_ne!(exit, Some(0), "{report}");
        let now = clock.now();
        let told = house.api("isp");
        failed = told["failures"].as_u64().unwrap();
        let next = moment(told["next"].as_str().expect("never switched off"));
        assert!(next > now, "{told}");
        assert!(next.since(now) <= most, "try {failed}: {told}");
        let state = told["state"].as_str().unwrap();
        assert!(states.contains(&state), "try {failed}: {told}");
        assert_eq!(told["paused"], false);
        // It is checked when it is due, by whoever comes first: the schedule or a command.
        clock.set(next).unwrap();
    }
    let page = seen(&house.page("isp"));
    assert!(page.contains(stopped), "{page}");
    assert!(page.contains("Why this time?"), "{page}");

    mailbox.behave();
    mailbox.append(letter(1, 500));
    clock.advance(MINUTE).unwrap();
    assert_eq!(house.pull("isp").0, Some(0));
    let page = seen(&house.page("isp"));
    assert!(page.contains("● Working. Last good check"), "{page}");
    let mut anna = Browser::at(&house.server);
    anna.sign_in("anna", LOCAL_PASSWORD);
    let notices = |inbox: &str| {
        let subjects = inbox.split("<span class=\"words\">").skip(1);
        let subjects = subjects.map(|rest| rest.split('<').next().unwrap().to_owned());
        let mut subjects: Vec<String> =
            subjects.filter(|subject| subject.contains("isp")).collect();
        subjects.sort();
        subjects
    };
    let inbox = || anna.get("/").body;
    wait_until("its recovery is told", || {
        let told = notices(&inbox());
        told.iter()
            .any(|subject| subject.starts_with("isp works again after "))
    });
    let told = notices(&inbox());
    let of = |start: &str| {
        told.iter()
            .filter(|subject| subject.starts_with(start))
            .count()
    };
    let news = [of("isp: mail has stopped"), of("isp works again after ")];
    assert_eq!(news, [1, 1], "{told:?}");
    // What else there is reminds of it, once a day while it lasts.
    let days = clock.now().since(begun).as_secs() / DAY.as_secs();
    assert!(told.len() as u64 - 2 <= days, "{told:?}");
    assert_eq!(of("isp"), told.len(), "{told:?}");
}

/// A moment as answers have it.
fn moment(text: &str) -> Timestamp {
    let digits: Vec<i64> = text
        .split(|character: char| !character.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .map(|digits| digits.parse().unwrap())
        .collect();
    let [year, month, day, hour, minute, second, ref rest @ ..] = digits[..] else {
        panic!("{text} is no moment");
    };
    // Days since 1970 of a day in the Gregorian calendar, years counted from March.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days =
        year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 719_469;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    let millis = rest.first().copied().unwrap_or(0);
    Timestamp::from_millis(seconds * 1_000 + millis)
}

#[test]
fn fifty_failures_in_a_row_are_tried_again_within_the_hour_and_told_once() {
    fails_fifty_times(
        Refusal::SysTemp,
        60 * MINUTE,
        &["trying", "failing"],
        "■ Failing. No mail from 127.0.0.1 since",
    );
}

#[test]
fn fifty_refused_passwords_are_tried_again_within_a_day_and_told_once() {
    fails_fifty_times(
        Refusal::Auth,
        DAY,
        &["needs-you"],
        "✖ Needs you. 127.0.0.1 refuses the password since",
    );
}
