//! Limits in a form: those of a group, and an account's own.

use inhaul_manage::words::LIMITS;
use inhaul_store::Limits;

use super::typed::{Typed, Wrong, read_size, size_words};

/// A limit as a form shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct LimitField {
    /// Its word, which is the field's name.
    pub(super) name: &'static str,
    /// What it is called.
    pub(super) label: &'static str,
    /// What stands below its label.
    pub(super) behind: &'static str,
    /// What is in the field; empty is no limit.
    pub(super) value: String,
}

/// How a limit is typed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Count,
    Size,
}

/// Word, label, kind, and what stands below the label.
const FIELDS: [(&str, &str, Kind, &str); 9] = [
    ("retrievals", "Retrievals", Kind::Count, ""),
    ("mailbox", "Mailbox size here", Kind::Size, ""),
    (
        "message",
        "Largest message",
        Kind::Size,
        "larger ones stay on their server",
    ),
    ("messages-per-run", "Messages in one run", Kind::Count, ""),
    ("octets-per-run", "Megabytes in one run", Kind::Size, ""),
    ("at-once", "Checks at the same time", Kind::Count, ""),
    (
        "recipients",
        "Accounts that one message of a catch-all goes to",
        Kind::Count,
        "",
    ),
    (
        "started-per-day",
        "Checks a person may start in a day",
        Kind::Count,
        "",
    ),
    (
        "started-per-day-address",
        "Checks started from one network address in a day",
        Kind::Count,
        "",
    ),
];

/// The days after which people may have mail deleted: it stands among what they may decide.
pub(super) const DELETE_AFTER: &str = "delete-after-min";

/// The fields of these limits, or with what was typed in them.
pub(super) fn fields(limits: &Limits, typed: Option<&Typed>) -> Vec<LimitField> {
    let field = |(name, label, kind, behind)| LimitField {
        name,
        label,
        behind,
        value: match typed {
            Some(typed) => typed.text(name).to_owned(),
            None => words(limits, name, kind),
        },
    };
    FIELDS.into_iter().map(field).collect()
}

/// The days of [`DELETE_AFTER`].
pub(super) fn delete_after(limits: &Limits, typed: Option<&Typed>) -> String {
    match typed {
        Some(typed) => typed.text(DELETE_AFTER).to_owned(),
        None => words(limits, DELETE_AFTER, Kind::Count),
    }
}

/// All limits that were typed. What has no field keeps what it says in `before`.
pub(super) fn read(typed: &Typed, before: &Limits) -> Result<Limits, Wrong> {
    let mut limits = *before;
    let days = (DELETE_AFTER, "", Kind::Count, "");
    for (name, _, kind, _) in FIELDS.into_iter().chain([days]) {
        if !typed.is_ticked(name) {
            continue;
        }
        let value = read_one(typed.text(name), kind).map_err(|what| Wrong::at(name, what))?;
        let limit = LIMITS.iter().find(|limit| limit.word == name);
        limit
            .expect("a test goes through all words")
            .set(&mut limits, value);
    }
    Ok(limits)
}

fn read_one(text: &str, kind: Kind) -> Result<Option<u64>, String> {
    if text.is_empty() || ["none", "no limit"].contains(&text.to_ascii_lowercase().as_str()) {
        return Ok(None);
    }
    let read = match kind {
        Kind::Size => read_size(text)
            .map_err(|why| format!("{why}. Write 50 MB, or leave it empty for no limit.")),
        Kind::Count => text.parse::<u32>().map(u64::from).map_err(|_| {
            format!("`{text}` is no number. Write 10, or leave it empty for no limit.")
        }),
    };
    read.map(Some)
}

fn words(limits: &Limits, name: &str, kind: Kind) -> String {
    let limit = LIMITS.iter().find(|limit| limit.word == name);
    let value = limit.and_then(|limit| limit.value(limits));
    value.map_or_else(String::new, |value| match kind {
        Kind::Size => size_words(value),
        Kind::Count => value.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pairs: &[(&str, &str)]) -> Typed {
        let query = serde_urlencoded::to_string(pairs).unwrap();
        serde_urlencoded::from_str(&query).unwrap()
    }

    #[test]
    fn every_limit_there_is_goes_through_a_form_and_back() {
        let mut limits = Limits::default();
        for (place, limit) in LIMITS.iter().enumerate() {
            limit.set(&mut limits, Some(1_000 * (place as u64 + 1)));
        }
        let shown = fields(&limits, None);
        let days = delete_after(&limits, None);
        let mut pairs: Vec<_> = shown
            .iter()
            .map(|field| (field.name, field.value.as_str()))
            .collect();
        pairs.push((DELETE_AFTER, &days));
        assert_eq!(pairs.len(), LIMITS.len());
        let read = read(&typed(&pairs), &Limits::default()).unwrap();
        assert_eq!(read, limits);
    }

    #[test]
    fn an_empty_field_lifts_a_limit_and_an_absent_one_leaves_it() {
        let limits = Limits {
            retrievals: Some(10),
            at_once: Some(2),
            ..Limits::default()
        };
        let read_back = read(&typed(&[("retrievals", " ")]), &limits).unwrap();
        assert_eq!((read_back.retrievals, read_back.at_once), (None, Some(2)));
        let wrong = read(&typed(&[("mailbox", "5")]), &limits).unwrap_err();
        assert!(wrong.is_at("mailbox"), "{wrong:?}");
        assert!(wrong.what.contains("Write 50 MB"), "{}", wrong.what);
    }
}
