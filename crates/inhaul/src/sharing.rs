//! How a catch-all is written, in files and on command lines: the words that forms share, and rules
//! as they name an account.

use std::str::FromStr;

use inhaul_types::Address;

use crate::config::entries::Destination;

pub(crate) use inhaul_manage::sharing::{
    DomainAlias, DomainName, HeaderName, Misfit, Separators, SourceParts, SourceWord, check_aliases,
};

/// `ADDRESS=ACCOUNT[/FOLDER]`: a rule on a command line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct RuleWord {
    /// The address; `*` stands for anything.
    pub(crate) address: Address,
    /// Where its mail goes.
    pub(crate) to: Destination,
}

impl FromStr for RuleWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let how = || format!("{text:?} is no rule; write sales@firm.example=petr/Shop");
        // A name may hold a =, a domain may not.
        let at = text.find('@').ok_or_else(how)?;
        let (domain, to) = text[at..].split_once('=').ok_or_else(how)?;
        let address = &text[..at + domain.len()];
        let address = address
            .parse()
            .map_err(|why| format!("{address:?}: {why}"))?;
        let to = to.parse()?;
        Ok(Self { address, to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_an_address_and_a_place() {
        for (text, rule) in [
            (
                "sales@firm.example=petr/Shop",
                Some(("sales@firm.example", "petr/Shop")),
            ),
            (
                "a=b@firm.example=petr",
                Some(("a=b@firm.example", "petr/Inbox")),
            ),
            (
                "*+news@*=alice/Lists/News",
                Some(("*+news@*", "alice/Lists/News")),
            ),
            ("sales@firm.example", None),
            ("sales=petr", None),
            ("sales@firm.example=", None),
            ("@firm.example=petr", None),
        ] {
            let parsed = text.parse::<RuleWord>().ok();
            let words = parsed.map(|rule| (rule.address.to_string(), rule.to.to_string()));
            let wanted = rule.map(|(address, to)| (address.to_owned(), to.to_owned()));
            assert_eq!(words, wanted, "{text}");
        }
    }
}
