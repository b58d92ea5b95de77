//! Parts of a whole: `10%`.

use super::reader::{KeyPath, Session, Setting};
use super::tree::{Placed, quoted};

/// From 0 to 100.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Percent(pub(crate) u8);

impl Setting for Percent {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let help = "Write a whole number from 0 to 100 and the sign: \"10%\".";
        let text = from.text(path, session, help)?;
        let number = text
            .strip_suffix('%')
            .and_then(|number| number.parse().ok());
        let percent = number.filter(|number| *number <= 100).map(Self);
        if percent.is_none() {
            session.refuse(
                &from.place,
                path,
                format!("`{text}` is not a percentage"),
                help,
            );
        }
        percent
    }

    fn show(&self) -> String {
        quoted(&format!("{}%", self.0))
    }
}
