//! Clocks that stand still until a test turns them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use inhaul_types::Timestamp;

/// A clock to hand to the code under test. Clones show the same time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(now.millis())))
    }

    /// What the clock shows.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    /// Sets the clock, also back.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.millis(), Ordering::SeqCst);
    }

    /// Turns the clock on and returns what it shows then.
    pub fn advance(&self, span: Duration) -> Timestamp {
        let now = self.now().plus(span);
        self.set(now);
        now
    }
}

impl Default for ManualClock {
    /// 2026-03-14 10:22:06 UTC, a Saturday: not the epoch, so that a forgotten `now` shows.
    fn default() -> Self {
        Self::at(Timestamp::from_millis(1_773_483_726_000))
    }
}

/// The clock of a binary that runs elsewhere: a file for `INHAUL_TEST_CLOCK`, which builds with the
/// feature `test-clock` read whenever they want to know the time.
#[derive(Debug)]
pub struct ClockFile {
    path: PathBuf,
    clock: ManualClock,
}

impl ClockFile {
    /// Writes the file; it shows what [`ManualClock::default`] shows.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self> {
        let file = Self {
            path: path.into(),
            clock: ManualClock::default(),
        };
        file.write()?;
        Ok(file)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the clock shows.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Sets the clock, also back.
    pub fn set(&self, now: Timestamp) -> Result<()> {
        self.clock.set(now);
        self.write()
    }

    /// Turns the clock on and returns what it shows then.
    pub fn advance(&self, span: Duration) -> Result<Timestamp> {
        let now = self.clock.advance(span);
        self.write()?;
        Ok(now)
    }

    /// Puts a new file in the place of the old one: a reader sees the one or the other, whole.
    fn write(&self) -> Result<()> {
        let next = self.path.with_extension("next");
        fs::write(&next, self.now().millis().to_string())
            .and_then(|()| fs::rename(&next, &self.path))
            .with_context(|| format!("cannot set the clock {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dir::TestDir;

    #[test]
    fn the_file_holds_milliseconds() {
        let dir = TestDir::new("clock").unwrap();
        let clock = ClockFile::create(dir.join("clock")).unwrap();
        clock.advance(Duration::from_millis(5)).unwrap();
        assert_eq!(fs::read_to_string(clock.path()).unwrap(), "1773483726005");
        clock.set(Timestamp::from_millis(7)).unwrap();
        assert_eq!(fs::read_to_string(clock.path()).unwrap(), "7");
    }

    #[test]
    fn clones_show_the_same_time() {
        let clock = ManualClock::default();
        let other = clock.clone();
        let before = clock.now();
        assert_eq!(clock.advance(Duration::from_secs(60)), other.now());
        assert_eq!(other.now().since(before), Duration::from_secs(60));
        other.set(before);
        assert_eq!(clock.now(), before);
    }
}
