//! The sentence on the row of a retrieval: what happened and what comes next.

use inhaul_types::{Card, ErrorCode, Facts, Timestamp};

use super::{Checking, Paused, PausedBy, Standing, StandingFacts, standing};
use crate::schedule::Setback;
use crate::spans;

/// The sentence that goes with [`standing`].
pub fn sentence(facts: &StandingFacts<'_>) -> String {
    match standing(facts) {
        Standing::New => format!("Not checked yet. {}", next("First check", facts)),
        Standing::Checking => checking(facts.checking),
        Standing::Working => working(facts),
        Standing::Busy => {
            let what = match facts.last_error {
                Some(ErrorCode::TooOften) => {
                    format!("{} asks to be checked less often", facts.host)
                }
                _ => "The mailbox was in use elsewhere".to_owned(),
            };
            format!("{what}. {}", next("Next try", facts))
        }
        Standing::Trying => format!(
            "{}. {}. {}",
            trouble(facts),
            tries(facts.failures),
            next("Next try", facts)
        ),
        Standing::Failing => format!(
            "No mail from {}{} ({}). {}",
            facts.host,
            since(facts.failing_since),
            tries(facts.failures),
            next("Next try", facts)
        ),
        Standing::NeedsYou => format!("{}{}.", trouble(facts), since(facts.failing_since)),
        Standing::Overdue => overdue(facts),
        Standing::Paused => paused(facts.paused),
        Standing::Offline => format!(
            "This server has no internet connection{}. Checks continue when it is back.",
            since(facts.offline_since)
        ),
    }
}

fn checking(run: Option<Checking>) -> String {
    match run.and_then(|run| run.messages) {
        Some((brought, all)) => format!("Checking now: {brought} of {all} messages."),
        None => "Checking now.".to_owned(),
    }
}

fn working(facts: &StandingFacts<'_>) -> String {
    let ago = facts.last_good.map(|good| facts.now.since(good));
    match ago {
        Some(ago) if ago.as_secs() > 0 => {
            format!("Last good check {} ago.", spans::passed_briefly(ago))
        }
        _ => "Last good check just now.".to_owned(),
    }
}

fn overdue(facts: &StandingFacts<'_>) -> String {
    let due = facts.schedule.next_due;
    let when = due.map_or_else(String::new, |due| format!(" at {}", due.in_words()));
    format!("Should have run{when}. This server is busy or was stopped.")
}

fn paused(pause: Option<Paused<'_>>) -> String {
    let by = match pause.map(|pause| pause.by) {
        Some(PausedBy::You) => " by you".to_owned(),
        Some(PausedBy::Administrator) => " by an administrator".to_owned(),
        Some(PausedBy::Account(name)) => format!(" by {name}"),
        Some(PausedBy::File) => " in the file of settings".to_owned(),
        Some(PausedBy::Unknown) | None => String::new(),
    };
    let on = pause.and_then(|pause| pause.since);
    let on = on.map_or_else(String::new, |on| format!(" on {}", on.date_in_words()));
    format!("Paused{by}{on}.")
}

/// What the last run met, without a full stop.
fn trouble(facts: &StandingFacts<'_>) -> String {
    let refused = facts.schedule.setback == Some(Setback::SignInRefused);
    let code = match facts.last_error {
        Some(code) if !refused || Setback::of(code) == Setback::SignInRefused => code,
        // A refused sign-in stands while the server does not let it be tried.
        _ if refused => ErrorCode::AuthRefused,
        _ => return format!("{} could not be checked", facts.host),
    };
    if code == ErrorCode::NoAnswer {
        return format!("No answer from {}", facts.host);
    }
    let of_server = Facts {
        server: Some(facts.host.to_owned()),
        ..Facts::default()
    };
    Card::of(code, &of_server).title
}

fn since(moment: Option<Timestamp>) -> String {
    moment.map_or_else(String::new, |moment| {
        format!(" since {}", moment.in_words())
    })
}

fn tries(count: u32) -> String {
    match count {
        1 => "1 try".to_owned(),
        count => format!("{count} tries"),
    }
}

/// When it goes on: `Next try in 4 min.`
fn next(what: &str, facts: &StandingFacts<'_>) -> String {
    match facts.schedule.next_due {
        Some(due) if due > facts.now => {
            let wait = spans::to_wait_briefly(due.since(facts.now));
            format!("{what} in {wait}.")
        }
        Some(_) => format!("{what} in a moment."),
        None => format!("{what} when something asks for it."),
    }
}
