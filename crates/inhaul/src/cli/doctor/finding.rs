//! What a check found: one line, and what to do about it.

use std::time::Duration;

use serde::Serialize;

/// What is looked at, in the order in which it is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Group {
    Files,
    Storage,
    Database,
    Network,
    Server,
    Clock,
    Retrievals,
}

impl Group {
    /// For people.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Files => "Files",
            Self::Storage => "Storage",
            Self::Database => "Database",
            Self::Network => "Network",
            Self::Server => "Server",
            Self::Clock => "Clock",
            Self::Retrievals => "Retrievals",
        }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// As it should be.
    Ok,
    /// It works, and will not always.
    Warn,
    /// Something does not work, or is not safe.
    Fail,
}

impl Level {
    /// For people.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Finding {
    /// A fixed word for what was looked at.
    pub(crate) check: &'static str,
    pub(crate) level: Level,
    /// One line.
    pub(crate) what: String,
    /// The very command, or what else to do. There is one wherever something is wrong.
    pub(crate) fix: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self {
            check,
            level: Level::Ok,
            what: what.into(),
            fix: None,
        }
    }

    pub(super) fn warn(
        check: &'static str,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            check,
            level: Level::Warn,
            what: what.into(),
            fix: Some(fix.into()),
        }
    }

    pub(super) fn fail(
        check: &'static str,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            level: Level::Fail,
            ..Self::warn(check, what, fix)
        }
    }
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,=".contains(c);
    if !word.is_empty() && word.chars().all(is_bare) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Some names in a sentence: `Shop, Uni and 3 more`.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match names.len().saturating_sub(NAMED) {
        0 | 1 => names.join(", "),
        more => format!("{} and {more} more", names[..NAMED].join(", ")),
    }
}

/// How long before its end a certificate is told of: a renewal that works by itself is done by then.
pub(super) const ENDS_SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Names in one line; one more takes no more room than saying that there is one.
const NAMED: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_pasted() {
        for (word, pasted) in [
            ("Shop", "Shop"),
            ("/var/lib/inhaul", "/var/lib/inhaul"),
            ("Old ISP", "'Old ISP'"),
            ("it's", r"'it'\''s'"),
            ("$(rm)", "'$(rm)'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), pasted);
        }
    }

    #[test]
    fn many_names_are_counted() {
        assert_eq!(listed(["a", "b"]), "a, b");
        assert_eq!(listed(["a", "b", "c", "d", "e", "f"]), "a, b, c, d, e, f");
        let seven = ["a", "b", "c", "d", "e", "f", "g"];
        assert_eq!(listed(seven), "a, b, c, d, e and 2 more");
    }
}
