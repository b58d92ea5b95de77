//! What is kept of failures, on error cards: of a retrieval's last run, of a failed call of the
//! store.

use inhaul_domain::providers;
use inhaul_types::card::Detail;
use inhaul_types::{Card, ErrorCode, Facts};

use crate::{Retrieval, Run, StoreError};

impl Retrieval {
    /// The card of the last run, if that failed. `runs` are its latest, newest first: they have the
    /// server's own words.
    pub fn card(&self, runs: &[Run]) -> Option<Card> {
        let code = self.last_error?;
        let last = runs.iter().find(|run| run.code == Some(code));
        let facts = Facts {
            server: Some(self.remote.host.clone()),
            provider: providers::for_cards(&self.remote.host),
            port: Some(self.remote.port),
            user: Some(self.remote.user.clone()),
            retrieval: Some(self.name.clone()),
            last_good: self.last_good,
            failing_since: self.failing_since,
            said: last.and_then(|run| run.said.clone()),
            detail: self.last_detail.clone(),
            ..Facts::default()
        };
        Some(Card::of(code, &facts))
    }
}

impl StoreError {
    /// The stable code and what goes with it; none for what is the caller's mistake (a name that
    /// is taken or not there) or no failure of the data (a directory that cannot be made, the
    /// store's closing).
    pub fn code(&self) -> Option<(ErrorCode, Option<Detail>)> {
        let path = |path: &std::path::Path| Some(Detail::Path(path.display().to_string()));
        Some(match self {
            Self::InUse(at) => (ErrorCode::DataInUse, path(at)),
            Self::Busy(_) => (ErrorCode::DataInUse, Some(Detail::OtherProgram)),
            Self::TooNew {
                path: at,
                found,
                known,
            } => {
                let detail = Detail::Schema {
                    path: at.display().to_string(),
                    found: *found,
                    known: *known,
                };
                (ErrorCode::DataTooNew, Some(detail))
            }
            Self::Damaged(why) => {
                let detail = Detail::Damaged { why: why.clone() };
                (ErrorCode::DataDamaged, Some(detail))
            }
            Self::DiskFull(_) => (ErrorCode::DiskFull, None),
            Self::Seal(at) => (ErrorCode::WrongKey, path(at)),
            Self::Io { doing, source } => {
                let detail = Detail::Unusable {
                    doing: (*doing).to_owned(),
                    why: source.to_string(),
                };
                (ErrorCode::DataDamaged, Some(detail))
            }
            Self::Directory { .. }
            | Self::Exists { .. }
            | Self::Missing { .. }
            | Self::Needed { .. }
            | Self::Permanent { .. }
            | Self::BadFolderName { .. }
            | Self::LimitReached { .. }
            | Self::OwnedCatchAll { .. }
            | Self::LastAdministrator { .. }
            | Self::BadBackup { .. }
            | Self::NotEmpty(_)
            | Self::Closing => {
                return None;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_the_data_has_its_code() {
        for (error, code) in [
            (StoreError::InUse("/d".into()), Some(ErrorCode::DataInUse)),
            (StoreError::Seal("/k".into()), Some(ErrorCode::WrongKey)),
            (
                StoreError::Damaged("x".into()),
                Some(ErrorCode::DataDamaged),
            ),
            (
                StoreError::DiskFull("no room".into()),
                Some(ErrorCode::DiskFull),
            ),
            (StoreError::Closing, None),
        ] {
            assert_eq!(error.code().map(|(code, _)| code), code, "{error}");
        }
    }
}
