//! The ways to sign in to a POP3 server.

use std::fmt;
use std::str::FromStr;

/// A way to sign in, by the fixed word that stands in files, tables and options.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Mechanism {
    /// RFC 7677. With TLS and a server that offers it, `-PLUS`: bound to the line.
    ScramSha256,
    /// RFC 5802, the same with an older hash.
    ScramSha1,
    /// RFC 2195.
    CramMd5,
    /// RFC 4616.
    Plain,
    /// Never an RFC; older Microsoft servers want it.
    Login,
    /// `USER` and `PASS` (RFC 1939): no SASL.
    User,
    /// `APOP` (RFC 1939): no SASL.
    Apop,
    /// Google's and Microsoft's way with an OAuth 2 token.
    XOauth2,
    /// RFC 7628: the standard's way with an OAuth 2 token.
    OauthBearer,
}

impl Mechanism {
    /// All of them, the best first; `Apop` is behind what it is better than, because nobody but
    /// the owner may choose it.
    pub const ALL: [Self; 9] = [
        Self::ScramSha256,
        Self::ScramSha1,
        Self::CramMd5,
        Self::Plain,
        Self::Login,
        Self::User,
        Self::Apop,
        Self::XOauth2,
        Self::OauthBearer,
    ];

    /// The fixed word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ScramSha256 => "scram-sha-256",
            Self::ScramSha1 => "scram-sha-1",
            Self::CramMd5 => "cram-md5",
            Self::Plain => "plain",
            Self::Login => "login",
            Self::User => "user",
            Self::Apop => "apop",
            Self::XOauth2 => "xoauth2",
            Self::OauthBearer => "oauthbearer",
        }
    }

    /// Its registered name, without `-PLUS`; `None` where it is no SASL.
    pub fn sasl_name(self) -> Option<&'static str> {
        Some(match self {
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha1 => "SCRAM-SHA-1",
            Self::CramMd5 => "CRAM-MD5",
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::XOauth2 => "XOAUTH2",
            Self::OauthBearer => "OAUTHBEARER",
            Self::User | Self::Apop => return None,
        })
    }

    /// Whether it proves that we know the password without saying it.
    pub fn keeps_the_password(self) -> bool {
        matches!(
            self,
            Self::ScramSha256 | Self::ScramSha1 | Self::CramMd5 | Self::Apop
        )
    }

    /// Whether it is for tokens, not for passwords.
    pub fn takes_a_token(self) -> bool {
        matches!(self, Self::XOauth2 | Self::OauthBearer)
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word is no way to sign in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no such way to sign in")]
pub struct UnknownMechanism;

impl FromStr for Mechanism {
    type Err = UnknownMechanism;

    fn from_str(word: &str) -> Result<Self, UnknownMechanism> {
        Self::ALL
            .into_iter()
            .find(|mechanism| mechanism.as_str() == word)
            .ok_or(UnknownMechanism)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mechanism_reads_back_from_its_word() {
        for mechanism in Mechanism::ALL {
            assert_eq!(mechanism.as_str().parse(), Ok(mechanism));
        }
        assert_eq!("ntlm".parse::<Mechanism>(), Err(UnknownMechanism));
    }
}
