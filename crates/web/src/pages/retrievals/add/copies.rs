//! Step 5: what becomes of the copies on the remote server.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::Retention;
use inhaul_manage::Rights;
use inhaul_types::Octets;
use serde::Deserialize;

use super::opened::Opened;
use super::place;
use super::save::save;
use super::steps::{Step, Steps};
use super::wrong::Wrong;
use crate::app::App;
use crate::look::many;
use crate::response::{Page, Problem, Shell, see_other};

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct TypedCopies {
    /// `keep`, `later` or `now`.
    #[serde(default)]
    pub(crate) after: String,
    #[serde(default)]
    pub(crate) days: String,
    /// That messages are deleted there is meant.
    #[serde(default)]
    pub(crate) sure: bool,
}

/// The choice, as a form shows it.
pub(crate) struct Copies {
    pub(crate) host: String,
    pub(crate) typed: TypedCopies,
    /// Why they may not be deleted after some days; `None` if they may.
    pub(crate) why_not_later: Option<String>,
    /// Why they may not be deleted at once.
    pub(crate) why_not_now: Option<String>,
    /// Days there are at least.
    pub(crate) fewest_days: u32,
    /// What is there now, in a sentence.
    pub(crate) there: String,
    /// When the first ones are deleted, in a sentence.
    pub(crate) first: &'static str,
    /// The server's messages have no lasting IDs.
    pub(crate) is_slow: bool,
}

#[derive(Template)]
#[template(path = "retrievals/add_copy.html")]
struct CopyPage {
    shell: Shell,
    title: &'static str,
    steps: Steps,
    back: String,
    to: String,
    copies: Copies,
    error: Option<Wrong>,
}

/// The form.
pub(super) async fn page(State(app): State<App>, opened: Opened) -> Result<Response, Problem> {
    if let Some(elsewhere) = opened.unless_reached(Step::Copy) {
        return Ok(elsewhere);
    }
    let typed = TypedCopies::of(opened.draft().retention);
    let page = show(&app, &opened, typed, None).await?;
    Ok(Page::new(page).into_response())
}

/// Saves it, and has it checked.
pub(super) async fn choose(
    State(app): State<App>,
    opened: Opened,
    Form(typed): Form<TypedCopies>,
) -> Result<Response, Problem> {
    if let Some(elsewhere) = opened.unless_reached(Step::Copy) {
        return Ok(elsewhere);
    }
    let retention = match typed.read() {
        Ok(retention) if retention != Retention::Keep && !typed.sure => {
            opened.draft().retention = retention;
            return refuse(&app, &opened, typed, Wrong::new("sure", TICK)).await;
        }
        Ok(retention) => retention,
        Err(wrong) => return refuse(&app, &opened, typed, wrong).await,
    };
    opened.draft().retention = retention;
    match save(&app, &opened, retention).await {
        Ok(_) => Ok(see_other("/retrievals")),
        Err(refused) => {
            let wrong = Wrong::of(refused)?;
            match wrong.field {
                "retention" => refuse(&app, &opened, typed, wrong).await,
                _ => place::refuse_later(&app, &opened, wrong).await,
            }
        }
    }
}

async fn refuse(
    app: &App,
    opened: &Opened,
    typed: TypedCopies,
    wrong: Wrong,
) -> Result<Response, Problem> {
    let page = show(app, opened, typed, Some(wrong)).await?;
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(Page::new(page).with_status(status).into_response())
}

async fn show(
    app: &App,
    opened: &Opened,
    typed: TypedCopies,
    error: Option<Wrong>,
) -> Result<CopyPage, Problem> {
    let rights = app.manage().rights(&opened.person.actor()).await?;
    let steps = opened.steps(Step::Copy);
    let draft = opened.draft();
    let inspection = draft.inspection();
    let there = inspection.map(|found| (found.messages, found.octets));
    let copies = Copies {
        first: "Nothing is deleted during the first check.",
        is_slow: inspection.is_some_and(|found| !found.names_messages),
        ..Copies::new(draft.host(), typed, &rights, there)
    };
    Ok(CopyPage {
        shell: opened.person.shell.clone(),
        title: "Add a mailbox",
        steps,
        back: opened.at(Step::Where),
        to: opened.at(Step::Copy),
        copies,
        error,
    })
}

impl Copies {
    /// The choice for somebody with these rights, where so much is there.
    pub(crate) fn new(
        host: String,
        typed: TypedCopies,
        rights: &Rights,
        there: Option<(u64, Octets)>,
    ) -> Self {
        let fewest_days = rights.delete_after_min_days.max(1);
        let mut typed = typed;
        if typed.days.is_empty() {
            typed.days = fewest_days.max(USUAL_DAYS).to_string();
        }
        Self {
            host,
            typed,
            why_not_later: rights.why_not(Retention::DeleteAfter { days: fewest_days }),
            why_not_now: rights.why_not(Retention::Delete),
            fewest_days,
            there: match there {
                Some((0, _)) => "No messages are there now.".to_owned(),
                Some((1, octets)) => format!("1 message ({}) is there now.", octets.in_words()),
                Some((messages, octets)) => {
                    let messages = many(messages, "message");
                    format!("{messages} ({}) are there now.", octets.in_words())
                }
                None => "How many messages are there is not known yet.".to_owned(),
            },
            first: "",
            is_slow: false,
        }
    }

    /// Whether a choice is the chosen one.
    pub(crate) fn is(&self, word: &str) -> bool {
        match self.typed.after.as_str() {
            "" => word == "keep",
            chosen => word == chosen,
        }
    }

    /// The days as typed.
    pub(crate) fn days(&self) -> &str {
        &self.typed.days
    }
}

impl TypedCopies {
    /// As it is set.
    pub(crate) fn of(retention: Retention) -> Self {
        let (after, days) = match retention {
            Retention::Keep => ("keep", String::new()),
            Retention::DeleteAfter { days } => ("later", days.to_string()),
            Retention::Delete => ("now", String::new()),
        };
        Self {
            after: after.to_owned(),
            days,
            sure: false,
        }
    }

    /// What is meant.
    pub(crate) fn read(&self) -> Result<Retention, Wrong> {
        match self.after.as_str() {
            "later" => {
                let days = place::days("retention", &self.days)?;
                Ok(Retention::DeleteAfter { days })
            }
            "now" => Ok(Retention::Delete),
            _ => Ok(Retention::Keep),
        }
    }
}

/// What is said where the box is not ticked.
pub(crate) const TICK: &str = "Tick the box, or choose 'stay there'.";

const USUAL_DAYS: u32 = 14;
