//! Exit codes: sysexits, as scripts expect them of mail programs.

use std::io::ErrorKind;
use std::process::ExitCode;

use inhaul_manage::BadName;
use inhaul_store::StoreError;
use inhaul_types::card::Detail;
use inhaul_types::{Card, ErrorCode, Facts};

/// How the program ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Exit(u8);

impl Exit {
    pub(crate) const OK: Self = Self(0);
    /// Problems were found by a command that looks for them.
    pub(crate) const PROBLEMS: Self = Self(1);
    pub(crate) const USAGE: Self = Self(64);
    pub(crate) const DATA: Self = Self(65);
    pub(crate) const NO_INPUT: Self = Self(66);
    pub(crate) const NO_USER: Self = Self(67);
    pub(crate) const NO_HOST: Self = Self(68);
    pub(crate) const UNAVAILABLE: Self = Self(69);
    pub(crate) const SOFTWARE: Self = Self(70);
    pub(crate) const CANT_CREATE: Self = Self(73);
    pub(crate) const IO: Self = Self(74);
    pub(crate) const TEMP_FAIL: Self = Self(75);
    pub(crate) const PROTOCOL: Self = Self(76);
    pub(crate) const NO_PERM: Self = Self(77);
    pub(crate) const CONFIG: Self = Self(78);
    pub(crate) const INTERRUPTED: Self = Self(130);
    pub(crate) const TERMINATED: Self = Self(143);

    /// The exit with this number, as somebody else ended.
    pub(crate) fn of_number(code: u8) -> Self {
        Self(code)
    }

    /// Its number.
    pub(crate) fn code(self) -> u8 {
        self.0
    }

    /// What a run that failed with this code makes of the exit.
    pub(crate) fn of_code(code: ErrorCode) -> Self {
        Self(code.exit_status())
    }

    /// What a failed call of the store makes of the exit.
    pub(crate) fn of_store_error(error: &StoreError) -> Self {
        match error {
            StoreError::InUse(_) | StoreError::Busy(_) | StoreError::Closing => Self::TEMP_FAIL,
            StoreError::TooNew { .. } | StoreError::Seal(_) => Self::CONFIG,
            StoreError::Directory { .. } | StoreError::NotEmpty(_) => Self::CANT_CREATE,
            StoreError::BadBackup { .. } => Self::DATA,
            StoreError::Exists { .. }
            | StoreError::Needed { .. }
            | StoreError::Permanent { .. }
            | StoreError::BadFolderName { .. }
            | StoreError::LimitReached { .. }
            | StoreError::OwnedCatchAll { .. }
            | StoreError::LastAdministrator { .. } => Self::USAGE,
            StoreError::Missing { .. } => Self::NO_USER,
            _ => Self::IO,
        }
    }

    /// One exit for several runs: all good, busy or empty is 0; if every failure may pass, 75;
    /// else the most serious one.
    pub(crate) fn of_codes(codes: impl IntoIterator<Item = ErrorCode>) -> Self {
        let failures = codes
            .into_iter()
            .filter(|code| !matches!(code, ErrorCode::MailboxInUse | ErrorCode::TooOften))
            .map(Self::of_code);
        let gravity = |exit: &Self| match *exit {
            Self::OK => 0,
            Self::TEMP_FAIL => 1,
            Self::CONFIG => 2,
            Self::NO_HOST => 3,
            Self::PROTOCOL => 4,
            Self::NO_PERM => 5,
            _ => 6,
        };
        failures.max_by_key(gravity).unwrap_or(Self::OK)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

/// An error that ends the program with a certain exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// The error card, where the failure has a stable code.
    pub(crate) card: Option<Box<Card>>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self {
            exit,
            what: what.into(),
            hint: None,
            card: None,
        }
    }

    /// A failure that is told by its card.
    pub(crate) fn of_card(card: Card) -> Self {
        Self {
            card: Some(Box::new(card.clone())),
            ..Self::new(Exit::of_code(card.code), card.title)
        }
    }

    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::USAGE, what)
    }

    /// A failure with this code and what is particular about it.
    pub(crate) fn of_code(code: ErrorCode, detail: Option<Detail>) -> Self {
        let facts = Facts {
            detail,
            ..Facts::default()
        };
        Self::of_card(Card::of(code, &facts))
    }

    /// The stable code, if there is one for it.
    pub(crate) fn code(&self) -> Option<ErrorCode> {
        self.card.as_ref().map(|card| card.code)
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        if let Some((code, detail)) = error.code() {
            return Self::of_code(code, detail);
        }
        let exit = Exit::of_store_error(&error);
        let hint = hint(&error);
        let mut what = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            what.push_str(&format!(": {error}"));
            cause = error.source();
        }
        Self {
            hint: hint.map(str::to_owned),
            ..Self::new(exit, what)
        }
    }
}

/// What a person can do about it.
fn hint(error: &StoreError) -> Option<&'static str> {
    let source = match error {
        StoreError::Directory { source, .. } => source,
        StoreError::LastAdministrator { .. } => {
            return Some(
                "Make another one first: inhaul account set NAME --admin. It must be enabled, and its group too.",
            );
        }
        StoreError::LimitReached { .. } => {
            return Some(
                "Remove one that is not needed any more, or ask whoever manages this installation for more.",
            );
        }
        _ => return None,
    };
    match source.kind() {
        ErrorKind::PermissionDenied => {
            Some("It must belong to the user who runs inhaul. Another one: --data DIR.")
        }
        ErrorKind::ReadOnlyFilesystem => Some("Its disk is mounted so that nobody can write."),
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
            Some("A file has that name. Another directory: --data DIR.")
        }
        _ => None,
    }
}

impl From<BadName> for Failure {
    fn from(bad: BadName) -> Self {
        Self::usage(bad.to_string()).hint(bad.hint())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::IO, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_store_is_told_by_a_card_and_ends_as_its_code_says() {
        for (error, exit) in [
            (StoreError::InUse("/d".into()), Exit::TEMP_FAIL),
            (StoreError::Damaged("it".into()), Exit::IO),
            (StoreError::DiskFull("no room".into()), Exit::IO),
            (StoreError::Seal("/d/secret.key".into()), Exit::CONFIG),
        ] {
            assert_eq!(Exit::of_store_error(&error), exit, "{error}");
            let failure = Failure::from(error);
            assert_eq!(failure.exit, exit, "{failure:?}");
            assert!(failure.card.is_some(), "{failure:?}");
        }
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let limit = StoreError::LimitReached {
            limit: "retrievals",
            most: 1,
            account: "anna".into(),
        };
        let last = StoreError::LastAdministrator {
            what: "group",
            name: "Staff".into(),
        };
        for (error, says) in [(limit, "retrievals=1"), (last, "group \"Staff\"")] {
            let failure = Failure::from(error);
            assert_eq!(failure.exit, Exit::USAGE, "{failure:?}");
            assert!(failure.what.contains(says), "{failure:?}");
            assert!(failure.hint.is_some(), "{failure:?}");
        }
    }

    #[test]
    fn several_runs_end_with_the_most_serious_failure() {
        use ErrorCode::*;
        for (codes, exit) in [
            (&[][..], Exit::OK),
            (&[MailboxInUse, TooOften], Exit::OK),
            (&[CutOff, NoAnswer], Exit::TEMP_FAIL),
            (&[CutOff, NameNotFound], Exit::NO_HOST),
            (&[Certificate, AuthRefused, CutOff], Exit::NO_PERM),
            (&[DiskFull, AuthRefused], Exit::IO),
        ] {
            assert_eq!(Exit::of_codes(codes.iter().copied()), exit, "{codes:?}");
        }
    }
}
