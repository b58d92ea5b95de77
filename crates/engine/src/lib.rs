//! Runs: brings mail from POP3 maildrops into the store, exactly once.
//!
//! A shell: tasks, sockets through `inhaul-net`, the clock. Decisions are `inhaul-domain`'s, POP3
//! is `inhaul-pop3-proto`'s, durability is the store's. What is here is the order of effects.

mod budget;
pub mod detect;
mod engine;
mod failure;
mod inspect;
mod leases;
mod network;
mod observe;
mod overheard;
mod pop3_log;
mod preview;
mod refusal;
mod run;
mod sabotage;
pub mod service;
mod session;
mod settings;
mod sharing;
mod spool;
mod survey;

pub use engine::{Clock, Engine, RUN_EVENTS, RunOptions};
pub use inhaul_domain::stages::Stage;
pub use inspect::{Found, Inspection, InspectionFailure, InspectionObserver, inspect_mailbox};
pub use observe::{FailureReport, Observer, OverLimit, Progress, RunReport, Unobserved};
pub use overheard::Overheard;
pub use pop3_log::Pop3Log;
pub use preview::{Heading, Preview, Previewed};
#[cfg(feature = "simulation")]
pub use sabotage::{Sabotage, sabotage};
pub use session::secret::secret_in_file;
pub use settings::Checks;
pub use sharing::catch_all;
pub use survey::{Survey, SurveyError, Surveyed};
