//! A local address as an administrator types it: `local@domain`, or a pattern of addresses.

use std::fmt;
use std::str::FromStr;

/// A mail address of a local account: local part as written, domain in lower case.
///
/// A `*` in the local part stands for any characters or none (`*@example.org`,
/// `*+news@example.org`, `sales*@example.org`); a domain of `*` is every domain that is accepted
/// here. An address that is meant with a real `*` in it cannot be written. This is the
/// administrator's address book, not RFC 5321's whole grammar: quoted local parts are refused.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Address {
    text: String,
    at: usize,
}

impl Address {
    /// What stands before the `@`.
    pub fn local_part(&self) -> &str {
        &self.text[..self.at]
    }

    /// What stands behind the `@`, in lower case.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// Whether it stands for more than one address: a `*` is in it.
    pub fn is_wildcard(&self) -> bool {
        self.text.contains('*')
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a text is no address.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AddressError {
    /// There is no `@`, or nothing before or behind it.
    #[error("an address needs a name, an @ and a domain, as in alice@example.org")]
    Incomplete,
    /// An octet that an address here cannot hold.
    #[error("an address cannot hold {0:?}")]
    Unexpected(char),
    /// A `*` beside other characters of a domain.
    #[error("a * in a domain stands alone, as in sales@*")]
    PartOfDomain,
    /// Longer than RFC 5321 section 4.5.3.1 lets a path be.
    #[error("an address has at most 254 characters")]
    TooLong,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        const LONGEST: usize = 254;
        if text.len() > LONGEST {
            return Err(AddressError::TooLong);
        }
        let (local_part, domain) = text.rsplit_once('@').ok_or(AddressError::Incomplete)?;
        if local_part.is_empty() || domain.is_empty() {
            return Err(AddressError::Incomplete);
        }
        let unexpected =
            |c: &char| c.is_control() || c.is_whitespace() || "@<>\"(),:;\\".contains(*c);
        if let Some(c) = local_part.chars().chain(domain.chars()).find(unexpected) {
            return Err(AddressError::Unexpected(c));
        }
        if domain.contains('*') && domain != "*" {
            return Err(AddressError::PartOfDomain);
        }
        Ok(Self {
            text: format!("{local_part}@{}", domain.to_lowercase()),
            at: local_part.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_is_folded_and_the_local_part_kept() {
        let address: Address = "Alice+News@Example.ORG".parse().unwrap();
        assert_eq!(address.as_str(), "Alice+News@example.org");
        assert_eq!(address.local_part(), "Alice+News");
        assert_eq!(address.domain(), "example.org");
    }

    #[test]
    fn what_is_no_address_says_why() {
        for (text, why) in [
            ("alice", AddressError::Incomplete),
            ("@example.org", AddressError::Incomplete),
            ("alice@", AddressError::Incomplete),
            ("a b@example.org", AddressError::Unexpected(' ')),
            ("a@b@example.org", AddressError::Unexpected('@')),
            ("a@*.example.org", AddressError::PartOfDomain),
            ("*@**", AddressError::PartOfDomain),
            ("a@exa\r\nmple.org", AddressError::Unexpected('\r')),
        ] {
            assert_eq!(text.parse::<Address>(), Err(why), "{text:?}");
        }
    }

    #[test]
    fn a_star_makes_an_address_a_pattern() {
        for (text, is_wildcard) in [
            ("alice@example.org", false),
            ("alice+news@example.org", false),
            ("*@example.org", true),
            ("*+news@example.org", true),
            ("sales*@example.org", true),
            ("sales@*", true),
            ("*@*", true),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.is_wildcard(), is_wildcard, "{text}");
        }
    }
}
