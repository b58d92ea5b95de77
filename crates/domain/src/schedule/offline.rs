//! Whether this machine has a line at all: a failure without one is nobody's failure.

use std::collections::VecDeque;
use std::time::Duration;

use inhaul_types::{ErrorCode, Timestamp};

/// Watches the network failures of all runs. When several hosts fail in a moment and none
/// answers, it is not they who are gone.
#[derive(Clone, Debug, Default)]
pub struct OfflineWatch {
    since: Option<Timestamp>,
    /// The last network failures, a host once, oldest first.
    failed: VecDeque<(Box<str>, Timestamp)>,
    /// Hosts that had failed when a look-up proved the line: perhaps it is they who are gone. They
    /// prove nothing until they have answered once, or a day is over.
    suspects: VecDeque<(Box<str>, Timestamp)>,
}

impl OfflineWatch {
    /// A machine with a line.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a run that ended so reached nobody: [`OfflineWatch::failed`] wants to know of it.
    /// Any other end, a refused password too, is an answer: [`OfflineWatch::succeeded`].
    pub fn concerns(code: ErrorCode) -> bool {
        matches!(code, ErrorCode::NameNotFound | ErrorCode::NoAnswer)
    }

    /// Since when there is no line; `None` if there is one.
    pub fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// A run could not reach this host, for a reason of the network. Says since when there is no
    /// line, if this shows it: then the failure does not count.
    pub fn failed(&mut self, host: &str, now: Timestamp) -> Option<Timestamp> {
        self.suspects
            .retain(|(_, then)| *then <= now && now.since(*then) < SUSPECTED_FOR);
        self.failed
            .retain(|(name, then)| **name != *host && *then <= now && now.since(*then) <= WITHIN);
        if !self.suspects.iter().any(|(name, _)| **name == *host) {
            self.failed.push_back((host.into(), now));
        }
        if self.since.is_none() && self.failed.len() >= HOSTS {
            self.since = self.failed.front().map(|(_, then)| *then);
        }
        while self.failed.len() > HOSTS {
            self.failed.pop_front();
        }
        self.since
    }

    /// The machine says itself that it has no route.
    pub fn no_route(&mut self, now: Timestamp) {
        self.since.get_or_insert(now);
    }

    /// A host answered, so there is a line. Whether there was none before: then all that is due is
    /// spread out.
    pub fn succeeded(&mut self, host: &str) -> bool {
        self.suspects.retain(|(name, _)| **name != *host);
        self.failed.clear();
        self.since.take().is_some()
    }

    /// The look-up that is made every [`OfflineWatch::LOOK_UP_EVERY`] while there is no line found
    /// a name. Whether there was no line before.
    pub fn looked_up(&mut self, now: Timestamp) -> bool {
        for (host, _) in self.failed.drain(..) {
            self.suspects.push_back((host, now));
        }
        while self.suspects.len() > MOST_SUSPECTS {
            self.suspects.pop_front();
        }
        self.since.take().is_some()
    }

    /// How often a cheap name look-up asks whether the line is back.
    pub const LOOK_UP_EVERY: Duration = Duration::from_secs(30);
}

/// Two may be down together by chance.
const HOSTS: usize = 3;
const WITHIN: Duration = Duration::from_secs(60);
const SUSPECTED_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// Of more, the oldest may prove something again: at worst a look-up too many.
const MOST_SUSPECTS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    enum Told {
        Failed(&'static str, i64),
        Answered(&'static str),
        NoRoute(i64),
        LookedUp(i64),
    }
    use Told::{Answered, Failed, LookedUp, NoRoute};

    #[test]
    fn three_hosts_in_a_minute_and_none_that_answers_are_no_line() {
        for (name, told, since) in [
            ("nothing", &[][..], None),
            ("two", &[Failed("a", 0), Failed("b", 1)], None),
            (
                "three",
                &[Failed("a", 5), Failed("b", 6), Failed("c", 65)],
                Some(5),
            ),
            (
                "one of them three times",
                &[Failed("a", 0), Failed("a", 1), Failed("a", 2)],
                None,
            ),
            (
                "too slowly",
                &[Failed("a", 0), Failed("b", 30), Failed("c", 61)],
                None,
            ),
            (
                "one that failed before is as fresh as its last failure",
                &[
                    Failed("a", 0),
                    Failed("b", 50),
                    Failed("a", 59),
                    Failed("c", 100),
                ],
                Some(50),
            ),
            (
                "one answered meanwhile",
                &[
                    Failed("a", 0),
                    Failed("b", 1),
                    Answered("d"),
                    Failed("c", 2),
                ],
                None,
            ),
            ("no route", &[NoRoute(7)], Some(7)),
            ("no route twice", &[NoRoute(7), NoRoute(9)], Some(7)),
            ("a look-up brings it back", &[NoRoute(7), LookedUp(9)], None),
            (
                "an answer brings it back",
                &[NoRoute(7), Answered("a")],
                None,
            ),
            (
                "clock set back",
                &[Failed("a", 86_400), Failed("b", 86_401), Failed("c", 0)],
                None,
            ),
        ] {
            let mut watch = OfflineWatch::new();
            tell(&mut watch, told);
            assert_eq!(watch.since(), since.map(at), "{name}");
        }
    }

    #[test]
    fn hosts_that_are_down_themselves_do_not_take_the_line_down_again() {
        let mut watch = OfflineWatch::new();
        let three = |from| [Failed("a", from), Failed("b", from), Failed("c", from)];
        tell(&mut watch, &three(0));
        assert!(watch.since().is_some());
        assert!(watch.looked_up(at(30)));
        tell(&mut watch, &three(600));
        assert_eq!(watch.since(), None, "they count as failures now");
        tell(&mut watch, &[Answered("a"), Answered("b"), Answered("c")]);
        tell(&mut watch, &three(1200));
        assert_eq!(watch.since(), Some(at(1200)), "they had answered");
        assert!(watch.looked_up(at(1230)));
        tell(&mut watch, &three(1200 + 2 * 86_400));
        assert!(watch.since().is_some(), "a day is over");
    }

    fn tell(watch: &mut OfflineWatch, told: &[Told]) {
        for told in told {
            match *told {
                Failed(host, seconds) => _ = watch.failed(host, at(seconds)),
                Answered(host) => _ = watch.succeeded(host),
                NoRoute(seconds) => watch.no_route(at(seconds)),
                LookedUp(seconds) => _ = watch.looked_up(at(seconds)),
            }
        }
    }
}
