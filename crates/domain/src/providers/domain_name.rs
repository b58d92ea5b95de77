//! The domain of an address as it stands in DNS.

use std::fmt;
use std::net::IpAddr;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

/// Why something is no domain that mail could have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BadDomain {
    /// Nothing is there.
    Missing,
    /// It is an address of a machine.
    Address,
    /// It has one word only.
    NoDot,
    /// It has characters or lengths that no domain has.
    Odd,
}

impl fmt::Display for BadDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "The part behind the @ is missing.",
            Self::Address => "Behind the @ stands a network address, not a domain.",
            Self::NoDot => "The part behind the @ has no dot. A domain looks like example.org.",
            Self::Odd => {
                "The part behind the @ is no domain: those hold letters, digits, hyphens and dots."
            }
        })
    }
}

impl std::error::Error for BadDomain {}

/// A domain in lower case, in A-labels (RFC 5890 section 2.3.2.1), without the dot of the root.
pub fn ascii_domain(domain: &str) -> Result<String, BadDomain> {
    let domain = domain.trim();
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    if domain.is_empty() {
        return Err(BadDomain::Missing);
    }
    let bare = domain.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() || bare.len() != domain.len() {
        return Err(BadDomain::Address);
    }
    let ascii = Uts46::new().to_ascii(
        domain.as_bytes(),
        AsciiDenyList::STD3,
        Hyphens::CheckFirstLast,
        DnsLength::Verify,
    );
    match ascii {
        Ok(ascii) if ascii.contains('.') => Ok(ascii.into_owned()),
        Ok(_) => Err(BadDomain::NoDot),
        Err(_) => Err(BadDomain::Odd),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_what_dns_can_hold() {
        let long = format!("{}.example", "a".repeat(64));
        for (typed, expected) in [
            ("example.org", Ok("example.org")),
            (" Example.ORG. ", Ok("example.org")),
            ("bücher.example", Ok("xn--bcher-kva.example")),
            ("BÜCHER.example", Ok("xn--bcher-kva.example")),
            ("xn--bcher-kva.example", Ok("xn--bcher-kva.example")),
            ("", Err(BadDomain::Missing)),
            (".", Err(BadDomain::Missing)),
            ("localhost", Err(BadDomain::NoDot)),
            ("192.0.2.7", Err(BadDomain::Address)),
            ("[192.0.2.7]", Err(BadDomain::Address)),
            ("[IPv6:2001:db8::1]", Err(BadDomain::Address)),
            ("no where.invalid", Err(BadDomain::Odd)),
            ("a..example", Err(BadDomain::Odd)),
            ("-a.example", Err(BadDomain::Odd)),
            ("a_b.example", Err(BadDomain::Odd)),
            ("a.example/x", Err(BadDomain::Odd)),
            ("a.example:995", Err(BadDomain::Odd)),
            (&long, Err(BadDomain::Odd)),
        ] {
            let domain = ascii_domain(typed);
            assert_eq!(domain.as_deref().map_err(|why| *why), expected, "{typed:?}");
        }
    }
}
