//! What is said of entries in files: on the caller's terminal, or in the server's log.

use crate::cli::output::complain;

/// One thing that is said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Told {
    /// How much it matters.
    pub(crate) weight: Weight,
    /// The file and line it is about, as `FILE:LINE`.
    pub(crate) at: Option<String>,
    /// What is said, without a stop at its end.
    pub(crate) text: String,
}

/// How much it matters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Weight {
    /// It went as written.
    Done,
    /// It did, and somebody should know more.
    Warning,
    /// What is written is not in force.
    Fault,
}

impl Told {
    pub(super) fn done(at: &str, text: String) -> Self {
        Self::new(Weight::Done, Some(at), text)
    }

    pub(super) fn warning(at: &str, text: String) -> Self {
        Self::new(Weight::Warning, Some(at), text)
    }

    pub(super) fn fault(at: Option<&str>, text: String) -> Self {
        Self::new(Weight::Fault, at, text)
    }

    fn new(weight: Weight, at: Option<&str>, text: String) -> Self {
        let at = at.map(str::to_owned);
        Self { weight, at, text }
    }

    /// Says it to whoever typed a command, from this weight on.
    pub(crate) fn complain(told: &[Self], least: Weight) {
        for one in told.iter().filter(|one| one.weight >= least) {
            complain(&format!("inhaul: {}\n", one.line()));
        }
    }

    /// Says it in the log.
    pub(crate) fn log(told: &[Self]) {
        for one in told {
            let line = one.line();
            match one.weight {
                Weight::Done => tracing::info!("{line}"),
                Weight::Warning => tracing::warn!("{line}"),
                Weight::Fault => tracing::error!("{line}"),
            }
        }
    }

    fn line(&self) -> String {
        match &self.at {
            Some(at) => format!("{at}: {}", self.text),
            None => self.text.clone(),
        }
    }
}
