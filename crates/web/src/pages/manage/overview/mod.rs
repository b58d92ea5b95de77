//! Whether everything works, at a look (UX 2.12).

mod server;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
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
    sentence: String,
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
    let failing = states
        .iter()
        .filter(|state| is_trouble(state.standing(now)));
    let failing = failing.count();
    let mut troubles = troubles(&states, now);
    let more_troubles = troubles.len().saturating_sub(MOST_TROUBLES);
    troubles.truncate(MOST_TROUBLES);
    let (next, soon) = next(&states, now);
    let counts = app.store().records().counts_since(now.minus(DAY)).await?;
    let page = Overview {
        title: match failing {
            0 => "Manage".to_owned(),
            1 => "1 needs attention".to_owned(),
            more => format!("{more} need attention"),
        },
        shell: person.shell,
        asked,
        all: states.len(),
        sentence: sentence(states.len(), failing),
        troubles,
        more_troubles,
        hours: chart::hours(server::by_hour(&counts, now), now),
        next,
        soon,
        server: Server::of(&app, &counts).await?,
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

fn sentence(all: usize, failing: usize) -> String {
    let number = |count: usize| number(count as u64);
    match (all, failing) {
        (1, 0) => "The one retrieval is working.".to_owned(),
        (all, 0) => format!("All {} retrievals are working.", number(all)),
        (1, _) => "The one retrieval needs attention.".to_owned(),
        (all, failing) => {
            let working = number(all - failing);
            let are = if all - failing == 1 { "is" } else { "are" };
            let need = if failing == 1 { "needs" } else { "need" };
            format!(
                "{working} of {} retrievals {are} working. {} {need} attention.",
                number(all),
                number(failing)
            )
        }
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
    coming.sort_by(|(one, a), (other, b)| one.cmp(other).then(a.row.id.cmp(&b.row.id)));
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
        for (all, failing, words) in [
            (49, 3, "46 of 49 retrievals are working. 3 need attention."),
            (49, 1, "48 of 49 retrievals are working. 1 needs attention."),
            (2, 1, "1 of 2 retrievals is working. 1 needs attention."),
            (49, 0, "All 49 retrievals are working."),
            (1, 0, "The one retrieval is working."),
            (1, 1, "The one retrieval needs attention."),
        ] {
            assert_eq!(sentence(all, failing), words);
        }
    }
}
