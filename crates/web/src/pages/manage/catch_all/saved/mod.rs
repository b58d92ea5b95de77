//! The pages of a catch-all that exists: its rules, a preview with them, and where it reads
//! recipients. Administrators alone see them.

pub(super) mod preview;
pub(super) mod rules;
pub(super) mod sharing;

use inhaul_domain::route::Router;
use inhaul_manage::{UnsavedCatchAll, place_words as written_words};
use inhaul_store::{CatchAllSettings, Retrieval};
use inhaul_types::RetrievalId;

use super::places::place_words;
use crate::app::App;
use crate::request::Person;
use crate::response::Problem;

/// A catch-all and how it shares out.
pub(super) struct Opened {
    pub(super) retrieval: Retrieval,
    pub(super) settings: CatchAllSettings,
}

impl Opened {
    /// Another retrieval has no such pages.
    pub(super) async fn find(app: &App, person: &Person, id: RetrievalId) -> Result<Self, Problem> {
        let retrieval = app.manage().retrieval(&person.actor(), id).await?;
        match retrieval.routing.catch_all().cloned() {
            Some(settings) => Ok(Self {
                retrieval,
                settings,
            }),
            None => Err(Problem::not_found(&person.shell)),
        }
    }

    /// What shares its mail out, as it is set now.
    async fn router(&self, app: &App, person: &Person) -> Result<Router, Problem> {
        let row = &self.retrieval;
        let as_saved = UnsavedCatchAll {
            remote: &row.remote,
            settings: &self.settings,
            fallback: row.account,
            fallback_name: &row.account_name,
            fallback_folder: &row.folder_name,
        };
        Ok(app.manage().router_of(&person.actor(), &as_saved).await?)
    }

    /// Its fallback, in words.
    fn fallback(&self) -> String {
        place_words(&self.retrieval.account_name, &self.retrieval.folder_name)
    }

    /// The file that says how it shares out, where one does.
    fn written(&self) -> Option<String> {
        let there = self.retrieval.written_at.as_ref()?;
        Some(written_words(&there.at))
    }
}

/// What somebody did on one of the pages before they see it.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Done {
    /// It was saved: `paused`, `started` or `changed`.
    saved: String,
    /// Messages that moved with a rule.
    moved: Option<u64>,
}

impl Done {
    fn words(&self) -> Option<String> {
        match (self.saved.as_str(), self.moved) {
            ("paused", _) => {
                Some("It is saved and paused. Nothing is brought before you resume it.".into())
            }
            ("started", _) => Some("It is saved, and its first check begins now.".into()),
            ("changed", _) => Some(
                "It is saved. What comes from now on is shared out so; what is here stays where it is."
                    .into(),
            ),
            (_, Some(0)) => Some("The rule is there. No message had to move.".into()),
            (_, Some(moved)) => Some(format!(
                "The rule is there, and {} moved.",
                crate::look::many(moved, "message")
            )),
            _ => None,
        }
    }
}
