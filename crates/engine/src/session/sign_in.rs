//! Signing in: by which mechanism, and the talk of one.
//!
//! At most one password or token is refused in a session: another mechanism follows only where the
//! server has not looked at it, because it does not know the mechanism or cannot bind it to the
//! line. Nothing is sent behind a sign-in that is not answered: some servers lose it.
//!
//! A mechanism that worked is the first to be tried the next time. A server that offers a better
//! one later does not change that (the owner may: `--sign-in`); but SCRAM is bound to the line
//! (`-PLUS`) whenever the server offers it, whatever was remembered. Where one that does not say
//! the password (SCRAM, CRAM-MD5) was refused, perhaps only the server's record for it is missing:
//! the next session says the password, on an encrypted line or where the owner wants none.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inhaul_net::LineBinding;
use inhaul_pop3_proto::ResponseCode;
use inhaul_pop3_proto::client::{Capabilities, Command, Event};
use inhaul_sasl::scram::{Binding, Hash};
use inhaul_sasl::{Exchange, apop};
use inhaul_store::{Remote, SignInMemory};
use inhaul_types::{Mechanism, Secret};

use crate::failure::{Doing, RunError};
use crate::session::Wire;
use crate::session::learned::Learned;
use crate::session::secret::Credential;

/// For passwords, the best first. USER stands behind them without being offered: RFC 1939 has it.
const BY_PASSWORD: [Mechanism; 5] = [
    Mechanism::ScramSha256,
    Mechanism::ScramSha1,
    Mechanism::CramMd5,
    Mechanism::Plain,
    Mechanism::Login,
];

/// For tokens. The older one first: those who have both have more practice with it.
const BY_TOKEN: [Mechanism; 2] = [Mechanism::XOauth2, Mechanism::OauthBearer];

/// Signs in, and remembers what that said of the mechanisms.
pub(crate) async fn authenticate(
    wire: &mut Wire,
    remote: &Remote,
    credential: &Credential,
    stamp: Option<&str>,
    learned: &mut Learned,
) -> Result<(), RunError> {
    let offered = learned.capabilities.clone().unwrap_or_default();
    let mut attempt = Attempt {
        binding: wire.binding(),
        remote,
        credential,
        stamp,
        offered: &offered,
    };
    let mut unknown = None;
    for mechanism in attempt.mechanisms(learned.sign_in) {
        match attempt.by(mechanism, wire).await {
            Ok(()) => {
                learned.sign_in = Some(SignInMemory::Worked(mechanism));
                return Ok(());
            }
            Err(Refusal::Unlooked(text)) => unknown = text.or(unknown),
            Err(Refusal::Final(error)) => {
                if error.refuses_the_secret() {
                    learned.sign_in = mechanism
                        .keeps_the_password()
                        .then_some(SignInMemory::Refused(mechanism));
                }
                return Err(error);
            }
        }
    }
    let offered = offered.arguments("SASL").into_iter().flatten();
    Err(RunError::NoWayIn {
        offered: offered.map(str::to_owned).collect(),
        said: unknown,
    })
}

/// Why one mechanism did not get us in.
enum Refusal {
    /// The server has not looked at the password; what it said.
    Unlooked(Option<String>),
    Final(RunError),
}

impl From<RunError> for Refusal {
    fn from(error: RunError) -> Self {
        Self::Final(error)
    }
}

/// What every mechanism may need.
struct Attempt<'a> {
    remote: &'a Remote,
    credential: &'a Credential,
    stamp: Option<&'a str>,
    offered: &'a Capabilities,
    binding: Option<LineBinding>,
}

/// What the server says in the course of a sign-in.
enum Heard {
    GoOn,
    In,
    Challenge(Vec<u8>),
    Refused(Option<ResponseCode>, String),
}

impl Attempt<'_> {
    /// What to try, in this order, until the server has looked at the password.
    fn mechanisms(&self, memory: Option<SignInMemory>) -> Vec<Mechanism> {
        if let Some(chosen) = self.remote.sign_in {
            return vec![chosen];
        }
        let offers = |mechanism: &Mechanism| self.offers(*mechanism);
        let mut mechanisms: Vec<Mechanism> = match self.credential {
            Credential::Token(_) => BY_TOKEN.into_iter().filter(offers).collect(),
            Credential::Password(_) => BY_PASSWORD
                .into_iter()
                .filter(offers)
                .chain([Mechanism::User])
                .collect(),
        };
        match memory {
            Some(SignInMemory::Worked(worked)) if mechanisms.contains(&worked) => {
                mechanisms.retain(|mechanism| *mechanism != worked);
                mechanisms.insert(0, worked);
            }
            Some(SignInMemory::Refused(_)) => {
                mechanisms.retain(|mechanism| !mechanism.keeps_the_password());
            }
            Some(SignInMemory::Worked(_)) | None => {}
        }
        // Some announce nothing before the sign-in and take tokens all the same.
        if mechanisms.is_empty() {
            mechanisms.extend(BY_TOKEN);
        }
        mechanisms
    }

    fn offers(&self, mechanism: Mechanism) -> bool {
        mechanism
            .sasl_name()
            .is_some_and(|name| self.offered.has_sasl(name) || self.offers_bound(name))
    }

    fn offers_bound(&self, name: &str) -> bool {
        self.binding.is_some() && self.offered.has_sasl(&format!("{name}-PLUS"))
    }

    async fn by(&mut self, mechanism: Mechanism, wire: &mut Wire) -> Result<(), Refusal> {
        let (user, secret) = (&self.remote.user, self.credential.secret());
        let exchange = match mechanism {
            Mechanism::User => return self.by_user(wire).await,
            Mechanism::Plain => return self.by_plain(wire).await,
            Mechanism::Apop => return self.by_apop(wire).await,
            Mechanism::ScramSha256 => self.scram(Hash::Sha256)?,
            Mechanism::ScramSha1 => self.scram(Hash::Sha1)?,
            Mechanism::CramMd5 => Exchange::cram_md5(user, secret),
            Mechanism::Login => Exchange::login(user, secret),
            Mechanism::XOauth2 => Exchange::xoauth2(user, secret),
            Mechanism::OauthBearer => {
                Exchange::oauthbearer(user, secret, &self.remote.host, self.remote.port)
            }
        };
        self.by_exchange(exchange, wire).await
    }

    fn scram(&self, hash: Hash) -> Result<Exchange, RunError> {
        let binding = match &self.binding {
            None => Binding::Impossible,
            Some(line) if self.offers_bound(hash.mechanism(&Binding::NotOffered)) => Binding::To {
                kind: line.kind,
                octets: line.octets.clone(),
            },
            Some(_) => Binding::NotOffered,
        };
        let (user, password) = (&self.remote.user, self.credential.secret());
        Ok(Exchange::scram(hash, user, password, binding, &nonce()?))
    }

    async fn by_user(&self, wire: &mut Wire) -> Result<(), Refusal> {
        wire.send(Command::User(self.remote.user.clone()))?;
        match next(wire).await? {
            Heard::Refused(code, text) => {
                // It has not heard the password; but a name it refuses is refused.
                return Err(self.refused(code, text));
            }
            _ => wire.send(Command::Pass(self.credential.secret().clone()))?,
        }
        self.last_word(next(wire).await?)
    }

    async fn by_plain(&self, wire: &mut Wire) -> Result<(), Refusal> {
        wire.send(Command::AuthPlain {
            user: self.remote.user.clone(),
            password: self.credential.secret().clone(),
        })?;
        self.verdict(next(wire).await?)
    }

    async fn by_apop(&self, wire: &mut Wire) -> Result<(), Refusal> {
        let stamp = self.stamp.ok_or(RunError::NoStamp)?;
        wire.send(Command::Apop {
            user: self.remote.user.clone(),
            digest: apop::digest(stamp, self.credential.secret()),
        })?;
        self.last_word(next(wire).await?)
    }

    async fn by_exchange(&self, mut exchange: Exchange, wire: &mut Wire) -> Result<(), Refusal> {
        let mechanism = exchange.mechanism();
        let initial = exchange.opening();
        let mut has_spoken = initial.is_some();
        wire.send(Command::Auth {
            mechanism,
            initial,
            secret: self.credential.secret().clone(),
        })?;
        loop {
            match next(wire).await? {
                Heard::GoOn => {}
                Heard::In => {
                    let proven = exchange.accepted();
                    return proven.map_err(|why| RunError::Impostor(mechanism, why).into());
                }
                Heard::Challenge(challenge) => {
                    has_spoken = true;
                    let (back, response) = compute(exchange, challenge).await?;
                    exchange = back;
                    match response {
                        Ok(response) => wire.respond(&response),
                        Err(why) => {
                            wire.give_up_sign_in().await;
                            return Err(RunError::Impostor(mechanism, why).into());
                        }
                    }
                }
                // It refused the mechanism before anything was said in it.
                Heard::Refused(None, text) if !has_spoken => {
                    return Err(Refusal::Unlooked(Some(text)));
                }
                Heard::Refused(code, text) => {
                    return Err(self.refused_in(&exchange, code, text));
                }
            }
        }
    }

    fn verdict(&self, heard: Heard) -> Result<(), Refusal> {
        match heard {
            Heard::Refused(code, text) => Err(self.refused(code, text)),
            _ => Ok(()),
        }
    }

    fn refused_in(&self, exchange: &Exchange, code: Option<ResponseCode>, text: String) -> Refusal {
        match exchange.complaint() {
            // The list we were shown is not the server's.
            Some("server-does-support-channel-binding") => RunError::Downgraded.into(),
            Some("unsupported-channel-binding-type" | "channel-binding-not-supported") => {
                Refusal::Unlooked(Some(text))
            }
            Some(complaint) => {
                let complaint = fit_to_show(complaint, self.credential.secret());
                self.refused(code, format!("{text} ({complaint})"))
            }
            None => self.refused(code, text),
        }
    }

    /// The answer to what is no mechanism: whatever its words, the password was looked at.
    fn last_word(&self, heard: Heard) -> Result<(), Refusal> {
        match heard {
            Heard::Refused(code, text) => Err(self.refusal(code, text).into()),
            _ => Ok(()),
        }
    }

    fn refused(&self, code: Option<ResponseCode>, text: String) -> Refusal {
        // Only a server that does not know the mechanism has not looked at the password.
        if is_unknown_mechanism(code.as_ref(), &text) {
            return Refusal::Unlooked(Some(text));
        }
        self.refusal(code, text).into()
    }

    fn refusal(&self, code: Option<ResponseCode>, text: String) -> RunError {
        let doing = match self.credential {
            Credential::Password(_) => Doing::SignIn,
            Credential::Token(_) => Doing::TokenSignIn,
        };
        RunError::Refused { doing, code, text }
    }
}

async fn next(wire: &mut Wire) -> Result<Heard, RunError> {
    wire.until(|event| match event {
        Event::SignedIn => Some(Heard::In),
        Event::UserAccepted => Some(Heard::GoOn),
        Event::Challenge(challenge) => Some(Heard::Challenge(challenge)),
        Event::Refused { code, text, .. } => Some(Heard::Refused(code, text.to_string())),
        _ => None,
    })
    .await
}

/// SCRAM computes for some milliseconds, or for as long as the server wants within our bound.
async fn compute(
    mut exchange: Exchange,
    challenge: Vec<u8>,
) -> Result<(Exchange, Result<Secret, inhaul_sasl::BadExchange>), RunError> {
    let computed = tokio::task::spawn_blocking(move || {
        let response = exchange.respond(&challenge);
        (exchange, response)
    });
    computed.await.map_err(|_| RunError::Stuck)
}

/// 18 random octets as text.
fn nonce() -> Result<String, RunError> {
    let mut octets = [0; 18];
    rustix::rand::getrandom(&mut octets, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| RunError::Cut(Some(error.into())))?;
    Ok(BASE64_STANDARD.encode(octets))
}

/// One line, not too long, without the token: some servers repeat it.
fn fit_to_show(complaint: &str, secret: &Secret) -> String {
    const LONGEST: usize = 300;
    let masked = match secret.expose() {
        "" => complaint.to_owned(),
        secret => complaint.replace(secret, "********"),
    };
    let visible = masked.chars().filter(|character| !character.is_control());
    visible.take(LONGEST).collect()
}

/// Servers say this in words only. Those that speak of the user, and not of the mechanism, do know
/// the mechanism; and beside `[AUTH]`, as Dovecot has it, it has to be the mechanism in so many
/// words.
fn is_unknown_mechanism(code: Option<&ResponseCode>, text: &str) -> bool {
    let text = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let of_mechanism = match code {
        None => !says(&[
            "user",
            "account",
            "mailbox",
            "password",
            "login",
            "credential",
        ]),
        Some(ResponseCode::Auth) => says(&["mechanism"]),
        Some(_) => false,
    };
    of_mechanism
        && says(&[
            "unknown",
            "unsupported",
            "not supported",
            "unrecognized",
            "unrecognised",
            "not implemented",
            "syntax",
        ])
}

#[cfg(test)]
mod tests {
    use inhaul_store::Security;

    use super::*;

    fn remote(sign_in: Option<Mechanism>) -> Remote {
        Remote {
            host: "pop.example.org".into(),
            port: 995,
            security: Security::Tls,
            ca_file: None,
            pin: None,
            user: "anna".into(),
            sign_in,
        }
    }

    fn words(
        offered: &str,
        chosen: Option<Mechanism>,
        credential: Credential,
        memory: Option<SignInMemory>,
    ) -> String {
        let (remote, offered) = (remote(chosen), Capabilities::parse_lines(offered));
        let attempt = Attempt {
            remote: &remote,
            credential: &credential,
            stamp: None,
            offered: &offered,
            binding: Some(LineBinding {
                kind: "tls-exporter",
                octets: vec![1],
            }),
        };
        let mechanisms = attempt.mechanisms(memory);
        let words: Vec<_> = mechanisms.iter().map(|it| it.as_str()).collect();
        words.join(" ")
    }

    #[test]
    fn mechanisms_are_tried_best_first_and_what_worked_before_them() {
        use Mechanism::*;
        use SignInMemory::*;
        const ALL: &str = "SASL LOGIN PLAIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER";
        let password = || Credential::Password(Secret::new("p".into()));
        let token = || Credential::Token(Secret::new("t".into()));
        for (offered, memory, expected) in [
            (
                ALL,
                None,
                "scram-sha-256 scram-sha-1 cram-md5 plain login user",
            ),
            ("SASL NTLM PLAIN", None, "plain user"),
            ("SASL SCRAM-SHA-1-PLUS", None, "scram-sha-1 user"),
            ("USER", None, "user"),
            ("", None, "user"),
            (
                ALL,
                Some(Worked(Plain)),
                "plain scram-sha-256 scram-sha-1 cram-md5 login user",
            ),
            (
                ALL,
                Some(Worked(User)),
                "user scram-sha-256 scram-sha-1 cram-md5 plain login",
            ),
            // What is offered no longer is not remembered either.
            ("SASL PLAIN", Some(Worked(CramMd5)), "plain user"),
            (ALL, Some(Refused(ScramSha256)), "plain login user"),
            ("SASL CRAM-MD5", Some(Refused(CramMd5)), "user"),
        ] {
            let found = words(offered, None, password(), memory);
            assert_eq!(found, expected, "{offered:?} {memory:?}");
        }
        assert_eq!(words(ALL, None, token(), None), "xoauth2 oauthbearer");
        assert_eq!(
            words("SASL OAUTHBEARER", None, token(), None),
            "oauthbearer"
        );
        assert_eq!(
            words("SASL PLAIN", None, token(), None),
            "xoauth2 oauthbearer"
        );
        // The owner's word is the last one, and APOP is nobody else's.
        let memory = Some(Worked(Plain));
        assert_eq!(words(ALL, Some(Apop), password(), memory), "apop");
    }

    #[test]
    fn an_unknown_mechanism_is_told_from_an_unknown_user() {
        let auth = Some(&ResponseCode::Auth);
        for (text, unknown) in [
            ("Unsupported authentication mechanism.", true),
            ("Unknown user", false),
            ("Authentication failed.", false),
        ] {
            assert_eq!(is_unknown_mechanism(auth, text), unknown, "{text:?}");
        }
        let busy = Some(&ResponseCode::SysTemp);
        assert!(!is_unknown_mechanism(busy, "Unknown mechanism"));
        for (text, unknown) in [
            ("Unknown AUTH mechanism", true),
            ("Unsupported authentication mechanism.", true),
            ("Unrecognized authentication type", true),
            ("unknown command", true),
            ("unknown user", false),
            ("Unknown user or password incorrect.", false),
            ("Authentication failed", false),
            ("", false),
        ] {
            assert_eq!(is_unknown_mechanism(None, text), unknown, "{text:?}");
        }
    }

    #[test]
    fn a_complaint_is_shown_without_the_token() {
        let token = Secret::new("ya29.vF9".into());
        let shown = fit_to_show("no \"ya29.vF9\"\r\n here", &token);
        assert_eq!(shown, "no \"********\" here");
        assert_eq!(fit_to_show(&"x".repeat(9000), &token).len(), 300);
    }
}
