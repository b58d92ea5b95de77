//! The answer of a monitoring plug-in: one line, performance data behind a bar, and 0 to 3.
//!
//! A warning is a retrieval that somebody should look at; critical is a machine without a line, or
//! an installation where nothing works. A state that cannot be told is unknown.

use inhaul_domain::standing::Standing;

use super::{Overview, millis};
use crate::cli::output::print;
use crate::exit::{Exit, Failure};

/// What a plug-in may answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Level {
    Ok,
    Warning,
    Critical,
    Unknown,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    fn exit(self) -> Exit {
        Exit::of_number(self as u8)
    }
}

/// The state could not be told.
pub(in crate::cli) fn unknown(failure: &Failure) -> Result<Exit, Failure> {
    answer(Level::Unknown, &failure.what, "")
}

fn answer(level: Level, what: &str, numbers: &str) -> Result<Exit, Failure> {
    // The bar and line ends are the protocol's.
    let what = what.replace(['|', '\n', '\r'], " ");
    let bar = if numbers.is_empty() { "" } else { " | " };
    print(&format!("INHAUL {} - {what}{bar}{numbers}\n", level.word()))?;
    Ok(level.exit())
}

impl Overview {
    pub(super) fn tell_nagios(&self) -> Result<Exit, Failure> {
        let level = level(
            self.offline().is_some(),
            self.attention.len(),
            self.working() + self.count(&[Standing::New, Standing::Trying]),
        );
        let mut what = self.headline();
        if self.service.is_none() {
            what.push_str(", no server runs");
        }
        answer(level, &what, &self.numbers())
    }

    /// `label=value;warn;crit;min`, as the guidelines of monitoring plug-ins have it.
    fn numbers(&self) -> String {
        let mut numbers = vec![
            format!("working={};;;0;{}", self.working(), self.meant()),
            format!("attention={};0;;0;{}", self.attention.len(), self.meant()),
            format!("paused={};;;0", self.count(&[Standing::Paused])),
            format!("messages_24h={};;;0", self.messages),
        ];
        if let Some(service) = &self.service {
            numbers.extend([
                format!("running={};;;0", service.running),
                format!("waiting={};;;0", service.waiting),
                format!("late_p99={}ms;;;0", millis(service.lateness.p99)),
            ]);
        }
        numbers.join(" ")
    }
}

/// `well` are those that work or may soon.
fn level(offline: bool, attention: usize, well: usize) -> Level {
    match (offline, attention, well) {
        (true, _, _) | (_, 1.., 0) => Level::Critical,
        (false, 1.., _) => Level::Warning,
        (false, 0, _) => Level::Ok,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn critical_is_what_concerns_the_whole_installation() {
        for (offline, attention, well, expected) in [
            (false, 0, 0, Level::Ok),
            (false, 0, 9, Level::Ok),
            (false, 1, 9, Level::Warning),
            (false, 9, 0, Level::Critical),
            (true, 0, 9, Level::Critical),
        ] {
            let found = level(offline, attention, well);
            assert_eq!(found, expected, "{offline} {attention} {well}");
        }
        let codes = [Level::Ok, Level::Warning, Level::Critical, Level::Unknown];
        assert_eq!(codes.map(|level| level.exit().code()), [0, 1, 2, 3]);
    }
}
