//! The fields of the page: as a form has them, and as they are meant.

use inhaul_domain::Retention;
use inhaul_manage::LONGEST_NAME;
use inhaul_store::{Every, Remote, Retrieval, Security};
use inhaul_types::{KeyPin, Secret};
use serde::Deserialize;

use super::super::add::copies::TypedCopies;
use super::super::add::place::{self, TypedCheck};
use super::super::add::way::TypedWay;
use super::super::add::wrong::Wrong;
use crate::request::Password;

/// What was typed.
#[derive(Debug, Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    host: String,
    #[serde(default)]
    port: String,
    #[serde(default)]
    security: String,
    #[serde(default)]
    user: String,
    #[serde(default)]
    plain: bool,
    /// The key to trust, as the page showed it.
    #[serde(default)]
    trust: String,
    /// The usual authorities are trusted again.
    #[serde(default)]
    unpin: bool,
    #[serde(default = "no_password")]
    password: Password,
    #[serde(default)]
    pub(super) folder: String,
    #[serde(default)]
    pub(super) new_folder: String,
    #[serde(default)]
    check: String,
    #[serde(default)]
    minutes: String,
    #[serde(default)]
    after: String,
    #[serde(default)]
    days: String,
    #[serde(default)]
    sure: bool,
    /// Saved without a test.
    #[serde(default)]
    pub(super) untested: bool,
}

/// What is meant.
#[derive(Debug)]
pub(super) struct Meant {
    pub(super) name: String,
    pub(super) remote: Remote,
    pub(super) folder: String,
    pub(super) every: Every,
    pub(super) retention: Retention,
}

impl Typed {
    /// What the page shows of a retrieval.
    pub(super) fn of(retrieval: &Retrieval) -> Self {
        let way = TypedWay::of(&retrieval.remote);
        let check = TypedCheck::of(retrieval.every);
        let copies = TypedCopies::of(retrieval.retention);
        Self {
            name: retrieval.name.clone(),
            host: way.host,
            port: way.port,
            security: way.security,
            user: way.user,
            plain: way.plain,
            trust: String::new(),
            unpin: false,
            password: no_password(),
            folder: retrieval.folder_name.clone(),
            new_folder: String::new(),
            check: check.check,
            minutes: check.minutes,
            after: copies.after,
            days: copies.days,
            sure: false,
            untested: false,
        }
    }

    pub(super) fn way(&self) -> TypedWay {
        TypedWay {
            host: self.host.clone(),
            port: self.port.clone(),
            security: self.security.clone(),
            user: self.user.clone(),
            plain: self.plain,
        }
    }

    pub(super) fn check(&self) -> TypedCheck {
        TypedCheck {
            check: self.check.clone(),
            minutes: self.minutes.clone(),
        }
    }

    pub(super) fn copies(&self) -> TypedCopies {
        TypedCopies {
            after: self.after.clone(),
            days: self.days.clone(),
            sure: self.sure,
        }
    }

    /// The new password, if there is one.
    pub(super) fn password(&self) -> Option<Secret> {
        let typed = &self.password.0;
        (!typed.expose().is_empty()).then(|| typed.clone())
    }

    /// What is meant for the retrieval as it stands.
    pub(super) fn read(&self, before: &Retrieval) -> Result<Meant, Wrong> {
        let name = self.name.trim();
        place::text("name", name, LONGEST_NAME)?;
        let check = self.check();
        Ok(Meant {
            name: name.to_owned(),
            remote: self.remote(&before.remote)?,
            folder: place::folder(&self.folder, &self.new_folder)?,
            // Seconds that are no whole minutes stay as they are.
            every: match check == TypedCheck::of(before.every) {
                true => before.every,
                false => check.read()?,
            },
            retention: self.copies().read()?,
        })
    }

    /// The way as typed, with what the page does not ask for as it was.
    fn remote(&self, before: &Remote) -> Result<Remote, Wrong> {
        let typed = self.way().read(Some(before))?;
        let is_there = typed.host.eq_ignore_ascii_case(&before.host);
        let trusted = match (self.trust.as_str(), self.unpin) {
            ("", true) => None,
            ("", false) => before.pin.filter(|_| is_there),
            (key, _) => Some(key.parse::<KeyPin>().map_err(|bad| {
                let what = format!("That is no key: {bad}.");
                Wrong::new("pin", what)
            })?),
        };
        Ok(Remote {
            pin: trusted.filter(|_| typed.security != Security::None),
            ca_file: before.ca_file.clone().filter(|_| is_there),
            sign_in: before.sign_in,
            ..typed
        })
    }
}

fn no_password() -> Password {
    Password(Secret::new(String::new()))
}
