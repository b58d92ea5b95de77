//! CRAM-MD5 (RFC 2195): a keyed digest of the server's challenge.

use hmac::{Hmac, KeyInit as _, Mac as _};
use inhaul_types::Secret;
use md5::Md5;

use crate::hash::hex;

/// The digest that goes behind the user's name: 32 hexadecimal digits.
pub fn digest(challenge: &[u8], password: &Secret) -> Secret {
    let mut mac = Hmac::<Md5>::new_from_slice(password.expose().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(challenge);
    Secret::new(hex(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rfcs_example() {
        let challenge = b"<1896.697170952@postoffice.reston.mci.net>";
        let digest = digest(challenge, &Secret::new("tanstaaftanstaaf".into()));
        assert_eq!(digest.expose(), "b913a602c7eda7a495b4e6e7334d3890");
    }
}
