//! A retrieval's runs, newest first, as a table.

use inhaul_manage::words::note_words;
use inhaul_store::{Retrieval, Run, RunFilter};
use inhaul_types::{Octets, RunId, Timestamp};

use super::words::started_by;
use crate::app::App;
use crate::look::size;
use crate::look::time::{When, moment};
use crate::response::Problem;

/// A run, as a row.
pub(super) struct RunRow {
    pub(super) id: RunId,
    pub(super) when: When,
    pub(super) started_by: &'static str,
    pub(super) outcome: Outcome,
    pub(super) notes: Vec<String>,
    pub(super) new: u64,
    pub(super) size: String,
    pub(super) took: String,
}

/// How a run came out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Outcome {
    /// It goes on.
    GoesOn,
    /// It was told to stop, or the server ended in it.
    Stopped,
    /// It brought something.
    Good,
    /// There was nothing; and so many more runs of that hour found nothing either.
    NothingNew(u64),
    /// It failed, with this code.
    Failed(&'static str),
    /// The mailbox wanted to be left alone: no failure.
    Busy(&'static str),
}

/// Runs of a page of the table.
const PAGE: usize = 50;

/// A page of runs behind the run `before`, and what to name for the next one.
pub(super) async fn page(
    app: &App,
    row: &Retrieval,
    before: Option<RunId>,
) -> Result<(Vec<Run>, Option<RunId>), Problem> {
    let filter = RunFilter {
        retrieval: Some(row.id),
        ..RunFilter::default()
    };
    let (mut runs, mut next): (Vec<Run>, _) = (Vec::new(), before);
    loop {
        let room = u32::try_from(PAGE - runs.len()).unwrap_or(0);
        let records = app.store().records();
        let page = records.run_page(filter.clone(), next, room).await?;
        runs.extend(page.rows);
        next = page.next;
        if next.is_none() || runs.len() >= PAGE {
            return Ok((runs, next));
        }
    }
}

impl RunRow {
    pub(super) fn of(run: &Run, row: &Retrieval, now: Timestamp) -> Self {
        let note = |note| note_words(note, &row.remote.host, &row.routing);
        Self {
            id: run.id,
            when: moment(run.started, now),
            started_by: started_by(run.activation),
            outcome: Outcome::of(run),
            notes: run.notes.iter().map(note).collect(),
            new: run.stored,
            size: match run.stored {
                0 => size(Octets::ZERO),
                _ => size(run.octets),
            },
            took: took(run),
        }
    }
}

impl Outcome {
    pub(super) fn of(run: &Run) -> Self {
        use inhaul_types::ErrorCode::{MailboxInUse, TooOften};
        match (run.ended, run.code) {
            (None, _) => Self::GoesOn,
            _ if run.stopped => Self::Stopped,
            (_, Some(code @ (MailboxInUse | TooOften))) => Self::Busy(code.as_str()),
            (_, Some(code)) => Self::Failed(code.as_str()),
            (_, None) if run.stored > 0 => Self::Good,
            (_, None) => Self::NothingNew(run.folded),
        }
    }
}

/// `8.2 s`, `61 s`; of runs folded into one nothing is known.
pub(super) fn took(run: &Run) -> String {
    let Some(ended) = run.ended.filter(|_| run.folded == 0) else {
        return "-".to_owned();
    };
    let took = ended.since(run.started);
    match took.as_secs() {
        0..10 => format!("{:.1} s", took.as_secs_f64()),
        seconds => format!("{seconds} s"),
    }
}
