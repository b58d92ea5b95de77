//! How enumerations stand in columns.
//!
//! Each type has `to_column` and `from_column`; what a column cannot hold is damage.

use inhaul_domain::schedule::Every;
use inhaul_domain::{LedgerState, LeftOutReason, Retention, StartPoint};
use inhaul_types::{Mechanism, Timestamp};

use super::errors::damaged;
use crate::{Security, SignInMemory, StoreError};

/// Ledger states from here on are left-out reasons.
pub(crate) const LEFT_OUT: i64 = 10;

pub(crate) mod ledger_state {
    use super::*;

    pub(crate) fn to_column(state: LedgerState) -> i64 {
        match state {
            LedgerState::Stored => 1,
            LedgerState::Asked => 2,
            LedgerState::Deleted => 3,
            LedgerState::LeftOut(LeftOutReason::TooLarge) => LEFT_OUT,
            LedgerState::LeftOut(LeftOutReason::Refused) => LEFT_OUT + 1,
            LedgerState::LeftOut(LeftOutReason::Poisoned) => LEFT_OUT + 2,
            LedgerState::LeftOut(LeftOutReason::Interrupted) => LEFT_OUT + 3,
            LedgerState::LeftOut(LeftOutReason::Unwanted) => LEFT_OUT + 4,
            LedgerState::LeftOut(LeftOutReason::Ordered) => LEFT_OUT + 5,
            LedgerState::LeftOut(LeftOutReason::Loop) => LEFT_OUT + 6,
        }
    }

    pub(crate) fn from_column(column: i64) -> Result<LedgerState, StoreError> {
        Ok(match column {
            1 => LedgerState::Stored,
            2 => LedgerState::Asked,
            3 => LedgerState::Deleted,
            10 => LedgerState::LeftOut(LeftOutReason::TooLarge),
            11 => LedgerState::LeftOut(LeftOutReason::Refused),
            12 => LedgerState::LeftOut(LeftOutReason::Poisoned),
            13 => LedgerState::LeftOut(LeftOutReason::Interrupted),
            14 => LedgerState::LeftOut(LeftOutReason::Unwanted),
            15 => LedgerState::LeftOut(LeftOutReason::Ordered),
            16 => LedgerState::LeftOut(LeftOutReason::Loop),
            _ => return Err(damaged(format!("{column} is no state of a ledger row"))),
        })
    }
}

pub(crate) mod security {
    use super::*;

    pub(crate) fn to_column(security: Security) -> &'static str {
        match security {
            Security::Tls => "tls",
            Security::StartTls => "starttls",
            Security::None => "none",
        }
    }

    pub(crate) fn from_column(column: &str) -> Result<Security, StoreError> {
        Ok(match column {
            "tls" => Security::Tls,
            "starttls" => Security::StartTls,
            "none" => Security::None,
            _ => return Err(damaged(format!("{column:?} protects no line"))),
        })
    }
}

pub(crate) mod every {
    use super::*;

    pub(crate) fn to_column(every: Every) -> Option<u32> {
        match every {
            Every::Never => None,
            Every::Auto => Some(0),
            Every::Seconds(seconds) => Some(seconds.max(1)),
        }
    }

    pub(crate) fn from_column(column: Option<u32>) -> Every {
        match column {
            None => Every::Never,
            Some(0) => Every::Auto,
            Some(seconds) => Every::Seconds(seconds),
        }
    }
}

pub(crate) mod retention {
    use super::*;

    /// "0 days after it was stored" is at once.
    pub(crate) fn to_column(retention: Retention) -> Option<u32> {
        match retention {
            Retention::Keep => None,
            Retention::Delete => Some(0),
            Retention::DeleteAfter { days } => Some(days),
        }
    }

    pub(crate) fn from_column(column: Option<u32>) -> Retention {
        match column {
            None => Retention::Keep,
            Some(0) => Retention::Delete,
            Some(days) => Retention::DeleteAfter { days },
        }
    }
}

pub(crate) mod start {
    use super::*;

    pub(crate) fn to_column(start: StartPoint) -> Option<i64> {
        match start {
            StartPoint::Everything => None,
            StartPoint::Now => Some(i64::MAX),
            StartPoint::Since(then) => Some(then.millis()),
        }
    }

    pub(crate) fn from_column(column: Option<i64>) -> StartPoint {
        match column {
            None => StartPoint::Everything,
            Some(i64::MAX) => StartPoint::Now,
            Some(millis) => StartPoint::Since(Timestamp::from_millis(millis)),
        }
    }
}

pub(crate) mod sign_in_memory {
    use super::*;

    const REFUSED: char = '!';

    pub(crate) fn to_column(memory: SignInMemory) -> String {
        match memory {
            SignInMemory::Worked(mechanism) => mechanism.to_string(),
            SignInMemory::Refused(mechanism) => format!("{REFUSED}{mechanism}"),
        }
    }

    /// A mechanism we do not know any more is forgotten.
    pub(crate) fn from_column(column: &str) -> Option<SignInMemory> {
        match column.strip_prefix(REFUSED) {
            Some(word) => word.parse::<Mechanism>().ok().map(SignInMemory::Refused),
            None => column.parse::<Mechanism>().ok().map(SignInMemory::Worked),
        }
    }
}

/// Reads a fixed word (error code, activation) back.
pub(crate) fn from_word<T: std::str::FromStr>(word: &str) -> Result<T, StoreError> {
    word.parse()
        .map_err(|_| damaged(format!("{word:?} is no word of this schema")))
}
