//! The signature of a webhook's body.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use inhaul_types::Secret;
use sha2::Sha256;

/// HMAC-SHA-256 (RFC 2104) of the body's octets, as in `X-Inhaul-Signature`: `sha256=` and 64
/// lower-case hexadecimal digits.
pub fn signature(secret: &Secret, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .expect("HMAC takes keys of every length");
    mac.update(body);
    let mut text = String::from("sha256=");
    for octet in mac.finalize().into_bytes() {
        write!(text, "{octet:02x}").expect("a String takes everything");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231 section 4.3, test case 2.
    #[test]
    fn a_signature_is_hmac_sha_256() {
        let signed = signature(&Secret::new("Jefe".into()), b"what do ya want for nothing?");
        assert_eq!(
            signed,
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
