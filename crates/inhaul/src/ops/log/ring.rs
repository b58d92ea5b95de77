//! The newest lines, in memory: what `inhaul log` and the manager's page show and follow.
//!
//! A follower costs a number, not a queue: it reads on where it was. One that is too slow is told
//! how many lines it missed, and never holds anybody up.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::line::{Line, Stamp, name_in_line};
use crate::config::sections::log::LogLevel;

/// The newest lines.
#[derive(Debug)]
pub(crate) struct Ring {
    lines: Mutex<VecDeque<Arc<Line>>>,
    /// The number of the newest line; 0 before the first.
    newest: watch::Sender<u64>,
}

/// Which lines are wanted. The empty filter wants all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// This important at least.
    pub(crate) level: Option<LogLevel>,
    /// About this run.
    pub(crate) run: Option<i64>,
    /// About this retrieval.
    pub(crate) retrieval: Option<String>,
    /// With these words in them, large or small.
    pub(crate) text: Option<String>,
}

/// A part of the log.
#[derive(Debug)]
pub(crate) struct Page {
    /// Oldest first.
    pub(crate) lines: Vec<Arc<Line>>,
    /// Whether older ones that were wanted are still there.
    pub(crate) has_older: bool,
}

/// What a follower gets.
#[derive(Clone, Debug)]
pub(crate) enum Followed {
    /// A line that was wanted.
    Line(Arc<Line>),
    /// So many lines are gone that were never seen.
    Missed(u64),
}

/// Reads on where it was.
#[derive(Debug)]
pub(crate) struct Follower {
    ring: Arc<Ring>,
    filter: Filter,
    /// The last line that was looked at.
    seen: u64,
    newest: watch::Receiver<u64>,
}

impl Default for Ring {
    fn default() -> Self {
        Self {
            lines: Mutex::default(),
            newest: watch::Sender::new(0),
        }
    }
}

impl Ring {
    /// Takes in a line and numbers it.
    pub(super) fn push(&self, mut line: Line) -> Arc<Line> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        line.seq = lines.back().map_or(0, |last| last.seq) + 1;
        let line = Arc::new(line);
        if lines.len() == MOST {
            lines.pop_front();
        }
        lines.push_back(Arc::clone(&line));
        // Under the lock, so that numbers are announced in order.
        self.newest.send_replace(line.seq);
        line
    }

    /// The newest `most` lines that are wanted, older than the one numbered `before`.
    pub(crate) fn page(&self, filter: &Filter, before: Option<u64>, most: usize) -> Page {
        let wanted = Wanted::of(filter);
        let candidates: Vec<_> = {
            let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.iter().map(Arc::clone).collect()
        };
        let mut found = candidates
            .into_iter()
            .rev()
            .filter(|line| before.is_none_or(|before| line.seq < before))
            .filter(|line| wanted.wants(line));
        let mut lines: Vec<_> = found.by_ref().take(most).collect();
        lines.reverse();
        Page {
            lines,
            has_older: found.next().is_some(),
        }
    }

    /// Follows the log behind the line numbered `after`, or from now on.
    pub(crate) fn follow(self: &Arc<Self>, filter: Filter, after: Option<u64>) -> Follower {
        let newest = self.newest.subscribe();
        let now = *newest.borrow();
        Follower {
            ring: Arc::clone(self),
            filter,
            // A number from before a restart is ahead of us.
            seen: after.map_or(now, |after| after.min(now)),
            newest,
        }
    }
}

impl Follower {
    /// The next line that is wanted, as soon as there is one. A call that is dropped loses nothing.
    pub(crate) async fn next(&mut self) -> Followed {
        loop {
            // Marked before looking: a line that comes meanwhile wakes us again.
            self.newest.borrow_and_update();
            if let Some(followed) = self.next_there() {
                return followed;
            }
            if self.newest.changed().await.is_err() {
                // We hold the ring, so its sender lives.
                std::future::pending::<()>().await;
            }
        }
    }

    fn next_there(&mut self) -> Option<Followed> {
        let ring = Arc::clone(&self.ring);
        let lines = ring.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = lines.front()?.seq;
        if oldest > self.seen + 1 {
            let missed = oldest - self.seen - 1;
            self.seen = oldest - 1;
            return Some(Followed::Missed(missed));
        }
        let wanted = Wanted::of(&self.filter);
        let from = usize::try_from(self.seen + 1 - oldest).unwrap_or(usize::MAX);
        let mut seen = self.seen;
        let next = lines.iter().skip(from).find(|line| {
            seen = line.seq;
            wanted.wants(line)
        });
        self.seen = seen;
        next.map(|line| Followed::Line(Arc::clone(line)))
    }
}

/// A filter made ready for many lines.
struct Wanted<'a> {
    filter: &'a Filter,
    retrieval: Option<String>,
    text: Option<String>,
}

impl<'a> Wanted<'a> {
    fn of(filter: &'a Filter) -> Self {
        Self {
            retrieval: filter.retrieval.as_deref().map(name_in_line),
            text: filter.text.as_ref().map(|text| text.to_lowercase()),
            filter,
        }
    }

    fn wants(&self, line: &Line) -> bool {
        let Filter { level, run, .. } = self.filter;
        level.is_none_or(|level| line.level as u8 <= level as u8)
            && (run.is_none() || line.run == *run)
            && (self.retrieval.is_none() || line.retrieval == self.retrieval)
            && self.text.as_ref().is_none_or(|text| {
                let whole = line.text(Stamp::Absent).to_lowercase();
                whole.contains(text)
            })
    }
}

/// Lines kept: some hours of a busy server, 2 MB at the very most.
const MOST: usize = 2_000;

#[cfg(test)]
mod tests {
    use inhaul_types::Timestamp;

    use super::*;

    fn line(level: LogLevel, retrieval: &str, run: i64) -> Line {
        Line {
            seq: 0,
            at: Timestamp::from_millis(0),
            level,
            target: "inhaul",
            message: "run finished".into(),
            retrieval: Some(retrieval.into()),
            run: Some(run),
            fields: Vec::new(),
        }
    }

    fn runs(page: &Page) -> Vec<i64> {
        page.lines.iter().filter_map(|line| line.run).collect()
    }

    #[test]
    fn a_page_is_the_newest_lines_that_are_wanted() {
        let ring = Ring::default();
        for run in 1..=6 {
            let level = if run % 2 == 0 {
                LogLevel::Warn
            } else {
                LogLevel::Info
            };
            ring.push(line(level, if run < 4 { "Old ISP" } else { "firm" }, run));
        }
        let all = Filter::default();
        let newest = ring.page(&all, None, 2);
        assert_eq!((runs(&newest), newest.has_older), (vec![5, 6], true));
        let before = ring.page(&all, Some(newest.lines[0].seq), 10);
        assert_eq!((runs(&before), before.has_older), (vec![1, 2, 3, 4], false));
        for (filter, expected) in [
            (
                Filter {
                    level: Some(LogLevel::Warn),
                    ..all.clone()
                },
                vec![2, 4, 6],
            ),
            (
                Filter {
                    level: Some(LogLevel::Trace),
                    ..all.clone()
                },
                vec![1, 2, 3, 4, 5, 6],
            ),
            (
                Filter {
                    run: Some(3),
                    ..all.clone()
                },
                vec![3],
            ),
            (
                Filter {
                    retrieval: Some("firm".into()),
                    ..all.clone()
                },
                vec![4, 5, 6],
            ),
            (
                Filter {
                    retrieval: Some("fir".into()),
                    ..all.clone()
                },
                vec![],
            ),
            (
                Filter {
                    text: Some("OLD isp".into()),
                    ..all.clone()
                },
                vec![1, 2, 3],
            ),
            (
                Filter {
                    text: Some("run=5".into()),
                    ..all.clone()
                },
                vec![5],
            ),
        ] {
            assert_eq!(runs(&ring.page(&filter, None, 10)), expected, "{filter:?}");
        }
    }

    #[test]
    fn only_so_many_lines_are_kept() {
        let ring = Ring::default();
        for run in 0..MOST as i64 + 5 {
            ring.push(line(LogLevel::Info, "x", run));
        }
        let page = ring.page(&Filter::default(), None, usize::MAX);
        assert_eq!(page.lines.len(), MOST);
        assert_eq!(page.lines[0].run, Some(5));
    }

    #[tokio::test]
    async fn a_follower_gets_each_wanted_line_once_and_in_order() {
        let ring = Arc::new(Ring::default());
        ring.push(line(LogLevel::Info, "x", 1));
        let mut from_now = ring.follow(Filter::default(), None);
        let mut from_start = ring.follow(Filter::default(), Some(0));
        let warnings = Filter {
            level: Some(LogLevel::Warn),
            ..Filter::default()
        };
        let mut warned = ring.follow(warnings, None);
        let writer = tokio::spawn({
            let ring = Arc::clone(&ring);
            async move {
                for run in 2..=100 {
                    let level = if run == 100 {
                        LogLevel::Warn
                    } else {
                        LogLevel::Info
                    };
                    ring.push(line(level, "x", run));
                    tokio::task::yield_now().await;
                }
            }
        });
        for (follower, first) in [(&mut from_start, 1), (&mut from_now, 2), (&mut warned, 100)] {
            for expected in first..=100 {
                match follower.next().await {
                    Followed::Line(line) => assert_eq!(line.run, Some(expected)),
                    Followed::Missed(missed) => panic!("{missed} missed"),
                }
            }
        }
        writer.await.unwrap();
    }

    #[tokio::test]
    async fn a_slow_follower_is_told_what_it_missed() {
        let ring = Arc::new(Ring::default());
        let mut follower = ring.follow(Filter::default(), None);
        for run in 1..=MOST as i64 + 7 {
            ring.push(line(LogLevel::Info, "x", run));
        }
        assert!(matches!(follower.next().await, Followed::Missed(7)));
        assert!(matches!(follower.next().await, Followed::Line(line) if line.run == Some(8)));
    }
}
