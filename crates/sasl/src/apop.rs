//! The digest of APOP (RFC 1939 section 7).

use inhaul_types::Secret;
use md5::{Digest as _, Md5};

use crate::hash::hex;

/// MD5 over the greeting's stamp, brackets included, and the password: 32 hexadecimal digits.
pub fn digest(stamp: &str, password: &Secret) -> Secret {
    let hash = Md5::new()
        .chain_update(stamp)
        .chain_update(password.expose())
        .finalize();
    Secret::new(hex(&hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rfcs_example() {
        let digest = digest(
            "<1896.697170952@dbc.mtview.ca.us>",
            &Secret::new("tanstaaf".into()),
        );
        assert_eq!(digest.expose(), "c4c9334bac560ecc979e58001b3e22fb");
    }
}
