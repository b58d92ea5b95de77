//! What happened, in order: for whoever looks into a failing seed, and as a hash, so that two runs
//! of one seed can be compared.

use std::collections::VecDeque;
use std::fmt::Arguments;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::Breach;

/// Lines shown with a breach.
const LINES: usize = 60;

/// The log of one simulation.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    began: Instant,
    state: Arc<Mutex<State>>,
    /// Something was breached.
    breached: Arc<Notify>,
}

#[derive(Debug)]
struct State {
    hash: u64,
    events: u64,
    lines: VecDeque<String>,
    breach: Option<Breach>,
    aloud: bool,
}

impl Story {
    pub(crate) fn new(aloud: bool) -> Self {
        let state = State {
            hash: 0xcbf2_9ce4_8422_2325,
            events: 0,
            lines: VecDeque::with_capacity(LINES),
            breach: None,
            aloud,
        };
        Self {
            began: Instant::now(),
            state: Arc::new(Mutex::new(state)),
            breached: Arc::default(),
        }
    }

    /// Since the beginning, in virtual time.
    pub(crate) fn age(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn tell(&self, what: Arguments<'_>) {
        let line = format!("{} {what}", in_words(self.age()));
        let mut state = self.lock();
        state.events += 1;
        for octet in line.bytes() {
            // FNV-1a.
            state.hash = (state.hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
        }
        if state.aloud {
            eprintln!("{line}");
        }
        if state.lines.len() == LINES {
            state.lines.pop_front();
        }
        state.lines.push_back(line);
    }

    /// A promise was broken. The first breach is the one that is told.
    pub(crate) fn breach(&self, promise: u8, what: String) {
        self.tell(format_args!("PROMISE {promise} BROKEN: {what}"));
        let mut state = self.lock();
        if state.breach.is_none() {
            let story = state.lines.iter().cloned().collect();
            state.breach = Some(Breach {
                promise,
                what,
                story,
            });
        }
        drop(state);
        self.breached.notify_one();
    }

    pub(crate) fn is_breached(&self) -> bool {
        self.lock().breach.is_some()
    }

    pub(crate) async fn breached(&self) {
        self.breached.notified().await;
    }

    pub(crate) fn take_breach(&self) -> Option<Breach> {
        self.lock().breach.take()
    }

    /// Events and their hash.
    pub(crate) fn digest(&self) -> (u64, u64) {
        let state = self.lock();
        (state.events, state.hash)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn in_words(age: Duration) -> String {
    let (seconds, millis) = (age.as_secs(), age.subsec_millis());
    let (day, hour) = (seconds / 86_400 + 1, seconds / 3600 % 24);
    let (minute, second) = (seconds / 60 % 60, seconds % 60);
    format!("day {day} {hour:02}:{minute:02}:{second:02}.{millis:03}")
}
