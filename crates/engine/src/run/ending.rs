//! Records how a run ended, and tells of it.

use std::time::Duration;

use inhaul_domain::SessionSize;
use inhaul_domain::schedule::{self, ScheduleState, after_run};
use inhaul_store::{RunEnd, Uncounted};
use inhaul_types::card::Detail;
use inhaul_types::{ErrorCode, Timestamp};
use tokio::time::Instant;

use super::Visit;
use crate::engine::RUN_EVENTS;
use crate::failure::RunError;
use crate::network::{Heard, Verdict};
use crate::observe::{FailureReport, RunReport};
use crate::session::learned::{Ended, Learned};

impl Visit<'_> {
    /// Records the end.
    pub(crate) async fn finish(mut self, error: Option<RunError>, begun: Instant) -> RunReport {
        let (host, port) = (
            self.retrieval.remote.host.clone(),
            self.retrieval.remote.port,
        );
        // A mailbox that is full here says nothing of the server: it was a good visit.
        let ended = match error {
            None | Some(RunError::MailboxFull { .. }) => Ended::Well,
            Some(RunError::Stopped) => Ended::Stopped,
            Some(_) => Ended::Badly,
        };
        if ended == Ended::Well {
            self.note_session_size(SessionSize::after_good);
        }
        self.note_what_was_left();
        self.note_who_is_over().await;
        let outcome = std::mem::take(&mut self.outcome);
        let retrieval = &self.retrieval;
        let report = |error: &RunError| error.report(&host, port).of_run(retrieval);
        let mut failure = error.as_ref().map(|error| {
            let failure = report(error);
            let detail = outcome.detail(failure.code);
            failure.or_detail(detail)
        });
        let (tally, earlier) = (outcome.tally, outcome.earlier);
        let stored = earlier.stored + tally.stored;
        let octets = earlier.octets + tally.octets;
        let left = earlier.left + tally.left + tally.loops + outcome.left;
        let deleted = earlier.deleted + tally.deleted();
        let remaining = tally.remaining + tally.postponed + tally.held_back;
        let mut changes = outcome.changes;
        changes.extend(tally.into_changes());
        let (notes, over_limit) = (outcome.notes, outcome.over_limit);
        let now = (self.engine.clock)();
        let stopped = ended == Ended::Stopped;
        let heard = Heard::of(error.as_ref());
        let verdict = match self.options.dry_run {
            true => Verdict::Counts,
            false => (self.engine.network).hears(heard, &host, Uncounted::of(retrieval), now),
        };
        let counts = verdict == Verdict::Counts;
        let schedule = self.schedule_after(
            failure.as_ref(),
            stopped,
            counts,
            stored,
            &outcome.learned,
            now,
        );
        let end = RunEnd {
            run: self.run,
            ended: now,
            code: failure
                .as_ref()
                .filter(|_| !stopped)
                .map(|failure| failure.code),
            listed: outcome.listed,
            stored,
            octets,
            deleted,
            left,
            notes: notes.clone(),
            said: failure.as_ref().and_then(|failure| failure.said.clone()),
            detail: failure
                .as_ref()
                .and_then(|failure| failure.facts.detail.clone()),
            conversation: join(
                &earlier.conversation,
                outcome.conversation,
                earlier.sessions,
            ),
            // Forgotten at the first surprise.
            capabilities: outcome.learned.to_remember(ended, now),
            sign_in_memory: outcome.learned.sign_in,
            stopped,
            counts,
            due_before: self.retrieval.schedule.next_due,
            schedule: Some(schedule),
        };
        if !self.options.dry_run {
            let store = &self.engine.store;
            let recorded = store.run_finish(self.retrieval.maildrop, end, changes);
            if let Err(error) = recorded.await {
                failure.get_or_insert_with(|| report(&error.into()));
            }
            if let Verdict::DoesNotCount { nor } = verdict
                && !nor.is_empty()
                && let Err(error) = store.retrieval_uncount(nor).await
            {
                tracing::warn!(%error, "failures without a network stay counted");
            }
        }
        if self.options.dry_run && failure.is_none() {
            let (would, took) = (outcome.would_retrieve, begun.elapsed().as_secs_f64());
            let what = format!("{host}: only looked, {would} new, {took:.1} s");
            self.log.end((self.engine.clock)(), &what);
        } else {
            self.log_end(stored, deleted, left, failure.as_ref(), begun);
        }
        let report = RunReport {
            run: (!self.options.dry_run).then_some(self.run),
            failure,
            listed: outcome.listed,
            stored,
            octets,
            deleted,
            left,
            remaining,
            notes,
            over_limit,
            would_retrieve: outcome.would_retrieve,
            preview: outcome.preview,
            took: begun.elapsed(),
        };
        if !self.options.dry_run {
            self.trace_end(&report, stopped);
        }
        report
    }

    /// One line in the program's log. What the server said and what messages are about is not for
    /// it: they are in the run's record.
    fn trace_end(&self, report: &RunReport, stopped: bool) {
        let retrieval = &self.retrieval;
        let name = &*retrieval.name;
        let (run, new, bytes) = (self.run.row(), report.stored, report.octets.count());
        let deleted = report.deleted;
        let ms = u64::try_from(report.took.as_millis()).unwrap_or(u64::MAX);
        let failed = report.failure.as_ref().map(|failure| failure.code);
        let code = failed.map_or("", ErrorCode::as_str);
        let tries = retrieval.failures.saturating_add(1);
        match failed {
            None => {
                tracing::info!(
                    target: RUN_EVENTS,
                    retrieval = name,
                    run,
                    new,
                    bytes,
                    deleted,
                    ms,
                    "run finished"
                );
            }
            Some(_) if stopped => {
                tracing::info!(
                    target: RUN_EVENTS,
                    retrieval = name,
                    run,
                    new,
                    bytes,
                    deleted,
                    ms,
                    "run stopped"
                );
            }
            // A machine that has no room or does not read back needs a person.
            Some(ErrorCode::DiskFull | ErrorCode::DataDamaged | ErrorCode::WrongKey) => {
                tracing::error!(
                    target: RUN_EVENTS,
                    retrieval = name,
                    run,
                    code,
                    tries,
                    new,
                    bytes,
                    ms,
                    "run failed"
                );
            }
            Some(_) => {
                tracing::warn!(
                    target: RUN_EVENTS,
                    retrieval = name,
                    run,
                    code,
                    tries,
                    new,
                    bytes,
                    ms,
                    "run failed"
                );
            }
        }
    }

    /// When the schedule runs it next.
    fn schedule_after(
        &self,
        failure: Option<&FailureReport>,
        stopped: bool,
        counts: bool,
        stored: u64,
        learned: &Learned,
        now: Timestamp,
    ) -> ScheduleState {
        let (row, pace) = (&self.retrieval, self.engine.pace());
        let announced = learned.login_delay();
        let ended = match failure {
            _ if stopped => schedule::Ended::Stopped,
            _ if !counts => schedule::Ended::Offline,
            None => schedule::Ended::Good {
                stored,
                login_delay: announced,
            },
            Some(failure) => schedule::Ended::Failed {
                code: failure.code,
                login_delay: match failure.facts.detail {
                    Some(Detail::LoginDelay { seconds }) => Some(Duration::from_secs(seconds)),
                    _ => announced,
                },
            },
        };
        let every = row.every.within_expiry(&pace, learned.expires_in_days());
        let noise = noise(self.run.row(), row.id.row());
        let before = ScheduleState {
            last_started: Some(self.started),
            ..row.schedule
        };
        after_run(&before, every, &pace, ended, now, noise)
    }

    fn log_end(
        &mut self,
        stored: u64,
        deleted: u64,
        left: u64,
        failure: Option<&FailureReport>,
        begun: Instant,
    ) {
        let now = (self.engine.clock)();
        let took = begun.elapsed().as_secs_f64();
        let host = &self.retrieval.remote.host;
        match failure {
            Some(failure) => {
                self.log.tell();
                let said = failure
                    .said
                    .as_deref()
                    .map(|said| format!(" (server: {said})"));
                let said = said.unwrap_or_default();
                self.log.end(
                    now,
                    &format!("error {}: {}{said}", failure.code, failure.what),
                );
            }
            None if stored + deleted + left == 0 => {
                self.log
                    .end(now, &format!("{host}: nothing new, {took:.1} s"));
            }
            None => {
                let left = if left > 0 {
                    format!(", {left} left there")
                } else {
                    String::new()
                };
                let copies = match deleted {
                    0 => format!("copies stay on {host}"),
                    deleted => format!("{deleted} deleted on {host}"),
                };
                self.log.end(now, &format!("{copies}{left}, {took:.1} s"));
            }
        }
    }
}

/// The words of a run's first and last session.
fn join(first: &str, last: String, earlier: u32) -> String {
    match earlier {
        0 => last,
        1 => format!("{first}\n{last}"),
        more => format!("{first}\n[{} sessions left out]\n{last}", more - 1),
    }
}

/// Numbers without a pattern out of two that have one (splitmix64's finalizer): jitter wants no more,
/// and a run that is played again waits as long as it did.
fn noise(run: i64, retrieval: i64) -> u64 {
    let mut mixed = run.cast_unsigned() ^ retrieval.cast_unsigned().rotate_left(32);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
