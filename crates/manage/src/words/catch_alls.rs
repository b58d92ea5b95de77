//! How a catch-all is shown: where recipients are read, its domains, its rules.

use inhaul_domain::route::RecipientSource;
use inhaul_store::{CatchAllSettings, RuleSetting};

/// Where recipients are read, in words.
pub fn source_words(source: &RecipientSource) -> String {
    match source {
        RecipientSource::Auto { evidence } => {
            format!(
                "auto: {}, then Received, then To and Cc",
                evidence.join(", ")
            )
        }
        RecipientSource::ToCc => "To and Cc".to_owned(),
        RecipientSource::Header { name, index, strip } => {
            let mut words = name.clone();
            if *index > 1 {
                words.push_str(&format!(", no. {index} from the top"));
            }
            if !strip.is_empty() {
                words.push_str(&format!(", without {strip} in front"));
            }
            words
        }
    }
}

/// The domains whose addresses are recipients, in words.
pub fn domains_words(settings: &CatchAllSettings) -> String {
    let mut words = match settings.domains.is_empty() {
        true => "those of all accounts and rules".to_owned(),
        false => settings.domains.join(", "),
    };
    for (other, domain) in &settings.domain_aliases {
        words.push_str(&format!(", {other} is {domain}"));
    }
    words
}

/// All rules in their order, the way they are typed.
pub fn rules_words(rules: &[RuleSetting]) -> String {
    let rules = rules.iter().map(|rule| {
        let RuleSetting {
            address,
            account_name,
            folder,
            ..
        } = rule;
        format!("{address}={account_name}/{folder}")
    });
    rules.collect::<Vec<_>>().join(" ")
}
