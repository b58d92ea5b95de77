//! "Where is my message?": what became of a message, from the first listing that named it (UX 2.21).

use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State as Of};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use inhaul_domain::{LedgerState, LeftOutReason};
use inhaul_manage::words::{StoryEventKind, may_go_at, search_words, story_events};
use inhaul_store::{Folder, LedgerStory, Retrieval, ledger_number};
use inhaul_types::Timestamp;
use serde::Deserialize;

use super::retrievals::looker::{Looker, Looks as _, Managed, Own};
use super::retrievals::words;
use crate::app::App;
use crate::look::size;
use crate::look::time::{When, ago, day, moment};
use crate::response::{Page, Problem, Shell};

/// The place.
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/where", get(page))
}

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    words: String,
    /// Days back.
    #[serde(default)]
    days: String,
    /// In everybody's mail; of somebody who manages the installation only.
    all: Option<String>,
}

/// How far back.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Reach {
    #[default]
    Week,
    Month,
    Year,
}

#[derive(Template)]
#[template(path = "where.html")]
struct Where<'a> {
    shell: Shell,
    title: &'a str,
    words: String,
    reach: Reach,
    may_ask_all: bool,
    of_all: bool,
    /// `None` before anything is asked.
    found: Option<Vec<Story>>,
    servers: String,
}

/// A message and what became of it.
struct Story {
    subject: String,
    from: String,
    at: Option<When>,
    size: Option<String>,
    events: Vec<Event>,
    /// What will become of the copy there.
    there: Option<There>,
    /// It was left there, and they may have it brought.
    bring: Option<Bring>,
    conversation: Option<String>,
}

/// A moment of it.
struct Event {
    at: When,
    words: String,
    places: Vec<Place>,
    is_left: bool,
    /// The run: its number and page.
    run: Option<(i64, Option<String>)>,
}

/// Where a message is; an address where whoever looks can open it.
struct Place {
    words: String,
    page: Option<String>,
}

/// The button that has a message brought after all: of this retrieval, by this number.
struct Bring {
    action: String,
    number: u32,
}

/// What will become of a copy that is there.
struct There {
    when: Option<When>,
    words: String,
}

/// As many as a search finds at most.
const MOST: usize = 100;

async fn page(
    Of(app): Of<App>,
    own: Own,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let mut looker = own.looker();
    let may_ask_all = looker.person.account.admin;
    let of_all = may_ask_all && wanted.all.is_some();
    if of_all {
        looker = Looker {
            of: None,
            base: Managed::BASE,
            ..looker
        };
    }
    let now = app.now();
    let reach = Reach::parse(&wanted.days);
    let states = looker.states(&app).await?;
    let rows: Vec<&Retrieval> = states.iter().map(|state| &*state.row).collect();
    let typed = search_words(&wanted.words);
    let found = match typed.is_empty() {
        true => None,
        false => {
            let since = now.minus(reach.span());
            let views = app.store().views();
            let stories = views.stories(looker.of, &typed, since).await?;
            let rights = app.manage().rights(&looker.actor()).await;
            let view = View {
                folders: &app.store().folder_list(looker.person.id()).await?,
                may_edit: rights.map_err(|refused| looker.refused(refused))?.may.edit,
                looker: &looker,
                rows: &rows,
                now,
            };
            Some(stories.iter().map(|story| told(story, &view)).collect())
        }
    };
    let page = Where {
        title: "Where is my message?",
        words: wanted.words,
        reach,
        may_ask_all,
        of_all,
        found,
        servers: servers(&rows),
        shell: looker.person.shell,
    };
    Ok(Page::new(page).into_response())
}

/// What whoever looks can see and do.
struct View<'a> {
    looker: &'a Looker,
    rows: &'a [&'a Retrieval],
    /// Their own.
    folders: &'a [Folder],
    /// Their group lets them change something.
    may_edit: bool,
    now: Timestamp,
}

fn told(story: &LedgerStory, view: &View<'_>) -> Story {
    let View { looker, now, .. } = *view;
    let row = story.retrieval.as_deref();
    let row = row.and_then(|name| view.rows.iter().find(|row| row.name == name));
    let run = story.run.map(|run| {
        let page = row.map(|row| format!("{}/{}/runs/{}", looker.base, row.id, run.id));
        (run.id.row(), page)
    });
    let is_own = |account: &str| account == looker.person.account.name;
    let place = |at: &inhaul_store::StoryPlacement| {
        let folder = words::folder(&at.folder);
        if !is_own(&at.account) {
            let words = format!("{} / {folder}", at.account);
            return Place { words, page: None };
        }
        let known = view.folders.iter().find(|known| known.name == at.folder);
        Place {
            words: match looker.of {
                Some(_) => folder.to_owned(),
                None => format!("{} / {folder}", at.account),
            },
            page: known.map(|known| match known.name.as_str() {
                "INBOX" => "/".to_owned(),
                _ => format!("/folder/{}", known.id),
            }),
        }
    };
    let events = story_events(story).into_iter().map(|event| Event {
        at: moment(event.at, now),
        words: match event.kind {
            // Its size stands beside the subject.
            StoryEventKind::Stored => "stored, checked, readable".to_owned(),
            _ => event.words,
        },
        places: match event.kind {
            StoryEventKind::Stored if story.placements.is_empty() => vec![Place {
                words: gone(story),
                page: None,
            }],
            StoryEventKind::Stored => story.placements.iter().map(place).collect(),
            _ => Vec::new(),
        },
        is_left: event.kind == StoryEventKind::LeftOut,
        run: match event.kind {
            StoryEventKind::Stored | StoryEventKind::LeftOut => run.clone(),
            _ => None,
        },
    });
    // Of the mail of others whoever manages the installation sees where it went, not what it says.
    let is_shown = looker.of.is_some() || story.placements.iter().any(|at| is_own(&at.account));
    let summary = story.summary.as_ref();
    Story {
        subject: match summary.map(|summary| &*summary.subject) {
            _ if !is_shown => "Subject not shown".to_owned(),
            None | Some("") => "No subject known".to_owned(),
            Some(subject) => subject.to_owned(),
        },
        from: summary.map_or_else(String::new, |summary| summary.from.clone()),
        at: summary
            .and_then(|summary| summary.date)
            .map(|date| ago(date, now)),
        size: story.size.or(story.listed_size).map(size),
        events: events.collect(),
        there: row.and_then(|row| there(story, row, now)),
        bring: row
            .filter(|row| may_be_brought(story) && looker.allowed_by(view.may_edit, row).change)
            .map(|row| Bring {
                action: format!("{}/{}/bring", looker.base, row.id),
                number: ledger_number(story.id),
            }),
        conversation: run.and_then(|(_, page)| page),
    }
}

/// It was left there, and is neither ordered nor here already.
fn may_be_brought(story: &LedgerStory) -> bool {
    use LeftOutReason::{Loop, Ordered};
    match story.state {
        LedgerState::LeftOut(reason) => !matches!(reason, Ordered | Loop),
        _ => false,
    }
}

/// Why a stored message is nowhere.
fn gone(story: &LedgerStory) -> String {
    // A catch-all had it already: its reason says which message that is.
    let reason = story.reason.clone();
    reason.unwrap_or_else(|| "deleted here since".to_owned())
}

fn there(story: &LedgerStory, row: &Retrieval, now: Timestamp) -> Option<There> {
    let host = &story.host;
    if story.state == LedgerState::LeftOut(LeftOutReason::Ordered) {
        let words = "ordered, comes with the next check".to_owned();
        return Some(There { when: None, words });
    }
    if story.state != LedgerState::Stored {
        return None;
    }
    let go = may_go_at(story, row.retention, row.relinked_deletion_held_until);
    Some(match go {
        None => There {
            when: None,
            words: format!("the copy on {host} stays there"),
        },
        Some(go) if go > now => There {
            when: Some(day(go, now)),
            words: format!("the copy on {host} will be deleted"),
        },
        Some(_) => There {
            when: None,
            words: format!("the copy on {host} will be deleted with one of the next checks"),
        },
    })
}

/// Where else a message may be: `pop.old-isp.example`, or a few of them, or no name at all.
fn servers(rows: &[&Retrieval]) -> String {
    let mut hosts: Vec<&str> = rows.iter().map(|row| row.remote.host.as_str()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    match hosts.as_slice() {
        [] => "the remote server".to_owned(),
        [one] => (*one).to_owned(),
        [some @ .., last] if some.len() < 4 => format!("{} or {last}", some.join(", ")),
        _ => "one of the remote servers".to_owned(),
    }
}

impl Reach {
    const ALL: [Self; 3] = [Self::Week, Self::Month, Self::Year];

    fn parse(days: &str) -> Self {
        let named = Self::ALL.into_iter().find(|reach| reach.days() == days);
        named.unwrap_or_default()
    }

    fn days(self) -> &'static str {
        match self {
            Self::Week => "7",
            Self::Month => "30",
            Self::Year => "365",
        }
    }

    fn span(self) -> Duration {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        match self {
            Self::Week => DAY * 7,
            Self::Month => DAY * 30,
            Self::Year => DAY * 365,
        }
    }
}

#[cfg(test)]
mod tests;
