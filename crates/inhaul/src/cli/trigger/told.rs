//! What became of a trigger, for people and for programs, and the exit code of a refusal.

use inhaul_domain::spans::to_wait;
use inhaul_domain::trigger::{Refusal, RefusalReason};
use inhaul_engine::service::Answer;
use inhaul_engine::{FailureReport, RunReport};
use inhaul_store::Retrieval;
use inhaul_types::{RunId, Timestamp};
use serde::Serialize;

use crate::cli::pull::result_word;
use crate::exit::Exit;

/// What became of one retrieval.
pub(super) struct Told {
    pub(super) retrieval: Retrieval,
    pub(super) answer: Answer,
    /// The run's number, once it has one.
    pub(super) run: Option<RunId>,
    /// How it ended, where that was waited for.
    pub(super) ended: Option<RunReport>,
}

#[derive(Serialize)]
pub(super) struct AnswerDocument<'a> {
    name: &'a str,
    account: &'a str,
    answer: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<EndDocument>,
}

/// How the run ended that was waited for.
#[derive(Serialize)]
struct EndDocument {
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    new: u64,
    bytes: u64,
    deleted: u64,
    took_ms: u128,
}

impl From<&RunReport> for EndDocument {
    fn from(report: &RunReport) -> Self {
        let code = report
            .failure
            .as_ref()
            .map(|FailureReport { code, .. }| *code);
        Self {
            result: code.map_or("ok", result_word),
            code: code.map(inhaul_types::ErrorCode::as_str),
            new: report.stored,
            bytes: report.octets.count(),
            deleted: report.deleted,
            took_ms: report.took.as_millis(),
        }
    }
}

impl Told {
    /// As programs read it.
    pub(super) fn document(&self, now: Timestamp) -> AnswerDocument<'_> {
        let refusal = match &self.answer {
            Answer::Refused(refusal) => Some(refusal),
            _ => None,
        };
        AnswerDocument {
            name: &self.retrieval.name,
            account: &self.retrieval.account_name,
            answer: match self.answer {
                Answer::Started(_) => "started",
                Answer::Joined(_) => "joined",
                Answer::Queued(..) => "queued",
                Answer::Behind(..) => "behind",
                Answer::Refused(_) => "refused",
            },
            text: self.words(now),
            run: self.run.map(RunId::row),
            position: match self.answer {
                Answer::Queued(position, _) => Some(position),
                _ => None,
            },
            not_before: match self.answer {
                Answer::Behind(then, _) => Some(then.to_string()),
                _ => None,
            },
            reason: refusal.map(|refusal| refusal.reason.as_str()),
            until: refusal.and_then(|refusal| Some(refusal.until?.to_string())),
            ended: self.ended.as_ref().map(EndDocument::from),
        }
    }

    /// What became of it, for a person.
    pub(super) fn words(&self, now: Timestamp) -> String {
        let follow = |run| format!("Follow: inhaul log --run {run} --follow");
        match (&self.answer, self.run) {
            (Answer::Started(_), Some(run)) => {
                format!("Accepted. Run {run} started. {}", follow(run))
            }
            (Answer::Started(_), None) => "Accepted. The run begins in a moment.".to_owned(),
            (Answer::Joined(_), Some(run)) => {
                format!(
                    "Already checking. Run {run} sees what is there now. {}",
                    follow(run)
                )
            }
            (Answer::Joined(_), None) => {
                "A check waits for its turn already. It sees what is there now.".to_owned()
            }
            (Answer::Queued(before, _), _) => {
                format!("Accepted. Waiting for its turn, {before} before it.")
            }
            (Answer::Behind(then, _), _) => {
                let wait = then.since(now);
                let when = match wait.is_zero() {
                    true => "right behind it".to_owned(),
                    false => format!("in {}", to_wait(wait)),
                };
                format!("Accepted. It is being checked now; one more check follows {when}.")
            }
            (Answer::Refused(refusal), _) => refused_words(refusal, now),
        }
    }
}

/// The refusal's sentences; a command is not the only one that may check.
fn refused_words(refusal: &Refusal, now: Timestamp) -> String {
    let text = refusal.text(now);
    text.replace("You can check again in", "The next one is possible in")
}

/// Whether waiting helps.
pub(super) fn exit_of(refusal: &Refusal) -> Exit {
    match refusal.reason {
        RefusalReason::SwitchedOff
        | RefusalReason::Paused
        | RefusalReason::Disabled
        | RefusalReason::SignInRefused => Exit::NO_PERM,
        RefusalReason::TooSoon { .. }
        | RefusalReason::TooSoonAfterStart
        | RefusalReason::LimitAccount { .. }
        | RefusalReason::LimitAddress { .. }
        | RefusalReason::QueueFull { .. }
        | RefusalReason::Offline { .. }
        | RefusalReason::Stopping => Exit::TEMP_FAIL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_told_when_the_next_check_is_possible() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        let refusal = Refusal {
            reason: RefusalReason::TooSoon { checked: at(100) },
            until: Some(at(160)),
        };
        assert_eq!(
            refused_words(&refusal, at(120)),
            "Checked 20 seconds ago. The next one is possible in 40 seconds."
        );
        assert_eq!(exit_of(&refusal), Exit::TEMP_FAIL);
    }
}
