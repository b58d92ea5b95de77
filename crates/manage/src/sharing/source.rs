//! Where a catch-all reads recipients, as it is written: which source, and what is said of it.

use std::fmt;
use std::str::FromStr;

use inhaul_domain::route::{DEFAULT_EVIDENCE, RecipientSource};

use super::HeaderName;

/// What says whom a message was for: `auto`, `to-cc` or the name of a header.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SourceWord {
    /// `auto`: evidence headers, then Received, then To and Cc.
    Auto,
    /// `to-cc`: whom the header mentions.
    ToCc,
    /// This header and nothing else.
    Header(HeaderName),
}

/// What is said of the source; what is not said stays, or is as it is built in.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SourceParts {
    /// Which source.
    pub word: Option<SourceWord>,
    /// The headers that `auto` asks, in this order.
    pub evidence: Option<Vec<HeaderName>>,
    /// Which of several headers of the name, from the top.
    pub index: Option<u32>,
    /// What is taken off the front of what the header says.
    pub strip: Option<String>,
}

/// Parts that do not go together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Misfit {
    /// Evidence headers are for `auto`.
    Evidence,
    /// Counting is for a header that is named.
    Index,
    /// So is taking something off.
    Strip,
}

impl SourceParts {
    /// The source that they make, or make of what is there `now`.
    pub fn apply(self, now: Option<&RecipientSource>) -> Result<RecipientSource, Misfit> {
        let word = match (self.word.clone(), now) {
            (Some(word), _) => word,
            (None, Some(now)) => SourceWord::of(now),
            (None, None) => SourceWord::Auto,
        };
        let names = self.evidence.as_ref();
        let names = names.map(|names| names.iter().map(|name| name.0.clone()).collect());
        match word {
            SourceWord::Auto => {
                self.refuse_named()?;
                let evidence = match (names, now) {
                    (Some(names), _) => names,
                    (None, Some(RecipientSource::Auto { evidence })) => evidence.clone(),
                    (None, _) => DEFAULT_EVIDENCE.map(str::to_owned).into(),
                };
                Ok(RecipientSource::Auto { evidence })
            }
            SourceWord::ToCc if names.is_some() => Err(Misfit::Evidence),
            SourceWord::ToCc => self.refuse_named().map(|()| RecipientSource::ToCc),
            SourceWord::Header(_) if names.is_some() => Err(Misfit::Evidence),
            SourceWord::Header(HeaderName(name)) => {
                // What was said of another header says nothing of this one.
                let (index, strip) = match now {
                    Some(RecipientSource::Header {
                        name: before,
                        index,
                        strip,
                    }) if before.eq_ignore_ascii_case(&name) => (*index, strip.clone()),
                    _ => (1, String::new()),
                };
                Ok(RecipientSource::Header {
                    name,
                    index: self.index.unwrap_or(index),
                    strip: self.strip.unwrap_or(strip),
                })
            }
        }
    }

    fn refuse_named(&self) -> Result<(), Misfit> {
        match (self.index, &self.strip) {
            (Some(_), _) => Err(Misfit::Index),
            (None, Some(_)) => Err(Misfit::Strip),
            (None, None) => Ok(()),
        }
    }
}

impl SourceWord {
    /// The word for a source.
    pub fn of(source: &RecipientSource) -> Self {
        match source {
            RecipientSource::Auto { .. } => Self::Auto,
            RecipientSource::ToCc => Self::ToCc,
            RecipientSource::Header { name, .. } => Self::Header(HeaderName(name.clone())),
        }
    }
}

impl fmt::Display for SourceWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::ToCc => "to-cc",
            Self::Header(HeaderName(name)) => name,
        })
    }
}

impl FromStr for SourceWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "to-cc" => Ok(Self::ToCc),
            name => name.parse().map(Self::Header),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(names: &[&str]) -> RecipientSource {
        let evidence = names.iter().map(|name| (*name).to_owned()).collect();
        RecipientSource::Auto { evidence }
    }

    fn header(name: &str, index: u32, strip: &str) -> RecipientSource {
        let (name, strip) = (name.to_owned(), strip.to_owned());
        RecipientSource::Header { name, index, strip }
    }

    fn parts(word: &str) -> SourceParts {
        SourceParts {
            word: Some(word.parse().unwrap()),
            ..SourceParts::default()
        }
    }

    #[test]
    fn what_is_not_said_of_a_source_stays() {
        let at = |index| SourceParts {
            index: Some(index),
            ..SourceParts::default()
        };
        let names = || SourceParts {
            evidence: Some(vec![HeaderName("X-To".into())]),
            ..SourceParts::default()
        };
        let delivered = header("Delivered-To", 2, "mbox-");
        for (said, now, then) in [
            (SourceParts::default(), None, Ok(auto(&DEFAULT_EVIDENCE))),
            (
                SourceParts::default(),
                Some(&delivered),
                Ok(delivered.clone()),
            ),
            (
                parts("Delivered-To"),
                None,
                Ok(header("Delivered-To", 1, "")),
            ),
            (
                parts("delivered-to"),
                Some(&delivered),
                Ok(header("delivered-to", 2, "mbox-")),
            ),
            (parts("X-To"), Some(&delivered), Ok(header("X-To", 1, ""))),
            (
                at(3),
                Some(&delivered),
                Ok(header("Delivered-To", 3, "mbox-")),
            ),
            (names(), None, Ok(auto(&["X-To"]))),
            (parts("auto"), Some(&auto(&["X-To"])), Ok(auto(&["X-To"]))),
            (parts("auto"), Some(&delivered), Ok(auto(&DEFAULT_EVIDENCE))),
            (parts("to-cc"), Some(&delivered), Ok(RecipientSource::ToCc)),
            (at(1), None, Err(Misfit::Index)),
            (names(), Some(&delivered), Err(Misfit::Evidence)),
        ] {
            assert_eq!(said.clone().apply(now), then, "{said:?} {now:?}");
        }
    }
}
