//! What became of retrievals that were paused or resumed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::look::many;

/// How many of each: what an address carries to the list that says so.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub(super) struct Told {
    /// Paused now.
    pub(super) paused: u64,
    /// Resumed now.
    pub(super) resumed: u64,
    /// A file pauses them, so only the file resumes them.
    pub(super) written: u64,
    /// None was ticked.
    pub(super) none: u64,
}

impl Told {
    /// Whether there is anything to say.
    pub(super) fn is_something(self) -> bool {
        self != Self::default()
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, done) in [(self.paused, "paused"), (self.resumed, "resumed")] {
            if count > 0 {
                write!(f, "{} {done}. ", many(count, "retrieval"))?;
            }
        }
        match self.written {
            0 => {}
            1 => f.write_str("1 is paused in a file. Resume it there and reload.")?,
            more => write!(
                f,
                "{more} are paused in a file. Resume them there and reload."
            )?,
        }
        if self.none > 0 {
            f.write_str("Tick retrievals first.")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_them_is_said_in_sentences() {
        let told = Told {
            resumed: 3,
            written: 1,
            ..Told::default()
        };
        let words = "3 retrievals resumed. 1 is paused in a file. Resume it there and reload.";
        assert_eq!(told.to_string(), words);
        assert!(told.is_something() && !Told::default().is_something());
    }
}
