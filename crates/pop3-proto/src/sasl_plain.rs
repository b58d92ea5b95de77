//! The PLAIN mechanism's one message (RFC 4616), in the base64 that AUTH wraps it in (RFC 5034).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use inhaul_types::Secret;
use zeroize::Zeroizing;

/// What a client says in PLAIN.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlainCredentials {
    /// Whose maildrop is wanted; empty where it is the signer's own.
    pub authorization_id: String,
    /// Who signs in.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// Why some text is no PLAIN response.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadPlain {
    /// Not base64.
    #[error("the response is not base64")]
    NotBase64,
    /// Not UTF-8, as RFC 4616 wants it.
    #[error("the credentials are not UTF-8")]
    NotUtf8,
    /// Not three parts with a NUL between them, or no user name.
    #[error("the response has not the parts of PLAIN")]
    BadParts,
}

/// Some clients forget the padding; what was meant is clear all the same.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Writes the response for a user who wants their own maildrop.
pub fn encode(user: &str, password: &Secret) -> Secret {
    let message = Zeroizing::new(format!("\0{user}\0{}", password.expose()));
    Secret::new(BASE64.encode(message.as_bytes()))
}

/// Any mechanism's message, in base64.
pub(crate) fn to_base64(message: &Secret) -> Secret {
    Secret::new(BASE64.encode(message.expose()))
}

/// Any mechanism's message out of base64; `None` if it is none.
pub(crate) fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    BASE64.decode(text.trim_ascii()).ok()
}

/// Reads a response.
pub fn decode(response: &Secret) -> Result<PlainCredentials, BadPlain> {
    let octets = BASE64
        .decode(response.expose())
        .map_err(|_| BadPlain::NotBase64)?;
    let octets = Zeroizing::new(octets);
    let message = str::from_utf8(&octets).map_err(|_| BadPlain::NotUtf8)?;
    let mut parts = message.split('\0');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(authorization_id), Some(user), Some(password), None) if !user.is_empty() => {
            Ok(PlainCredentials {
                authorization_id: authorization_id.to_owned(),
                user: user.to_owned(),
                password: Secret::new(password.to_owned()),
            })
        }
        _ => Err(BadPlain::BadParts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_response_has_three_parts() {
        let of = |authorization_id: &str, user: &str, password: &str| {
            Ok(PlainCredentials {
                authorization_id: authorization_id.to_owned(),
                user: user.to_owned(),
                password: Secret::new(password.to_owned()),
            })
        };
        for (message, expected) in [
            (&b"\0anna\0geheim"[..], of("", "anna", "geheim")),
            (b"desk\0anna\0ge heim", of("desk", "anna", "ge heim")),
            ("\0änne\0größe".as_bytes(), of("", "änne", "größe")),
            (b"\0anna\0", of("", "anna", "")),
            (b"\0\0geheim", Err(BadPlain::BadParts)),
            (b"\0anna", Err(BadPlain::BadParts)),
            (b"\0anna\0ge\0heim", Err(BadPlain::BadParts)),
            (b"", Err(BadPlain::BadParts)),
            (b"\0anna\0\xff", Err(BadPlain::NotUtf8)),
        ] {
            let response = Secret::new(BASE64.encode(message));
            assert_eq!(decode(&response), expected, "{}", message.escape_ascii());
        }
        assert_eq!(decode(&Secret::new("AG!".into())), Err(BadPlain::NotBase64));
    }

    #[test]
    fn padding_may_be_missing() {
        let response = encode("anna", &Secret::new("geheim1".into()));
        let bare = Secret::new(response.expose().trim_end_matches('=').to_owned());
        assert_ne!(response, bare);
        assert_eq!(decode(&response), decode(&bare));
    }
}
