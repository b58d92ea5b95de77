//! The remote side as a program writes it, where a mailbox is added or looked into.

use inhaul_store::{Remote, RemoteSecret};
use serde::Deserialize;

use super::settings;
use crate::api::problem::ApiProblem;
use crate::api::schema::{Field, Kind, may, must};
use crate::request::Password;
use crate::sharing::Maildrop;

pub(in crate::api) const SERVER: Field = must(
    "server",
    Kind::Text,
    "The remote server: its name, or `HOST:PORT`, or `HOST 995s`.",
);
pub(in crate::api) const PORT: Field = may(
    "port",
    Kind::Whole,
    "Its port; by default the usual one of the protection.",
);
pub(in crate::api) const SECURITY: Field = may(
    "security",
    Kind::Word(settings::security_words),
    "Protection of the line; by default TLS, on port 110 STLS.",
);
pub(in crate::api) const PIN: Field = may(
    "pin",
    Kind::Text,
    "Trust this key of the server (`sha256//...`) and no authority.",
);
pub(in crate::api) const USER: Field = must("user", Kind::Text, "The name to sign in with there.");
pub(in crate::api) const PASSWORD: Field = must(
    "password",
    Kind::Secret,
    "The password to sign in with there. No answer ever contains it.",
);
pub(in crate::api) const SIGN_IN: Field = may(
    "sign_in",
    Kind::Word(settings::sign_in_words),
    "The way to sign in; `auto` by default.",
);

/// The way to a mailbox as sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct RemoteSent {
    pub(super) server: String,
    pub(super) port: Option<u16>,
    pub(super) security: Option<String>,
    pub(super) pin: Option<String>,
    pub(super) user: String,
    pub(super) password: Password,
    pub(super) sign_in: Option<String>,
}

impl RemoteSent {
    pub(in crate::api) fn read(self) -> Result<Maildrop, ApiProblem> {
        let security = self.security.as_deref();
        let security = security.map(settings::security).transpose()?;
        let (host, port, security) = settings::server(&self.server, self.port, security)?;
        let sign_in = self.sign_in.as_deref().map(settings::sign_in).transpose()?;
        Ok(Maildrop {
            remote: Remote {
                host,
                port,
                security,
                ca_file: None,
                pin: self.pin.as_deref().map(settings::pin).transpose()?,
                user: self.user,
                sign_in: sign_in.flatten(),
            },
            secret: RemoteSecret::Stored(self.password.0),
            memory: None,
        })
    }
}
