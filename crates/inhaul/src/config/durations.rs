//! Lengths of time: `30s`, `5m`, `2h`, `14d`, and `auto` or `never` where an interval may say so.
//!
//! One number, one unit: what an operator writes is what an operator reads back.

use std::time::Duration;

use inhaul_manage::words::{format_duration, parse_duration};

use super::reader::{KeyPath, Session, Setting};
use super::tree::{Placed, quoted};

/// How often an automatic retrieval is checked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Every {
    /// Half the average gap between messages, inside `every_min` and `every_max`.
    Auto,
    /// Only when somebody or something asks.
    Never,
    /// At this distance.
    Interval(Duration),
}

impl Setting for Duration {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let text = from.text(path, session, HOW_TO_WRITE)?;
        parse_duration(text)
            .map_err(|what| session.refuse(&from.place, path, what, HOW_TO_WRITE))
            .ok()
    }

    fn show(&self) -> String {
        quoted(&format_duration(*self))
    }
}

impl Setting for Every {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let how = "Write an interval such as \"10m\", or \"auto\", or \"never\".";
        match from.text(path, session, how)? {
            "auto" => Some(Self::Auto),
            "never" => Some(Self::Never),
            text => match parse_duration(text) {
                Ok(Duration::ZERO) => {
                    let what = "an interval of nothing would never rest".to_owned();
                    session.refuse(&from.place, path, what, how);
                    None
                }
                Ok(interval) => Some(Self::Interval(interval)),
                Err(what) => {
                    session.refuse(&from.place, path, what, how);
                    None
                }
            },
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Auto => quoted("auto"),
            Self::Never => quoted("never"),
            Self::Interval(interval) => interval.show(),
        }
    }
}

const HOW_TO_WRITE: &str = "Write a number and a unit: \"30s\", \"5m\", \"2h\" or \"14d\".";
