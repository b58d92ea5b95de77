//! Sizes in the configuration: `500KB`, `25MB`, `16MiB`.

use inhaul_manage::words::{format_size, parse_size};

use super::reader::{KeyPath, Session, Setting};
use super::tree::{Placed, quoted};

/// A number of octets, as the operator writes it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Size(pub(super) u64);

impl Setting for Size {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let text = from.text(path, session, HOW_TO_WRITE)?;
        parse_size(text)
            .map(Self)
            .map_err(|what| session.refuse(&from.place, path, what, HOW_TO_WRITE))
            .ok()
    }

    fn show(&self) -> String {
        quoted(&format_size(self.0))
    }
}

const HOW_TO_WRITE: &str = "Write a number and a unit: \"500KB\", \"25MB\", \"5GB\" or \"16MiB\".";
