//! `USER`, `PASS`, `AUTH`: who it is; then the run that a sign-in starts, the lock, the snapshot.
//!
//! In this order, so that what the run brings is in this very session. No mechanism that needs the
//! password at rest is offered; TLS protects it instead, and on a readable line from another
//! machine none is taken.

use std::time::Duration;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use inhaul_pop3_proto::{ResponseCode, sasl_plain};
use inhaul_store::Account;
use inhaul_types::{Activation, Secret};

use super::maildrop::Maildrop;
use super::session::Conversation;
use super::wire::End;
use crate::doorkeeper::Denied;

/// A SASL exchange under way: what the next line is.
#[derive(Debug)]
pub(super) enum Exchange {
    /// PLAIN's one message.
    Plain,
    /// LOGIN's name.
    LoginName,
    /// LOGIN's password.
    LoginPassword(String),
}

/// Wrong passwords in one session; whoever goes on guessing connects again.
const WRONG_MOST: u32 = 3;
/// LOGIN's two questions, `Username:` and `Password:`.
const LOGIN_NAME: &str = "VXNlcm5hbWU6";
const LOGIN_PASSWORD: &str = "UGFzc3dvcmQ6";
const UNREADABLE: &str = "The sign-in cannot be read";
const NEEDS_ENCRYPTION: &str =
    "Passwords are taken on an encrypted connection only, use STLS or the TLS port";

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Conversation {
    /// Whether nobody else can read a password that is said now.
    pub(super) fn takes_passwords(&self) -> bool {
        self.wire.is_encrypted()
            || self.encrypted_to_proxy
            || self.peer.ip().to_canonical().is_loopback()
    }

    pub(super) fn answer_user(&mut self, name: String) {
        if !self.takes_passwords() {
            return self.wire.grammar.err(None, NEEDS_ENCRYPTION);
        }
        self.user = Some(name);
        // The same whoever it is: names are nobody's business.
        self.wire.grammar.ok("Now the password");
    }

    pub(super) async fn answer_pass(&mut self, password: &Secret) -> Result<(), End> {
        if !self.takes_passwords() {
            self.wire.grammar.err(None, NEEDS_ENCRYPTION);
            return Ok(());
        }
        match self.user.take() {
            Some(name) => self.sign_in(&name, password).await,
            None => {
                self.wire.grammar.err(None, "USER comes first");
                Ok(())
            }
        }
    }

    pub(super) async fn answer_auth(
        &mut self,
        mechanism: &str,
        initial: Option<Secret>,
    ) -> Result<(), End> {
        if !self.takes_passwords() {
            self.wire.grammar.err(None, NEEDS_ENCRYPTION);
            return Ok(());
        }
        let (exchange, question) = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => (Exchange::Plain, ""),
            "LOGIN" => (Exchange::LoginName, LOGIN_NAME),
            _ => {
                self.wire
                    .grammar
                    .err(None, "Only PLAIN and LOGIN are offered");
                return Ok(());
            }
        };
        self.exchange = Some(exchange);
        match initial {
            Some(initial) => self.answer_response(&initial).await,
            None => {
                self.wire.grammar.continuation(question);
                Ok(())
            }
        }
    }

    pub(super) async fn answer_response(&mut self, response: &Secret) -> Result<(), End> {
        match self.exchange.take() {
            Some(Exchange::Plain) => match sasl_plain::decode(response) {
                Ok(said)
                    if ![String::new(), said.user.clone()].contains(&said.authorization_id) =>
                {
                    let text = "Nobody signs in for somebody else here";
                    self.wire.grammar.err(Some(ResponseCode::Auth), text);
                    Ok(())
                }
                Ok(said) => self.sign_in(&said.user, &said.password).await,
                Err(_) => self.refuse_response(),
            },
            Some(Exchange::LoginName) => match text_of(response) {
                Some(name) => {
                    let name = name.expose().to_owned();
                    self.exchange = Some(Exchange::LoginPassword(name));
                    self.wire.grammar.continuation(LOGIN_PASSWORD);
                    Ok(())
                }
                None => self.refuse_response(),
            },
            Some(Exchange::LoginPassword(name)) => match text_of(response) {
                Some(password) => self.sign_in(&name, &password).await,
                None => self.refuse_response(),
            },
            None => self.refuse_response(),
        }
    }

    fn refuse_response(&mut self) -> Result<(), End> {
        self.wire.grammar.err(None, UNREADABLE);
        Ok(())
    }

    async fn sign_in(&mut self, name: &str, password: &Secret) -> Result<(), End> {
        let from = self.peer.ip().to_canonical();
        match self.service.doorkeeper.admit(name, password, from).await {
            Ok(account) => self.open_maildrop(account).await,
            Err(Denied::Wrong) => {
                self.wrong += 1;
                let text = "The name or the password is wrong";
                self.wire.grammar.err(Some(ResponseCode::Auth), text);
                if self.wrong >= WRONG_MOST {
                    self.wire.flush().await?;
                    return Err(End::Said);
                }
            }
            Err(Denied::TooManyTries { .. }) => {
                let text = "Too many wrong passwords came from your address or for this account, \
                            try again in some minutes";
                return self.hang_up(Some(ResponseCode::SysTemp), text).await;
            }
            Err(Denied::SwitchedOff { by_group }) => {
                let whose = if by_group {
                    "account's group"
                } else {
                    "account"
                };
                let text =
                    format_args!("This {whose} is switched off, an administrator can switch it on");
                self.wire.grammar.err(Some(ResponseCode::SysPerm), text);
            }
            Err(Denied::Store(error)) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "nobody can sign in"
                );
                let text = "The server cannot read its accounts at present, try again later";
                self.wire.grammar.err(Some(ResponseCode::SysTemp), text);
            }
        }
        Ok(())
    }

    async fn open_maildrop(&mut self, account: Account) {
        let service = &self.service;
        // Where another session has the maildrop nothing that comes can be seen in this one.
        let most = match service.locks.is_held(account.id) {
            true => Duration::ZERO,
            false => self.settings.login_wait,
        };
        let from = self.peer.ip().to_canonical();
        let hook = &service.hook;
        hook.signed_in(account.id, Activation::Pop3Login, from, most)
            .await;
        let Some(lock) = service.locks.take(account.id) else {
            let text = "Another program has this maildrop open, try again when it is done";
            self.wire.grammar.err(Some(ResponseCode::InUse), text);
            return;
        };
        match service.store.maildrop(account.id).await {
            Ok(snapshot) => {
                let maildrop = Maildrop::new(lock, snapshot);
                let (count, octets) = maildrop.drop_listing();
                self.maildrop = Some(maildrop);
                self.tally.account = Some(account.name);
                self.wire.grammar.signed_in();
                self.wire
                    .grammar
                    .ok(format_args!("{count} messages, {octets} octets"));
            }
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a maildrop cannot be opened"
                );
                let text = "The maildrop cannot be opened at present, try again later";
                self.wire.grammar.err(Some(ResponseCode::SysTemp), text);
            }
        }
    }
}

fn text_of(response: &Secret) -> Option<Secret> {
    let octets = BASE64.decode(response.expose().trim()).ok()?;
    String::from_utf8(octets).ok().map(Secret::new)
}
