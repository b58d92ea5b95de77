//! What one account may have and do.

use inhaul_types::Octets;

/// Limits of an account: those of the installation, of its group, or its own. `None` is no limit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Limits {
    /// Retrievals.
    pub retrievals: Option<u32>,
    /// Octets of mail here.
    pub mailbox: Option<Octets>,
    /// Octets of one message; larger ones stay on their server.
    pub message: Option<Octets>,
    /// Messages one run brings.
    pub messages_per_run: Option<u32>,
    /// Octets one run brings.
    pub octets_per_run: Option<Octets>,
    /// Runs an account may start in a day.
    pub started_per_day: Option<u32>,
    /// Runs that may be started in a day from one network address.
    pub started_per_day_address: Option<u32>,
    /// Runs of an account at the same time.
    pub at_once: Option<u32>,
    /// Accounts that a catch-all gives one message to.
    pub recipients: Option<u32>,
    /// Days after storing before which people may not have the remote copy deleted.
    pub delete_after_min_days: Option<u32>,
}

/// The limits that hold where all three speak: of each the tightest.
pub fn tightest(installation: &Limits, group: &Limits, account: &Limits) -> Limits {
    installation.and(group).and(account)
}

impl Limits {
    /// Of each limit the tighter one.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            retrievals: smaller(self.retrievals, other.retrievals),
            mailbox: smaller(self.mailbox, other.mailbox),
            message: smaller(self.message, other.message),
            messages_per_run: smaller(self.messages_per_run, other.messages_per_run),
            octets_per_run: smaller(self.octets_per_run, other.octets_per_run),
            started_per_day: smaller(self.started_per_day, other.started_per_day),
            started_per_day_address: smaller(
                self.started_per_day_address,
                other.started_per_day_address,
            ),
            at_once: smaller(self.at_once, other.at_once),
            recipients: smaller(self.recipients, other.recipients),
            // The only one that is tighter the more it is: no limit is none at all.
            delete_after_min_days: self.delete_after_min_days.max(other.delete_after_min_days),
        }
    }
}

fn smaller<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(number: u32) -> Limits {
        let octets = Some(Octets::new(number.into()));
        let number = Some(number);
        Limits {
            retrievals: number,
            mailbox: octets,
            message: octets,
            messages_per_run: number,
            octets_per_run: octets,
            started_per_day: number,
            started_per_day_address: number,
            at_once: number,
            recipients: number,
            delete_after_min_days: number,
        }
    }

    #[test]
    fn of_each_limit_the_tightest_holds() {
        let none = Limits::default();
        let days = |limits, days| Limits {
            delete_after_min_days: Some(days),
            ..limits
        };
        for (name, [installation, group, account], expected) in [
            ("no limits", [none, none, none], none),
            ("the installation's", [all(3), none, none], all(3)),
            ("the group's", [none, all(3), none], all(3)),
            ("the account's", [none, none, all(3)], all(3)),
            ("zero is a limit", [none, all(3), all(0)], days(all(0), 3)),
            (
                "the smallest, but for days",
                [all(5), all(3), all(4)],
                days(all(3), 5),
            ),
        ] {
            assert_eq!(
                tightest(&installation, &group, &account),
                expected,
                "{name}"
            );
        }
    }
}
