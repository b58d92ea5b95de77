//! `inhaul trigger`: asks the running server to check, within its limits.
//!
//! For hooks of other servers, scripts and mail programs' wake-ups. What is refused says why and
//! when it is possible again; nothing is forced but by `--force`.

use std::net::IpAddr;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use inhaul_domain::spans::to_wait;
use inhaul_domain::trigger::{Refusal, RefusalReason};
use inhaul_engine::service::{Answer, Force, Ticket, Trigger as Asked, What};
use inhaul_engine::{FailureReport, RunReport};
use inhaul_store::{Retrieval, StartedBy, Store};
use inhaul_types::{Activation, RetrievalId, RunId, Timestamp};
use serde::Serialize;
use tokio::time::timeout;

use super::Globals;
use super::names::retrievals_named;
use super::output::{complain, plain, print, print_json};
use super::pull::{Finished, result_word, tell};
use crate::caller;
use crate::config::parse_duration;
use crate::exit::{Exit, Failure};

#[derive(Args, Debug)]
pub(crate) struct Trigger {
    /// Retrievals to check: names, account/name, numbers, or globs in quotes
    #[arg(required_unless_present = "account", conflicts_with = "account")]
    names: Vec<String>,
    /// This account's retrievals: after a sign-in those it owns, else all that fill its folders
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Why, as the group's switches call it
    #[arg(long, value_name = "WORD", default_value = "cli", value_parser = activation_words())]
    activation: Activation,
    /// The network address of whoever signed in, for the number of checks a day
    #[arg(long, value_name = "ADDRESS", requires = "account")]
    client_address: Option<IpAddr>,
    /// Wait until the checks have ended, or for this long
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true,
        default_missing_value = "1d", value_parser = parse_duration)]
    wait: Option<Duration>,
    /// Pass over the group's intervals and numbers, for administrators
    #[arg(long)]
    force: bool,
}

/// What somebody else may say has happened. The schedule and a wait are the server's own.
fn activation_words() -> impl TypedValueParser<Value = Activation> {
    let words = Activation::ALL
        .into_iter()
        .filter(|word| !matches!(word, Activation::Schedule | Activation::Waiting));
    PossibleValuesParser::new(words.map(Activation::as_str))
        .map(|word| word.parse().expect("the parser lets no other word through"))
}

/// How long a run that has its turn is given to get its number.
const NUMBER_MOST: Duration = Duration::from_secs(2);

/// What became of one retrieval.
struct Told {
    retrieval: Retrieval,
    answer: Answer,
    run: Option<RunId>,
    ended: Option<RunReport>,
}

impl Trigger {
    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let Some(service) = globals.service() else {
            let config = globals.load_config()?;
            return Err(no_server(&config.data));
        };
        let now = crate::clock::clock()();
        let told = globals
            .with_store(async |store, _| {
                let asked = self.asked(&*store).await?;
                let rows = store.retrieval_list().await?;
                let row = |id: RetrievalId| rows.iter().find(|row| row.id == id).cloned();
                let mut told = Vec::new();
                for (id, answer) in service.trigger(&asked).await? {
                    // Removed between the two.
                    let Some(retrieval) = row(id) else { continue };
                    let run = number(&answer).await;
                    told.push(Told {
                        retrieval,
                        answer,
                        run,
                        ended: None,
                    });
                }
                Ok(told)
            })
            .await?;
        self.conclude(globals, told, now).await
    }

    async fn asked(&self, store: &dyn Store) -> Result<Asked, Failure> {
        let (what, by) = match &self.account {
            Some(name) => {
                let account = store.account_by_name(name).await?.id;
                let by = StartedBy {
                    account,
                    address: self.client_address,
                };
                let is_sign_in = matches!(
                    self.activation,
                    Activation::Pop3Login | Activation::ImapLogin | Activation::WebLogin
                );
                let what = match is_sign_in {
                    true => What::OwnedBy(account),
                    false => What::FillingAccount(account),
                };
                (what, Some(by))
            }
            None => {
                let chosen = retrievals_named(store, &self.names).await?;
                let ids = chosen.into_iter().map(|retrieval| retrieval.id);
                (What::Retrievals(ids.collect()), None)
            }
        };
        Ok(Asked {
            what,
            activation: self.activation,
            by,
            force: match (self.force, self.activation) {
                (true, _) => Force::Administrator,
                (false, Activation::Cli) => Force::TryAgain,
                (false, _) => Force::No,
            },
        })
    }

    async fn conclude(
        &self,
        globals: &Globals,
        mut told: Vec<Told>,
        now: Timestamp,
    ) -> Result<Exit, Failure> {
        if told.is_empty() && !globals.json && !globals.quiet {
            print("There is nothing to check.\n")?;
        }
        let several = told.len() > 1;
        if !globals.json {
            for one in &told {
                let name = match several {
                    true => format!("{}: ", plain(&one.retrieval.name)),
                    false => String::new(),
                };
                let line = format!("{name}{}\n", one.words(now));
                match one.answer {
                    Answer::Refused(_) => complain(&line),
                    _ if globals.quiet => {}
                    _ => print(&line)?,
                }
            }
        }
        let waited = match self.wait {
            Some(most) => wait(globals, &mut told, most).await?,
            None => Exit::OK,
        };
        if globals.json {
            let documents: Vec<_> = told.iter().map(|one| one.document(now)).collect();
            print_json(&serde_json::json!({ "retrievals": documents }))?;
        }
        let refused = told.iter().filter_map(|one| match &one.answer {
            Answer::Refused(refusal) => Some(exit_of(refusal)),
            _ => None,
        });
        let refused = refused.max_by_key(|exit| *exit == Exit::NO_PERM);
        Ok(match (waited, refused) {
            (Exit::OK, Some(refused)) => refused,
            (waited, _) => waited,
        })
    }
}

/// The run's number, if it has its turn already.
async fn number(answer: &Answer) -> Option<RunId> {
    match answer {
        Answer::Started(ticket) => timeout(NUMBER_MOST, ticket.begun()).await.ok().flatten(),
        _ => answer.ticket().and_then(|ticket| ticket.come().run),
    }
}

/// Waits for the ends and tells of them. Who does not want to wait any more leaves the runs going.
async fn wait(globals: &Globals, told: &mut [Told], most: Duration) -> Result<Exit, Failure> {
    let mut stops = caller::current().stops()?;
    let deadline = tokio::time::sleep(most);
    tokio::pin!(deadline);
    let mut codes = Vec::new();
    for one in told {
        let Some(ticket) = one.answer.ticket().cloned() else {
            continue;
        };
        let report = tokio::select! {
            report = Ticket::ended(&ticket) => report,
            how = stops.next() => return Ok(how.exit()),
            () = &mut deadline => {
                complain("Not ended yet. The checks go on: inhaul status\n");
                return Ok(Exit::TEMP_FAIL);
            }
        };
        let Some(report) = report else {
            return Err(Failure::new(Exit::TEMP_FAIL, "the server stops"));
        };
        let report = RunReport::clone(&report);
        codes.extend(report.failure.as_ref().map(|failure| failure.code));
        one.run = report.run;
        if !globals.json {
            let finished = Finished::new(one.retrieval.clone(), report.clone());
            tell(&finished, globals, false)?;
        }
        one.ended = Some(report);
    }
    Ok(Exit::of_codes(codes))
}

#[derive(Serialize)]
struct AnswerDocument<'a> {
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
    fn document(&self, now: Timestamp) -> AnswerDocument<'_> {
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
    fn words(&self, now: Timestamp) -> String {
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
fn exit_of(refusal: &Refusal) -> Exit {
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

/// Nobody is there to be asked.
pub(super) fn no_server(data: &std::path::Path) -> Failure {
    let what = format!("no server runs for {}", data.display());
    Failure::new(Exit::UNAVAILABLE, what).hint(
        "Start it: inhaul serve (or: systemctl start inhaul). Without one, inhaul pull brings mail at once.",
    )
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
