//! Step 4: what it is called, where its mail goes, what to bring, how often to check.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::Retention;
use inhaul_manage::{LONGEST_FOLDER, LONGEST_NAME, check_text};
use inhaul_store::Every;
use serde::Deserialize;

use super::draft::{Bring, Draft, Place};
use super::opened::Opened;
use super::save::save;
use super::steps::{Step, Steps};
use super::wrong::Wrong;
use crate::app::App;
use crate::look::many;
use crate::response::{Page, Problem, Shell, see_other};
use crate::runs::Origin;

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    folder: String,
    #[serde(default)]
    new_folder: String,
    /// `all`, `days` or `new`.
    #[serde(default)]
    bring: String,
    #[serde(default)]
    days: String,
    #[serde(default, flatten)]
    check: TypedCheck,
    /// `add` where copies stay and this is the last step.
    #[serde(default)]
    go: String,
}

/// How often to check, as typed.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
pub(crate) struct TypedCheck {
    /// `auto`, `every` or `never`.
    #[serde(default)]
    pub(crate) check: String,
    #[serde(default)]
    pub(crate) minutes: String,
}

#[derive(Template)]
#[template(path = "retrievals/add_where.html")]
struct WherePage {
    shell: Shell,
    title: &'static str,
    steps: Steps,
    back: String,
    to: String,
    host: String,
    /// What is there now, in words.
    there: String,
    folders: Vec<String>,
    typed: Typed,
    error: Option<Wrong>,
}

/// The form.
pub(super) async fn page(State(app): State<App>, opened: Opened) -> Result<Response, Problem> {
    if let Some(elsewhere) = opened.unless_reached(Step::Where) {
        return Ok(elsewhere);
    }
    let known = opened.draft().place.clone();
    let typed = match known {
        Some(place) => Typed::of(&place),
        None => Typed::of(&suggested(&app, &opened).await?),
    };
    let page = show(&app, &opened, typed, None).await?;
    Ok(Page::new(page).into_response())
}

/// On to the last step, or the end.
pub(super) async fn choose(
    State(app): State<App>,
    opened: Opened,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    if let Some(elsewhere) = opened.unless_reached(Step::Where) {
        return Ok(elsewhere);
    }
    let place = match typed.read() {
        Ok(place) if is_taken(&app, &place.name).await? => {
            let what = format!("The name {} is taken. Choose another one.", place.name);
            return refuse(&app, &opened, typed, Wrong::new("name", what)).await;
        }
        Ok(place) => place,
        Err(wrong) => return refuse(&app, &opened, typed, wrong).await,
    };
    opened.draft().place = Some(place);
    if typed.go != "add" {
        return Ok(see_other(&opened.at(Step::Copy)));
    }
    match save(&app, &opened, Retention::Keep).await {
        Ok(_) => Ok(see_other("/retrievals")),
        Err(refused) => {
            let wrong = Wrong::of(refused)?;
            refuse(&app, &opened, typed, wrong).await
        }
    }
}

/// The form again.
async fn refuse(
    app: &App,
    opened: &Opened,
    typed: Typed,
    wrong: Wrong,
) -> Result<Response, Problem> {
    let page = show(app, opened, typed, Some(wrong)).await?;
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(Page::new(page).with_status(status).into_response())
}

/// The same, where the last step's answer is no good for a field of this one.
pub(super) async fn refuse_later(
    app: &App,
    opened: &Opened,
    wrong: Wrong,
) -> Result<Response, Problem> {
    let known = opened.draft().place.clone();
    let typed = known.map_or_else(Typed::default, |place| Typed::of(&place));
    refuse(app, opened, typed, wrong).await
}

async fn show(
    app: &App,
    opened: &Opened,
    typed: Typed,
    error: Option<Wrong>,
) -> Result<WherePage, Problem> {
    let folders = app.store().folder_list(opened.person.id()).await?;
    let folders = folders.into_iter().map(|folder| folder.name).collect();
    let steps = opened.steps(Step::Where);
    let draft = opened.draft();
    Ok(WherePage {
        shell: opened.person.shell.clone(),
        title: "Add a mailbox",
        steps,
        back: opened.at(Step::Test),
        to: opened.at(Step::Where),
        host: draft.host(),
        there: there(&draft),
        folders,
        typed,
        error,
    })
}

fn there(draft: &Draft) -> String {
    match draft.inspection() {
        Some(found) if found.messages == 0 => "nothing yet".to_owned(),
        Some(found) => {
            let messages = many(found.messages, "message");
            format!("{messages}, {}", found.octets.in_words())
        }
        None => "not counted yet".to_owned(),
    }
}

/// What nobody has to change.
pub(super) async fn suggested(app: &App, opened: &Opened) -> Result<Place, Problem> {
    let name = {
        let draft = opened.draft();
        match draft.detection().map(|found| found.origin) {
            Some(Origin::Table(provider)) => provider,
            _ => match draft.address.rsplit_once('@') {
                Some((_, domain)) => domain.to_owned(),
                None => draft.host(),
            },
        }
    };
    let mut free = name.clone();
    let account = &opened.person.account.name;
    let mut number = 1;
    while is_taken(app, &free).await? {
        free = match number {
            1 => format!("{name} ({account})"),
            number => format!("{name} ({account} {number})"),
        };
        number += 1;
    }
    Ok(Place {
        name: free,
        folder: INBOX.to_owned(),
        bring: Bring::All,
        every: USUAL,
    })
}

async fn is_taken(app: &App, name: &str) -> Result<bool, Problem> {
    let there = app.store().retrieval_list().await?;
    let mut names = there.iter().map(|retrieval| &retrieval.name);
    Ok(names.any(|there| there.eq_ignore_ascii_case(name)))
}

impl Typed {
    fn of(place: &Place) -> Self {
        let (bring, days) = match place.bring {
            Bring::All => ("all", 30),
            Bring::Days(days) => ("days", days),
            Bring::New => ("new", 30),
        };
        Self {
            name: place.name.clone(),
            folder: place.folder.clone(),
            new_folder: String::new(),
            bring: bring.to_owned(),
            days: days.to_string(),
            check: TypedCheck::of(place.every),
            go: String::new(),
        }
    }

    fn read(&self) -> Result<Place, Wrong> {
        let name = self.name.trim();
        text("name", name, LONGEST_NAME)?;
        let folder = folder(&self.folder, &self.new_folder)?;
        let bring = match self.bring.as_str() {
            "days" => Bring::Days(days("days", &self.days)?),
            "new" => Bring::New,
            _ => Bring::All,
        };
        Ok(Place {
            name: name.to_owned(),
            folder,
            bring,
            every: self.check.read()?,
        })
    }
}

/// The folder that is there, or the new one.
pub(crate) fn folder(there: &str, new: &str) -> Result<String, Wrong> {
    let new = new.trim();
    if new.is_empty() {
        return Ok(match there {
            "" => INBOX.to_owned(),
            there => there.to_owned(),
        });
    }
    text("folder", new, LONGEST_FOLDER)?;
    Ok(new.to_owned())
}

/// A line of text that fits.
pub(crate) fn text(field: &'static str, text: &str, most: usize) -> Result<(), Wrong> {
    check_text(field, text, most).map_err(|refused| Wrong::new(field, refused.to_string()))
}

/// A number of days, at least one.
pub(crate) fn days(field: &'static str, text: &str) -> Result<u32, Wrong> {
    let days = text.trim().parse().ok();
    let days = days.filter(|days| (1..=MOST_DAYS).contains(days));
    let what = || {
        Wrong::new(
            field,
            format!("Write a number of days from 1 to {MOST_DAYS}."),
        )
    };
    days.ok_or_else(what)
}

impl TypedCheck {
    /// As it is set.
    pub(crate) fn of(every: Every) -> Self {
        let (check, minutes) = match every {
            Every::Auto => ("auto", MINUTES),
            Every::Never => ("never", MINUTES),
            Every::Seconds(seconds) => ("every", seconds.div_ceil(60)),
        };
        Self {
            check: check.to_owned(),
            minutes: minutes.to_string(),
        }
    }

    /// What is meant.
    pub(crate) fn read(&self) -> Result<Every, Wrong> {
        match self.check.as_str() {
            "auto" => Ok(Every::Auto),
            "never" => Ok(Every::Never),
            "" => Ok(USUAL),
            _ => {
                let minutes: Option<u32> = self.minutes.trim().parse().ok();
                let minutes = minutes.filter(|minutes| (1..=MOST_MINUTES).contains(minutes));
                let minutes = minutes.ok_or_else(|| {
                    let what = format!("Write a number of minutes from 1 to {MOST_MINUTES}.");
                    Wrong::new("every", what)
                })?;
                Ok(Every::Seconds(minutes * 60))
            }
        }
    }
}

pub(super) const INBOX: &str = "INBOX";

/// As everywhere.
const USUAL: Every = Every::Seconds(MINUTES * 60);
const MINUTES: u32 = 10;

/// A month.
const MOST_MINUTES: u32 = 31 * 24 * 60;

/// Ten years: more is a slip of the pen.
const MOST_DAYS: u32 = 3_660;
