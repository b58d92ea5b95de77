//! [`Told`] as one line of text, for a column.
//!
//! Words in a fixed order, a dash for what is not there; the first word is the version.

use std::fmt::{Display, Write as _};
use std::str::{FromStr, SplitAsciiWhitespace};

use inhaul_types::Timestamp;

use super::{Ear, Present, Told, Trouble, Urgency};

/// The text is no state of notices, or of a newer inhaul.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BadTold;

impl Display for BadTold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("this is no state of notices")
    }
}

impl std::error::Error for BadTold {}

impl Told {
    /// The whole of it as one line of ASCII words.
    pub fn to_text(&self) -> String {
        let mut text = String::from(VERSION);
        let present = &self.present;
        push_trouble(&mut text, present.trouble.map(|(trouble, _)| trouble));
        push_time(&mut text, present.trouble.map(|(_, seen)| seen));
        push_time(&mut text, present.ended);
        push(&mut text, present.came);
        push(&mut text, u8::from(present.is_paused));
        for ear in [&self.owner, &self.admin] {
            push_trouble(&mut text, ear.heard);
            push_time(&mut text, ear.told_at);
            push_time(&mut text, ear.reminded_at);
            push_time(&mut text, ear.day_began);
            push(&mut text, ear.told_that_day);
        }
        text
    }

    /// Reads back what [`Told::to_text`] wrote.
    pub fn parse(text: &str) -> Result<Self, BadTold> {
        let mut words = Words(text.split_ascii_whitespace());
        if words.next()? != VERSION {
            return Err(BadTold);
        }
        let trouble = words.trouble()?;
        let seen = words.time()?;
        let present = Present {
            trouble: match (trouble, seen) {
                (Some(trouble), Some(seen)) => Some((trouble, seen)),
                (None, None) => None,
                _ => return Err(BadTold),
            },
            ended: words.time()?,
            came: words.value()?,
            is_paused: words.value::<u8>()? == 1,
        };
        let owner = words.ear()?;
        let admin = words.ear()?;
        if words.0.next().is_some() {
            return Err(BadTold);
        }
        Ok(Self {
            present,
            owner,
            admin,
        })
    }
}

const VERSION: &str = "1";
const NONE: &str = "-";
const FAILING: &str = "failing";
const NEEDS_YOU: &str = "needs-you";

fn push(text: &mut String, word: impl Display) {
    write!(text, " {word}").expect("a String takes everything");
}

fn push_time(text: &mut String, time: Option<Timestamp>) {
    match time {
        Some(time) => push(text, time.millis()),
        None => push(text, NONE),
    }
}

fn push_trouble(text: &mut String, trouble: Option<Trouble>) {
    let Some(trouble) = trouble else {
        return push(text, NONE);
    };
    push(
        text,
        match trouble.urgency {
            Urgency::Failing => FAILING,
            Urgency::NeedsYou => NEEDS_YOU,
        },
    );
    push(text, trouble.code.map_or(NONE, |code| code.as_str()));
    push_time(text, Some(trouble.since));
}

struct Words<'a>(SplitAsciiWhitespace<'a>);

impl<'a> Words<'a> {
    fn next(&mut self) -> Result<&'a str, BadTold> {
        self.0.next().ok_or(BadTold)
    }

    fn value<T: FromStr>(&mut self) -> Result<T, BadTold> {
        self.next()?.parse().map_err(|_| BadTold)
    }

    fn time(&mut self) -> Result<Option<Timestamp>, BadTold> {
        match self.next()? {
            NONE => Ok(None),
            millis => millis
                .parse()
                .map(|millis| Some(Timestamp::from_millis(millis)))
                .map_err(|_| BadTold),
        }
    }

    fn trouble(&mut self) -> Result<Option<Trouble>, BadTold> {
        let urgency = match self.next()? {
            NONE => return Ok(None),
            FAILING => Urgency::Failing,
            NEEDS_YOU => Urgency::NeedsYou,
            _ => return Err(BadTold),
        };
        let code = match self.next()? {
            NONE => None,
            word => Some(word.parse().map_err(|_| BadTold)?),
        };
        let since = self.time()?.ok_or(BadTold)?;
        Ok(Some(Trouble {
            urgency,
            code,
            since,
        }))
    }

    fn ear(&mut self) -> Result<Ear, BadTold> {
        Ok(Ear {
            heard: self.trouble()?,
            told_at: self.time()?,
            reminded_at: self.time()?,
            day_began: self.time()?,
            told_that_day: self.value()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use inhaul_types::ErrorCode;

    use super::*;

    #[test]
    fn what_was_told_reads_back_from_its_text() {
        let time = Timestamp::from_millis;
        let trouble = |urgency, code| Trouble {
            urgency,
            code,
            since: time(-7),
        };
        let full = Told {
            present: Present {
                trouble: Some((
                    trouble(Urgency::NeedsYou, Some(ErrorCode::AuthRefused)),
                    time(2),
                )),
                ended: Some(time(3)),
                came: 41,
                is_paused: true,
            },
            owner: Ear {
                heard: Some(trouble(Urgency::Failing, None)),
                told_at: Some(time(4)),
                reminded_at: Some(time(5)),
                day_began: Some(time(6)),
                told_that_day: 3,
            },
            admin: Ear::default(),
        };
        for told in [Told::default(), full] {
            assert_eq!(Told::parse(&told.to_text()), Ok(told));
        }
    }

    #[test]
    fn a_text_that_is_none_is_refused() {
        let whole = Told::default().to_text();
        let rows = [
            "".to_owned(),
            whole.replacen('1', "2", 1),
            format!("{whole} -"),
            whole[..whole.len() - 2].to_owned(),
            whole.replacen('-', "failing", 1),
        ];
        for text in rows {
            assert_eq!(Told::parse(&text), Err(BadTold), "{text:?}");
        }
    }
}
