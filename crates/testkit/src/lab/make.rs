//! The makes of server.

use super::kit::Kit;
use super::recipe::Recipe;
use super::{courier, cyrus, mailutils, popa3d, solid};

/// A POP3 server of another make than Dovecot.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Make {
    /// Courier: Maildir, UTF8, wraps messages for clients that do not say so.
    Courier,
    /// Cyrus: files of its own, filled by IMAP.
    Cyrus,
    /// GNU mailutils: mbox, writes an `X-UIDL` field into the mail.
    Mailutils,
    /// popa3d: mbox, no CAPA, unique-ids of a few header fields.
    Popa3d,
    /// solid-pop3d: mbox, no CAPA, unique-ids of header fields.
    Solid,
}

impl Make {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Courier,
        Self::Cyrus,
        Self::Mailutils,
        Self::Popa3d,
        Self::Solid,
    ];

    /// Its name in paths and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Courier => "courier",
            Self::Cyrus => "cyrus",
            Self::Mailutils => "mailutils",
            Self::Popa3d => "popa3d",
            Self::Solid => "solid-pop3d",
        }
    }

    /// What its layer is made of.
    pub(super) fn kit(self) -> Kit {
        let recipe = self.recipe();
        Kit {
            name: self.name(),
            packages: recipe.packages,
            before: "",
            setup: recipe.setup,
        }
    }

    pub(super) fn recipe(self) -> &'static Recipe {
        match self {
            Self::Courier => &courier::RECIPE,
            Self::Cyrus => &cyrus::RECIPE,
            Self::Mailutils => &mailutils::RECIPE,
            Self::Popa3d => &popa3d::RECIPE,
            Self::Solid => &solid::RECIPE,
        }
    }
}
