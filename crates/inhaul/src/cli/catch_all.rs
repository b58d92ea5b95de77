//! `inhaul catch-all`: mailboxes whose mail is shared out by recipient.
//!
//! A file each for what looks (`headers`, `preview`, `rules`, `unclaimed`) and what changes (`rule`);
//! [`options`] is what `retrieval add` and `retrieval set` take, [`words`] how all of it is shown.

mod headers;
mod options;
mod preview;
mod rule;
mod rules;
mod sorting;
mod unclaimed;
pub(super) mod words;

use clap::Subcommand;

use super::Globals;
use crate::exit::{Exit, Failure};

pub(super) use options::CatchAllOptions;

#[derive(Debug, Subcommand)]
pub(crate) enum CatchAll {
    /// Say which header tells whom a message was for. Reads headers only
    Headers(headers::HeadersCommand),
    /// Say where the newest messages would go, and why. Reads headers only
    Preview(preview::Preview),
    /// List who gets what, in the order in which it is looked up
    Rules {
        /// Which catch-all
        name: String,
    },
    /// Add and remove rules
    #[command(subcommand)]
    Rule(rule::Rule),
    /// List the addresses that nobody has, the most frequent first
    Unclaimed {
        /// Which catch-all
        name: String,
    },
}

impl CatchAll {
    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        match self {
            Self::Headers(headers) => headers.run(globals).await,
            Self::Preview(preview) => preview.run(globals).await,
            Self::Rules { name } => rules::list(globals, &name).await,
            Self::Rule(rule) => rule.run(globals).await,
            Self::Unclaimed { name } => unclaimed::run(globals, &name).await,
        }
    }
}
