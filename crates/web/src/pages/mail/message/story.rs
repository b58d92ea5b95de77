//! Where a message came from, and what became of the copy there.

use inhaul_domain::LedgerState;
use inhaul_store::{LedgerStory, Message};
use inhaul_types::Timestamp;

use crate::app::App;
use crate::look::time::{When, day, moment};
use crate::response::Problem;

/// What Details say of it.
#[derive(Debug)]
pub(super) struct Story {
    /// The retrieval and where it is.
    pub(super) by: Option<(String, String)>,
    pub(super) host: String,
    pub(super) stored: Option<When>,
    /// The run and where it is, while that is known.
    pub(super) run: Option<(i64, Option<String>)>,
    /// The copy.
    pub(super) copy: &'static str,
    pub(super) since: Option<When>,
}

impl Story {
    /// `None` of what no retrieval brought.
    pub(super) async fn of(app: &App, message: &Message) -> Result<Option<Self>, Problem> {
        let views = app.store().views();
        let story = views.story_of(message.account, message.id).await?;
        Ok(story.map(|story| Self::told(app, message, story)))
    }

    fn told(app: &App, message: &Message, story: LedgerStory) -> Self {
        let now: Timestamp = app.now();
        let state = message.retrieval.and_then(|id| app.runs().state(id));
        let by = state.map(|state| (state.row.name.clone(), state.row.account, state.row.id));
        // A catch-all is nobody's: its pages are for whoever manages it.
        let base = by
            .as_ref()
            .filter(|(_, account, _)| *account == message.account)
            .map(|(_, _, id)| format!("/retrievals/{id}"));
        let (copy, since) = match story.state {
            LedgerState::Deleted => ("deleted", story.deleted_at),
            LedgerState::Asked => ("deletion was asked for and is not confirmed yet", None),
            LedgerState::Stored if by.is_some() => ("still there", None),
            _ => ("not known", None),
        };
        Self {
            run: story.run.map(|run| {
                let page = base.as_ref().map(|base| format!("{base}/runs/{}", run.id));
                (run.id.row(), page)
            }),
            by: by.map(|(name, ..)| (name, base.unwrap_or_default())),
            host: story.host,
            stored: story.stored_at.map(|at| moment(at, now)),
            copy,
            since: since.map(|at| day(at, now)),
        }
    }
}
