//! How a catch-all is shown: in words and as data.

use inhaul_domain::route::RecipientSource;
use inhaul_manage::words::{domains_words, source_words};
use inhaul_store::{CatchAllSettings, Retrieval, RuleSetting};
use serde_json::{Value, json};

use crate::cli::output::counted;
use crate::sharing::SourceWord;

/// `retrieval show`'s lines in place of `To`.
pub(crate) fn show_lines(retrieval: &Retrieval, settings: &CatchAllSettings) -> String {
    let tags = match settings.separators.is_empty() {
        true => "none",
        false => settings.separators.as_str(),
    };
    let rules = settings.rules.len() as u64;
    format!(
        "Shared by   {}\nDomains     {}\nTags        {tags}\nAt most     {} for one message\nRules       {}\nFallback    {}/{}\n",
        source_words(&settings.source),
        domains_words(settings),
        counted(settings.max_recipients.into(), "account"),
        match rules {
            0 => "none beside the accounts' own addresses".to_owned(),
            rules => format!(
                "{} (inhaul catch-all rules \"{}\")",
                counted(rules, "rule"),
                retrieval.name
            ),
        },
        retrieval.account_name,
        retrieval.folder_name,
    )
}

/// The same as data.
pub(crate) fn document(retrieval: &Retrieval, settings: &CatchAllSettings) -> Value {
    let (mut evidence, mut index, mut strip) = (None, None, None);
    match &settings.source {
        RecipientSource::Auto { evidence: names } => evidence = Some(names),
        RecipientSource::Header {
            index: number,
            strip: front,
            ..
        } => {
            (index, strip) = (Some(number), Some(front));
        }
        RecipientSource::ToCc => {}
    }
    let aliases = settings.domain_aliases.iter();
    let aliases: serde_json::Map<String, Value> = aliases
        .map(|(other, domain)| (other.clone(), domain.as_str().into()))
        .collect();
    json!({
        "header": SourceWord::of(&settings.source).to_string(),
        "evidence": evidence,
        "index": index,
        "strip": strip,
        "domains": settings.domains,
        "domain_aliases": aliases,
        "separators": settings.separators,
        "max_recipients": settings.max_recipients,
        "fallback": format!("{}/{}", retrieval.account_name, retrieval.folder_name),
        "rules": settings.rules.iter().map(rule_document).collect::<Vec<_>>(),
    })
}

pub(super) fn rule_document(rule: &RuleSetting) -> Value {
    let RuleSetting {
        address,
        account_name,
        folder,
        ..
    } = rule;
    json!({ "address": address.as_str(), "to": format!("{account_name}/{folder}") })
}

/// `petr/Shop` for people: `petr / Shop`, and every INBOX is an Inbox.
pub(super) fn place_words(shown: &str) -> String {
    let (account, folder) = shown.split_once('/').unwrap_or((shown, "INBOX"));
    match folder {
        "INBOX" => format!("{account} / Inbox"),
        folder => format!("{account} / {folder}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_account_and_a_folder() {
        for (shown, words) in [
            ("petr/Shop", "petr / Shop"),
            ("petr/INBOX", "petr / Inbox"),
            ("petr/Lists/Rust", "petr / Lists/Rust"),
        ] {
            assert_eq!(place_words(shown), words);
        }
    }
}
