//! Exit codes: sysexits, as scripts expect them of mail programs.

use std::io::ErrorKind;
use std::process::ExitCode;

use inhaul_store::StoreError;
use inhaul_types::ErrorCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Exit(u8);

impl Exit {
    pub(crate) const OK: Self = Self(0);
    /// Problems were found by a command that looks for them.
    pub(crate) const PROBLEMS: Self = Self(1);
    pub(crate) const USAGE: Self = Self(64);
    pub(crate) const NO_INPUT: Self = Self(66);
    pub(crate) const NO_USER: Self = Self(67);
    pub(crate) const NO_HOST: Self = Self(68);
    pub(crate) const SOFTWARE: Self = Self(70);
    pub(crate) const CANT_CREATE: Self = Self(73);
    pub(crate) const IO: Self = Self(74);
    pub(crate) const TEMP_FAIL: Self = Self(75);
    pub(crate) const PROTOCOL: Self = Self(76);
    pub(crate) const NO_PERM: Self = Self(77);
    pub(crate) const CONFIG: Self = Self(78);
    pub(crate) const INTERRUPTED: Self = Self(130);
    pub(crate) const TERMINATED: Self = Self(143);

    /// What a run that failed with this code makes of the exit.
    pub(crate) fn of_code(code: ErrorCode) -> Self {
        match code {
            ErrorCode::TooLarge | ErrorCode::MessageRefused | ErrorCode::NotDeleted => Self::OK,
            ErrorCode::NameNotFound => Self::NO_HOST,
            ErrorCode::DiskFull | ErrorCode::DataDamaged => Self::IO,
            ErrorCode::NoAnswer
            | ErrorCode::MailboxInUse
            | ErrorCode::TooOften
            | ErrorCode::CutOff
            | ErrorCode::IdsChanged
            | ErrorCode::MailboxFull
            | ErrorCode::DataInUse
            | ErrorCode::ServerBusy
            | ErrorCode::QueueFull
            | ErrorCode::LimitReached => Self::TEMP_FAIL,
            ErrorCode::Certificate
            | ErrorCode::NoEncryption
            | ErrorCode::StlsRefused
            | ErrorCode::NotPop3
            | ErrorCode::BadAnswer => Self::PROTOCOL,
            ErrorCode::AuthRefused
            | ErrorCode::AuthAppPassword
            | ErrorCode::AuthNotPossible
            | ErrorCode::PopSwitchedOff
            | ErrorCode::ServerRefuses => Self::NO_PERM,
            ErrorCode::DataTooNew => Self::CONFIG,
        }
    }

    /// What a failed call of the store makes of the exit.
    pub(crate) fn of_store_error(error: &StoreError) -> Self {
        match error {
            StoreError::InUse(_) | StoreError::Busy(_) | StoreError::Closing => Self::TEMP_FAIL,
            StoreError::TooNew { .. } | StoreError::Seal(_) => Self::CONFIG,
            StoreError::Directory { .. } => Self::CANT_CREATE,
            StoreError::Exists { .. } => Self::USAGE,
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
    /// The stable code, if there is one for it.
    pub(crate) code: Option<ErrorCode>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self {
            exit,
            what: what.into(),
            hint: None,
            code: None,
        }
    }

    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::USAGE, what)
    }

    pub(crate) fn code(mut self, code: ErrorCode) -> Self {
        self.code = Some(code);
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let (exit, code) = (Exit::of_store_error(&error), error.code());
        let hint = hint(&error);
        let mut what = error.to_string();
        let mut cause = std::error::Error::source(&error);
        // That there is no room is the whole story.
        while let (Some(error), false) = (cause, code == Some(ErrorCode::DiskFull)) {
            what.push_str(&format!(": {error}"));
            cause = error.source();
        }
        Self {
            exit,
            what,
            hint,
            code,
        }
    }
}

/// What a person can do about it.
fn hint(error: &StoreError) -> Option<String> {
    let hint = match error {
        StoreError::InUse(_) => "Stop the other one, or wait until it is done.",
        StoreError::Busy(_) => "Find it with `fuser inhaul.db`, and end it or wait.",
        StoreError::TooNew { .. } => "Use the newer inhaul for it. Nothing was changed.",
        StoreError::DiskFull(_) => "Free some space; nothing was lost.",
        StoreError::Damaged(_) => {
            "Nothing is deleted on any server while it is. Look at the disk's health, then put the \
             directory back from a backup."
        }
        StoreError::Directory { source, .. } => match source.kind() {
            ErrorKind::PermissionDenied => {
                "It must belong to the user who runs inhaul. Another one: --data DIR."
            }
            ErrorKind::ReadOnlyFilesystem => "Its disk is mounted so that nobody can write.",
            ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
                "A file has that name. Another directory: --data DIR."
            }
            _ => return None,
        },
        StoreError::Seal(path) => {
            let path = path.display();
            return Some(format!(
                "Put the right key file back. If it is lost for good, make another one (head -c 32 \
                 /dev/urandom > {path}; chmod 600 {path}) and set the passwords again."
            ));
        }
        _ => return None,
    };
    Some(hint.to_owned())
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
