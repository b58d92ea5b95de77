//! What people read about a check (UX 2.7).

use inhaul_domain::spans;
use inhaul_domain::trigger::{Refusal, RefusalReason};
use inhaul_types::{ErrorCode, Octets, Timestamp};

use super::line::{Line, Outcome};
use super::message::NewMessage;
use crate::runs::{Come, Ended, RunStage};

/// Nothing is configured that could be checked.
pub(crate) const NOTHING_TO_CHECK: &str = "There is nothing to check yet.";
/// Somebody pressed again.
pub(crate) const ALREADY: &str = "Already checking. Showing progress.";
/// A sign-in began it.
pub(crate) const SIGNED_IN: &str = "Checking your mailboxes because you signed in.";
/// Nobody waits any more.
pub(crate) const NOT_WAITING: &str = "Nobody waits for a message now.";

/// A run waits.
pub(super) fn waiting(before: usize) -> String {
    match before {
        0 => "Waiting for its turn".to_owned(),
        before => format!("Waiting for its turn, {before} before you"),
    }
}

/// A run at this host goes on.
pub(super) fn working(come: &Come, host: &str) -> String {
    match come.stage {
        RunStage::Waiting => waiting(0),
        RunStage::Finding => format!("Finding {host}"),
        RunStage::Connecting => "Connecting".to_owned(),
        RunStage::Securing => "Securing the connection".to_owned(),
        RunStage::SigningIn => "Signing in".to_owned(),
        RunStage::Looking => "Looking for new messages".to_owned(),
        RunStage::Bringing if come.wanted == 0 => "Looking for new messages".to_owned(),
        // All of it is here, and not all of it is durable.
        RunStage::Bringing if come.octets >= come.of_octets && come.stored < come.wanted => {
            "Saving".to_owned()
        }
        RunStage::Bringing => brought(come),
        RunStage::Deleting(1) => format!("Deleting 1 old copy on {host}"),
        RunStage::Deleting(copies) => format!("Deleting {copies} old copies on {host}"),
        RunStage::Ended => "Ending".to_owned(),
    }
}

fn brought(come: &Come) -> String {
    let Come { stored, wanted, .. } = come;
    // What arrives may be more than was listed; nobody needs "10 of 9 MB".
    let octets = come.octets.min(come.of_octets);
    let messages = if *wanted == 1 { "message" } else { "messages" };
    let sizes = of_sizes(octets, come.of_octets);
    format!("{stored} of {wanted} {messages}, {sizes}")
}

/// `4.1 of 9.8 MB`: the unit of both once, where it is the same.
fn of_sizes(part: Octets, whole: Octets) -> String {
    let (part, whole) = (part.in_words(), whole.in_words());
    match (part.split_once(' '), whole.split_once(' ')) {
        (Some((number, unit)), Some((_, other))) if unit == other => format!("{number} of {whole}"),
        _ => format!("{part} of {whole}"),
    }
}

/// The next run comes by itself.
pub(super) fn resting(next: Timestamp, now: Timestamp) -> String {
    format!("Next try in {}", spans::to_wait_briefly(next.since(now)))
}

/// A run ended.
pub(super) fn ended(ended: &Ended, outcome: Outcome, line: &Line, now: Timestamp) -> String {
    let again = || match ended.next {
        Some(next) => format!(", again in {}", spans::to_wait_briefly(next.since(now))),
        None => String::new(),
    };
    let code = ended.card.as_ref().map(|card| card.code);
    match outcome {
        Outcome::Good => {
            let brought = match line.new {
                0 => "nothing new".to_owned(),
                new => new_messages(new),
            };
            match (ended.remaining, line.once_more) {
                (0, None) => brought,
                (0, Some(next)) => {
                    let wait = spans::to_wait_briefly(next.since(now));
                    format!("{brought}, one more look in {wait}")
                }
                (more, _) => format!("{brought}, {more} more come with the next check"),
            }
        }
        Outcome::Busy if code == Some(ErrorCode::TooOften) => format!("asked too often{}", again()),
        Outcome::Busy => format!("mailbox in use{}", again()),
        Outcome::Stopped => match line.new {
            0 => "stopped".to_owned(),
            saved => format!("stopped, {} saved", messages(saved)),
        },
        Outcome::Refused | Outcome::Gone => gone(),
        Outcome::NeedsYou | Outcome::Failed => match &ended.card {
            Some(card) => without_host(&card.title, &line.host).to_owned(),
            None => "could not be checked".to_owned(),
        },
    }
}

/// The retrieval was removed meanwhile.
pub(super) fn gone() -> String {
    "was removed".to_owned()
}

/// The line names the mailbox already: `refuses the password`.
pub(super) fn without_host<'a>(title: &'a str, host: &str) -> &'a str {
    let rest = title.strip_prefix(host).map(str::trim_start);
    rest.filter(|rest| !rest.is_empty()).unwrap_or(title)
}

/// Why nothing was begun.
pub(super) fn refused(refusal: &Refusal, now: Timestamp) -> String {
    match refusal.reason {
        RefusalReason::Offline { since } => format!(
            "This server has no internet connection. Mail already here is up to date as of {}.",
            since.in_words()
        ),
        _ => refusal.text(now),
    }
}

/// What the whole check came to.
pub(super) fn summary(lines: &[&Line], was_stopped: bool, now: Timestamp) -> String {
    let done = |line: &&&Line| line.done().map(|done| done.outcome);
    let of = |wanted: &dyn Fn(Outcome) -> bool| -> Vec<&str> {
        let those = lines.iter().filter(|line| done(line).is_some_and(wanted));
        those.map(|line| line.name.as_str()).collect()
    };
    if lines.is_empty() {
        return NOTHING_TO_CHECK.to_owned();
    }
    let refused = of(&|outcome| outcome == Outcome::Refused);
    if refused.len() == lines.len() {
        return all_refused(lines, now);
    }
    let new: u64 = lines.iter().map(|line| line.new).sum();
    if was_stopped && !of(&|outcome| outcome == Outcome::Stopped).is_empty() {
        let remaining = lines.iter().filter_map(|line| line.done());
        return stopped(new, remaining.map(|done| done.remaining).sum());
    }
    let failed = of(&Outcome::is_failure);
    let busy = of(&|outcome| outcome == Outcome::Busy);
    let from = lines.iter().filter(|line| line.new > 0).count();
    let good = of(&|outcome| outcome == Outcome::Good).len();
    let all_well = failed.is_empty() && busy.is_empty() && refused.is_empty();
    let mut sentences = match (new, all_well) {
        (0, true) => format!("No new mail. {} checked.", mailboxes(good)),
        (0, false) => "No new mail.".to_owned(),
        (new, true) => format!("{} from {}.", new_messages(new), mailboxes(from)),
        (new, false) => format!("{}.", new_messages(new)),
    };
    for (names, what) in [
        (failed, "could not be checked"),
        (busy, "was in use elsewhere"),
        (refused, "was not checked"),
    ] {
        if !names.is_empty() {
            let what = match names.len() {
                1 => what.to_owned(),
                _ => what.replacen("was ", "were ", 1),
            };
            let which = names.join(", ");
            sentences.push_str(&format!(" {} {what}: {which}.", mailboxes(names.len())));
        }
    }
    let more = lines
        .iter()
        .filter(|line| done(line) == Some(Outcome::Good));
    if let Some(next) = more.filter_map(|line| line.once_more).min() {
        let wait = spans::to_wait(next.since(now));
        sentences.push_str(&format!(" One more look follows in {wait}."));
    }
    sentences
}

/// Nothing was begun. Of several that were checked just now, the one that may be checked first.
fn all_refused(lines: &[&Line], now: Timestamp) -> String {
    let refusals = lines.iter().filter_map(|line| line.done()?.refusal);
    let refusals: Vec<Refusal> = refusals.collect();
    let same = refusals.windows(2).all(|two| match two {
        [one, other] => one.reason.as_str() == other.reason.as_str(),
        _ => true,
    });
    let first = refusals.iter().min_by_key(|refusal| refusal.until);
    match first {
        Some(first) if same => refused(first, now),
        _ => "No mailbox can be checked now. Each line says why.".to_owned(),
    }
}

fn stopped(saved: u64, remaining: u64) -> String {
    let saved = match saved {
        0 => "No message was saved".to_owned(),
        1 => "1 message was saved".to_owned(),
        saved => format!("{saved} messages were saved"),
    };
    match remaining {
        0 => format!("Stopped. {saved}. The rest comes with the next check."),
        1 => format!("Stopped. {saved}, the other one comes with the next check."),
        more => format!("Stopped. {saved}, the other {more} come with the next check."),
    }
}

/// `Arrived: 'Your code is 4711' from shop.example.`
pub(super) fn arrived(message: &NewMessage) -> String {
    format!("Arrived: '{}' from {}.", message.subject, message.from)
}

/// Nothing came.
pub(super) fn nothing_came() -> String {
    "No message came in 5 minutes. The schedule goes on as usual.".to_owned()
}

fn new_messages(count: u64) -> String {
    match count {
        1 => "1 new message".to_owned(),
        count => format!("{count} new messages"),
    }
}

fn messages(count: u64) -> String {
    match count {
        1 => "1 message".to_owned(),
        count => format!("{count} messages"),
    }
}

/// `4 mailboxes`.
pub(crate) fn mailboxes(count: usize) -> String {
    match count {
        1 => "1 mailbox".to_owned(),
        count => format!("{count} mailboxes"),
    }
}
