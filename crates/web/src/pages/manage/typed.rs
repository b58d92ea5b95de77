//! What somebody typed in a form of the manager, and what is wrong with it.

use std::time::Duration;

use axum::http::StatusCode;
use inhaul_manage::Refused;
use inhaul_manage::words::{format_duration, format_size, parse_duration, parse_size};
use serde::Deserialize;

use crate::response::Problem;

/// The fields of a form in their order; a tick box is there as often as it is ticked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Typed(Vec<(String, String)>);

impl Typed {
    /// A field without the space around it; empty where it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default().trim()
    }

    /// Every value of a field.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let fields = self.0.iter().filter(move |(field, _)| field == name);
        fields.map(|(_, value)| value.as_str())
    }

    /// Whether a box is ticked.
    pub(super) fn is_ticked(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }
}

/// What is wrong with what was typed, said at its field, or above the form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Wrong {
    /// The field; empty for the form.
    pub(super) field: String,
    /// Words for a person.
    pub(super) what: String,
    status: StatusCode,
}

impl Wrong {
    /// Said at a field.
    pub(super) fn at(field: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            what: what.into(),
            status: StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    /// What a person can mend in the form; anything else is a page of its own.
    pub(super) fn of(refused: Refused) -> Result<Self, Problem> {
        let what = refused.to_string();
        let whole = |status| Self {
            field: String::new(),
            what: what.clone(),
            status,
        };
        match &refused {
            Refused::Invalid { field, .. } => Ok(Self::at(*field, what)),
            Refused::NotAllowedIn { field, .. } => Ok(Self {
                status: StatusCode::FORBIDDEN,
                ..Self::at(*field, what)
            }),
            Refused::NotAllowed(_) => Ok(whole(StatusCode::FORBIDDEN)),
            Refused::InTheWay(_) | Refused::Written { .. } => Ok(whole(StatusCode::CONFLICT)),
            Refused::NotFound { .. } | Refused::Store(_) => Err(refused.into()),
        }
    }

    /// The status of the page that says it.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// Whether it is said at this field.
    pub(super) fn is_at(&self, field: &str) -> bool {
        self.field == field
    }
}

/// A size as people type it: `5 GB`, `500KB`.
pub(super) fn read_size(text: &str) -> Result<u64, String> {
    let number = parse_size(&without_spaces(text))?;
    match number {
        0 => Err(format!("`{text}` is nothing at all")),
        number => Ok(number),
    }
}

/// A size as [`read_size`] takes it: `5 GB`.
pub(super) fn size_words(octets: u64) -> String {
    spaced(&format_size(octets))
}

/// A length of time as people type it: `5 min`, `2h`; in seconds.
pub(super) fn read_seconds(text: &str) -> Result<u32, String> {
    let mut word = without_spaces(text);
    if let Some(number) = word.strip_suffix("min") {
        word = format!("{number}m");
    }
    let seconds = parse_duration(&word)?.as_secs();
    match u32::try_from(seconds) {
        Ok(0) => Err(format!("`{text}` is no time at all")),
        Ok(seconds) => Ok(seconds),
        Err(_) => Err(format!("`{text}` is too long")),
    }
}

/// A length of time as [`read_seconds`] takes it: `5 min`.
pub(super) fn seconds_words(seconds: u32) -> String {
    let words = spaced(&format_duration(Duration::from_secs(seconds.into())));
    match words.strip_suffix('m') {
        Some(number) => format!("{number}min"),
        None => words,
    }
}

fn without_spaces(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// A number apart from its unit.
fn spaced(words: &str) -> String {
    let unit = words.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = &words[..words.len() - unit.len()];
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_shown_as_they_may_be_typed() {
        for (octets, words) in [(5_000_000_000, "5 GB"), (50_000_000, "50 MB"), (17, "17 B")] {
            assert_eq!(size_words(octets), words);
            assert_eq!(read_size(words), Ok(octets));
        }
        for (seconds, words) in [
            (300, "5 min"),
            (90, "90 s"),
            (7_200, "2 h"),
            (86_400, "1 d"),
        ] {
            assert_eq!(seconds_words(seconds), words);
            assert_eq!(read_seconds(words), Ok(seconds));
        }
        assert_eq!(read_seconds("5m"), Ok(300));
        assert_eq!(read_size("500kb"), Ok(500_000));
        for wrong in ["", "0 min", "5", "many", "-5 min", "0x5m"] {
            assert!(read_seconds(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "0", "5", "5 G", "many"] {
            assert!(read_size(wrong).is_err(), "{wrong}");
        }
    }
}
