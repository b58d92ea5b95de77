//! How a catch-all is typed: in files, on command lines and in forms.
//!
//! Where its recipients are read, its domains, what ends a name: the words, and what of them goes
//! together.

mod source;

use std::str::FromStr;

pub use source::{Misfit, SourceParts, SourceWord};

/// The name of a header field (RFC 5322 section 3.6.8).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HeaderName(pub String);

/// A domain whose addresses are recipients, in lower case.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DomainName(pub String);

/// `OTHER=DOMAIN`: what is for an address at the one is for the same at the other.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DomainAlias(pub String, pub String);

/// What may stand between a name and its tag; empty: nothing is a tag.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Separators(pub String);

impl FromStr for HeaderName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |octet: u8| octet.is_ascii_graphic() && octet != b':';
        match text.is_empty() || !text.bytes().all(fits) {
            true => Err(format!(
                "{text:?} is not the name of a header, such as Delivered-To"
            )),
            false => Ok(Self(text.to_owned())),
        }
    }
}

impl FromStr for DomainName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_label = |label: &str| {
            let allowed = |c: char| c.is_alphanumeric() || c == '-' || c == '_' || !c.is_ascii();
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .chars()
                    .all(|c| allowed(c) && !c.is_control() && !c.is_whitespace())
        };
        match text.len() <= 253 && text.split('.').all(is_label) {
            true => Ok(Self(text.to_lowercase())),
            false if text.contains('@') => Err(format!(
                "{text:?} is an address; write the domain alone, such as firm.example"
            )),
            false => Err(format!("{text:?} is not a domain, such as firm.example")),
        }
    }
}

impl FromStr for DomainAlias {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (other, domain) = text.split_once('=').ok_or_else(|| {
            format!("{text:?} has no domain behind it; write firm.net=firm.example")
        })?;
        let (DomainName(other), DomainName(domain)) = (other.parse()?, domain.parse()?);
        match other == domain {
            true => Err(format!("{other} is the same domain twice")),
            false => Ok(Self(other, domain)),
        }
    }
}

impl FromStr for Separators {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_punctuation() && !"@<>\"(),:;\\*".contains(c);
        match text.chars().find(|c| !fits(*c)) {
            Some(c) => Err(format!(
                "{c:?} cannot stand between a name and its tag; usual are + and -"
            )),
            None => Ok(Self(text.to_owned())),
        }
    }
}

/// Every alias leads to a domain whose addresses are recipients. Fails with what is wrong, in words
/// without a capital and a full stop.
pub fn check_aliases(domains: &[String], aliases: &[(String, String)]) -> Result<(), String> {
    for (other, domain) in aliases {
        if !domains.is_empty() && !domains.contains(domain) {
            return Err(format!(
                "{other} is to be {domain}, which is none of the domains"
            ));
        }
        if aliases.iter().any(|(again, _)| again == domain) {
            return Err(format!("{other} is to be {domain}, which is another alias"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_header_or_domain_is_refused() {
        for (text, is) in [
            ("Delivered-To", true),
            ("Delivered-To:", false),
            ("X Y", false),
            ("", false),
            ("Empfänger", false),
        ] {
            assert_eq!(text.parse::<HeaderName>().is_ok(), is, "{text:?}");
        }
        for (text, domain) in [
            ("Firm.Example", Some("firm.example")),
            ("bücher.example", Some("bücher.example")),
            ("intranet", Some("intranet")),
            ("info@firm.example", None),
            ("*.firm.example", None),
            ("firm..example", None),
            ("-firm.example", None),
            ("firm example", None),
            ("", None),
        ] {
            let parsed = text.parse::<DomainName>().ok();
            assert_eq!(
                parsed.as_ref().map(|one| one.0.as_str()),
                domain,
                "{text:?}"
            );
        }
        assert!(
            "a@b.example"
                .parse::<DomainName>()
                .unwrap_err()
                .contains("domain alone")
        );
    }

    #[test]
    fn an_alias_leads_to_an_accepted_domain() {
        let pair = |text: &str| text.parse().map(|DomainAlias(a, b)| (a, b));
        assert!(pair("firm.net").is_err() && pair("a.example=A.example").is_err());
        let [net, org] =
            ["firm.net=firm.example", "firm.org=firm.net"].map(|text| pair(text).unwrap());
        let domains = ["firm.example".to_owned()];
        for (domains, aliases, fits) in [
            (&domains[..], vec![net.clone()], true),
            (&[], vec![net.clone()], true),
            (&domains, vec![org.clone()], false),
            (&[], vec![net, org], false),
        ] {
            assert_eq!(
                check_aliases(domains, &aliases).is_ok(),
                fits,
                "{aliases:?}"
            );
        }
    }

    #[test]
    fn a_separator_is_a_mark_that_names_do_not_need() {
        for (text, is) in [
            ("+", true),
            ("+-", true),
            ("", true),
            ("a", false),
            ("@", false),
            (" ", false),
        ] {
            assert_eq!(text.parse::<Separators>().is_ok(), is, "{text:?}");
        }
    }
}
