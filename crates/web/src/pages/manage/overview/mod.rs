//! Whether everything works, at a look (UX 2.12).

mod server;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::standing::Standing;
use inhaul_types::Timestamp;

use super::asked::Asked;
use super::trouble::{Trouble, detail, is_trouble, troubles, who};
use super::typed::Typed;
use crate::app::App;
use crate::look::chart::{self, HourChart};
use crate::look::number;
use crate::look::time::{When, until};
use crate::request::Administrator;
use crate::response::{Page, Problem, Shell, see_other};
use crate::runs;
use server::Server;

#[derive(Template)]
#[template(path = "manage/overview.html")]
struct Overview {
    shell: Shell,
    title: String,
    asked: Asked,
    all: usize,
    /// What works and what needs somebody; what mends itself or rests.
    sentence: (String, String),
    has_sample: bool,
    troubles: Vec<Trouble>,
    more_troubles: usize,
    hours: HourChart,
    next: Vec<Next>,
    soon: u64,
    server: Server,
    now: Timestamp,
}

/// A check to come.
struct Next {
    when: When,
    name: String,
    who: String,
    href: String,
}

/// The page.
pub(crate) async fn overview(
    State(app): State<App>,
    Administrator(person): Administrator,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let now = app.now();
    let states = app.runs().states();
    let counts = Counts::of(&states, now);
    let mut troubles = troubles(&states, now);
    let more_troubles = troubles.len().saturating_sub(MOST_TROUBLES);
    troubles.truncate(MOST_TROUBLES);
    let (next, soon) = next(&states, now);
    let brought = app.store().records().counts_since(now.minus(DAY)).await?;
    let page = Overview {
        title: match counts.failing {
            0 => "Manage".to_owned(),
            1 => "1 needs attention".to_owned(),
            more => format!("{more} need attention"),
        },
        shell: person.shell,
        asked,
        all: states.len(),
        sentence: counts.sentence(),
        has_sample: app.sample().is_some(),
        troubles,
        more_troubles,
        hours: chart::hours(server::by_hour(&brought, now), now),
        next,
        soon,
        server: Server::of(&app, &brought).await?,
        now,
    };
    Ok(Page::new(page).into_response())
}

/// "Check all now", "Check the failing ones now". What is paused stays so.
pub(crate) async fn check(
    State(app): State<App>,
    Administrator(_): Administrator,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let now = app.now();
    let only_failing = typed.text("which") == "failing";
    let wanted = |state: &runs::State| match only_failing {
        true => is_trouble(state.standing(now)),
        false => !state.row.paused,
    };
    let states = app.runs().states().into_iter();
    let retrievals = states.filter(wanted).map(|state| state.row.id).collect();
    let asked = Asked::run(&app, retrievals).await?;
    let query = serde_urlencoded::to_string(asked).unwrap_or_default();
    Ok(see_other(&format!("/manage?{query}")))
}

/// How many stand how.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    all: usize,
    failing: usize,
    trying: usize,
    paused: usize,
}

impl Counts {
    fn of(states: &[runs::State], now: Timestamp) -> Self {
        let mut counts = Self::default();
        for state in states {
            counts.all += 1;
            match state.standing(now) {
                Standing::NeedsYou | Standing::Failing => counts.failing += 1,
                Standing::Trying | Standing::Overdue | Standing::Offline => counts.trying += 1,
                Standing::Paused => counts.paused += 1,
                Standing::New | Standing::Checking | Standing::Working | Standing::Busy => {}
            }
        }
        counts
    }

    /// The heading, and what stands below it.
    fn sentence(self) -> (String, String) {
        let number = |count: usize| number(count as u64);
        let working = self.all - self.failing - self.trying - self.paused;
        let mut text = match (self.all, working) {
            (1, 1) => "The one retrieval is working.".to_owned(),
            (1, _) => String::new(),
            (all, working) if all == working => {
                format!("All {} retrievals are working.", number(all))
            }
            (all, working) => {
                let are = if working == 1 { "is" } else { "are" };
                format!(
                    "{} of {} retrievals {are} working.",
                    number(working),
                    number(all)
                )
            }
        };
        let said = |count: usize, one: &str, more: &str| match count {
            0 => None,
            1 if self.all == 1 => Some(format!("The one retrieval {one}.")),
            1 => Some(format!("1 {one}.")),
            count => Some(format!("{} {more}.", number(count))),
        };
        let mut rest: Vec<_> = [
            said(
                self.trying,
                "tries again by itself",
                "try again by themselves",
            ),
            said(self.paused, "is paused", "are paused"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let failing = said(self.failing, "needs attention", "need attention");
        match failing {
            Some(failing) if text.is_empty() => text = failing,
            Some(failing) => text = format!("{text} {failing}"),
            None if text.is_empty() => text = rest.pop().unwrap_or_default(),
            None => {}
        }
        (text, rest.join(" "))
    }
}

/// The next few checks, and how many come soon.
fn next(states: &[runs::State], now: Timestamp) -> (Vec<Next>, u64) {
    let due = |state: &runs::State| state.next.filter(|_| !state.row.paused);
    let mut coming: Vec<_> = states
        .iter()
        .filter_map(|state| Some((due(state)?, state)))
        .collect();
    let soon = coming
        .iter()
        .filter(|(at, _)| *at <= now.plus(SOON))
        .count();
    let order = |(one, a): &(Timestamp, &runs::State), (other, b): &(Timestamp, &runs::State)| {
        one.cmp(other).then(a.row.id.cmp(&b.row.id))
    };
    // A few of thousands: the rest need no order.
    if coming.len() > MOST_NEXT {
        coming.select_nth_unstable_by(MOST_NEXT, order);
        coming.truncate(MOST_NEXT);
    }
    coming.sort_unstable_by(order);
    let next = coming.into_iter().take(MOST_NEXT).map(|(at, state)| Next {
        when: until(at, now),
        name: state.row.name.clone(),
        who: who(state).to_owned(),
        href: detail(state),
    });
    (next.collect(), soon as u64)
}

const DAY: std::time::Duration = std::time::Duration::from_secs(23 * 60 * 60);
const SOON: std::time::Duration = std::time::Duration::from_secs(30 * 60);
const MOST_NEXT: usize = 3;
/// More is for the list of retrievals.
const MOST_TROUBLES: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_counts_what_works_and_what_does_not() {
        for ((all, failing, trying, paused), heading, below) in [
            (
                (49, 3, 0, 0),
                "46 of 49 retrievals are working. 3 need attention.",
                "",
            ),
            (
                (49, 1, 2, 1),
                "45 of 49 retrievals are working. 1 needs attention.",
                "2 try again by themselves. 1 is paused.",
            ),
            (
                (2, 1, 0, 0),
                "1 of 2 retrievals is working. 1 needs attention.",
                "",
            ),
            ((49, 0, 0, 0), "All 49 retrievals are working.", ""),
            ((1, 0, 0, 0), "The one retrieval is working.", ""),
            ((1, 1, 0, 0), "The one retrieval needs attention.", ""),
            ((1, 0, 1, 0), "The one retrieval tries again by itself.", ""),
        ] {
            let counts = Counts {
                all,
                failing,
                trying,
                paused,
            };
            let words = (heading.to_owned(), below.to_owned());
            assert_eq!(counts.sentence(), words);
        }
    }
}
