//! The second step: which header says who a message was really for.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Form};
use inhaul_domain::route::{
    ONLY_TO_CC, RecipientSource, Reliability, Surveyed, SurveyedSource, best, is_only_to_cc,
};
use inhaul_manage::sharing::{SourceParts, SourceWord};
use inhaul_types::Card;

use super::draft::{Draft, Drafts};
use super::typed::{Typed, Wrong};
use super::{looking, open, step};
use crate::app::App;
use crate::look::many;
use crate::request::{Administrator, Person};
use crate::response::{Page, Problem, Shell, see_other};

#[derive(Template)]
#[template(path = "manage/catch_all/header.html")]
struct HeaderPage {
    shell: Shell,
    title: String,
    id: String,
    /// What the test found: `412 messages, 1.3 GB`.
    inside: String,
    /// How many headers were read.
    read: usize,
    rows: Vec<Row>,
    /// The radio that is chosen.
    chosen: String,
    /// A header that is in no row.
    other: String,
    /// What to think of it, in a sentence.
    advice: Option<String>,
    warning: Option<&'static str>,
    card: Option<Card>,
    wrong: Option<Wrong>,
}

/// A source of recipients.
struct Row {
    /// The radio's word; `None` cannot be chosen by itself.
    word: Option<String>,
    label: String,
    count: String,
    names: &'static str,
    verdict: &'static str,
    is_good: bool,
}

/// What was measured.
pub(super) async fn page(
    State(app): State<App>,
    admin: Administrator,
    Extension(drafts): Extension<Drafts>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let draft = open(&app, &drafts, &admin, &id)?;
    let page = show(&app, admin.0, id, &draft).await?;
    Ok(Page::new(page).into_response())
}

/// One was chosen.
pub(super) async fn choose(
    State(app): State<App>,
    admin: Administrator,
    Extension(drafts): Extension<Drafts>,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let mut draft = open(&app, &drafts, &admin, &id)?;
    let (account, now) = (admin.0.id(), app.now());
    if typed.text("do") == "look" {
        draft.survey = looking::look(&app, &admin, &draft.mailbox, draft.newest).await;
        drafts.put(id.clone(), account, now, draft);
        return Ok(see_other(&step(&id, "header")));
    }
    match source(&typed) {
        Ok(source) => {
            draft.source = Some(source);
            drafts.put(id.clone(), account, now, draft);
            Ok(see_other(&step(&id, "rules")))
        }
        Err(wrong) => {
            let mut page = show(&app, admin.0, id, &draft).await?;
            page.chosen = typed.text("source").to_owned();
            page.other = typed.text("other").to_owned();
            page.wrong = Some(wrong);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(Page::new(page).with_status(status).into_response())
        }
    }
}

fn source(typed: &Typed) -> Result<RecipientSource, Wrong> {
    let (field, word) = match typed.text("source") {
        "" => return Err(Wrong::at("source", "Choose a header.")),
        OTHER => ("other", typed.text("other")),
        word => ("source", word),
    };
    let refused = |why: String| Wrong::at(field, format!("{why}."));
    let word: SourceWord = word.parse().map_err(refused)?;
    let parts = SourceParts {
        word: Some(word),
        ..SourceParts::default()
    };
    // A word alone goes with anything.
    parts
        .apply(None)
        .map_err(|_| Wrong::at(field, "Choose a header."))
}

async fn show(app: &App, person: Person, id: String, draft: &Draft) -> Result<HeaderPage, Problem> {
    let (sources, read) = match &draft.survey {
        Ok(survey) => {
            let router = looking::measuring(app, &person, &draft.mailbox).await?;
            (router.survey(looking::blocks(survey)), survey.headers.len())
        }
        Err(_) => (Vec::new(), 0),
    };
    let chosen = match &draft.source {
        Some(source) => SourceWord::of(source).to_string(),
        None => proposed(&sources).to_owned(),
    };
    let is_in_a_row = |row: &Row| row.word.as_deref() == Some(chosen.as_str());
    let rows: Vec<Row> = sources.iter().map(Row::of).collect();
    let is_special = [AUTO, TO_CC, ""].contains(&chosen.as_str());
    let is_other = !is_special && !rows.iter().any(is_in_a_row);
    let found = &draft.mailbox.found;
    Ok(HeaderPage {
        title: format!("Catch-all for {}", draft.mailbox.domain()),
        inside: format!(
            "{}, {}",
            many(found.messages, "message"),
            found.octets.in_words()
        ),
        other: if is_other {
            chosen.clone()
        } else {
            String::new()
        },
        chosen: if is_other { OTHER.to_owned() } else { chosen },
        advice: advice(&sources, draft),
        warning: is_only_to_cc(&sources).then_some(ONLY_TO_CC),
        card: draft.survey.as_ref().err().cloned(),
        shell: person.shell,
        wrong: None,
        read,
        rows,
        id,
    })
}

/// The radio that is chosen before anybody chooses.
fn proposed(sources: &[SurveyedSource]) -> &str {
    match best(sources) {
        Some(SurveyedSource {
            source: Surveyed::Evidence(name) | Surveyed::Other(name),
            reliability: Reliability::Reliable,
            ..
        }) => name,
        // One that most messages have leaves the others to the next.
        Some(SurveyedSource {
            source: Surveyed::Evidence(_) | Surveyed::Received,
            ..
        }) => AUTO,
        Some(SurveyedSource {
            source: Surveyed::Other(name),
            ..
        }) => name,
        _ if is_only_to_cc(sources) => TO_CC,
        _ => AUTO,
    }
}

fn advice(sources: &[SurveyedSource], draft: &Draft) -> Option<String> {
    let is_measured = sources.iter().any(|source| source.of > 0);
    match best(sources) {
        Some(SurveyedSource {
            source,
            reliability: Reliability::Reliable,
            ..
        }) => Some(format!("{source} says of every message whom it was for.")),
        Some(SurveyedSource { source, .. }) => Some(format!(
            "{source} says it of most messages. \"Each in turn\" asks the others about the rest."
        )),
        None if is_measured && sources.iter().all(|source| source.accepted == 0) => Some(format!(
            "No header names an address in {}. Look at the domain again.",
            draft.mailbox.domains.join(" or ")
        )),
        None => None,
    }
}

impl Row {
    fn of(source: &SurveyedSource) -> Self {
        Self {
            word: match &source.source {
                Surveyed::Evidence(name) | Surveyed::Other(name) => Some(name.clone()),
                Surveyed::ToCc => Some(TO_CC.to_owned()),
                // Asked in its turn, never alone.
                Surveyed::Received => None,
            },
            label: source.source.to_string(),
            count: format!("in {} of {}", source.present, source.of),
            names: source.names(),
            verdict: source.reliability.label(),
            is_good: source.reliability == Reliability::Reliable,
        }
    }
}

impl HeaderPage {
    fn said(&self, field: &str) -> Option<&str> {
        Wrong::said(&self.wrong, field)
    }

    fn is_chosen(&self, word: &str) -> bool {
        self.chosen.eq_ignore_ascii_case(word)
    }

    fn step(&self, name: &str) -> String {
        step(&self.id, name)
    }
}

const AUTO: &str = "auto";
const TO_CC: &str = "to-cc";
/// The radio of a header that is typed. No header is called so: they have no blank.
const OTHER: &str = "another header";
