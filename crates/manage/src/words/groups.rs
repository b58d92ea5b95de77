//! How a group's triggers and rights and the limits of groups and accounts are typed and shown:
//! `button=on`, `schedule=5m`, `edit,delete-remote`, `message=50MB`, `retrievals=none`.

use std::str::FromStr;
use std::time::Duration;

use inhaul_store::{Limits, Triggers, UsersMay, built_in_triggers};
use inhaul_types::{Activation, Octets};

use super::{format_duration, format_size, parse_duration, parse_size};

/// One trigger as typed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TriggerWord {
    /// `None` is all of them.
    activation: Option<Activation>,
    switch: Switch,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Switch {
    On,
    Off,
    /// On, at this distance in seconds at least.
    Every(u32),
}

impl FromStr for TriggerWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, value) = pair(text, "button=on")?;
        let activation = match word {
            "all" => None,
            word => Some(
                word.parse::<Activation>()
                    .map_err(|error| format!("`{word}` is {error}"))?,
            ),
        };
        let switch = match value {
            "on" => Switch::On,
            "off" => Switch::Off,
            time => match seconds(time)? {
                0 => return Err("`0s` is no distance between two checks".into()),
                seconds => Switch::Every(seconds),
            },
        };
        Ok(Self { activation, switch })
    }
}

impl TriggerWord {
    /// Switches it, or all of them.
    pub fn apply(self, triggers: &mut Triggers) {
        let all = Activation::ALL.into_iter();
        for activation in all.filter(|one| self.activation.is_none_or(|wanted| wanted == *one)) {
            match self.switch {
                Switch::Off => drop(triggers.remove(&activation)),
                Switch::Every(seconds) => drop(triggers.insert(activation, seconds)),
                // What is on stays as it is.
                Switch::On => {
                    let usual = built_in_triggers()[&activation];
                    triggers.entry(activation).or_insert(usual);
                }
            }
        }
    }
}

/// Seconds, the way they are typed.
pub fn every_words(seconds: u32) -> String {
    format_duration(Duration::from_secs(u64::from(seconds)))
}

/// What people may decide, as typed: words between commas, or `none`.
pub fn parse_users_may(text: &str) -> Result<UsersMay, String> {
    if text == "none" {
        return Ok(UsersMay::NOTHING);
    }
    UsersMay::from_words(text.split(',').map(str::trim)).map_err(|word| {
        let known = UsersMay::WORDS.join(", ");
        format!("`{word}` is nothing that people may do; there are {known}, and none")
    })
}

/// The way it is typed.
pub fn users_may_words(may: UsersMay) -> String {
    let words: Vec<&str> = may.words().collect();
    if words.is_empty() {
        "none".into()
    } else {
        words.join(",")
    }
}

/// One limit as typed; `None` lifts it.
#[derive(Clone, Copy, Debug)]
pub struct LimitWord {
    limit: &'static Limit,
    value: Option<u64>,
}

/// A limit, its word, and where it is.
#[derive(Debug)]
pub struct Limit {
    /// Its word: `mailbox`.
    pub word: &'static str,
    kind: Kind,
    read: fn(&Limits) -> Option<u64>,
    write: fn(&mut Limits, Option<u64>),
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Count,
    Size,
    Days,
}

/// All limits there are, in the order in which they are shown.
pub const LIMITS: &[Limit] = &[
    Limit {
        word: "retrievals",
        kind: Kind::Count,
        read: |limits| limits.retrievals.map(u64::from),
        write: |limits, value| limits.retrievals = small(value),
    },
    Limit {
        word: "mailbox",
        kind: Kind::Size,
        read: |limits| limits.mailbox.map(Octets::count),
        write: |limits, value| limits.mailbox = value.map(Octets::new),
    },
    Limit {
        word: "message",
        kind: Kind::Size,
        read: |limits| limits.message.map(Octets::count),
        write: |limits, value| limits.message = value.map(Octets::new),
    },
    Limit {
        word: "messages-per-run",
        kind: Kind::Count,
        read: |limits| limits.messages_per_run.map(u64::from),
        write: |limits, value| limits.messages_per_run = small(value),
    },
    Limit {
        word: "octets-per-run",
        kind: Kind::Size,
        read: |limits| limits.octets_per_run.map(Octets::count),
        write: |limits, value| limits.octets_per_run = value.map(Octets::new),
    },
    Limit {
        word: "at-once",
        kind: Kind::Count,
        read: |limits| limits.at_once.map(u64::from),
        write: |limits, value| limits.at_once = small(value),
    },
    Limit {
        word: "recipients",
        kind: Kind::Count,
        read: |limits| limits.recipients.map(u64::from),
        write: |limits, value| limits.recipients = small(value),
    },
    Limit {
        word: "started-per-day",
        kind: Kind::Count,
        read: |limits| limits.started_per_day.map(u64::from),
        write: |limits, value| limits.started_per_day = small(value),
    },
    Limit {
        word: "started-per-day-address",
        kind: Kind::Count,
        read: |limits| limits.started_per_day_address.map(u64::from),
        write: |limits, value| limits.started_per_day_address = small(value),
    },
    Limit {
        word: "delete-after-min",
        kind: Kind::Days,
        read: |limits| limits.delete_after_min_days.map(u64::from),
        write: |limits, value| limits.delete_after_min_days = small(value),
    },
];

/// Counts were read as 32 bits.
fn small(value: Option<u64>) -> Option<u32> {
    value.map(|value| u32::try_from(value).unwrap_or(u32::MAX))
}

/// All that are set, the way they are typed.
pub fn limits_words(limits: &Limits) -> String {
    let set: Vec<String> = LIMITS
        .iter()
        .filter_map(|limit| Some(format!("{}={}", limit.word, limit.words(limits)?)))
        .collect();
    if set.is_empty() {
        "none".into()
    } else {
        set.join(",")
    }
}

const DAY: u32 = 24 * 60 * 60;

impl Limit {
    /// A count, octets or days; `None` where there is no limit.
    pub fn value(&self, limits: &Limits) -> Option<u64> {
        (self.read)(limits)
    }

    /// Sets it; `None` lifts it. A count beyond 32 bits is the largest there is.
    pub fn set(&self, limits: &mut Limits, value: Option<u64>) {
        (self.write)(limits, value);
    }

    /// The way it is typed; `None` where there is no limit.
    pub fn words(&self, limits: &Limits) -> Option<String> {
        let value = (self.read)(limits)?;
        Some(match self.kind {
            Kind::Count => value.to_string(),
            Kind::Size => format_size(value),
            Kind::Days => format!("{value}d"),
        })
    }

    fn parse(&self, text: &str) -> Result<u64, String> {
        match self.kind {
            Kind::Count => text
                .parse::<u32>()
                .map(u64::from)
                .map_err(|_| format!("`{text}` is no number; write {}=10 or none", self.word)),
            Kind::Size => {
                parse_size(text).map_err(|why| format!("{why}; write {}=50MB or none", self.word))
            }
            Kind::Days => match seconds(text)? {
                seconds if seconds.is_multiple_of(DAY) => Ok(u64::from(seconds / DAY)),
                _ => Err(format!(
                    "`{text}` is not whole days; write {}=3d",
                    self.word
                )),
            },
        }
    }
}

impl FromStr for LimitWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, value) = pair(text, "retrievals=10")?;
        // The file writes underscores.
        let word = word.replace('_', "-");
        let limit = LIMITS.iter().find(|limit| limit.word == word);
        let limit = limit.ok_or_else(|| {
            let known: Vec<&str> = LIMITS.iter().map(|limit| limit.word).collect();
            format!("`{word}` is no limit; there are {}", known.join(", "))
        })?;
        let value = match value {
            "none" => None,
            value => Some(limit.parse(value)?),
        };
        Ok(Self { limit, value })
    }
}

impl LimitWord {
    /// Sets or lifts it.
    pub fn apply(self, limits: &mut Limits) {
        (self.limit.write)(limits, self.value);
    }
}

fn pair<'a>(text: &'a str, example: &str) -> Result<(&'a str, &'a str), String> {
    text.split_once('=')
        .map(|(word, value)| (word.trim(), value.trim()))
        .ok_or_else(|| format!("`{text}` has no `=`; write {example}"))
}

fn seconds(text: &str) -> Result<u32, String> {
    let seconds = parse_duration(text)?.as_secs();
    u32::try_from(seconds).map_err(|_| format!("`{text}` is too long"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn triggers(words: &[&str]) -> Result<Triggers, String> {
        let mut triggers = built_in_triggers();
        for word in words {
            word.parse::<TriggerWord>()?.apply(&mut triggers);
        }
        Ok(triggers)
    }

    #[test]
    fn a_trigger_is_on_off_or_on_at_a_distance() {
        use Activation::{Button, Folder, Schedule};
        let only = triggers(&["all=off", "schedule=5m", "folder=on"]).unwrap();
        assert_eq!(only, [(Schedule, 300), (Folder, 300)].into());
        let seldom = triggers(&["button=2h", "button=on"]).unwrap();
        assert_eq!(seldom[&Button], 7_200, "what is on stays as it is");
        for wrong in [
            "button",
            "login=on",
            "button=yes",
            "button=0s",
            "button=5",
            "",
        ] {
            assert!(triggers(&[wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_people_may_do_is_shown_as_it_is_typed() {
        for text in [
            "none",
            "edit",
            "edit,delete-remote,plain",
            "pin-certificate",
        ] {
            assert_eq!(users_may_words(parse_users_may(text).unwrap()), text);
        }
        for wrong in ["", "all", "edit delete-remote", "edit,"] {
            assert!(parse_users_may(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_limit_is_shown_as_it_is_typed() {
        let mut limits = Limits::default();
        let words = [
            "retrievals=10",
            "mailbox=5GB",
            "message=50MB",
            "messages-per-run=500",
            "octets-per-run=200MB",
            "at-once=2",
            "recipients=20",
            "started-per-day=300",
            "started-per-day-address=1000",
            "delete-after-min=3d",
        ];
        for word in words {
            word.parse::<LimitWord>().unwrap().apply(&mut limits);
        }
        for (word, limit) in words.iter().zip(LIMITS) {
            let shown = format!("{}={}", limit.word, limit.words(&limits).unwrap());
            assert_eq!(shown, *word);
        }
        for word in ["started_per_day=none", "mailbox=none"] {
            word.parse::<LimitWord>().unwrap().apply(&mut limits);
        }
        assert_eq!((limits.started_per_day, limits.mailbox), (None, None));
        for wrong in [
            "retrievals=many",
            "message=50",
            "delete-after-min=36h",
            "quota=5GB",
            "mailbox",
        ] {
            assert!(wrong.parse::<LimitWord>().is_err(), "{wrong}");
        }
    }
}
