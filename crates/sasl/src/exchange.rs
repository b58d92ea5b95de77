//! A client's end of any mechanism: what it says first, and its answer to each challenge.
//!
//! Owns one exchange and the password or token it needs. Touches nothing. Fails with
//! [`BadExchange`], after which the sign-in must be given up. Start at [`Exchange::opening`].

use inhaul_types::Secret;

use crate::cram_md5;
use crate::scram::{self, Binding, Hash};

/// One sign-in under way.
#[derive(Debug)]
pub struct Exchange {
    kind: Kind,
    /// What a server said in a challenge instead of going on.
    complaint: Option<String>,
}

#[derive(Debug)]
enum Kind {
    Scram(scram::Client),
    CramMd5 {
        user: String,
        password: Secret,
        answered: bool,
    },
    /// What is still to be said, last first.
    Login(Vec<Secret>),
    Bearer(Bearer),
}

#[derive(Debug)]
struct Bearer {
    mechanism: &'static str,
    message: Secret,
    /// What is said to a complaint, so that the refusal comes.
    acknowledgement: &'static str,
    said: bool,
}

/// Why an exchange must be given up.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadExchange {
    /// A challenge is not what the mechanism has there.
    #[error("its challenge is not one of this mechanism")]
    Malformed,
    /// More work than anybody may ask for: see [`MOST_ITERATIONS`](scram::MOST_ITERATIONS).
    #[error("it asks for more computing than any password needs")]
    TooManyIterations,
    /// The server's proof that it knows the password is wrong: it is another server.
    #[error("its proof that it knows the password is wrong")]
    WrongProof,
    /// The server says yes and has not proven that it knows the password.
    #[error("it did not prove that it knows the password")]
    Unproven,
}

impl Exchange {
    /// SCRAM. The nonce is 18 or more random octets in characters other than the comma.
    pub fn scram(hash: Hash, user: &str, password: &Secret, binding: Binding, nonce: &str) -> Self {
        Self::of(Kind::Scram(scram::Client::new(
            hash, user, password, binding, nonce,
        )))
    }

    /// CRAM-MD5.
    pub fn cram_md5(user: &str, password: &Secret) -> Self {
        Self::of(Kind::CramMd5 {
            user: user.to_owned(),
            password: password.clone(),
            answered: false,
        })
    }

    /// LOGIN. What its two challenges say is different everywhere and means nothing.
    pub fn login(user: &str, password: &Secret) -> Self {
        Self::of(Kind::Login(vec![
            password.clone(),
            Secret::new(user.to_owned()),
        ]))
    }

    /// XOAUTH2. In two steps: the token is said when the server asks for it, because Microsoft's
    /// bears nothing else.
    pub fn xoauth2(user: &str, token: &Secret) -> Self {
        let message = format!("user={user}\x01auth=Bearer {}\x01\x01", token.expose());
        Self::of(Kind::Bearer(Bearer {
            mechanism: "XOAUTH2",
            message: Secret::new(message),
            acknowledgement: "",
            said: false,
        }))
    }

    /// OAUTHBEARER (RFC 7628 section 3.1).
    pub fn oauthbearer(user: &str, token: &Secret, host: &str, port: u16) -> Self {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        let message = format!(
            "n,a={user},\x01host={host}\x01port={port}\x01auth=Bearer {}\x01\x01",
            token.expose()
        );
        Self::of(Kind::Bearer(Bearer {
            mechanism: "OAUTHBEARER",
            message: Secret::new(message),
            acknowledgement: "\x01",
            said: false,
        }))
    }

    fn of(kind: Kind) -> Self {
        Self {
            kind,
            complaint: None,
        }
    }

    /// The mechanism's registered name.
    pub fn mechanism(&self) -> &'static str {
        match &self.kind {
            Kind::Scram(client) => client.mechanism(),
            Kind::CramMd5 { .. } => "CRAM-MD5",
            Kind::Login(_) => "LOGIN",
            Kind::Bearer(bearer) => bearer.mechanism,
        }
    }

    /// What is said along with the mechanism; `None` where the server speaks first.
    pub fn opening(&mut self) -> Option<Secret> {
        match &mut self.kind {
            Kind::Scram(client) => Some(client.opening()),
            Kind::Bearer(bearer) if bearer.mechanism == "OAUTHBEARER" => {
                bearer.said = true;
                Some(bearer.message.clone())
            }
            Kind::CramMd5 { .. } | Kind::Login(_) | Kind::Bearer(_) => None,
        }
    }

    /// The answer to a challenge. Computes for a moment where the mechanism is SCRAM.
    pub fn respond(&mut self, challenge: &[u8]) -> Result<Secret, BadExchange> {
        match &mut self.kind {
            Kind::Scram(client) => {
                let (response, complaint) = client.respond(challenge)?;
                self.complaint = complaint;
                Ok(response)
            }
            Kind::CramMd5 { answered: true, .. } => Err(BadExchange::Malformed),
            Kind::CramMd5 {
                user,
                password,
                answered,
            } => {
                *answered = true;
                let digest = cram_md5::digest(challenge, password);
                Ok(Secret::new(format!("{user} {}", digest.expose())))
            }
            Kind::Login(left) => left.pop().ok_or(BadExchange::Malformed),
            Kind::Bearer(bearer) if !bearer.said => {
                bearer.said = true;
                Ok(bearer.message.clone())
            }
            Kind::Bearer(_) if self.complaint.is_some() => Err(BadExchange::Malformed),
            Kind::Bearer(bearer) => {
                // RFC 7628 section 3.2.2: why the token is refused, as JSON.
                self.complaint = Some(String::from_utf8_lossy(challenge).into_owned());
                Ok(Secret::new(bearer.acknowledgement.to_owned()))
            }
        }
    }

    /// The server says that we are in: whether it has done all the mechanism asks of it.
    pub fn accepted(&self) -> Result<(), BadExchange> {
        match &self.kind {
            Kind::Scram(client) => client.accepted(),
            _ => Ok(()),
        }
    }

    /// What the server said in a challenge about why it will not let us in: SCRAM's word, or the
    /// JSON of a refused token. As it came: unbounded but by the line, not escaped.
    pub fn complaint(&self) -> Option<&str> {
        self.complaint.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn each_mechanism_says_its_part_in_order() {
        let token = secret("ya29.vF9");
        let (user, password) = ("anna", secret("geheim"));
        let bearer = "user=anna\x01auth=Bearer ya29.vF9\x01\x01";
        let standard =
            "n,a=anna,\x01host=pop.example.org\x01port=995\x01auth=Bearer ya29.vF9\x01\x01";
        for (mut exchange, opening, challenges) in [
            (
                Exchange::cram_md5(user, &secret("tanstaaftanstaaf")),
                None,
                &[(
                    "<1896.697170952@postoffice.reston.mci.net>",
                    "anna b913a602c7eda7a495b4e6e7334d3890",
                )][..],
            ),
            (
                Exchange::login(user, &password),
                None,
                &[("Username:", "anna"), ("Password:", "geheim")],
            ),
            (
                Exchange::xoauth2(user, &token),
                None,
                &[("", bearer), ("{\"status\":\"401\"}", "")],
            ),
            (
                Exchange::oauthbearer(user, &token, "pop.example.org", 995),
                Some(standard),
                &[("{\"status\":\"invalid_token\"}", "\x01")],
            ),
        ] {
            let mechanism = exchange.mechanism();
            let said = exchange.opening();
            assert_eq!(said.as_ref().map(Secret::expose), opening, "{mechanism}");
            for (challenge, response) in challenges {
                let said = exchange.respond(challenge.as_bytes()).unwrap();
                assert_eq!(said.expose(), *response, "{mechanism}");
            }
            assert_eq!(exchange.respond(b"more"), Err(BadExchange::Malformed));
        }
    }

    #[test]
    fn why_a_token_is_refused_is_kept() {
        let mut exchange = Exchange::xoauth2("anna", &secret("old"));
        exchange.respond(b"").unwrap();
        assert_eq!(exchange.complaint(), None);
        exchange.respond(b"{\"status\":\"401\"}").unwrap();
        assert_eq!(exchange.complaint(), Some("{\"status\":\"401\"}"));
    }
}
