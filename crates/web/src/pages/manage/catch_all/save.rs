//! The end: the catch-all is saved, paused or to start at once.

use axum::extract::{Path, State};
use axum::response::Response;
use axum::{Extension, Form};
use inhaul_domain::{Retention, StartPoint};
use inhaul_manage::Refused;
use inhaul_store::{Every, NewRetrieval, RetrievalLimits, Routing};

use super::draft::{Drafts, Mailbox};
use super::looking::Meant;
use super::typed::{Typed, Wrong};
use super::{open, preview, step};
use crate::app::App;
use crate::look::many;
use crate::request::Administrator;
use crate::response::{Problem, see_other};

/// What stands in the fields of the last step.
#[derive(Clone, Debug)]
pub(super) struct SaveFields {
    /// The retrieval's name.
    pub(super) name: String,
    /// `keep`, `after` or `delete`.
    pub(super) copies: String,
    /// Days, as typed.
    pub(super) days: String,
    /// Messages cannot be told apart there: their copies cannot stay.
    pub(super) cannot_keep: bool,
    /// What is there now: `412 messages (1.3 GB)`.
    pub(super) there: String,
}

impl SaveFields {
    /// As they are proposed: copies stay.
    pub(super) fn of(mailbox: &Mailbox) -> Self {
        let found = &mailbox.found;
        // Of an empty mailbox nothing is known yet.
        let cannot_keep = !found.names_messages && found.messages > 0;
        Self {
            name: mailbox.domain().to_owned(),
            copies: if cannot_keep { "" } else { "keep" }.to_owned(),
            days: "14".to_owned(),
            there: format!(
                "{} ({})",
                many(found.messages, "message"),
                found.octets.in_words()
            ),
            cannot_keep,
        }
    }

    fn typed(self, typed: &Typed) -> Self {
        let text = |name| typed.text(name).to_owned();
        Self {
            name: text("name"),
            copies: text("copies"),
            days: text("days"),
            ..self
        }
    }

    /// What becomes of the copies. Whoever has them deleted ticks that they mean it.
    fn retention(&self, is_sure: bool) -> Result<Retention, Wrong> {
        let retention = match self.copies.as_str() {
            "keep" if self.cannot_keep => return Err(Wrong::at("copies", CANNOT_KEEP)),
            "keep" => return Ok(Retention::Keep),
            "delete" => Retention::Delete,
            "after" => match self.days.parse() {
                Ok(days @ 1..=DAYS_MOST) => Retention::DeleteAfter { days },
                _ => {
                    let what = format!("Write a number of days from 1 to {DAYS_MOST}.");
                    return Err(Wrong::at("copies", what));
                }
            },
            _ => return Err(Wrong::at("copies", "Choose what becomes of the copies.")),
        };
        match is_sure {
            true => Ok(retention),
            false => Err(Wrong::at("sure", NOT_SURE)),
        }
    }
}

/// One of the two buttons.
pub(super) async fn save(
    State(app): State<App>,
    admin: Administrator,
    Extension(drafts): Extension<Drafts>,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let draft = open(&app, &drafts, &admin, &id)?;
    let Ok(meant) = Meant::read(&app, &draft).await? else {
        return Ok(see_other(&step(&id, "rules")));
    };
    if draft.source.is_none() {
        return Ok(see_other(&step(&id, "header")));
    }
    let fields = SaveFields::of(&draft.mailbox).typed(&typed);
    let is_paused = typed.text("do") != "start";
    let actor = admin.0.actor();
    let wrong = match fields.retention(typed.is_ticked("sure")) {
        Err(wrong) => wrong,
        Ok(retention) => {
            let new = new_retrieval(&draft.mailbox, meant, &fields.name, retention, is_paused);
            match app.manage().retrieval_add(&actor, new).await {
                Ok(retrieval) => {
                    drafts.forget(&id, app.now());
                    let word = if is_paused { "paused" } else { "started" };
                    let to = format!("/manage/retrievals/{retrieval}/rules?saved={word}");
                    return Ok(see_other(&to));
                }
                Err(Refused::Invalid { field, what }) => Wrong::at(field, what),
                Err(other) => return Err(other.into()),
            }
        }
    };
    let shown = preview::show(&app, admin.0, &id, &draft).await?;
    Ok(match shown {
        Ok(mut page) => {
            page.save = fields;
            page.wrong = Some(wrong);
            page.refused()
        }
        Err(to) => to,
    })
}

fn new_retrieval(
    mailbox: &Mailbox,
    meant: Meant,
    name: &str,
    retention: Retention,
    paused: bool,
) -> NewRetrieval {
    NewRetrieval {
        name: name.to_owned(),
        remote: mailbox.remote.clone(),
        secret: mailbox.secret(),
        account: meant.fallback.account.id,
        owner: None,
        folder: meant.fallback.folder,
        routing: Routing::CatchAll(meant.settings),
        every: Every::Auto,
        retention,
        first_run_keeps: retention != Retention::Keep,
        start: StartPoint::Everything,
        paused,
        sign_in_memory: mailbox.found.sign_in_memory,
        limits: RetrievalLimits::default(),
        confined: false,
        written_at: None,
    }
}

/// Ten years: more days are meant as "never".
const DAYS_MOST: u32 = 3650;
const NOT_SURE: &str = "Tick the box, or choose \"stay there\".";
const CANNOT_KEEP: &str = "This server gives messages no lasting ID, so inhaul could not tell old from \
    new. Choose a delete option, or do not add it.";
