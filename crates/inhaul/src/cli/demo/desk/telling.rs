//! What the service tells, as lines: how runs end, who is refused, what arrived.

use inhaul_domain::schedule::Setback;
use inhaul_domain::trigger::{Refusal, RefusalReason};
use inhaul_engine::RunReport;
use inhaul_engine::service::{Come, Event, EventKind, RunStage};
use inhaul_store::Retrieval;
use inhaul_types::{Activation, ErrorCode, Timestamp};

use super::Desk;
use crate::cli::card;
use crate::cli::demo::look;
use crate::cli::demo::samples::Sample;
use crate::cli::pull::{Finished, tell};
use crate::exit::{Exit, Failure};

/// What was seen of a mailbox's runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Results {
    pub(super) runs: u64,
    code: Option<ErrorCode>,
    in_a_row: u32,
    /// The last refusal was for certain: `[AUTH]`.
    pub(super) said_auth: bool,
}

/// What happens before the headline can be told.
#[derive(Default)]
pub(super) struct FirstMinute {
    begun: Option<Timestamp>,
    /// When the first message could be read.
    readable: Option<Timestamp>,
    held: Vec<Ended>,
}

/// A run that ended.
pub(super) struct Ended {
    sample: Sample,
    activation: Activation,
    finished: Finished,
    next: Option<Timestamp>,
    /// So many runs have ended this way.
    in_a_row: u32,
    /// It went well after runs that did not.
    recovered: bool,
}

impl Results {
    /// Counts a run; whether it is the first good one after failures.
    fn count(&mut self, report: &RunReport) -> bool {
        let failure = report.failure.as_ref();
        let code = failure.map(|failure| failure.code);
        let failed = |code: ErrorCode| Setback::of(code) != Setback::Busy;
        let recovered = code.is_none() && self.code.is_some_and(failed);
        self.in_a_row = match self.code == code {
            true => self.in_a_row.saturating_add(1),
            false => 1,
        };
        self.runs += 1;
        self.code = code;
        self.said_auth = failure
            .and_then(|failure| failure.said.as_ref())
            .is_some_and(|said| said.contains("[AUTH]"));
        recovered
    }
}

impl Desk<'_> {
    /// Something happened to one of the six.
    pub(super) async fn take(&mut self, event: Event) -> Result<(), Failure> {
        let Some(sample) = self.demo.sample(event.retrieval) else {
            return Ok(());
        };
        match event.kind {
            EventKind::Progress { activation, come } => {
                self.progress(sample, activation, come, event.at);
            }
            EventKind::Ended {
                activation,
                report,
                next,
            } => {
                self.picture.take_away(sample);
                let Some(status) = self.demo.status(sample) else {
                    return Ok(());
                };
                let row = Retrieval::clone(&status.row);
                let results = &mut self.results[sample as usize];
                let recovered = results.count(&report);
                let ended = Ended {
                    sample,
                    activation,
                    finished: Finished::new(row, RunReport::clone(&report)),
                    next,
                    in_a_row: results.in_a_row,
                    recovered,
                };
                self.ended(ended).await?;
            }
            EventKind::Refused {
                activation,
                refusal,
            } if activation != Activation::Waiting => self.refused(sample, &refusal, event.at)?,
            EventKind::Queued {
                activation,
                position,
            } if activation != Activation::Schedule => self.say(&format!(
                "  {}   waits for its turn, {position} before it\n",
                sample.name()
            ))?,
            EventKind::Refused { .. } | EventKind::Queued { .. } | EventKind::Changed => {}
        }
        Ok(())
    }

    fn progress(&mut self, sample: Sample, activation: Activation, come: Come, at: Timestamp) {
        if let Some(first) = &mut self.first_minute
            && sample == Sample::OldIsp
        {
            first.begun.get_or_insert(at);
            if come.stored > 0 {
                first.readable.get_or_insert(at);
            }
        }
        // A bar for every look of the schedule would flicker under the hand that types.
        let watched = self.first_minute.is_some() || activation != Activation::Schedule;
        if watched && come.stage != RunStage::Ended {
            self.picture.show(sample, come);
        }
    }

    async fn ended(&mut self, ended: Ended) -> Result<(), Failure> {
        match self.first_minute.take() {
            None => self.tell(&ended).await,
            Some(first) if ended.sample == Sample::OldIsp => {
                self.tell_headline(&first, &ended)?;
                self.tell(&ended).await?;
                for ended in &first.held {
                    self.tell(ended).await?;
                }
                Ok(())
            }
            Some(mut first) => {
                first.held.push(ended);
                self.first_minute = Some(first);
                Ok(())
            }
        }
    }

    fn tell_headline(&self, first: &FirstMinute, ended: &Ended) -> Result<(), Failure> {
        let report = &ended.finished.report;
        if let Some(failure) = &report.failure {
            let what = format!("{}: {}", failure.code, failure.what);
            return Err(Failure::new(Exit::SOFTWARE, what));
        }
        let readable = first.readable.zip(first.begun);
        let readable = readable.map(|(readable, begun)| {
            let after = look::seconds(readable.since(begun));
            format!(" First one readable after {after}.")
        });
        self.say(&format!(
            "{} messages brought in {}.{}\n\n",
            report.stored,
            look::seconds(report.took),
            readable.unwrap_or_default(),
        ))
    }

    /// A result as `pull` tells it; of the schedule's looks only those that found something.
    async fn tell(&mut self, ended: &Ended) -> Result<(), Failure> {
        let Ended {
            sample, finished, ..
        } = ended;
        let report = &finished.report;
        let news = report.failure.is_some()
            || report.stored + report.deleted + report.left + report.remaining > 0;
        // Once: whoever provokes the same failure again has read it.
        let is_first = ended.in_a_row == 1;
        let quiet_look = ended.activation == Activation::Schedule && !is_first;
        if news || !quiet_look {
            self.picture.aside(|| tell(finished, self.globals, false))?;
        }
        if let Some(card) = finished.card().filter(|_| is_first) {
            let text = card::text(card, self.globals.paints());
            self.complain(&format!("\n{text}\n"));
        }
        if report.failure.is_some()
            && let Some(next) = ended.next
        {
            let wait = next.since(self.demo.clock.now());
            self.complain(&format!(
                "  {}   next check {}\n",
                sample.name(),
                look::in_words(wait)
            ));
        }
        if ended.recovered && !self.globals.quiet {
            self.say(&format!("  {}   works again\n", sample.name()))?;
        }
        self.tell_who_waits(*sample, report.stored).await
    }

    /// Somebody waits for a message: it has come, or the wait is over.
    async fn tell_who_waits(&mut self, sample: Sample, stored: u64) -> Result<(), Failure> {
        if !self.waited_for.contains(&sample) {
            return Ok(());
        }
        let status = self.demo.status(sample);
        let goes_on = status.is_some_and(|status| status.waiting_until.is_some());
        if goes_on {
            return Ok(());
        }
        self.waited_for.remove(&sample);
        let newest = match stored {
            0 => None,
            _ => look::newest(&self.demo, sample).await?,
        };
        match newest {
            Some(message) => self.say(&format!("Arrived: {message}\n")),
            None => self.say(&format!(
                "No message came to {} while you waited. The schedule goes on.\n",
                sample.name()
            )),
        }
    }

    fn refused(&self, sample: Sample, refusal: &Refusal, at: Timestamp) -> Result<(), Failure> {
        let name = sample.name();
        self.say(&format!("  {name}   {}\n", refusal.text(at)))?;
        if refusal.reason == RefusalReason::SignInRefused {
            let word = name.to_lowercase().replace(' ', "-");
            self.say(&format!("      The right one: password {word}\n"))?;
        }
        Ok(())
    }
}
