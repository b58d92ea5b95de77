//! `inhaul retrieval history`.

use clap::Args;
use inhaul_store::{Run, Store, StoreError};
use inhaul_types::{ErrorCode, RunId};
use serde::Serialize;

use super::run_result;
use crate::cli::Globals;
use crate::cli::names::retrieval_named;
use crate::cli::notes::NoteDocument;
use crate::cli::output::{plain, print, print_json, size, table};
use crate::exit::{Exit, Failure};

#[derive(Args, Debug)]
pub(crate) struct History {
    /// Which retrieval
    name: String,
    /// So many runs, the latest first
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
    /// Show what was said in this run, passwords masked
    #[arg(long, value_name = "N", conflicts_with = "limit")]
    run: Option<i64>,
}

#[derive(Serialize)]
struct RunDocument<'a> {
    run: i64,
    started: String,
    ended: Option<String>,
    started_by: &'static str,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    listed: u64,
    new: u64,
    bytes: u64,
    deleted: u64,
    left: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<NoteDocument>,
    /// Other runs of the same hour that found nothing new and that this row stands for.
    #[serde(skip_serializing_if = "is_zero")]
    folded: u64,
    took_ms: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<&'a str>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl<'a> From<&'a Run> for RunDocument<'a> {
    fn from(run: &'a Run) -> Self {
        Self {
            run: run.id.row(),
            started: run.started.to_string(),
            ended: run.ended.map(|time| time.to_string()),
            started_by: run.activation.as_str(),
            result: match (run.ended, run.code) {
                (None, _) => "not-ended",
                (Some(_), None) => "ok",
                (Some(_), Some(ErrorCode::MailboxInUse | ErrorCode::TooOften)) => "busy",
                (Some(_), Some(_)) => "failed",
            },
            code: run.code.map(ErrorCode::as_str),
            listed: run.listed,
            new: run.stored,
            bytes: run.octets.count(),
            deleted: run.deleted,
            left: run.left,
            notes: run.notes.iter().map(NoteDocument::from).collect(),
            folded: run.folded,
            took_ms: run.ended.map(|ended| ended.since(run.started).as_millis()),
            said: run.said.as_deref(),
        }
    }
}

impl History {
    pub(super) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        match self.run {
            Some(run) => conversation(globals, &self.name, RunId::new(run)).await,
            None => self.list(globals).await,
        }
    }

    async fn list(self, globals: &Globals) -> Result<Exit, Failure> {
        let runs = globals
            .with_store(async |store, _| {
                let retrieval = retrieval_named(&*store, &self.name).await?;
                Ok(store.run_list(retrieval.id, self.limit).await?)
            })
            .await?;
        if globals.json {
            let runs: Vec<_> = runs.iter().map(RunDocument::from).collect();
            print_json(&serde_json::json!({ "runs": runs }))?;
            return Ok(Exit::OK);
        }
        let rows: Vec<_> = runs.iter().map(row).collect();
        print(&table(
            &["RUN", "WHEN", "STARTED BY", "RESULT", "NEW", "SIZE", "TOOK"],
            &rows,
        ))?;
        Ok(Exit::OK)
    }
}

fn row(run: &Run) -> Vec<String> {
    vec![
        run.id.to_string(),
        run.started.to_string(),
        run.activation.to_string(),
        std::iter::once(run_result(run))
            .chain((run.folded > 0).then(|| format!("and {} more that hour", run.folded)))
            .chain(run.notes.iter().map(|note| note.code.to_string()))
            .collect::<Vec<_>>()
            .join(", "),
        run.stored.to_string(),
        if run.stored > 0 {
            size(run.octets)
        } else {
            "-".into()
        },
        run.ended.map_or_else(
            || "-".into(),
            |ended| format!("{:.1} s", ended.since(run.started).as_secs_f64()),
        ),
    ]
}

/// What was said in one run.
async fn conversation(globals: &Globals, name: &str, run: RunId) -> Result<Exit, Failure> {
    let (run, said) = globals
        .with_store(async |store, _| {
            let retrieval = retrieval_named(&*store, name).await?;
            let of_another = || {
                Failure::new(
                    Exit::NO_USER,
                    format!("there is no run {run} of {:?}", retrieval.name),
                )
                .hint(format!(
                    "Its runs: inhaul retrieval history {:?}",
                    retrieval.name
                ))
            };
            let found = store.run_by_id(run).await.map_err(|error| match error {
                StoreError::Missing { .. } => of_another(),
                error => error.into(),
            })?;
            if found.retrieval != retrieval.id {
                return Err(of_another());
            }
            Ok((found, store.run_conversation(run).await?))
        })
        .await?;
    if globals.json {
        let lines: Vec<&str> = said.iter().flat_map(|said| said.lines()).collect();
        print_json(&serde_json::json!({ "run": RunDocument::from(&run), "conversation": lines }))?;
        return Ok(Exit::OK);
    }
    match said {
        Some(said) => said
            .lines()
            .try_for_each(|line| print(&format!("{}\n", plain(line))))?,
        None => print(&format!("Nothing was said in run {}.\n", run.id))?,
    }
    Ok(Exit::OK)
}
