//! The search for a server, as a person watches it. No password is sent anywhere.

use std::collections::BTreeMap;

use inhaul_types::AccountId;

use super::job::{Job, Progress};
use crate::app::App;
use crate::runs::{Detection, DetectionFailure, Source, StepResult};

/// How far a search has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Search {
    results: BTreeMap<Source, StepResult>,
    outcome: Option<Result<Detection, DetectionFailure>>,
}

/// A line of it.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) class: &'static str,
    pub(super) sign: &'static str,
    pub(super) label: &'static str,
    pub(super) detail: String,
}

impl Search {
    /// Begins one.
    pub(super) fn start(app: &App, address: String, for_person: Option<AccountId>) -> Job<Self> {
        let app = app.clone();
        Job::start(Self::default(), |come| async move {
            let tell = |step: crate::runs::DetectionStep| {
                come.send_modify(|search| drop(search.results.insert(step.source, step.result)));
            };
            let outcome = app.runs().detect(&address, for_person, &tell).await;
            come.send_modify(|search| search.outcome = Some(outcome));
        })
    }

    /// What was found, if anything was.
    pub(super) fn detection(self) -> Option<Detection> {
        self.outcome?.ok()
    }

    /// Why nothing was found, if nothing was.
    pub(super) fn failure(&self) -> Option<&DetectionFailure> {
        self.outcome.as_ref()?.as_ref().err()
    }

    /// What to show of it.
    pub(super) fn lines(&self) -> Vec<Line> {
        Source::ALL.map(|source| self.line(source)).into()
    }

    fn line(&self, source: Source) -> Line {
        let (class, sign, detail) = match self.results.get(&source) {
            Some(StepResult::Found(words)) => ("good", "✓", words.clone()),
            Some(StepResult::Nothing(words)) => ("done", "✓", words.clone()),
            Some(StepResult::Skipped(words)) => ("skipped", "-", words.clone()),
            Some(StepResult::Begins) if self.outcome.is_none() => {
                ("running", "…", "looking".to_owned())
            }
            Some(StepResult::Begins) => ("skipped", "-", "no answer in time".to_owned()),
            None => ("waiting", "·", String::new()),
        };
        Line {
            class,
            sign,
            label: source.label(),
            detail,
        }
    }
}

impl Progress for Search {
    fn is_over(&self) -> bool {
        self.outcome.is_some()
    }
}
