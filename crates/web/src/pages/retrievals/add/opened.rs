//! The draft that a request is about: somebody's own, or it is not there.

use std::sync::{MutexGuard, PoisonError};

use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use super::draft::Draft;
use super::drafts::Shared;
use super::steps::{Step, Steps};
use crate::app::App;
use crate::request::Person;
use crate::response::{Problem, see_other};

/// A draft and whose it is.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) person: Person,
    id: String,
    draft: Shared,
}

impl Opened {
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The draft, for a moment: never while something is waited for.
    pub(super) fn draft(&self) -> MutexGuard<'_, Draft> {
        self.draft.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The address of a step of it.
    pub(super) fn at(&self, step: Step) -> String {
        step.address(&self.id)
    }

    /// The steps, this one being shown.
    pub(super) fn steps(&self, shown: Step) -> Steps {
        Steps::of(shown, &self.id, self.draft().furthest())
    }

    /// Back to the furthest step, where this one's turn has not come.
    pub(super) fn unless_reached(&self, step: Step) -> Option<Response> {
        let furthest = self.draft().furthest();
        (step > furthest).then(|| see_other(&self.at(furthest)))
    }
}

impl FromRequestParts<App> for Opened {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let person = Person::from_request_parts(parts, app).await?;
        let path = Path::<String>::from_request_parts(parts, app).await;
        let id = path.map(|Path(id)| id).unwrap_or_default();
        match app.drafts().find(&id, &person.session, app.now()) {
            Some(draft) => Ok(Self { person, id, draft }),
            None => {
                let status = StatusCode::NOT_FOUND;
                Err(Problem::told(status, "Nothing here", OVER, &person.shell))
            }
        }
    }
}

const OVER: &str = "A mailbox that is not added yet is kept for 30 minutes. Nothing was saved. \
    Open Retrievals and add it again.";
