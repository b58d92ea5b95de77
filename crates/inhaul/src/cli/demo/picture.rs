//! Bars of runs, drawn from the service's events.

use std::collections::HashMap;

use inhaul_engine::service::{Come, RunStage};

use super::samples::Sample;
use crate::cli::progress::{Bar, Bars};
use crate::control::BarStep;

/// The bars on the screen, one for each run that is shown.
pub(super) struct Picture {
    bars: Bars,
    shown: HashMap<Sample, (Bar, Come)>,
}

impl Picture {
    pub(super) fn new(draws: bool) -> Self {
        Self {
            bars: Bars::new(draws),
            shown: HashMap::new(),
        }
    }

    /// A run has come so far.
    pub(super) fn show(&mut self, sample: Sample, come: Come) {
        let bars = &self.bars;
        let new = || (bars.add(sample.name()), Come::default());
        let (bar, before) = self.shown.entry(sample).or_insert_with(new);
        for step in steps(before, &come) {
            bar.show(&step);
        }
        *before = come;
    }

    /// It has ended.
    pub(super) fn take_away(&mut self, sample: Sample) {
        if let Some((bar, _)) = self.shown.remove(&sample) {
            bar.done();
        }
    }

    /// Writes to the terminal while the bars step aside.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bars.aside(write)
    }

    pub(super) fn clear(&self) {
        self.bars.clear();
    }
}

/// What happened from one moment of a run to another.
fn steps(before: &Come, now: &Come) -> Vec<BarStep> {
    let mut steps = Vec::new();
    if before.stage != now.stage {
        steps.extend(match now.stage {
            RunStage::Waiting
            | RunStage::Connecting
            | RunStage::Securing
            | RunStage::Deleting(_)
            | RunStage::Ended => None,
            RunStage::Finding => Some(BarStep::Started),
            RunStage::SigningIn => Some(BarStep::Connected),
            RunStage::Looking => Some(BarStep::SignedIn),
            RunStage::Bringing => Some(BarStep::Listed {
                wanted: now.wanted,
                octets: now.of_octets.count(),
            }),
        });
    }
    let octets = now.octets.count().saturating_sub(before.octets.count());
    if octets > 0 {
        steps.push(BarStep::Received { octets });
    }
    if before.stored != now.stored {
        let messages = now.stored;
        steps.push(BarStep::Stored { messages });
    }
    steps
}

#[cfg(test)]
mod tests {
    use inhaul_types::Octets;

    use super::*;

    #[test]
    fn a_bar_sees_what_happened_since_it_was_drawn() {
        let looking = Come {
            stage: RunStage::Looking,
            ..Come::default()
        };
        let bringing = Come {
            stage: RunStage::Bringing,
            wanted: 3,
            of_octets: Octets::new(900),
            octets: Octets::new(200),
            ..looking
        };
        let further = Come {
            octets: Octets::new(500),
            stored: 2,
            ..bringing
        };
        let listed = BarStep::Listed {
            wanted: 3,
            octets: 900,
        };
        let words = |before, now| format!("{:?}", steps(before, now));
        for (before, now, expected) in [
            (&Come::default(), &looking, vec![BarStep::SignedIn]),
            (
                &looking,
                &bringing,
                vec![listed, BarStep::Received { octets: 200 }],
            ),
            (
                &bringing,
                &further,
                vec![
                    BarStep::Received { octets: 300 },
                    BarStep::Stored { messages: 2 },
                ],
            ),
            (&further, &further, vec![]),
        ] {
            assert_eq!(words(before, now), format!("{expected:?}"));
        }
    }
}
