//! The third step: which address goes where, the first line that matches wins.
//!
//! Every button sends the whole table; what was typed is kept, whether or not it can be meant yet.
//! Only the way to the preview asks that.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Form};
use inhaul_domain::route::AddressBook;
use inhaul_types::AccountId;

use super::draft::{Draft, Drafts, TypedRule};
use super::looking::Meant;
use super::places::{choices, shown_words};
use super::typed::{Typed, Wrong};
use super::{open, step};
use crate::app::App;
use crate::request::{Administrator, Person};
use crate::response::{Page, Problem, Shell, see_other};

#[derive(Template)]
#[template(path = "manage/catch_all/rules.html")]
struct RulesPage {
    shell: Shell,
    title: String,
    id: String,
    own: Vec<Own>,
    /// Addresses of accounts beyond those that are shown.
    more_own: usize,
    rules: Vec<TypedRule>,
    fallback: String,
    choices: Vec<String>,
    wrong: Option<Wrong>,
}

/// An address that an account has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Own {
    pub(super) address: String,
    pub(super) to: String,
    pub(super) account: String,
    /// The account is switched off: its mail goes to the fallback.
    pub(super) is_off: bool,
}

/// The table.
pub(super) async fn page(
    State(app): State<App>,
    admin: Administrator,
    Extension(drafts): Extension<Drafts>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let draft = open(&app, &drafts, &admin, &id)?;
    if draft.source.is_none() {
        return Ok(see_other(&step(&id, "header")));
    }
    let page = show(&app, admin.0, id, draft).await?;
    Ok(Page::new(page).into_response())
}

/// A button of it.
pub(super) async fn change(
    State(app): State<App>,
    admin: Administrator,
    Extension(drafts): Extension<Drafts>,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let mut draft = open(&app, &drafts, &admin, &id)?;
    draft.rules = rules(&typed);
    draft.fallback = typed.text("fallback").to_owned();
    let (button, line) = typed.button();
    let is_preview = !matches!(button, "add" | "remove" | "up" | "down" | "back");
    if is_preview || button == "back" {
        draft.rules.retain(|rule| !rule.is_empty());
    }
    press(&mut draft.rules, button, line);
    let (account, now) = (admin.0.id(), app.now());
    drafts.put(id.clone(), account, now, draft.clone());
    if button == "back" {
        return Ok(see_other(&step(&id, "header")));
    }
    if !is_preview {
        let place = match button {
            "add" => "#new",
            _ => "#rules",
        };
        return Ok(see_other(&(step(&id, "rules") + place)));
    }
    match Meant::read(&app, &draft).await? {
        Ok(_) => Ok(see_other(&step(&id, "preview"))),
        Err(wrong) => {
            let mut page = show(&app, admin.0, id, draft).await?;
            page.wrong = Some(wrong);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(Page::new(page).with_status(status).into_response())
        }
    }
}

/// The lines as they stand in the form.
fn rules(typed: &Typed) -> Vec<TypedRule> {
    let lines = typed.all("address").zip(typed.all("to"));
    let rules = lines.map(|(address, to)| TypedRule {
        address: address.trim().to_owned(),
        to: to.trim().to_owned(),
    });
    rules.take(RULES_MOST).collect()
}

/// Adds a line, takes one away or moves one; a line that is not there stays away.
fn press(rules: &mut Vec<TypedRule>, button: &str, line: usize) {
    let is_there = line < rules.len();
    match button {
        "add" => rules.push(TypedRule::default()),
        "remove" if is_there => drop(rules.remove(line)),
        "up" if is_there && line > 0 => rules.swap(line, line - 1),
        "down" if line.saturating_add(1) < rules.len() => rules.swap(line, line + 1),
        _ => {}
    }
}

async fn show(app: &App, person: Person, id: String, draft: Draft) -> Result<RulesPage, Problem> {
    let book = app.store().address_book().await?;
    let mut own = own(&book, &draft.mailbox.domains);
    let more_own = own.len().saturating_sub(OWN_MOST);
    own.truncate(OWN_MOST);
    Ok(RulesPage {
        title: format!("Catch-all for {}", draft.mailbox.domain()),
        choices: choices(app.store()).await?,
        shell: person.shell,
        rules: draft.rules,
        fallback: draft.fallback,
        wrong: None,
        more_own,
        own,
        id,
    })
}

/// The accounts' own addresses in these domains; in all where there are none.
pub(super) fn own(book: &AddressBook, domains: &[String]) -> Vec<Own> {
    let counts = |domain: &str| {
        let is = |one: &String| one.eq_ignore_ascii_case(domain);
        domains.is_empty() || domain == "*" || domains.iter().any(is)
    };
    let name_of = |account: AccountId| {
        let name = book.names.iter().find(|name| name.account == account);
        name.map_or("", |name| name.name.as_str())
    };
    let theirs = book
        .entries
        .iter()
        .filter(|entry| counts(entry.address.domain()));
    let rows = theirs.map(|entry| Own {
        address: entry.address.to_string(),
        to: shown_words(&entry.place.shown),
        account: name_of(entry.account).to_owned(),
        is_off: !entry.receives,
    });
    rows.collect()
}

impl RulesPage {
    fn said(&self, field: &str) -> Option<&str> {
        Wrong::said(&self.wrong, field)
    }

    /// At a line's field.
    fn said_in(&self, field: &str, line: &usize) -> Option<&str> {
        self.said(&format!("{field}-{line}"))
    }

    /// The number of a line: the accounts' addresses stand before it.
    fn number(&self, line: &usize) -> usize {
        self.own.len() + self.more_own + line + 1
    }

    fn step(&self, name: &str) -> String {
        step(&self.id, name)
    }
}

/// Lines of one catch-all: more than anybody types.
const RULES_MOST: usize = 500;
/// Accounts' addresses that are shown; a firm has hundreds.
const OWN_MOST: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_added_moved_and_taken_away() {
        let rule = |address: &str| TypedRule {
            address: address.into(),
            to: String::new(),
        };
        for (button, line, after) in [
            ("add", usize::MAX, &["a", "b", "c", ""][..]),
            ("remove", 1, &["a", "c"]),
            ("remove", 3, &["a", "b", "c"]),
            ("up", 2, &["a", "c", "b"]),
            ("up", 0, &["a", "b", "c"]),
            ("down", 0, &["b", "a", "c"]),
            ("down", 2, &["a", "b", "c"]),
            ("down", usize::MAX, &["a", "b", "c"]),
        ] {
            let mut rules = ["a", "b", "c"].map(rule).to_vec();
            press(&mut rules, button, line);
            let left: Vec<_> = rules.iter().map(|rule| rule.address.as_str()).collect();
            assert_eq!(left, after, "{button} {line}");
        }
    }
}
