//! Whether the process is well: what is asked, and how an answer reads.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;

use super::metrics::Snapshot;

/// What a running server knows of itself. Each answer is asked for under [`PATIENCE`]; one that
/// does not come is a fault.
#[async_trait]
pub(crate) trait Source: Send + Sync {
    /// Whether the tasks that must live answer: scheduler, writer. A process that fails this is to
    /// be started anew, so what a restart does not mend (a full disk) is no part of it.
    async fn alive(&self) -> Checks;
    /// Whether mail can come: the store is open, the scheduler runs, the disk has room.
    async fn ready(&self) -> Checks;
    /// The numbers of this moment.
    async fn snapshot(&self) -> Snapshot;
}

/// What was looked at, in order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Checks(Vec<Check>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct Check {
    name: &'static str,
    /// What is wrong, for a person; `None` if nothing is.
    fault: Option<String>,
}

impl Checks {
    /// This is well.
    #[must_use]
    pub(crate) fn good(self, name: &'static str) -> Self {
        self.with(name, None)
    }

    /// This is not, and why: no names of people and no secrets, whoever reaches the port reads it.
    #[must_use]
    pub(crate) fn fault(self, name: &'static str, why: impl Into<String>) -> Self {
        self.with(name, Some(why.into()))
    }

    /// This is as `result` says.
    #[must_use]
    pub(crate) fn check(self, name: &'static str, result: Result<(), String>) -> Self {
        self.with(name, result.err())
    }

    fn with(mut self, name: &'static str, fault: Option<String>) -> Self {
        self.0.push(Check { name, fault });
        self
    }

    /// Whether nothing is wrong.
    pub(crate) fn all_good(&self) -> bool {
        self.0.iter().all(|check| check.fault.is_none())
    }

    /// What is wrong, in one line.
    pub(crate) fn faults(&self) -> String {
        let faults = self.0.iter().filter_map(|check| {
            let fault = check.fault.as_ref()?;
            Some(format!("{}: {fault}", check.name))
        });
        faults.collect::<Vec<_>>().join("; ")
    }
}

impl fmt::Display for Checks {
    /// One line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Check { name, fault } in &self.0 {
            writeln!(f, "{name}: {}", fault.as_deref().unwrap_or("ok"))?;
        }
        Ok(())
    }
}

/// The answer, or that there was none.
pub(crate) async fn within_patience(answer: impl Future<Output = Checks>) -> Checks {
    let silent = |_| {
        let why = format!("no answer within {} s", PATIENCE.as_secs());
        Checks::default().fault("inhaul", why)
    };
    timeout(PATIENCE, answer).await.unwrap_or_else(silent)
}

/// How long a process that is well may take to say so: longer than any writer's job by far.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_fault_is_enough_and_is_told_with_the_rest() {
        let checks = Checks::default().good("store").check("scheduler", Ok(()));
        assert!(checks.all_good());
        assert_eq!(checks.to_string(), "store: ok\nscheduler: ok\n");
        let checks = checks.fault("disk", "300 MB free, 500 MB needed");
        assert!(!checks.all_good());
        assert_eq!(checks.faults(), "disk: 300 MB free, 500 MB needed");
        assert_eq!(
            checks.to_string(),
            "store: ok\nscheduler: ok\ndisk: 300 MB free, 500 MB needed\n"
        );
    }
}
