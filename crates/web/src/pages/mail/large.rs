//! What takes the most room: somebody's largest messages, whichever folder they are in.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use inhaul_store::{FolderName, LARGE, Message};
use inhaul_types::{MessageId, Octets, Timestamp};
use serde::Deserialize;

use super::folders::shown;
use crate::app::App;
use crate::look::size::{self, size};
use crate::look::time::{When, at};
use crate::request::Person;
use crate::response::{Page, Problem, Shell};

/// Where a page begins: behind this size and number, `123456.7`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Behind {
    #[serde(default)]
    before: String,
}

#[derive(Template)]
#[template(path = "large.html")]
struct Large<'a> {
    shell: Shell,
    title: &'a str,
    /// How much all of their mail takes.
    usage: String,
    /// What was done a moment ago, and can be undone.
    done: Option<String>,
    rows: Vec<Row>,
    /// From which size on messages are here.
    from: String,
    is_later_page: bool,
    smaller: Option<String>,
}

/// A message.
struct Row {
    id: i64,
    size: String,
    subject: String,
    from: String,
    folder: String,
    is_trash: bool,
    at: When,
}

/// The page.
pub(crate) async fn page(
    State(app): State<App>,
    person: Person,
    Query(behind): Query<Behind>,
) -> Result<Response, Problem> {
    let mail = app.store().mail();
    let (now, before) = (app.now(), behind.place());
    let mut messages = mail.largest(person.id(), None, before, ROWS + 1).await?;
    let smaller = (messages.len() > ROWS as usize).then(|| {
        messages.truncate(ROWS as usize);
        let last = &messages[messages.len() - 1];
        format!("{}.{}", last.size.count(), last.id)
    });
    let usage = mail.usage(person.id()).await?;
    let page = Large {
        title: "Large messages",
        usage: match usage.quota {
            Some(quota) => format!("{} used", size::share(usage.octets, quota)),
            None => format!("{} used", usage.octets.in_words()),
        },
        done: app.undoing().words(person.session, now),
        rows: messages.iter().map(|one| Row::of(one, now)).collect(),
        from: LARGE.in_words().replace(".0", ""),
        is_later_page: before.is_some(),
        smaller,
        shell: person.shell,
    };
    Ok(Page::new(page).into_response())
}

impl Behind {
    fn place(&self) -> Option<(Octets, MessageId)> {
        let (size, id) = self.before.split_once('.')?;
        let size = Octets::new(size.parse().ok()?);
        Some((size, MessageId::new(id.parse().ok()?)))
    }
}

impl Row {
    fn of(message: &Message, now: Timestamp) -> Self {
        Self {
            id: message.id.row(),
            size: size(message.size),
            subject: message.summary.subject.clone(),
            from: message.summary.from.clone(),
            folder: shown(&message.folder_name).to_owned(),
            is_trash: message.folder_name == FolderName::TRASH,
            at: at(message.internal_date, now),
        }
    }
}

/// Messages on a page.
const ROWS: u32 = 50;

#[cfg(test)]
mod tests;
