//! Reads what was typed, word by word.

use inhaul_types::{Octets, Timestamp};

use super::{BadQuery, BadWord, Place, QUERY_MOST, Query, TERMS_MOST, Term, What, fold};

pub(super) fn parse(typed: &str) -> Result<Query, BadQuery> {
    if typed.chars().nth(QUERY_MOST).is_some() {
        return Err(bad("", BadWord::TooLong));
    }
    let mut query = Query::default();
    let mut rest = typed.trim_start();
    while !rest.is_empty() {
        let word = Word::first(rest);
        rest = rest[word.length..].trim_start();
        query.terms.extend(word.term()?);
        if query.terms.len() > TERMS_MOST {
            return Err(bad("", BadWord::TooMany));
        }
    }
    Ok(query)
}

/// One word, as it was typed.
#[derive(Debug)]
struct Word<'a> {
    typed: &'a str,
    /// How much of what was typed it is, with its quotes.
    length: usize,
    negated: bool,
    /// What stands before the colon, if that means something.
    key: Option<Key>,
    value: &'a str,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Key {
    Text(Place),
    In,
    Via,
    Has,
    Is,
    Before,
    After,
    Larger,
    Smaller,
}

impl Key {
    fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "from" => Self::Text(Place::From),
            "to" => Self::Text(Place::To),
            "cc" => Self::Text(Place::Cc),
            "subject" => Self::Text(Place::Subject),
            "in" => Self::In,
            "via" => Self::Via,
            "has" => Self::Has,
            "is" => Self::Is,
            "before" => Self::Before,
            "after" => Self::After,
            "larger" => Self::Larger,
            "smaller" => Self::Smaller,
            _ => return None,
        })
    }

    fn example(self) -> &'static str {
        match self {
            Self::Text(Place::To) => "to:sales@example.org",
            Self::Text(Place::Cc) => "cc:team",
            Self::Text(Place::Subject) => "subject:invoice",
            Self::Text(_) => "from:jana",
            Self::In => "in:Archive",
            Self::Via => "via:work",
            Self::Has => "has:attachment",
            Self::Is => "is:unread",
            Self::Before => "before:2026-03-01",
            Self::After => "after:2026-03-01",
            Self::Larger => "larger:5M",
            Self::Smaller => "smaller:20K",
        }
    }
}

impl<'a> Word<'a> {
    /// The word at the beginning, which is no white space.
    fn first(rest: &'a str) -> Self {
        let unsigned = rest.strip_prefix('-');
        // A lone hyphen is a word.
        let unsigned = unsigned.filter(|behind| {
            let next = behind.chars().next();
            next.is_some_and(|next| !next.is_whitespace())
        });
        let (negated, behind) = match unsigned {
            Some(behind) => (true, behind),
            None => (false, rest),
        };
        let end = |text: &str| text.find(char::is_whitespace).unwrap_or(text.len());
        let name = behind[..end(behind)].split_once(':').map(|(name, _)| name);
        let key = name.and_then(Key::named);
        let value = match (key, name) {
            (Some(_), Some(name)) => &behind[name.len() + 1..],
            _ => behind,
        };
        // What is quoted goes to the next quote, or to the end.
        let (value, length) = match value.strip_prefix('"') {
            Some(quoted) => match quoted.find('"') {
                Some(quote) => (&quoted[..quote], quote + 2),
                None => (quoted, value.len()),
            },
            None => (&value[..end(value)], end(value)),
        };
        let before = rest.len() - behind.len()
            + name
                .filter(|_| key.is_some())
                .map_or(0, |name| name.len() + 1);
        let length = before + length;
        Self {
            typed: &rest[..length],
            length,
            negated,
            key,
            value,
        }
    }

    /// What it means; nothing where it says nothing.
    fn term(&self) -> Result<Option<Term>, BadQuery> {
        let Some(key) = self.key else {
            let text = fold(self.value);
            let what = (!text.is_empty()).then_some(What::Text(Place::Anywhere, text));
            return Ok(what.map(|what| self.so(what)));
        };
        let value = self.value.trim();
        if fold(value).is_empty() {
            let example = key.example();
            return Err(bad(self.typed, BadWord::Empty { example }));
        }
        let example = key.example();
        let day = || day(value).ok_or_else(|| bad(self.typed, BadWord::NoDay { example }));
        let size = || size(value).ok_or_else(|| bad(self.typed, BadWord::NoSize { example }));
        let what = match key {
            Key::Text(place) => What::Text(place, fold(value)),
            Key::In => What::In(value.to_owned()),
            Key::Via => What::Via(value.to_owned()),
            Key::Has => match value.to_ascii_lowercase().as_str() {
                "attachment" | "attachments" => What::Attachment,
                _ => return Err(self.none_of("has:attachment")),
            },
            Key::Is => match value.to_ascii_lowercase().as_str() {
                "unread" => What::Unread,
                "starred" => What::Starred,
                "read" => {
                    return Ok(Some(Term {
                        negated: !self.negated,
                        what: What::Unread,
                    }));
                }
                _ => return Err(self.none_of("is:unread, is:read, is:starred")),
            },
            Key::Before => What::Before(day()?),
            Key::After => What::Since(day()?),
            Key::Larger => What::Larger(size()?),
            Key::Smaller => What::Smaller(size()?),
        };
        Ok(Some(self.so(what)))
    }

    fn so(&self, what: What) -> Term {
        Term {
            negated: self.negated,
            what,
        }
    }

    fn none_of(&self, words: &'static str) -> BadQuery {
        bad(self.typed, BadWord::NoneOf { words })
    }
}

fn bad(word: &str, why: BadWord) -> BadQuery {
    let word = word.trim().to_owned();
    BadQuery { word, why }
}

/// `2026-03-01`: the moment at which that day begins in UTC.
fn day(text: &str) -> Option<Timestamp> {
    let mut parts = text.split('-');
    let mut next = |digits: usize| -> Option<i64> {
        let part = parts.next()?;
        let is_number = part.len() == digits && part.bytes().all(|octet| octet.is_ascii_digit());
        is_number.then(|| part.parse().ok())?
    };
    let (year, month, day) = (next(4)?, next(2)?, next(2)?);
    if parts.next().is_some() || !(1..=12).contains(&month) {
        return None;
    }
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=days).contains(&day) {
        return None;
    }
    Some(Timestamp::from_millis(
        days_to(year, month, day) * DAY_MILLIS,
    ))
}

/// Days from 1970-01-01 to this one, counted in years that begin with March: the leap day ends them.
fn days_to(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month = (month + 9) % 12;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

const DAY_MILLIS: i64 = 24 * 3_600_000;

/// `5M`, `20k`, `1.5G`, `300`: octets, in units of 1,024.
fn size(text: &str) -> Option<Octets> {
    let lower = text.to_ascii_lowercase();
    let bare = lower.trim_end_matches('b').trim_end_matches('i');
    let (number, shift) = match bare.as_bytes().last()? {
        b'k' => (&bare[..bare.len() - 1], 10),
        b'm' => (&bare[..bare.len() - 1], 20),
        b'g' => (&bare[..bare.len() - 1], 30),
        _ => (bare, 0),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| {
        let is_number = (1..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| text.parse::<u64>().ok())?
    };
    let whole = digits(whole)?.checked_mul(1 << shift)?;
    let part_digits = u32::try_from(part.len()).ok()?;
    let part = (u128::from(digits(part)?) << shift) / 10_u128.pow(part_digits);
    Some(Octets::new(whole.checked_add(u64::try_from(part).ok()?)?))
}
