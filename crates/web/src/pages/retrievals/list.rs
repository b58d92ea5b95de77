//! A person's retrievals: how each stands, in the order in which they want attention (UX 2.8).

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State as Of};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::schedule::Setback;
use inhaul_domain::standing::Standing;
use inhaul_manage::words::retention_words;
use inhaul_store::Bar;
use inhaul_types::{RetrievalId, Timestamp};
use serde::Deserialize;

use super::looker::{Allowed, Looker, Looks as _, Own};
use super::words;
use crate::app::App;
use crate::look::strip::{Strip, strip};
use crate::look::time::{When, ago, until};
use crate::look::{Sentence, sentence};
use crate::response::{Page, Problem, Shell};
use crate::runs::State;

/// What of the list is wanted.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    /// The rows alone, for a page that is there already.
    rows: Option<String>,
}

#[derive(Template)]
#[template(path = "retrievals/list.html")]
struct List<'a> {
    shell: Shell,
    title: &'a str,
    notice: Option<String>,
    base: &'a str,
    rows: Vec<Row>,
    is_live: bool,
    places: Option<String>,
    may_add: bool,
}

#[derive(Template)]
#[template(path = "retrievals/rows.html")]
struct Rows<'a> {
    base: &'a str,
    rows: Vec<Row>,
    is_live: bool,
}

/// A retrieval, as the list shows it.
struct Row {
    id: RetrievalId,
    name: String,
    standing: Standing,
    mailbox: String,
    folder: String,
    strip: Strip,
    last_good: Option<When>,
    next: Option<When>,
    sentence: Sentence,
    button: Option<Button>,
    allowed: Allowed,
    paused: bool,
}

/// The one thing to do about a retrieval.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Button {
    /// Look what is wrong and what to do.
    Fix,
    Check,
    Resume,
    TryAgain,
}

/// Bars of a strip.
const BARS: u32 = 40;

/// The list, or its rows alone.
pub(crate) async fn page(
    Of(app): Of<App>,
    own: Own,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let looker = own.looker();
    if wanted.rows.is_none() {
        return show(&app, looker, None).await;
    }
    let (rows, _) = rows(&app, &looker).await?;
    let page = Rows {
        base: looker.base,
        is_live: is_live(&rows),
        rows: rows.into_iter().map(|(_, row)| row).collect(),
    };
    Ok(Page::new(page).into_response())
}

/// The list; with why something was not done, if it was not.
pub(super) async fn show(
    app: &App,
    looker: Looker,
    notice: Option<String>,
) -> Result<Response, Problem> {
    let (rows, rights) = rows(app, &looker).await?;
    let status = match notice {
        Some(_) => StatusCode::CONFLICT,
        None => StatusCode::OK,
    };
    let page = List {
        title: "Retrievals",
        notice,
        base: looker.base,
        is_live: is_live(&rows),
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        places: rights.places_words(),
        may_add: rights.may.edit,
        shell: looker.person.shell,
    };
    Ok(Page::new(page).with_status(status).into_response())
}

/// Rows with the state each was made of, in their order.
async fn rows(
    app: &App,
    looker: &Looker,
) -> Result<(Vec<(State, Row)>, inhaul_manage::Rights), Problem> {
    let states = looker.states(app).await?;
    let rights = app.manage().rights(&looker.actor()).await;
    let rights = rights.map_err(|refused| looker.refused(refused))?;
    let ids: Vec<_> = states.iter().map(|state| state.row.id).collect();
    let strips = app.store().views().strips(&ids, BARS).await?;
    let now = app.now();
    let made = states.into_iter().map(|state| {
        let allowed = looker.allowed_by(rights.may.edit, &state.row);
        let row = Row::of(&state, looker, allowed, &strips, now);
        (state, row)
    });
    let mut rows: Vec<_> = made.collect();
    rows.sort_by_cached_key(|(_, row)| (gravity(row.standing), row.name.to_lowercase()));
    Ok((rows, rights))
}

fn is_live(rows: &[(State, Row)]) -> bool {
    rows.iter().any(|(state, _)| state.is_doing())
}

/// What wants attention comes first.
fn gravity(standing: Standing) -> u8 {
    match standing {
        Standing::NeedsYou => 0,
        Standing::Failing => 1,
        Standing::Trying => 2,
        _ => 3,
    }
}

impl Row {
    fn of(
        state: &State,
        looker: &Looker,
        allowed: Allowed,
        strips: &HashMap<RetrievalId, Vec<Bar>>,
        now: Timestamp,
    ) -> Self {
        let row = &state.row;
        let standing = state.standing(now);
        let bars = strips.get(&row.id).map_or(&[][..], Vec::as_slice);
        Self {
            id: row.id,
            name: row.name.clone(),
            standing,
            mailbox: words::mailbox(row),
            folder: words::folder(&row.folder_name).to_owned(),
            strip: strip(bars, now, row.paused),
            last_good: row.last_good.map(|good| ago(good, now)),
            next: state.next.map(|next| until(next, now)),
            sentence: match standing {
                // When the last good check was has a place of its own.
                Standing::Working => {
                    sentence(&retention_words(row.retention, &row.remote.host), [], now)
                }
                _ => words::sentence(state, &looker.reader(), now),
            },
            button: Button::of(state, standing, allowed),
            allowed,
            paused: row.paused,
        }
    }
}

impl Button {
    fn of(state: &State, standing: Standing, allowed: Allowed) -> Option<Self> {
        let is_refused = state.row.schedule.setback == Some(Setback::SignInRefused);
        match standing {
            Standing::NeedsYou => Some(Self::Fix),
            Standing::Checking => None,
            Standing::Paused => allowed.pause.then_some(Self::Resume),
            Standing::Failing | Standing::Trying => Some(Self::TryAgain),
            _ if is_refused => Some(Self::TryAgain),
            _ => Some(Self::Check),
        }
    }
}
