//! Which lines of the log an address asks for.

use inhaul_types::RunId;
use serde::{Deserialize, Serialize};

use crate::install::{Level, LogFilter};

/// What was typed; empty is any.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub(super) struct Asked {
    /// Text, or a run: `run:4711`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) find: String,
    /// A level's word.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) level: String,
    /// A retrieval's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) retrieval: String,
}

impl Asked {
    /// The lines that are meant. A word that is no level is any.
    pub(super) fn filter(&self) -> LogFilter {
        let run_of = |word: &str| word.strip_prefix("run:")?.parse().ok().map(RunId::new);
        let mut run = None;
        let words = self.find.split_whitespace().filter(|word| {
            let named = run_of(word);
            run = run.or(named);
            named.is_none()
        });
        let text = words.collect::<Vec<_>>().join(" ");
        let retrieval = self.retrieval.trim().to_owned();
        LogFilter {
            level: Level::parse(&self.level),
            run,
            retrieval: Some(retrieval).filter(|name| !name.is_empty()),
            text: Some(text).filter(|text| !text.is_empty()),
        }
    }

    /// An address that asks for the same.
    pub(super) fn at(&self, place: &str) -> String {
        match serde_urlencoded::to_string(self).unwrap_or_default() {
            query if query.is_empty() => place.to_owned(),
            query => format!("{place}?{query}"),
        }
    }

    /// Whether every line is meant.
    pub(super) fn is_open(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_among_the_words() {
        let asked = |find: &str, level: &str| Asked {
            find: find.to_owned(),
            level: level.to_owned(),
            retrieval: " ".to_owned(),
        };
        let filter = asked(" run:4711 no  answer", "warn").filter();
        assert_eq!(filter.run, Some(RunId::new(4711)));
        assert_eq!(filter.text.as_deref(), Some("no answer"));
        assert_eq!((filter.level, filter.retrieval), (Some(Level::Warn), None));
        let filter = asked("run:x", "loud").filter();
        assert_eq!((filter.run, filter.level), (None, None));
        assert_eq!(filter.text.as_deref(), Some("run:x"));
        assert_eq!(asked("", "").filter(), LogFilter::default());
        assert_eq!(asked("a&b", "").at("/x"), "/x?find=a%26b&retrieval=+");
    }
}
