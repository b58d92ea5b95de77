//! Why something was not done, in words for whoever asked.

use inhaul_store::StoreError;

use crate::names::BadName;

/// Why something was not done. Nothing of it was.
///
/// Its `Display` is what people read. It never shows more than they may know: what is somebody
/// else's is not there.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It is not there, or it is somebody else's (404).
    #[error("There is no {what} {name}.")]
    NotFound {
        /// `retrieval`, `account`, `group`, `rule`.
        what: &'static str,
        /// Its name or number.
        name: String,
    },
    /// They may not (403).
    #[error("{0}")]
    NotAllowed(String),
    /// They may not say this in this field (403, shown at the field).
    #[error("{what}")]
    NotAllowedIn {
        /// The field: `retention`, `security`, `pin`, `host`.
        field: &'static str,
        /// Why not.
        what: String,
    },
    /// What a field says is no good (422, shown at the field).
    #[error("{what}")]
    Invalid {
        /// The field: `name`, `host`, `port`, `user`, `password`, `folder`, `addresses`, ...
        field: &'static str,
        /// What is wrong with it, and what to write.
        what: String,
    },
    /// Something else has to be done first (409).
    #[error("{0}")]
    InTheWay(String),
    /// A configuration file says it, and only there it is changed (409).
    #[error("This is set in {}. Change it there and reload.", place_words(at))]
    Written {
        /// `FILE:LINE`.
        at: String,
    },
    /// The store could not (500; 503 where it is closing).
    #[error("This could not be done. Nothing was changed. The server's log says why.")]
    Store(#[source] StoreError),
}

impl Refused {
    /// The form field it is about.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::NotAllowedIn { field, .. } | Self::Invalid { field, .. } => Some(field),
            _ => None,
        }
    }

    pub(crate) fn not_found(what: &'static str, name: impl ToString) -> Self {
        let name = name.to_string();
        Self::NotFound { what, name }
    }

    pub(crate) fn invalid(field: &'static str, what: impl Into<String>) -> Self {
        let what = what.into();
        Self::Invalid { field, what }
    }

    pub(crate) fn not_allowed_in(field: &'static str, what: impl Into<String>) -> Self {
        let what = what.into();
        Self::NotAllowedIn { field, what }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing { what, name } => Self::NotFound { what, name },
            StoreError::Exists { what, name } => Self::Invalid {
                field: match what {
                    "address" => "addresses",
                    _ => "name",
                },
                what: taken(what, &name),
            },
            StoreError::Needed { what, name, by } => Self::InTheWay(needed(what, &name, &by)),
            StoreError::Permanent { what, name } => {
                let what = format!("The {what} {name} is always there and keeps its name.");
                Self::InTheWay(what)
            }
            StoreError::BadFolderName { why, .. } => {
                let mut what = format!("{why}.");
                what[..1].make_ascii_uppercase();
                Self::invalid("folder", what)
            }
            StoreError::LimitReached { limit, most, .. } => {
                let what = format!("{most} {limit} is the most that is allowed here.");
                Self::NotAllowed(what)
            }
            StoreError::OwnedCatchAll { .. } => {
                let what = "A catch-all shares mail out among accounts and has no owner.";
                Self::invalid("owner", what)
            }
            StoreError::LastAdministrator { what, name } => Self::InTheWay(format!(
                "Without the {what} {name} no administrator could sign in. Make somebody else an \
                 administrator first."
            )),
            error => Self::Store(error),
        }
    }
}

impl From<BadName> for Refused {
    fn from(bad: BadName) -> Self {
        Self::invalid("name", format!("{bad}. {}", bad.hint()))
    }
}

/// A retrieval's name may be taken by somebody else's, so nothing is said of who has it.
fn taken(what: &str, name: &str) -> String {
    match what {
        "address" => format!("{name} is another account's address."),
        what => format!("The name {name} is taken by another {what}. Choose another one."),
    }
}

fn needed(what: &str, name: &str, by: &[String]) -> String {
    let names = by.join(", ");
    match (what, by) {
        ("group", [_]) => {
            format!("The group {name} has an account: {names}. Put it in another group first.")
        }
        ("group", _) => {
            format!("The group {name} has accounts: {names}. Put them in another group first.")
        }
        (what, [_]) => format!(
            "The {what} {name} is needed by {names}. Remove that one first, or let it bring its mail \
             to somebody else."
        ),
        (what, _) => format!(
            "The {what} {name} is needed by {names}. Remove these first, or let them bring their \
             mail to somebody else."
        ),
    }
}

/// `FILE:LINE` for people: `FILE, line LINE`.
pub fn place_words(at: &str) -> String {
    match at.rsplit_once(':') {
        Some((file, line)) => format!("{file}, line {line}"),
        None => at.to_owned(),
    }
}
