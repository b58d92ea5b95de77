//! What became of checks that an administrator asked for.

use std::fmt;

use inhaul_store::StoreError;
use inhaul_types::{Activation, RetrievalId};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::look::many;
use crate::runs::{Answer, Force, Start, What};

/// How many began, wait, follow a run that goes on, or were refused: what a page's address carries
/// to the page that says so.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub(super) struct Asked {
    started: u64,
    waiting: u64,
    refused: u64,
}

impl Asked {
    /// Asks for a run of each of them, and says what became of it.
    pub(super) async fn run(app: &App, retrievals: Vec<RetrievalId>) -> Result<Self, StoreError> {
        let start = Start {
            what: What::Retrievals(retrievals),
            activation: Activation::Button,
            by: None,
            force: Force::Administrator,
        };
        let mut asked = Self::default();
        for (_, answer) in app.runs().start(start).await? {
            *match answer {
                Answer::Started | Answer::Joined => &mut asked.started,
                Answer::Queued(_) | Answer::Behind(_) => &mut asked.waiting,
                Answer::Refused(_) => &mut asked.refused,
            } += 1;
        }
        Ok(asked)
    }

    /// Whether there is anything to say.
    pub(super) fn is_something(self) -> bool {
        self != Self::default()
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            started,
            waiting,
            refused,
        } = *self;
        if started > 0 {
            write!(f, "{} started. ", many(started, "check"))?;
        }
        match waiting {
            0 => {}
            1 => f.write_str("1 waits for its turn. ")?,
            more => write!(f, "{more} wait for their turn. ")?,
        }
        match refused {
            0 => {}
            1 => f.write_str("1 cannot be checked now; its row says why.")?,
            more => write!(f, "{more} cannot be checked now; their rows say why.")?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_checks_is_said_in_sentences() {
        for (counts, words) in [
            ((1, 0, 0), "1 check started. "),
            ((12, 3, 0), "12 checks started. 3 wait for their turn. "),
            (
                (0, 1, 2),
                "1 waits for its turn. 2 cannot be checked now; their rows say why.",
            ),
        ] {
            let (started, waiting, refused) = counts;
            let asked = Asked {
                started,
                waiting,
                refused,
            };
            assert_eq!(asked.to_string(), words);
        }
    }
}
