//! What is kept of a retrieval's schedule, and how runs and people change it.

use std::time::Duration;

use inhaul_types::{ErrorCode, Timestamp};

use super::setback::DAY;
use super::{Arrivals, Every, Pace, Setback, interval};

/// What is kept of a retrieval's schedule.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ScheduleState {
    /// When it runs next by itself; `None` if it runs only when triggered, or was never scheduled.
    pub next_due: Option<Timestamp>,
    /// The server wants to be asked no more often than this. At most a day.
    pub min_interval: Option<Duration>,
    /// What kind of trouble the last runs had; `None` after a good one.
    pub setback: Option<Setback>,
    /// How many of that kind in a row.
    pub setbacks: u32,
    /// When its last run began, whatever started it.
    pub last_started: Option<Timestamp>,
    /// How many messages arrive.
    pub arrivals: Arrivals,
}

impl ScheduleState {
    /// The shortest time that may lie between the beginnings of two runs, whoever asks: the
    /// installation's floor and what the server asks for.
    pub fn least_gap(&self, pace: &Pace) -> Duration {
        pace.floor.max(self.min_interval.unwrap_or_default())
    }
}

/// How a run ended, as far as the schedule cares.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    /// Well.
    Good {
        /// Messages it stored.
        stored: u64,
        /// What the server announced (LOGIN-DELAY, RFC 2449 section 6.5).
        login_delay: Option<Duration>,
    },
    /// With an error.
    Failed {
        /// Which.
        code: ErrorCode,
        /// What the server announced or named in its refusal.
        login_delay: Option<Duration>,
    },
    /// It was told to stop before it had brought anything.
    Stopped,
    /// The machine had no line. Says nothing of the server.
    Offline,
}

/// The state after a run that ended now. The next one is due no sooner than the floor and the
/// server allow, and a polled retrieval is always due at some time: nothing switches it off.
pub fn after_run(
    state: &ScheduleState,
    every: Every,
    pace: &Pace,
    ended: Ended,
    now: Timestamp,
    noise: u64,
) -> ScheduleState {
    let mut next = *state;
    let mut most = Duration::MAX;
    let wait = match ended {
        Ended::Good {
            stored,
            login_delay,
        } => {
            next.arrivals.record(now, stored);
            next.setback = None;
            next.setbacks = 0;
            raise(&mut next, login_delay);
            class_wait(&next, every, pace, now)
        }
        Ended::Failed { code, login_delay } => {
            raise(&mut next, login_delay);
            if code == ErrorCode::TooOften && login_delay.is_none() {
                guess_delay(&mut next, pace);
            }
            let counted = count_setback(&mut next, code);
            let wait = class_wait(&next, every, pace, now);
            most = match counted {
                Counted::Yes => most_wait(&next, pace),
                // It never came to the sign-in, so there is nothing to be careful about.
                Counted::SignInStillRefused => pace.backoff_max,
            };
            wait.min(most)
        }
        Ended::Stopped => {
            most = most_wait(&next, pace);
            class_wait(&next, every, pace, now)
        }
        Ended::Offline => Duration::ZERO,
    };
    let wait = pace.jittered_within(wait, most, noise);
    let wait = wait.max(next.least_gap(pace));
    next.next_due = (every != Every::Never).then(|| now.plus(wait));
    next
}

/// What somebody did to a retrieval's settings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Saved {
    /// Made it.
    New,
    /// Ended its pause.
    Resumed,
    /// Changed something else than its remote side or password.
    Changed,
    /// Entered its password again.
    Password,
    /// Changed host or user.
    Remote,
}

/// The state after somebody saved the retrieval: it is due at once, or as soon as the floor, the
/// server, and a refused sign-in allow. A new password forgets the refusal; another remote side
/// forgets all that was learned of the old one.
pub fn when_saved(
    state: &ScheduleState,
    every: Every,
    pace: &Pace,
    saved: Saved,
    now: Timestamp,
) -> ScheduleState {
    let mut next = match saved {
        Saved::New | Saved::Remote => ScheduleState::default(),
        Saved::Password => ScheduleState {
            setback: None,
            setbacks: 0,
            ..*state
        },
        Saved::Resumed | Saved::Changed => *state,
    };
    let rested = next
        .last_started
        .and_then(|started| rested(started, next.least_gap(pace), now));
    let allowed = [rested, sign_in_block(&next, now)];
    let due = allowed.into_iter().flatten().fold(now, Ord::max);
    next.next_due = (every != Every::Never).then_some(due);
    next
}

/// While the server refuses the sign-in: until when no trigger signs in. It is the time the
/// schedule waits too, so a retrieval without a schedule is not shut out for ever.
pub fn sign_in_block(state: &ScheduleState, now: Timestamp) -> Option<Timestamp> {
    if state.setback != Some(Setback::SignInRefused) {
        return None;
    }
    let wait = Setback::SignInRefused.wait(state.setbacks, Duration::ZERO, &Pace::default());
    rested(state.last_started?, wait, now)
}

/// When the gap since then is over; `None` if it is now, or if `since` is so far ahead of a clock
/// that was set back that it says nothing.
pub(crate) fn rested(since: Timestamp, gap: Duration, now: Timestamp) -> Option<Timestamp> {
    let over = since.plus(gap);
    (over > now && since <= now.plus(gap)).then_some(over)
}

/// The wait of the present class, before jitter.
pub(super) fn class_wait(
    state: &ScheduleState,
    every: Every,
    pace: &Pace,
    now: Timestamp,
) -> Duration {
    let normal = interval(every, pace, state, now).map_or(pace.every_max, |found| found.length);
    state
        .setback
        .map_or(normal, |setback| setback.wait(state.setbacks, normal, pace))
}

/// The most that chance makes of it.
pub(super) fn most_wait(state: &ScheduleState, pace: &Pace) -> Duration {
    let setback = state.setback;
    setback.map_or(Duration::MAX, |setback| setback.most(pace))
}

enum Counted {
    Yes,
    SignInStillRefused,
}

/// A refused sign-in stands until a run shows that the server lets us in: a server that does not
/// answer for a moment must not let triggers offer the refused password again.
fn count_setback(state: &mut ScheduleState, code: ErrorCode) -> Counted {
    let setback = Setback::of(code);
    let signed_in = matches!(code, ErrorCode::IdsChanged | ErrorCode::MailboxFull);
    match state.setback {
        Some(Setback::SignInRefused) if setback != Setback::SignInRefused && !signed_in => {
            return Counted::SignInStillRefused;
        }
        Some(before) if before == setback => state.setbacks = state.setbacks.saturating_add(1),
        _ => {
            state.setback = Some(setback);
            state.setbacks = 1;
        }
    }
    Counted::Yes
}

fn raise(state: &mut ScheduleState, login_delay: Option<Duration>) {
    let Some(delay) = login_delay.filter(|delay| !delay.is_zero()) else {
        return;
    };
    // A day is the longest wait there is: a server may slow us down, not switch us off.
    state.min_interval = state.min_interval.max(Some(delay.min(DAY)));
}

/// A server that says "too often" and no number: five minutes, then twice as long each time, until
/// it is content.
fn guess_delay(state: &mut ScheduleState, pace: &Pace) {
    let guess = match state.min_interval {
        None => FIRST_GUESS,
        Some(delay) => delay.saturating_mul(2).max(FIRST_GUESS),
    };
    let most = pace.backoff_max.max(FIRST_GUESS);
    raise(state, Some(guess.min(most)));
}

/// Many providers take more than one sign-in in five minutes for an attack.
const FIRST_GUESS: Duration = Duration::from_secs(5 * 60);

#[cfg(test)]
mod tests;
