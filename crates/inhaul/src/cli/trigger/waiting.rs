//! Waiting for what a trigger started: how long, for what, and what is said when it is over.

use std::time::Duration;

use inhaul_engine::RunReport;
use inhaul_engine::service::{Answer, Ticket};
use inhaul_types::RunId;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::told::Told;
use crate::caller::{self, Stop};
use crate::cli::Globals;
use crate::cli::output::complain;
use crate::cli::pull::{Finished, tell};
use crate::config::parse_duration;
use crate::exit::{Exit, Failure};

/// How long the command waits for the checks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Wait {
    /// Until all have ended.
    ToTheEnd,
    /// No longer than this.
    AtMost(Duration),
}

/// What stands for a `--wait` without a time; no time is written so.
pub(super) const TO_THE_END: &str = "until they have ended";

pub(super) fn parse_wait(text: &str) -> Result<Wait, String> {
    match text {
        TO_THE_END => Ok(Wait::ToTheEnd),
        text => parse_duration(text).map(Wait::AtMost),
    }
}

/// How long runs that have their turn are given to get their numbers.
pub(super) const NUMBERS_MOST: Duration = Duration::from_secs(2);

/// The run's number, if it has its turn already.
pub(super) async fn number(answer: &Answer, until: Instant) -> Option<RunId> {
    match answer {
        Answer::Started(ticket) => timeout_at(until, ticket.begun()).await.ok().flatten(),
        _ => answer.ticket().and_then(|ticket| ticket.come().run),
    }
}

/// Waits for the ends and tells of them. Who does not want to wait any more leaves the runs going.
pub(super) async fn wait(
    globals: &Globals,
    told: &mut [Told],
    until: Option<Instant>,
) -> Result<Exit, Failure> {
    let mut stops = caller::current().stops()?;
    let mut codes = Vec::new();
    for one in told {
        let Some(ticket) = one.answer.ticket().cloned() else {
            continue;
        };
        let over = async {
            match until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        let report = tokio::select! {
            report = Ticket::ended(&ticket) => report,
            how = stops.next() => match how {
                Stop::Server => None,
                how => return Ok(how.exit()),
            },
            () = over => {
                complain("Not ended yet. The checks go on: inhaul status\n");
                return Ok(Exit::TEMP_FAIL);
            }
        };
        let Some(report) = report else {
            complain("The server stops. The mail comes when it runs again.\n");
            return Ok(Exit::TEMP_FAIL);
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
