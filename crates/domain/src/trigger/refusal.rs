//! Why a trigger starts nothing, for people and for programs.

use inhaul_types::Timestamp;

use crate::spans;

/// A trigger that starts nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// Why.
    pub reason: RefusalReason,
    /// When it is possible again, as far as this reason is concerned; `None` if no moment is known.
    pub until: Option<Timestamp>,
}

/// Why a trigger starts nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RefusalReason {
    /// The group has this activation off.
    SwitchedOff,
    /// The last run is too short a time ago.
    TooSoon {
        /// When it began.
        checked: Timestamp,
    },
    /// A run goes on that the same activation started too short a time ago.
    TooSoonAfterStart,
    /// Somebody paused the retrieval.
    Paused,
    /// The account or its group is switched off.
    Disabled,
    /// The account has started as many runs today as it may.
    LimitAccount {
        /// How many that is.
        limit: u32,
    },
    /// As many runs as may be were started today from the caller's address.
    LimitAddress {
        /// How many that is.
        limit: u32,
    },
    /// Too many runs are waiting.
    QueueFull {
        /// How many that is.
        size: usize,
    },
    /// The server refuses the sign-in, and one more try could lock the account there.
    SignInRefused,
    /// The machine has no line.
    Offline {
        /// Since when.
        since: Timestamp,
    },
    /// This process is about to end.
    Stopping,
}

impl RefusalReason {
    /// The fixed word for API and log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SwitchedOff => "switched-off",
            Self::TooSoon { .. } | Self::TooSoonAfterStart => "too-soon",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
            Self::LimitAccount { .. } => "limit-account",
            Self::LimitAddress { .. } => "limit-address",
            Self::QueueFull { .. } => "queue-full",
            Self::SignInRefused => "sign-in-refused",
            Self::Offline { .. } => "offline",
            Self::Stopping => "stopping",
        }
    }
}

impl Refusal {
    /// What happened and when it is possible again, in sentences.
    pub fn text(&self, now: Timestamp) -> String {
        let wait = self.until.map(|until| until.since(now));
        let in_a_while = wait.map_or_else(|| "a moment".to_owned(), spans::to_wait);
        match self.reason {
            RefusalReason::SwitchedOff => {
                "Your group does not allow this. Mail is brought in on a schedule.".to_owned()
            }
            RefusalReason::TooSoon { checked } => {
                let ago = now.since(checked);
                let ago = if ago.as_secs() == 0 {
                    "just now".to_owned()
                } else {
                    format!("{} ago", spans::passed(ago))
                };
                format!("Checked {ago}. You can check again in {in_a_while}.")
            }
            RefusalReason::TooSoonAfterStart => {
                format!("Checking now. You can check again in {in_a_while}.")
            }
            RefusalReason::Paused => {
                "This retrieval is paused. Resume it, and it is checked at once.".to_owned()
            }
            RefusalReason::Disabled => "This account or its group is switched off. An \
                                        administrator can switch it on."
                .to_owned(),
            RefusalReason::LimitAccount { limit } => format!(
                "You have started {limit} checks today, the most your group allows. The schedule \
                 goes on as usual."
            ),
            RefusalReason::LimitAddress { limit } => format!(
                "{limit} checks were started from your network address today, the most your group \
                 allows. The schedule goes on as usual."
            ),
            RefusalReason::QueueFull { size } => format!(
                "{size} checks are waiting for their turn, and there is no room for more. Try \
                 again in a minute."
            ),
            RefusalReason::SignInRefused => format!(
                "The server refuses the password. Enter it again, or wait: it can be tried again \
                 in {in_a_while}."
            ),
            RefusalReason::Offline { since } => format!(
                "This server has no internet connection since {}. Checks continue when it is back.",
                since.in_words()
            ),
            RefusalReason::Stopping => {
                "This server is stopping. It checks again when it has started.".to_owned()
            }
        }
    }
}
