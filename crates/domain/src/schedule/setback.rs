//! Kinds of failure, and how long each makes the schedule wait.

use std::time::Duration;

use inhaul_types::ErrorCode;

use super::Pace;

/// What kind of trouble ended a run: it decides how soon the next one comes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Setback {
    /// Somebody else has the maildrop, or the server was asked too often. Not a failure.
    Busy,
    /// Something that may pass by itself.
    Temporary,
    /// The server refuses the sign-in. More tries could lock the remote account.
    SignInRefused,
    /// What answers did not prove that it is the server, so no password was sent.
    Unproven,
    /// The server renumbered its maildrop.
    IdsChanged,
}

impl Setback {
    /// All kinds.
    pub const ALL: [Self; 5] = [
        Self::Busy,
        Self::Temporary,
        Self::SignInRefused,
        Self::Unproven,
        Self::IdsChanged,
    ];

    /// The kind of a failed run. What is not known to be worse is temporary: mail that waits can
    /// still be brought.
    pub fn of(code: ErrorCode) -> Self {
        use ErrorCode as Code;
        match code {
            Code::MailboxInUse | Code::TooOften => Self::Busy,
            Code::AuthRefused
            | Code::AuthAppPassword
            | Code::AuthNotPossible
            | Code::PopSwitchedOff => Self::SignInRefused,
            Code::Certificate | Code::NoEncryption | Code::StlsRefused | Code::NotPop3 => {
                Self::Unproven
            }
            Code::IdsChanged => Self::IdsChanged,
            _ => Self::Temporary,
        }
    }

    /// The fixed word for the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Temporary => "temporary",
            Self::SignInRefused => "sign-in-refused",
            Self::Unproven => "unproven",
            Self::IdsChanged => "ids-changed",
        }
    }

    /// Reads the fixed word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// How long to wait after this many setbacks of the kind in a row, before jitter. `normal` is
    /// the interval after a good run.
    pub fn wait(self, setbacks: u32, normal: Duration, pace: &Pace) -> Duration {
        let step = |waits: &[Duration]| {
            let place = usize::try_from(setbacks.saturating_sub(1)).unwrap_or(usize::MAX);
            waits.get(place).copied()
        };
        match self {
            Self::Busy => step(&BUSY).unwrap_or(normal),
            Self::Temporary => {
                let doubled = 1_u32.checked_shl(setbacks).unwrap_or(u32::MAX);
                normal.saturating_mul(doubled).min(pace.backoff_max)
            }
            Self::SignInRefused => step(&REFUSED).unwrap_or(DAY),
            Self::Unproven => step(&UNPROVEN).unwrap_or(SIX_HOURS),
            Self::IdsChanged => normal.min(DAY),
        }
    }

    /// No run of the schedule waits longer than this for the next, whatever is added by chance.
    pub(super) fn most(self, pace: &Pace) -> Duration {
        match self {
            Self::Busy | Self::IdsChanged => Duration::MAX,
            Self::Temporary => pace.backoff_max,
            Self::SignInRefused => DAY,
            Self::Unproven => SIX_HOURS,
        }
    }
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

/// A phone is done with a mailbox by then, mostly.
const BUSY: [Duration; 2] = [minutes(2), minutes(5)];
/// Few enough tries that no provider locks the account.
const REFUSED: [Duration; 3] = [minutes(15), minutes(60), SIX_HOURS];
const UNPROVEN: [Duration; 2] = [minutes(15), minutes(60)];
const SIX_HOURS: Duration = minutes(6 * 60);
pub(super) const DAY: Duration = minutes(24 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_waits_as_its_table_says() {
        let pace = Pace::default();
        for (kind, normal, waits) in [
            (Setback::Busy, 10, [2, 5, 10, 10, 10]),
            (Setback::Temporary, 10, [20, 40, 60, 60, 60]),
            (Setback::Temporary, 1, [2, 4, 8, 16, 32]),
            (Setback::Temporary, 720, [60, 60, 60, 60, 60]),
            (Setback::SignInRefused, 10, [15, 60, 360, 1440, 1440]),
            (Setback::Unproven, 10, [15, 60, 360, 360, 360]),
            (Setback::IdsChanged, 10, [10, 10, 10, 10, 10]),
            (Setback::IdsChanged, 9999, [1440, 1440, 1440, 1440, 1440]),
        ] {
            for (setbacks, wait) in (1..).zip(waits) {
                let found = kind.wait(setbacks, minutes(normal), &pace);
                assert_eq!(found, minutes(wait), "{kind:?}, number {setbacks}");
            }
        }
        let many = Setback::Temporary.wait(u32::MAX, minutes(10), &pace);
        assert_eq!(many, pace.backoff_max);
    }

    #[test]
    fn every_kind_reads_back_from_its_word() {
        for kind in Setback::ALL {
            assert_eq!(Setback::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(Setback::parse(""), None);
    }

    #[test]
    fn a_code_that_names_the_sign_in_or_the_proof_is_of_that_kind() {
        for (word, kind) in [
            ("mailbox-in-use", Setback::Busy),
            ("too-often", Setback::Busy),
            ("auth-refused", Setback::SignInRefused),
            ("auth-app-password", Setback::SignInRefused),
            ("auth-not-possible", Setback::SignInRefused),
            ("pop-switched-off", Setback::SignInRefused),
            ("certificate", Setback::Unproven),
            ("no-encryption", Setback::Unproven),
            ("stls-refused", Setback::Unproven),
            ("not-pop3", Setback::Unproven),
            ("ids-changed", Setback::IdsChanged),
            ("no-answer", Setback::Temporary),
            ("name-not-found", Setback::Temporary),
            ("cut-off", Setback::Temporary),
            ("mailbox-full", Setback::Temporary),
            ("server-refuses", Setback::Temporary),
        ] {
            assert_eq!(Setback::of(word.parse().unwrap()), kind, "{word}");
        }
    }
}
