//! The limits of one retrieval's runs, as they are typed and shown: `max-messages=200`,
//! `max-octets=100MB`, `largest=25MB`, `reconnect=yes`.

use std::str::FromStr;

use inhaul_store::RetrievalLimits;
use inhaul_types::Octets;

use super::{format_size, parse_size};

/// One limit as typed; without a value it is lifted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RetrievalLimitWord {
    /// `max-messages=200`.
    MaxMessages(Option<u32>),
    /// `max-octets=100MB`.
    MaxOctets(Option<Octets>),
    /// `largest=25MB`.
    Largest(Option<Octets>),
    /// `reconnect=yes`.
    Reconnect(bool),
}

const KNOWN: &str = "max-messages, max-octets, largest and reconnect";

impl FromStr for RetrievalLimitWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, value) = text
            .split_once('=')
            .ok_or_else(|| format!("`{text}` has no value; write max-messages=200"))?;
        // The file writes underscores.
        match word.replace('_', "-").as_str() {
            "max-messages" => unless_none(value, messages).map(Self::MaxMessages),
            "max-octets" => unless_none(value, octets).map(Self::MaxOctets),
            "largest" => unless_none(value, octets).map(Self::Largest),
            "reconnect" => match value {
                "yes" => Ok(Self::Reconnect(true)),
                "no" => Ok(Self::Reconnect(false)),
                _ => Err(format!("`{value}` is neither yes nor no")),
            },
            _ => Err(format!("`{word}` is no limit; there are {KNOWN}")),
        }
    }
}

fn unless_none<T>(value: &str, parse: fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    match value {
        "none" => Ok(None),
        value => parse(value).map(Some),
    }
}

fn messages(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(0) => Err("0 messages would bring nothing; write none for no limit".into()),
        Ok(messages) => Ok(messages),
        Err(_) => Err(format!("`{text}` is no number; write 200 or none")),
    }
}

fn octets(text: &str) -> Result<Octets, String> {
    match parse_size(text) {
        Ok(0) => Err("0 would bring nothing; write none for no limit".into()),
        Ok(octets) => Ok(Octets::new(octets)),
        Err(why) => Err(format!("{why}; write 25MB or none")),
    }
}

impl RetrievalLimitWord {
    /// Sets or lifts it.
    pub fn apply(self, limits: &mut RetrievalLimits) {
        match self {
            Self::MaxMessages(most) => limits.max_messages = most,
            Self::MaxOctets(most) => limits.max_octets = most,
            Self::Largest(largest) => limits.largest = largest,
            Self::Reconnect(reconnect) => limits.reconnect = reconnect,
        }
    }
}

/// All that are set, the way they are typed.
pub fn retrieval_limits_words(limits: &RetrievalLimits) -> String {
    let size = |octets: Octets| format_size(octets.count());
    let words = [
        limits
            .max_messages
            .map(|most| format!("max-messages={most}")),
        limits
            .max_octets
            .map(|most| format!("max-octets={}", size(most))),
        limits
            .largest
            .map(|largest| format!("largest={}", size(largest))),
        limits.reconnect.then(|| "reconnect=yes".to_owned()),
    ];
    let words: Vec<String> = words.into_iter().flatten().collect();
    match words.is_empty() {
        true => "none".into(),
        false => words.join(","),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_shown_the_way_they_are_typed() {
        let mut limits = RetrievalLimits::default();
        assert_eq!(retrieval_limits_words(&limits), "none");
        for (word, shown) in [
            ("max-messages=200", "max-messages=200"),
            ("max_octets=100MB", "max-messages=200,max-octets=100MB"),
            ("max-messages=none", "max-octets=100MB"),
            ("largest=25MB", "max-octets=100MB,largest=25MB"),
            (
                "reconnect=yes",
                "max-octets=100MB,largest=25MB,reconnect=yes",
            ),
            ("max-octets=none", "largest=25MB,reconnect=yes"),
            ("reconnect=no", "largest=25MB"),
            ("largest=none", "none"),
        ] {
            word.parse::<RetrievalLimitWord>()
                .unwrap()
                .apply(&mut limits);
            assert_eq!(retrieval_limits_words(&limits), shown, "{word}");
        }
    }

    #[test]
    fn what_is_no_limit_is_refused_with_what_to_write() {
        for (word, why) in [
            ("max-messages", "has no value"),
            ("max-messages=0", "would bring nothing"),
            ("max-messages=many", "write 200 or none"),
            ("largest=25", "has no unit"),
            ("max-octets=0", "would bring nothing"),
            ("reconnect=1", "neither yes nor no"),
            ("mailbox=5GB", "there are max-messages"),
        ] {
            let error = word.parse::<RetrievalLimitWord>().unwrap_err();
            assert!(error.contains(why), "{word}: {error}");
        }
    }
}
