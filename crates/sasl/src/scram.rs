//! SCRAM (RFC 5802, RFC 7677): both ends prove that they know the password, and neither says it.
//!
//! Owns one exchange. Touches nothing; the nonces are arguments. Trusts nothing: [`MOST_ITERATIONS`]
//! bounds the work a server can ask for, and a server that does not prove itself is an error.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use inhaul_types::Secret;

use crate::BadExchange;
use crate::hash::{Octets, same, xor};

/// The hash that an exchange is built on.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Hash {
    /// SCRAM-SHA-1
    Sha1,
    /// SCRAM-SHA-256
    Sha256,
}

/// What ties the exchange to the encrypted line it runs on, so that nobody can stand between.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Binding {
    /// The line cannot be bound to: `n`.
    Impossible,
    /// We could, but the server did not offer it: `y`. A server that did then knows that somebody
    /// has changed its list (RFC 5802 section 6).
    NotOffered,
    /// `-PLUS`.
    To {
        /// The kind's registered name: `tls-exporter`, `tls-server-end-point`.
        kind: &'static str,
        /// What both ends know of the line, and nobody between them.
        octets: Vec<u8>,
    },
}

/// What a server can ask a client to compute: some seconds of it on a slow machine.
pub const MOST_ITERATIONS: u32 = 1_000_000;

impl Hash {
    /// The mechanism's registered name.
    pub fn mechanism(self, binding: &Binding) -> &'static str {
        match (self, binding) {
            (Self::Sha1, Binding::To { .. }) => "SCRAM-SHA-1-PLUS",
            (Self::Sha1, _) => "SCRAM-SHA-1",
            (Self::Sha256, Binding::To { .. }) => "SCRAM-SHA-256-PLUS",
            (Self::Sha256, _) => "SCRAM-SHA-256",
        }
    }
}

impl Binding {
    /// The header in front of a client's first message.
    fn header(&self) -> String {
        match self {
            Self::Impossible => "n,,".to_owned(),
            Self::NotOffered => "y,,".to_owned(),
            Self::To { kind, .. } => format!("p={kind},,"),
        }
    }

    /// The attribute `c` of a client's last message.
    fn attribute(&self) -> String {
        let mut octets = self.header().into_bytes();
        if let Self::To { octets: bound, .. } = self {
            octets.extend_from_slice(bound);
        }
        BASE64.encode(octets)
    }
}

/// The client's end.
pub(crate) struct Client {
    hash: Hash,
    password: Secret,
    binding: Binding,
    nonce: String,
    /// The first message without its header.
    first_bare: String,
    state: State,
}

enum State {
    Opened,
    Proven { server_signature: Octets },
    Accepted,
    Refused,
}

impl Client {
    pub(crate) fn new(
        hash: Hash,
        user: &str,
        password: &Secret,
        binding: Binding,
        nonce: &str,
    ) -> Self {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        Self {
            hash,
            password: password.clone(),
            binding,
            nonce: nonce.to_owned(),
            first_bare: format!("n={user},r={nonce}"),
            state: State::Opened,
        }
    }

    pub(crate) fn mechanism(&self) -> &'static str {
        self.hash.mechanism(&self.binding)
    }

    pub(crate) fn opening(&self) -> Secret {
        Secret::new(format!("{}{}", self.binding.header(), self.first_bare))
    }

    /// Answers a challenge. What a server says instead of its proof (`e=invalid-proof`) comes back
    /// in the second place.
    pub(crate) fn respond(
        &mut self,
        challenge: &[u8],
    ) -> Result<(Secret, Option<String>), BadExchange> {
        let text = str::from_utf8(challenge).map_err(|_| BadExchange::Malformed)?;
        let nothing = || Secret::new(String::new());
        if let Some(refusal) = attribute(text, 'e') {
            self.state = State::Refused;
            return Ok((nothing(), Some(refusal.to_owned())));
        }
        match &self.state {
            State::Opened => {
                let (response, server_signature) = self.prove(text)?;
                self.state = State::Proven { server_signature };
                Ok((response, None))
            }
            State::Proven { server_signature } => {
                let shown = attribute(text, 'v').ok_or(BadExchange::Malformed)?;
                let shown = BASE64.decode(shown).map_err(|_| BadExchange::Malformed)?;
                if !same(&shown, server_signature) {
                    return Err(BadExchange::WrongProof);
                }
                self.state = State::Accepted;
                Ok((nothing(), None))
            }
            State::Accepted | State::Refused => Err(BadExchange::Malformed),
        }
    }

    /// The server says yes: it must have proven itself by then.
    pub(crate) fn accepted(&self) -> Result<(), BadExchange> {
        match self.state {
            State::Accepted => Ok(()),
            _ => Err(BadExchange::Unproven),
        }
    }

    /// Our proof, and what the server's has to be.
    fn prove(&self, server_first: &str) -> Result<(Secret, Octets), BadExchange> {
        // RFC 5802 section 5.1: an extension nobody may ignore.
        if server_first.starts_with("m=") {
            return Err(BadExchange::Malformed);
        }
        let part = |name| attribute(server_first, name).ok_or(BadExchange::Malformed);
        let (nonce, salt, iterations) = (part('r')?, part('s')?, part('i')?);
        let added = nonce.strip_prefix(self.nonce.as_str());
        if added.is_none_or(str::is_empty) {
            return Err(BadExchange::Malformed);
        }
        let salt = BASE64.decode(salt).map_err(|_| BadExchange::Malformed)?;
        let iterations = match iterations.parse() {
            Ok(0) | Err(_) => return Err(BadExchange::Malformed),
            Ok(most) if most > MOST_ITERATIONS => return Err(BadExchange::TooManyIterations),
            Ok(iterations) => iterations,
        };
        let keys = Keys::derive(self.hash, &self.password, &salt, iterations);
        let unproven = format!("c={},r={nonce}", self.binding.attribute());
        let said = format!("{},{server_first},{unproven}", self.first_bare);
        let proof = BASE64.encode(&*keys.proof(&said));
        let response = Secret::new(format!("{unproven},p={proof}"));
        Ok((response, keys.server_signature(&said)))
    }
}

/// What is inside would do for trying passwords on it.
impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.mechanism())
    }
}

/// What follows from a password (RFC 5802 section 3).
struct Keys {
    hash: Hash,
    client: Octets,
    server: Octets,
}

impl Keys {
    fn derive(hash: Hash, password: &Secret, salt: &[u8], iterations: u32) -> Self {
        let salted = hash.stretch(password.expose().as_bytes(), salt, iterations);
        Self {
            hash,
            client: hash.hmac(&salted, b"Client Key"),
            server: hash.hmac(&salted, b"Server Key"),
        }
    }

    fn proof(&self, said: &str) -> Octets {
        let stored = self.hash.digest(&self.client);
        xor(&self.client, &self.hash.hmac(&stored, said.as_bytes()))
    }

    fn server_signature(&self, said: &str) -> Octets {
        self.hash.hmac(&self.server, said.as_bytes())
    }
}

/// The value of an attribute; the first one counts.
fn attribute(message: &str, name: char) -> Option<&str> {
    message.split(',').find_map(|part| {
        let value = part.strip_prefix(name)?;
        value.strip_prefix('=')
    })
}

/// The server's end, behind a client's first message.
#[derive(Debug)]
pub struct Server {
    hash: Hash,
    binding: Binding,
    user: String,
    client_nonce: String,
    first_bare: String,
}

/// The server's end, behind its first message.
#[derive(Debug)]
pub struct Challenged {
    opened: Server,
    password: Secret,
    salt: Vec<u8>,
    iterations: u32,
    server_first: String,
}

impl Server {
    /// Reads a client's first message. `binding` is what this server offers on this line.
    ///
    /// # Errors
    /// RFC 5802's word for what is wrong, to be sent behind `e=`.
    pub fn open(hash: Hash, binding: Binding, message: &[u8]) -> Result<Self, &'static str> {
        let text = str::from_utf8(message).map_err(|_| "invalid-encoding")?;
        let mut parts = text.splitn(3, ',');
        let flag = parts.next().unwrap_or_default();
        let (_, first_bare) = parts.next().zip(parts.next()).ok_or("other-error")?;
        let binding = match (flag, binding) {
            ("n", _) => Binding::Impossible,
            ("y", Binding::To { .. }) => return Err("server-does-support-channel-binding"),
            ("y", _) => Binding::NotOffered,
            (asked, Binding::To { kind, octets }) if asked.strip_prefix("p=") == Some(kind) => {
                Binding::To { kind, octets }
            }
            (asked, _) if asked.starts_with("p=") => {
                return Err("unsupported-channel-binding-type");
            }
            _ => return Err("other-error"),
        };
        let part = |name| attribute(first_bare, name).ok_or("other-error");
        Ok(Self {
            hash,
            binding,
            user: part('n')?.replace("=2C", ",").replace("=3D", "="),
            client_nonce: part('r')?.to_owned(),
            first_bare: first_bare.to_owned(),
        })
    }

    /// Who wants to sign in.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The challenge for a user with this password.
    pub fn challenge(
        self,
        password: &Secret,
        salt: &[u8],
        iterations: u32,
        nonce: &str,
    ) -> Challenged {
        let server_first = format!(
            "r={}{nonce},s={},i={iterations}",
            self.client_nonce,
            BASE64.encode(salt)
        );
        Challenged {
            opened: self,
            password: password.clone(),
            salt: salt.to_vec(),
            iterations,
            server_first,
        }
    }
}

impl Challenged {
    /// What is to be said.
    pub fn message(&self) -> &str {
        &self.server_first
    }

    /// Reads a client's last message; the proof to be said if it is right.
    ///
    /// # Errors
    /// RFC 5802's word for what is wrong, to be sent behind `e=`.
    pub fn verify(&self, message: &[u8]) -> Result<String, &'static str> {
        let text = str::from_utf8(message).map_err(|_| "invalid-encoding")?;
        let (unproven, proof) = text.rsplit_once(",p=").ok_or("other-error")?;
        let nonce = attribute(&self.server_first, 'r').unwrap_or_default();
        if attribute(unproven, 'c') != Some(&self.opened.binding.attribute()) {
            return Err("channel-bindings-dont-match");
        }
        let keys = Keys::derive(
            self.opened.hash,
            &self.password,
            &self.salt,
            self.iterations,
        );
        let said = format!(
            "{},{},{unproven}",
            self.opened.first_bare, self.server_first
        );
        let proof = BASE64.decode(proof).map_err(|_| "other-error")?;
        if attribute(unproven, 'r') != Some(nonce) || !same(&proof, &keys.proof(&said)) {
            return Err("invalid-proof");
        }
        Ok(format!(
            "v={}",
            BASE64.encode(&*keys.server_signature(&said))
        ))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    /// RFC 7677 section 3; that of RFC 5802 section 5 is in the README.
    #[test]
    fn the_rfcs_example() {
        let nonce = "rOprNGfwEbeRWgbNEkqO";
        let mut client = Client::new(
            Hash::Sha256,
            "user",
            &secret("pencil"),
            Binding::Impossible,
            nonce,
        );
        assert_eq!(
            client.opening().expose(),
            "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
        );
        let (proof, _) = client
            .respond(
                b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            )
            .unwrap();
        assert_eq!(
            proof.expose(),
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert_eq!(client.accepted(), Err(BadExchange::Unproven));
        client
            .respond(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
            .unwrap();
        assert_eq!(client.accepted(), Ok(()));
    }

    fn bound() -> Binding {
        Binding::To {
            kind: "tls-exporter",
            octets: vec![7; 32],
        }
    }

    /// Plays both ends: what the server says in the end.
    fn play(hash: Hash, ours: Binding, theirs: Binding, password: &str) -> Result<(), String> {
        let mut client = Client::new(hash, "a=b,c", &secret("pencil"), ours, "abc");
        let opening = client.opening();
        let server = Server::open(hash, theirs, opening.expose().as_bytes())?;
        assert_eq!(server.user(), "a=b,c");
        let server = server.challenge(&secret(password), b"salt", 2, "def");
        let (proof, said) = client.respond(server.message().as_bytes()).unwrap();
        assert_eq!(said, None);
        let verdict = server.verify(proof.expose().as_bytes());
        let last = verdict.clone().unwrap_or_else(|word| format!("e={word}"));
        let (_, said) = client.respond(last.as_bytes()).unwrap();
        assert_eq!(said.as_deref(), verdict.as_ref().err().copied());
        assert_eq!(client.accepted().is_ok(), verdict.is_ok());
        verdict.map(drop).map_err(str::to_owned)
    }

    #[test]
    fn both_ends_agree_on_password_and_line() {
        let other = || Binding::To {
            kind: "tls-exporter",
            octets: vec![8; 32],
        };
        let another_kind = || Binding::To {
            kind: "tls-server-end-point",
            octets: vec![7; 32],
        };
        for hash in [Hash::Sha1, Hash::Sha256] {
            for (ours, theirs, password, expected) in [
                (Binding::Impossible, Binding::Impossible, "pencil", Ok(())),
                (Binding::NotOffered, Binding::Impossible, "pencil", Ok(())),
                (bound(), bound(), "pencil", Ok(())),
                (bound(), bound(), "pen", Err("invalid-proof")),
                (
                    bound(),
                    other(),
                    "pencil",
                    Err("channel-bindings-dont-match"),
                ),
                (
                    bound(),
                    another_kind(),
                    "pencil",
                    Err("unsupported-channel-binding-type"),
                ),
                (
                    Binding::NotOffered,
                    bound(),
                    "pencil",
                    Err("server-does-support-channel-binding"),
                ),
            ] {
                let found = play(hash, ours.clone(), theirs, password);
                assert_eq!(found, expected.map_err(str::to_owned), "{hash:?} {ours:?}");
            }
        }
    }

    #[test]
    fn a_server_that_makes_no_sense_gets_no_proof() {
        for (challenge, error) in [
            (&b"r=abcdef,s=QUJD,i=0"[..], BadExchange::Malformed),
            (b"r=abcdef,s=QUJD,i=1000001", BadExchange::TooManyIterations),
            (b"r=abcdef,s=QUJD,i=99999999999", BadExchange::Malformed),
            (b"r=abc,s=QUJD,i=1", BadExchange::Malformed),
            (b"r=xbcdef,s=QUJD,i=1", BadExchange::Malformed),
            (b"r=abcdef,s=!,i=1", BadExchange::Malformed),
            (b"m=ext,r=abcdef,s=QUJD,i=1", BadExchange::Malformed),
            (b"r", BadExchange::Malformed),
            (b"", BadExchange::Malformed),
            (b"\xff", BadExchange::Malformed),
        ] {
            let mut client = Client::new(Hash::Sha1, "u", &secret("p"), Binding::Impossible, "abc");
            let answer = client.respond(challenge).map(drop);
            assert_eq!(answer, Err(error), "{}", challenge.escape_ascii());
        }
    }

    #[test]
    fn an_extension_is_signed_along() {
        let mut client = Client::new(Hash::Sha1, "u", &secret("p"), Binding::Impossible, "abc");
        let plain = client.respond(b"r=abcdef,s=QUJD,i=1").unwrap().0;
        let mut client = Client::new(Hash::Sha1, "u", &secret("p"), Binding::Impossible, "abc");
        let extended = client.respond(b"r=abcdef,s=QUJD,i=1,x=y").unwrap().0;
        assert_ne!(plain, extended);
    }

    #[test]
    fn a_wrong_proof_of_the_server_is_an_error() {
        for last in ["v=AAAA", "v=!", "x=y", "", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="] {
            let mut client = Client::new(Hash::Sha1, "u", &secret("p"), Binding::Impossible, "abc");
            client.respond(b"r=abcdef,s=QUJD,i=1").unwrap();
            assert!(client.respond(last.as_bytes()).is_err(), "{last:?}");
            assert_eq!(client.accepted(), Err(BadExchange::Unproven));
        }
    }

    proptest! {
        #[test]
        fn any_message_is_borne(message: Vec<u8>, more in ".{0,40}") {
            // Nobody knows the password: whatever is said, nobody is let in.
            let first = format!("n,,n=u,r=abc{more}");
            for first in [&message[..], first.as_bytes()] {
                if let Ok(server) = Server::open(Hash::Sha1, Binding::Impossible, first) {
                    let server = server.challenge(&secret("p"), b"salt", 1, "x");
                    let last = format!("c=biws,r=abc,{more}");
                    prop_assert!(server.verify(&message).is_err());
                    prop_assert!(server.verify(last.as_bytes()).is_err());
                }
            }
            let mut client = Client::new(Hash::Sha1, "u", &secret("p"), Binding::Impossible, "abc");
            drop(client.respond(&message));
            drop(client.respond(more.as_bytes()));
            prop_assert!(client.accepted().is_err());
        }
    }
}
