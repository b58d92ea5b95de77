//! The newest lines, as a page and as a file.

use std::collections::{HashMap, HashSet};

use askama::Template;
use axum::extract::{Query, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use inhaul_types::RetrievalId;

use super::asked::Asked;
use crate::app::App;
use crate::install::{Level, LogLine};
use crate::look::time::{When, exact};
use crate::request::Administrator;
use crate::response::{Page, Shell};

#[derive(Template)]
#[template(path = "manage/log.html")]
struct LogPage {
    shell: Shell,
    title: &'static str,
    asked: Asked,
    is_open: bool,
    levels: [Level; 5],
    lines: Vec<Row>,
    has_older: bool,
    /// The number of the newest line there was.
    last: u64,
    refresh: String,
    follow: String,
    news: String,
    text: String,
    json: String,
}

/// One line, as rows of the table.
#[derive(Template)]
#[template(path = "manage/log_line.html")]
pub(super) struct Row {
    when: When,
    level: Level,
    line: LogLine,
    /// The page of its retrieval, and of its run.
    retrieval: Option<String>,
    run: Option<String>,
}

/// Retrievals by name, to link to.
pub(super) type Names = HashMap<String, RetrievalId>;

/// Those of these names that there are now.
pub(super) fn names<'a>(app: &App, lines: impl IntoIterator<Item = &'a LogLine>) -> Names {
    let lines = lines.into_iter();
    let named: HashSet<&str> = lines.filter_map(|line| line.retrieval.as_deref()).collect();
    if named.is_empty() {
        return Names::new();
    }
    let states = app.runs().states_where(&|row| named.contains(&*row.name));
    states
        .into_iter()
        .map(|state| (state.row.name.clone(), state.row.id))
        .collect()
}

impl Row {
    pub(super) fn of(line: LogLine, names: &Names) -> Self {
        let id = line.retrieval.as_ref().and_then(|name| names.get(name));
        let retrieval = id.map(|id| format!("/manage/retrievals/{id}"));
        let run = line.run.zip(retrieval.as_ref());
        Self {
            when: exact(line.at),
            level: line.level,
            run: run.map(|(run, retrieval)| format!("{retrieval}/runs/{run}")),
            retrieval,
            line,
        }
    }
}

/// The page. Its script follows the log; without it, it is asked for again.
pub(crate) async fn page(
    State(app): State<App>,
    Administrator(person): Administrator,
    Query(asked): Query<Asked>,
) -> Response {
    let page = app.installation().log(&asked.filter(), SHOWN);
    let names = names(&app, &page.lines);
    let page = LogPage {
        shell: person.shell,
        title: "Log",
        is_open: asked.is_open(),
        levels: Level::ALL,
        last: page.lines.last().map_or(0, |line| line.seq),
        has_older: page.has_older,
        // The newest at the top, as in every list.
        lines: page
            .lines
            .into_iter()
            .rev()
            .map(|line| Row::of(line, &names))
            .collect(),
        refresh: asked.at("/manage/log"),
        follow: asked.at("/manage/log/follow"),
        news: asked.at("/manage/log/news"),
        text: asked.at("/manage/log.txt"),
        json: asked.at("/manage/log.jsonl"),
        asked,
    };
    Page::new(page).into_response()
}

/// All lines in memory that are meant, as text.
pub(crate) async fn text(
    State(app): State<App>,
    Administrator(_): Administrator,
    Query(asked): Query<Asked>,
) -> Response {
    file(
        &app,
        &asked,
        "text/plain; charset=utf-8",
        "inhaul-log.txt",
        |line| &line.text,
    )
}

/// The same, a JSON object a line.
pub(crate) async fn json_lines(
    State(app): State<App>,
    Administrator(_): Administrator,
    Query(asked): Query<Asked>,
) -> Response {
    file(
        &app,
        &asked,
        "application/jsonl",
        "inhaul-log.jsonl",
        |line| &line.json,
    )
}

fn file(
    app: &App,
    asked: &Asked,
    kind: &'static str,
    name: &'static str,
    shown: fn(&LogLine) -> &str,
) -> Response {
    let page = app.installation().log(&asked.filter(), usize::MAX);
    let lines = page.lines.iter().map(|line| format!("{}\n", shown(line)));
    let place = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (
            CONTENT_DISPOSITION,
            place.expect("both names are letters and dots"),
        ),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, lines.collect::<String>()).into_response()
}

/// Lines on the page.
const SHOWN: usize = 200;
