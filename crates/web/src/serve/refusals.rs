//! What is refused before anybody looks at what it says: told to the log, a line a minute for each kind.
//!
//! Whoever attacks must not fill the log, and must be seen in it. Owns one count for each kind and
//! nothing of whoever is refused, so memory is the same however many there are.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Why somebody is not heard to the end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    /// The head of a request came too slowly.
    SlowHead,
    /// The head of a request is too large.
    LargeHead,
    /// What came is no request.
    NoRequest,
    /// A request was not there, or not answered, in time.
    SlowRequest,
    /// The body of a request is too large.
    LargeBody,
    /// An answer is not read.
    SlowReader,
    /// There are too many connections.
    Full,
    /// Another site had a browser send it.
    OtherSite,
}

/// Counts them.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<[Tally; KINDS]>);

#[derive(Clone, Copy, Default)]
struct Tally {
    told: Option<Instant>,
    /// Since then, and not told.
    more: u64,
}

impl Refusals {
    /// One more, of this address.
    pub(crate) fn note(&self, why: Refusal, address: IpAddr) {
        if let Some(untold) = self.count(why, Instant::now()) {
            let what = why.in_words();
            tracing::warn!(%address, untold, "refused: {what}");
        }
    }

    /// How many were not told before this one; `None` where this one is not told either.
    fn count(&self, why: Refusal, now: Instant) -> Option<u64> {
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = &mut tallies[why as usize];
        if tally
            .told
            .is_some_and(|told| now.duration_since(told) < BETWEEN_LINES)
        {
            tally.more += 1;
            return None;
        }
        tally.told = Some(now);
        Some(std::mem::take(&mut tally.more))
    }
}

impl Refusal {
    fn in_words(self) -> &'static str {
        match self {
            Self::SlowHead => "a request that comes too slowly",
            Self::LargeHead => "a request with too large a head",
            Self::NoRequest => "what came is no request",
            Self::SlowRequest => "a request that was not there in time, or not answered",
            Self::LargeBody => "a request with too large a body",
            Self::SlowReader => "an answer that nobody reads",
            Self::Full => "too many connections",
            Self::OtherSite => "sent by another site",
        }
    }
}

impl fmt::Debug for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusals").finish_non_exhaustive()
    }
}

const KINDS: usize = Refusal::OtherSite as usize + 1;

/// Lines of one kind have this between them at least.
const BETWEEN_LINES: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_line_a_minute_that_says_how_many_had_none() {
        let (refusals, began) = (Refusals::default(), Instant::now());
        let count = |why, seconds| refusals.count(why, began + Duration::from_secs(seconds));
        assert_eq!(count(Refusal::SlowHead, 0), Some(0));
        assert_eq!(count(Refusal::SlowHead, 1), None);
        assert_eq!(count(Refusal::SlowHead, 59), None);
        assert_eq!(count(Refusal::Full, 59), Some(0), "another kind");
        assert_eq!(count(Refusal::SlowHead, 60), Some(2));
        assert_eq!(count(Refusal::SlowHead, 200), Some(0));
    }
}
