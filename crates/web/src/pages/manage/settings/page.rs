//! The page of settings.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::spans;
use inhaul_store::ApiKey;

use super::words::{SECTIONS, label, plain};
use crate::app::App;
use crate::install::{Setting, SettingFrom, TestNotice};
use crate::look::time::{When, ago, day};
use crate::pages::manage::Done;
use crate::pages::manage::typed::Wrong;
use crate::request::{Administrator, Person};
use crate::response::{Page, Problem, Shell};

#[derive(Template)]
#[template(path = "manage/settings.html")]
struct SettingsPage {
    shell: Shell,
    title: &'static str,
    done: Option<&'static str>,
    sections: Vec<Section>,
    idle: String,
    longest: String,
    kept: String,
    keys: Vec<Key>,
    key_name: String,
    version: String,
    data: String,
    has_licences: bool,
    sent: Option<Result<Vec<TestNotice>, String>>,
    visited: Option<Result<String, String>>,
    wrong: Option<Wrong>,
}

struct Section {
    name: String,
    label: String,
    help: &'static str,
    rows: Vec<Row>,
}

struct Row {
    /// For people; `None` where there is but the key.
    label: Option<&'static str>,
    key: String,
    value: Option<String>,
    /// The file and line, the variable.
    from: Option<String>,
}

struct Key {
    id: inhaul_types::ApiKeyId,
    name: String,
    made: When,
    last_used: Option<When>,
}

/// What was done just before, or what is wrong with it.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) done: Option<&'static str>,
    pub(super) sent: Option<Result<Vec<TestNotice>, String>>,
    pub(super) visited: Option<Result<String, String>>,
    pub(super) key_name: String,
    pub(super) wrong: Option<Wrong>,
}

/// The page.
pub(crate) async fn page(
    State(app): State<App>,
    Administrator(person): Administrator,
    Query(done): Query<Done>,
) -> Result<Response, Problem> {
    let shown = Shown {
        done: done.words(),
        ..Shown::default()
    };
    show(&app, person, shown).await
}

pub(super) async fn show(app: &App, person: Person, shown: Shown) -> Result<Response, Problem> {
    let (now, settings) = (app.now(), app.settings());
    let facts = app.installation().facts();
    let visitors = app.store().visitors();
    let keys = visitors.api_key_list(Some(person.id())).await?;
    let key = |key: ApiKey| Key {
        id: key.id,
        name: key.name,
        made: day(key.made, now),
        last_used: key.last_used.map(|then| ago(then, now)),
    };
    let status = shown.wrong.as_ref().map(Wrong::status).unwrap_or_default();
    let page = SettingsPage {
        shell: person.shell,
        title: "Settings",
        done: shown.done,
        sections: sections(app),
        idle: spans::passed(settings.idle),
        longest: spans::passed(settings.longest),
        kept: spans::passed(settings.kept),
        keys: keys.into_iter().map(key).collect(),
        key_name: shown.key_name,
        version: facts.version,
        data: facts.data.display().to_string(),
        has_licences: !app.installation().licences().is_empty(),
        sent: shown.sent,
        visited: shown.visited,
        wrong: shown.wrong,
    };
    Ok(Page::new(page).with_status(status).into_response())
}

/// Those we have words for in our order, then the others.
fn sections(app: &App) -> Vec<Section> {
    let mut there = app.installation().settings();
    let place = |name: &str| {
        let known = SECTIONS.iter().position(|(known, ..)| *known == name);
        known.unwrap_or(SECTIONS.len())
    };
    there.sort_by_key(|section| place(&section.name));
    let section = |section: crate::install::Section| {
        let known = SECTIONS.iter().find(|(name, ..)| *name == section.name);
        let label = known.map(|(_, label, _)| (*label).to_owned());
        Section {
            label: label.unwrap_or_else(|| section.name.clone()),
            help: known.map_or("", |(_, _, help)| help),
            rows: section
                .rows
                .into_iter()
                .map(|setting| row(&section.name, setting))
                .collect(),
            name: section.name,
        }
    };
    there.into_iter().map(section).collect()
}

fn row(section: &str, setting: Setting) -> Row {
    Row {
        label: label(section, &setting.key),
        key: setting.key,
        value: setting.value.as_deref().map(plain),
        from: match setting.from {
            SettingFrom::BuiltIn => None,
            SettingFrom::Written(place) => Some(place),
        },
    }
}
