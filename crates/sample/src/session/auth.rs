//! `AUTH` (RFC 5034): PLAIN and the mechanisms that are switched on.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use inhaul_pop3_proto::{ResponseCode, sasl_plain};
use inhaul_sasl::scram::{self, Binding, Hash};
use inhaul_sasl::{cram_md5, scram::Challenged};
use inhaul_types::{Mechanism, Secret};

use super::Conversation;
use crate::mailbox::Mailbox;
use crate::switches::{AuthPlain, Scram, ScramPlus, ServerSwitches, TokenSteps};
use crate::wire::End;

/// What the client's next response is.
pub(super) enum Exchange {
    Plain,
    /// LOGIN: the user, then the password.
    Login {
        user: Option<String>,
    },
    CramMd5 {
        challenge: String,
    },
    ScramFirst {
        hash: Hash,
        binding: Binding,
    },
    ScramLast {
        mailbox: Option<Mailbox>,
        challenged: Challenged,
    },
    Token(Mechanism),
    /// An acknowledgement of how it ended: empty, or what OAUTHBEARER has in its place.
    Ended {
        mailbox: Option<Mailbox>,
        right: bool,
    },
}

const SALT: &[u8] = b"sea salt";
const ITERATIONS: u32 = 4096;

impl Conversation {
    pub(super) async fn answer_auth(
        &mut self,
        name: &str,
        initial: Option<Secret>,
    ) -> Result<(), End> {
        let switches = self.shared.switches();
        let Some(exchange) = self.begin(name, &switches) else {
            self.grammar.err(None, "unknown mechanism");
            return Ok(());
        };
        let in_two_steps =
            matches!(exchange, Exchange::Token(_)) && switches.token_steps == TokenSteps::Two;
        if in_two_steps && initial.is_some() {
            self.grammar.err(None, "Protocol error. 10");
            return Ok(());
        }
        let challenge = match &exchange {
            Exchange::Login { .. } => BASE64.encode("Username:"),
            Exchange::CramMd5 { challenge } => BASE64.encode(challenge),
            _ => String::new(),
        };
        self.exchange = Some(exchange);
        match initial {
            Some(response) => self.answer_auth_response(&response).await,
            None => {
                self.grammar.continuation(challenge);
                Ok(())
            }
        }
    }

    fn begin(&self, name: &str, switches: &ServerSwitches) -> Option<Exchange> {
        if name.eq_ignore_ascii_case("PLAIN") {
            return (switches.auth_plain != AuthPlain::Absent).then_some(Exchange::Plain);
        }
        let (bare, plus) = match name.strip_suffix("-PLUS") {
            Some(bare) => (bare, true),
            None => (name, false),
        };
        let named = |mechanism: &&Mechanism| mechanism.sasl_name() == Some(bare);
        let mechanism = *switches.mechanisms.iter().find(named)?;
        if switches.unknown_mechanisms.contains(&mechanism) {
            return None;
        }
        Some(match mechanism {
            Mechanism::ScramSha256 => self.begin_scram(Hash::Sha256, plus, switches)?,
            Mechanism::ScramSha1 => self.begin_scram(Hash::Sha1, plus, switches)?,
            Mechanism::CramMd5 => Exchange::CramMd5 {
                challenge: format!("<{}@sample>", nonce()),
            },
            Mechanism::Login => Exchange::Login { user: None },
            Mechanism::XOauth2 | Mechanism::OauthBearer => Exchange::Token(mechanism),
            Mechanism::Plain | Mechanism::User | Mechanism::Apop => return None,
        })
    }

    fn begin_scram(&self, hash: Hash, plus: bool, switches: &ServerSwitches) -> Option<Exchange> {
        let bound = (switches.scram_plus != ScramPlus::Absent)
            .then(|| self.wire.exporter())
            .flatten()
            .map(|octets| Binding::To {
                kind: "tls-exporter",
                octets,
            });
        let binding = match bound {
            Some(bound) => bound,
            None if plus => return None,
            None => Binding::Impossible,
        };
        Some(Exchange::ScramFirst { hash, binding })
    }

    pub(super) async fn answer_auth_response(&mut self, response: &Secret) -> Result<(), End> {
        let Some(exchange) = self.exchange.take() else {
            self.grammar.err(None, "AUTH comes first");
            return Ok(());
        };
        if matches!(exchange, Exchange::Plain) {
            return self.answer_plain(response).await;
        }
        let Ok(said) = BASE64.decode(response.expose()) else {
            self.grammar.err(None, "the response is not base64");
            return Ok(());
        };
        match exchange {
            Exchange::Plain => Ok(()),
            Exchange::Login { user: None } => {
                let user = Some(String::from_utf8_lossy(&said).into_owned());
                self.ask(Exchange::Login { user }, "Password:");
                Ok(())
            }
            Exchange::Login { user: Some(user) } => {
                let password = Secret::new(String::from_utf8_lossy(&said).into_owned());
                let mailbox = self.shared.find(&user);
                let right = mailbox
                    .as_ref()
                    .is_some_and(|mailbox| mailbox.password() == password);
                self.end(Mechanism::Login, mailbox, right).await
            }
            Exchange::CramMd5 { challenge } => self.answer_cram(&challenge, &said).await,
            Exchange::ScramFirst { hash, binding } => {
                self.answer_scram_first(hash, binding, &said);
                Ok(())
            }
            Exchange::ScramLast {
                mailbox,
                challenged,
            } => self.answer_scram_last(mailbox, &challenged, &said).await,
            Exchange::Token(mechanism) => self.answer_token(mechanism, &said).await,
            Exchange::Ended { mailbox, right } => self.admit(mailbox, right).await,
        }
    }

    fn ask(&mut self, exchange: Exchange, challenge: &str) {
        self.grammar.continuation(BASE64.encode(challenge));
        self.exchange = Some(exchange);
    }

    async fn answer_plain(&mut self, response: &Secret) -> Result<(), End> {
        let refused = self.shared.switches().auth_plain == AuthPlain::Refused;
        match sasl_plain::decode(response) {
            Ok(_) if refused => {
                self.lose_early_commands().await;
                self.grammar.err(Some(ResponseCode::Auth), "not that way");
                Ok(())
            }
            Ok(credentials) => self.sign_in(&credentials.user, &credentials.password).await,
            Err(bad) => {
                self.grammar.err(None, bad);
                Ok(())
            }
        }
    }

    /// Ends an exchange, unless this mechanism refuses everybody.
    async fn end(
        &mut self,
        mechanism: Mechanism,
        mailbox: Option<Mailbox>,
        right: bool,
    ) -> Result<(), End> {
        let refuses = self.refuses(mechanism);
        self.admit(mailbox, right && !refuses).await
    }

    fn refuses(&self, mechanism: Mechanism) -> bool {
        let switches = self.shared.switches();
        switches.refusing_mechanisms.contains(&mechanism)
    }

    async fn answer_cram(&mut self, challenge: &str, said: &[u8]) -> Result<(), End> {
        let said = String::from_utf8_lossy(said);
        let (user, digest) = said.rsplit_once(' ').unwrap_or_default();
        let mailbox = self.shared.find(user);
        let right = mailbox.as_ref().is_some_and(|mailbox| {
            cram_md5::digest(challenge.as_bytes(), &mailbox.password()).expose() == digest
        });
        self.end(Mechanism::CramMd5, mailbox, right).await
    }

    fn answer_scram_first(&mut self, hash: Hash, binding: Binding, said: &[u8]) {
        let opened = match scram::Server::open(hash, binding, said) {
            Ok(opened) => opened,
            Err(word) => {
                let (mailbox, right) = (None, false);
                return self.ask(Exchange::Ended { mailbox, right }, &format!("e={word}"));
            }
        };
        let mechanism = match hash {
            Hash::Sha1 => Mechanism::ScramSha1,
            Hash::Sha256 => Mechanism::ScramSha256,
        };
        let mailbox = self.shared.find(opened.user());
        // A user who is not there has a password nobody knows.
        let password = mailbox
            .as_ref()
            .filter(|_| !self.refuses(mechanism))
            .map_or_else(|| Secret::new(nonce()), Mailbox::password);
        let iterations = match self.shared.switches().scram {
            Scram::TooManyIterations => u32::MAX,
            _ => ITERATIONS,
        };
        let challenged = opened.challenge(&password, SALT, iterations, &nonce());
        let challenge = challenged.message().to_owned();
        self.ask(
            Exchange::ScramLast {
                mailbox,
                challenged,
            },
            &challenge,
        );
    }

    async fn answer_scram_last(
        &mut self,
        mailbox: Option<Mailbox>,
        challenged: &Challenged,
        said: &[u8],
    ) -> Result<(), End> {
        let verdict = challenged.verify(said);
        let right = verdict.is_ok();
        let scram = self.shared.switches().scram;
        if right && scram == Scram::NoProof {
            return self.admit(mailbox, right).await;
        }
        let last = match verdict {
            Ok(_) if scram == Scram::WrongProof => format!("v={}", BASE64.encode(SALT)),
            Ok(proof) => proof,
            Err(word) => format!("e={word}"),
        };
        self.ask(Exchange::Ended { mailbox, right }, &last);
        Ok(())
    }

    async fn answer_token(&mut self, mechanism: Mechanism, said: &[u8]) -> Result<(), End> {
        let said = String::from_utf8_lossy(said);
        let part = |start: &str| {
            said.split(['\x01', ','])
                .find_map(|part| part.strip_prefix(start))
        };
        let user = part(if mechanism == Mechanism::XOauth2 {
            "user="
        } else {
            "a="
        });
        let mailbox = user.and_then(|user| self.shared.find(user));
        let right = mailbox.as_ref().is_some_and(|mailbox| {
            part("auth=Bearer ") == Some(mailbox.password().expose()) && !self.refuses(mechanism)
        });
        if right {
            return self.admit(mailbox, right).await;
        }
        let why = r#"{"status":"401","schemes":"Bearer","scope":"https://mail.example.org/"}"#;
        self.ask(Exchange::Ended { mailbox, right }, why);
        Ok(())
    }
}

/// Something nobody has heard before.
fn nonce() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
