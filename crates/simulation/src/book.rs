//! What the schedule owes one mailbox and its server, worked out from the rules alone: how long it
//! waits behind each end of a run, by when the next visit begins, and before when it may not.
//!
//! Asks neither the engine nor the domain, so that a wrong wait of theirs is not believed. Waits are
//! in true time; a clock that jumps sets free what it spans.

use std::time::Duration;

use inhaul_store::RunEnd;
use inhaul_types::{ErrorCode, Timestamp};
use tokio::time::Instant;

/// The least time between two visits.
const FLOOR: Duration = Duration::from_secs(60);
const MINUTE: u64 = 60;
/// The store may be slow to write that a run began.
const SLACK: Duration = Duration::from_secs(2);

/// One mailbox's page.
#[derive(Debug)]
pub(crate) struct Book {
    /// The interval that its owner wants.
    normal: Duration,
    /// The least time between two visits that its server bears.
    gap: Duration,
    /// What the last runs came to, and how many in a row; `None` if that is not known.
    row: Option<(Class, u32)>,
    /// When the last run began.
    begun: Option<Instant>,
    /// Before then nobody signs in, because the server has refused the password.
    refused_until: Option<Instant>,
    /// When somebody last signed in, or tried to.
    signed_in: Option<Instant>,
    /// By then the next run begins, if nothing is in its way.
    due_by: Instant,
    /// One goes on.
    is_running: bool,
    /// What the store says of it is by a clock that was turned since.
    is_adrift: bool,
    /// A person has saved the retrieval since the last run ended.
    is_saved: bool,
}

/// Kinds of an end (UX 2.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Class {
    Good,
    Busy,
    Temporary,
    Refused,
    /// It did not prove who it is.
    Unproven,
    /// The server gave its messages other ids.
    Ids,
}

impl Class {
    fn of(code: ErrorCode) -> Self {
        match code {
            ErrorCode::MailboxInUse | ErrorCode::TooOften => Self::Busy,
            ErrorCode::AuthRefused
            | ErrorCode::AuthAppPassword
            | ErrorCode::AuthNotPossible
            | ErrorCode::PopSwitchedOff => Self::Refused,
            ErrorCode::Certificate
            | ErrorCode::NoEncryption
            | ErrorCode::StlsRefused
            | ErrorCode::NotPop3 => Self::Unproven,
            ErrorCode::IdsChanged => Self::Ids,
            _ => Self::Temporary,
        }
    }

    fn wait(self, times: u32, normal: Duration) -> Duration {
        let minutes = |minutes: u64| Duration::from_secs(minutes * MINUTE);
        match (self, times) {
            (Self::Busy, 1) => minutes(2),
            (Self::Busy, 2) => minutes(5),
            (Self::Good | Self::Ids | Self::Busy, _) => normal,
            (Self::Temporary, _) => (normal * 2_u32.pow(times.min(10))).min(minutes(60)),
            (Self::Refused | Self::Unproven, 1) => minutes(15),
            (Self::Refused | Self::Unproven, 2) => minutes(60),
            (Self::Refused, 3) | (Self::Unproven, _) => minutes(6 * 60),
            (Self::Refused, _) => minutes(24 * 60),
        }
    }
}

/// What was recorded with the end of a run.
pub(crate) struct Recorded<'a> {
    pub(crate) end: &'a RunEnd,
    /// When the row says that the next one is due.
    pub(crate) next_due: Option<Timestamp>,
    /// What the row says of the time the server wants between two visits.
    pub(crate) min_interval: Option<Duration>,
}

impl Recorded<'_> {
    /// Whether the row is due when the run wanted it to be.
    fn is_the_runs(&self) -> bool {
        let wanted = self.end.schedule.and_then(|schedule| schedule.next_due);
        self.next_due == wanted
    }
}

impl Book {
    pub(crate) fn new(normal: Duration) -> Self {
        Self {
            normal,
            gap: FLOOR,
            row: Some((Class::Good, 0)),
            begun: None,
            refused_until: None,
            signed_in: None,
            due_by: Instant::now(),
            is_running: false,
            is_adrift: false,
            is_saved: false,
        }
    }

    /// Another interval, and the right password: all is forgiven.
    pub(crate) fn saved(&mut self, normal: Option<Duration>) {
        self.normal = normal.unwrap_or(self.normal);
        self.row = Some((Class::Good, 0));
        self.refused_until = None;
        self.is_saved = true;
        let soon = Instant::now() + self.gap;
        self.due_by = self.due_by.min(soon);
    }

    /// Earlier failures were none after all.
    pub(crate) fn uncounted(&mut self) {
        self.row = None;
    }

    /// The clock was turned: what is spanned by that proves nothing. With nobody there to see it the
    /// schedule may wait a whole wait again.
    pub(crate) fn clock_jumped(&mut self, is_seen: bool) {
        (self.begun, self.refused_until, self.signed_in) = (None, None, None);
        self.is_adrift = true;
        if !is_seen {
            self.due_by = Instant::now() + self.most_now();
        }
    }

    /// A process begins. `kept`: everything that was said to be recorded is.
    pub(crate) fn opened(&mut self, kept: bool) {
        let now = Instant::now();
        let rested = self.begun.unwrap_or(now) + self.gap;
        let soon = rested.max(now + FLOOR);
        self.is_running = false;
        if kept {
            self.due_by = self.due_by.max(soon);
        } else {
            (self.row, self.begun, self.refused_until) = (None, None, None);
            self.due_by = soon + self.longest();
        }
    }

    /// A run begins.
    pub(crate) fn begins(&mut self) -> Result<(), String> {
        let now = Instant::now();
        self.is_running = true;
        match self.begun.replace(now).map(|then| now - then) {
            Some(gap) if gap + SLACK < FLOOR => Err(format!("is visited again after {gap:?}")),
            _ => Ok(()),
        }
    }

    /// Somebody signs in, or tries. `delay` is what the server wants between two.
    pub(crate) fn signs_in(&mut self, delay: Duration) -> Result<(), String> {
        let now = Instant::now();
        let gap = self.signed_in.replace(now).map(|then| now - then);
        if let Some(gap) = gap.filter(|gap| *gap + SLACK < delay) {
            return Err(format!(
                "wants {delay:?} between two visits and had {gap:?}"
            ));
        }
        match self.refused_until {
            Some(until) if now + SLACK < until => {
                let early = until - now;
                Err(format!(
                    "is asked again {early:?} too soon behind a refusal"
                ))
            }
            _ => Ok(()),
        }
    }

    /// A person says "try again".
    pub(crate) fn tried_again(&mut self) {
        if let Some(until) = &mut self.refused_until {
            *until = (*until).min(Instant::now());
        }
    }

    /// The end of a run is recorded. Fails with the promise that is broken, and how.
    pub(crate) fn ended(&mut self, recorded: &Recorded<'_>) -> Result<(), (u8, String)> {
        let end = recorded.end;
        let gap = recorded.min_interval.unwrap_or_default().max(FLOOR);
        self.gap = gap;
        self.is_running = false;
        // Somebody has saved it while it ran, perhaps with another password than the one that this
        // run was refused with: what they made of it stands, and the end says nothing.
        if std::mem::take(&mut self.is_saved) && !recorded.is_the_runs() {
            self.due_by = Instant::now() + gap;
            return Ok(());
        }
        let wait = self.wait_behind(end, gap);
        let due = recorded
            .next_due
            .ok_or_else(|| (5, "is never due again".to_owned()))?;
        let found = due.since(end.ended);
        let (least, most) = wait.map_or_else(
            || (gap, self.longest()),
            |wait| ((wait * 9 / 10).max(gap), (wait * 11 / 10).max(gap)),
        );
        self.due_by = Instant::now() + most;
        self.is_adrift = false;
        if let (Some((Class::Refused, times)), Some(begun)) = (self.row, self.begun)
            && end.counts
            && end
                .code
                .is_some_and(|code| Class::of(code) == Class::Refused)
        {
            self.refused_until = Some(begun + Class::Refused.wait(times, self.normal) * 9 / 10);
        } else if end.code.is_none() {
            self.refused_until = None;
        }
        // Both are whole milliseconds.
        let slack = Duration::from_millis(2);
        if least <= found + slack && found <= most + slack {
            return Ok(());
        }
        let (row, code) = (self.row, end.code);
        let text = format!(
            "is due {found:?} behind {code:?} ({row:?}), and not between {least:?} and {most:?}"
        );
        Err((if found < least { 7 } else { 5 }, text))
    }

    /// A run is over whose end the store would not take.
    pub(crate) fn unrecorded(&mut self) {
        if std::mem::take(&mut self.is_running) {
            // What it was due by may have been told by another clock.
            self.due_by = self.due_by.max(Instant::now() + self.most_now());
        }
    }

    /// Since when the next run should have begun.
    pub(crate) fn overdue_since(&self) -> Option<Instant> {
        // A process that ends, or a store that takes nothing, makes the wait begin again.
        let again = if self.is_adrift { 2 } else { 0 };
        let due = self.due_by + self.most_now() * again;
        (!self.is_running && due < Instant::now()).then_some(due)
    }

    fn wait_behind(&mut self, end: &RunEnd, gap: Duration) -> Option<Duration> {
        let normal = self.normal.max(gap);
        let class = match end.code {
            _ if !end.counts => return Some(Duration::ZERO),
            _ if end.stopped => return self.row.map(|(class, times)| class.wait(times, normal)),
            None => Class::Good,
            Some(code) => Class::of(code),
        };
        let signed_in = matches!(
            end.code,
            Some(ErrorCode::IdsChanged | ErrorCode::MailboxFull)
        );
        let row = match (self.row, class) {
            (_, Class::Good) => (class, 0),
            (Some((Class::Refused, times)), _) if class != Class::Refused && !signed_in => {
                // It never came to the sign-in.
                let wait = Class::Refused.wait(times, normal);
                return Some(wait.min(Duration::from_secs(60 * MINUTE)));
            }
            (Some((before, times)), _) if before == class => (class, times + 1),
            (Some(_), _) => (class, 1),
            (None, _) => return None,
        };
        self.row = Some(row);
        Some(row.0.wait(row.1, normal))
    }

    /// The longest wait from here on.
    fn most_now(&self) -> Duration {
        let most = |(class, times): (Class, u32)| class.wait(times, self.normal.max(self.gap));
        let most = self
            .row
            .map_or_else(|| self.longest(), |row| most(row) * 11 / 10);
        most.max(self.gap)
    }

    /// No wait is longer.
    fn longest(&self) -> Duration {
        Class::Refused.wait(9, self.normal) * 11 / 10
    }
}

#[cfg(test)]
mod tests {
    use inhaul_domain::schedule::{ScheduleState, Setback};
    use inhaul_types::{Octets, RunId};

    use super::*;

    const EVERY: Duration = Duration::from_secs(600);

    /// The end of a run that a server has refused now, and wants back in a quarter of an hour.
    fn refused(now: Timestamp) -> RunEnd {
        let schedule = ScheduleState {
            next_due: Some(now.plus(Duration::from_secs(15 * MINUTE))),
            setback: Some(Setback::SignInRefused),
            setbacks: 1,
            ..ScheduleState::default()
        };
        RunEnd {
            run: RunId::new(1),
            ended: now,
            code: Some(ErrorCode::AuthRefused),
            listed: 0,
            stored: 0,
            octets: Octets::ZERO,
            deleted: 0,
            left: 0,
            notes: Vec::new(),
            said: None,
            detail: None,
            conversation: String::new(),
            capabilities: None,
            sign_in_memory: None,
            stopped: false,
            schedule: Some(schedule),
            due_before: None,
            counts: true,
        }
    }

    #[test]
    fn a_password_that_is_saved_while_the_old_one_is_refused_is_tried_at_once() {
        let now = Timestamp::from_millis(0);
        let end = refused(now);
        let wanted = end.schedule.and_then(|schedule| schedule.next_due);
        for (is_saved, next_due, may_sign_in) in [
            (false, wanted, false),
            (true, Some(now), true),
            // Saved before the run began: it was the new one that was refused.
            (true, wanted, false),
        ] {
            let mut book = Book::new(EVERY);
            book.begins().unwrap();
            if is_saved {
                book.saved(None);
            }
            let recorded = Recorded {
                end: &end,
                next_due,
                min_interval: None,
            };
            book.ended(&recorded).unwrap();
            let found = book.signs_in(Duration::ZERO).is_ok();
            assert_eq!(found, may_sign_in, "saved {is_saved}, due {next_due:?}");
        }
    }

    #[test]
    fn a_row_that_is_due_too_soon_and_that_nobody_saved_is_noticed() {
        let now = Timestamp::from_millis(0);
        let end = refused(now);
        let mut book = Book::new(EVERY);
        book.begins().unwrap();
        let recorded = Recorded {
            end: &end,
            next_due: Some(now),
            min_interval: None,
        };
        let (promise, how) = book.ended(&recorded).unwrap_err();
        assert_eq!(promise, 7, "{how}");
    }
}
