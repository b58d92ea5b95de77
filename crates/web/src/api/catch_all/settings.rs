//! How a catch-all shares out, as a program writes it: the words of commands and files.

use std::collections::BTreeMap;

use inhaul_manage::sharing::{
    DomainName, HeaderName, Misfit, Separators, SourceParts, SourceWord, check_aliases,
};
use inhaul_store::{CatchAllSettings, Retrieval};
use serde::Deserialize;

use crate::api::problem::ApiProblem;
use crate::api::schema::{Kind, Schema, may, must};
use crate::app::App;
use crate::sharing::{At, Meant};

pub(in crate::api) const SETTINGS: Schema = Schema {
    name: "CatchAllChange",
    about: "How mail is to be shared out among accounts. What is absent stays, or is as it is built in.",
    fields: &[
        may(
            "header",
            Kind::Text,
            "Where recipients are read: `auto`, `to-cc` or the name of a header.",
        ),
        may(
            "evidence",
            Kind::List(&Kind::Text),
            "With `auto`: the headers that it asks, in this order.",
        ),
        may(
            "index",
            Kind::Whole,
            "With a header's name: which of several, from the top.",
        ),
        may(
            "strip",
            Kind::Text,
            "With a header's name: what is taken off the front of what it says.",
        ),
        may(
            "domains",
            Kind::List(&Kind::Text),
            "Domains whose addresses are recipients here.",
        ),
        may(
            "domain_aliases",
            Kind::Texts,
            "Domains, each with the one whose addresses theirs are.",
        ),
        may(
            "separators",
            Kind::Text,
            "What may stand between a name and its tag; `+` by default.",
        ),
        may(
            "max_recipients",
            Kind::Whole,
            "Accounts that get one message at most; 50 by default.",
        ),
        may(
            "rules",
            Kind::List(&Kind::Of(&RULE)),
            "All rules from now on, the first that matches wins. Accounts' own addresses come before them.",
        ),
        may(
            "fallback",
            Kind::Text,
            "`ACCOUNT` or `ACCOUNT/FOLDER` for what matches nobody. A new catch-all needs it: no message is ever thrown away.",
        ),
    ],
};

const RULE: Schema = Schema {
    name: "NewRule",
    about: "Which address goes where.",
    fields: &[
        must(
            "address",
            Kind::Text,
            "The address; `*` stands for any letters.",
        ),
        must("to", Kind::Text, "`ACCOUNT` or `ACCOUNT/FOLDER`."),
    ],
};

/// Settings as sent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct CatchAllSent {
    header: Option<String>,
    evidence: Option<Vec<String>>,
    index: Option<u32>,
    strip: Option<String>,
    domains: Option<Vec<String>>,
    domain_aliases: Option<BTreeMap<String, String>>,
    separators: Option<String>,
    max_recipients: Option<u32>,
    rules: Option<Vec<RuleSent>>,
    fallback: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleSent {
    address: String,
    to: String,
}

impl RuleSent {
    fn words(&self) -> (&str, &str) {
        (&self.address, &self.to)
    }
}

impl CatchAllSent {
    /// Whether it says who gets what matches nobody.
    pub(in crate::api) fn has_fallback(&self) -> bool {
        self.fallback.is_some()
    }

    /// What they make, or make of a retrieval; one that is no catch-all yet fills its own folder
    /// with what matches nobody.
    pub(in crate::api) async fn read(
        self,
        app: &App,
        before: Option<&Retrieval>,
    ) -> Result<Meant, ApiProblem> {
        let kept = before.and_then(|row| row.routing.catch_all());
        let settings = self.settings(kept)?;
        let rules = match self.rules {
            Some(rules) => rules,
            None => kept.map_or_else(Vec::new, rules_of),
        };
        let place = |row: &Retrieval| format!("{}/{}", row.account_name, row.folder_name);
        let fallback = self.fallback.or_else(|| before.map(place));
        let words: Vec<_> = rules.iter().map(RuleSent::words).collect();
        let fallback = fallback.unwrap_or_default();
        let meant = Meant::of_words(app.store(), settings, &words, &fallback).await?;
        meant.map_err(|misread| {
            let line = |line: usize| format!("Rule {}: {}", line + 1, misread.what);
            match misread.at {
                At::Address(number) | At::To(number) => ApiProblem::invalid("rules", line(number)),
                At::Fallback => ApiProblem::invalid("fallback", misread.what),
            }
        })
    }

    /// All but rules and fallback.
    fn settings(&self, kept: Option<&CatchAllSettings>) -> Result<CatchAllSettings, ApiProblem> {
        let mut settings = kept.cloned().unwrap_or_default();
        settings.source = self
            .source()?
            .apply(kept.map(|kept| &kept.source))
            .map_err(misfit)?;
        if let Some(words) = &self.domains {
            settings.domains = domains(words)?;
        }
        if let Some(aliases) = &self.domain_aliases {
            settings.domain_aliases = aliases
                .iter()
                .map(|(other, domain)| {
                    Ok((
                        domain_named("domain_aliases", other)?,
                        domain_named("domain_aliases", domain)?,
                    ))
                })
                .collect::<Result<_, ApiProblem>>()?;
        }
        check_aliases(&settings.domains, &settings.domain_aliases)
            .map_err(|why| refused("domain_aliases", &why))?;
        if let Some(separators) = &self.separators {
            let Separators(separators) = separators
                .parse()
                .map_err(|why: String| refused("separators", &why))?;
            settings.separators = separators;
        }
        match self.max_recipients {
            Some(0) => {
                let what = "Write how many accounts get one message at most, 1 or more.";
                return Err(ApiProblem::invalid("max_recipients", what));
            }
            Some(most) => settings.max_recipients = most,
            None => {}
        }
        Ok(settings)
    }

    fn source(&self) -> Result<SourceParts, ApiProblem> {
        let word = self.header.as_ref().map(|word| word.parse::<SourceWord>());
        let names = self.evidence.as_ref().map(|names| {
            let names = names.iter().map(|name| name.parse::<HeaderName>());
            names.collect::<Result<Vec<_>, _>>()
        });
        if self.index == Some(0) {
            return Err(ApiProblem::invalid("index", "Count from 1, from the top."));
        }
        Ok(SourceParts {
            word: word.transpose().map_err(|why| refused("header", &why))?,
            evidence: names.transpose().map_err(|why| refused("evidence", &why))?,
            index: self.index,
            strip: self.strip.clone(),
        })
    }
}

fn rules_of(kept: &CatchAllSettings) -> Vec<RuleSent> {
    let rules = kept.rules.iter();
    rules
        .map(|rule| RuleSent {
            address: rule.address.to_string(),
            to: format!("{}/{}", rule.account_name, rule.folder),
        })
        .collect()
}

/// Domains as sent.
pub(super) fn domains(words: &[String]) -> Result<Vec<String>, ApiProblem> {
    let domains = words.iter().map(|word| domain_named("domains", word));
    domains.collect()
}

fn domain_named(field: &'static str, word: &str) -> Result<String, ApiProblem> {
    let domain = word.parse().map(|DomainName(domain)| domain);
    domain.map_err(|why: String| refused(field, &why))
}

/// A reason without a capital and a full stop, said as a sentence.
fn refused(field: &'static str, why: &str) -> ApiProblem {
    ApiProblem::invalid(field, format!("This cannot be: {why}."))
}

fn misfit(misfit: Misfit) -> ApiProblem {
    match misfit {
        Misfit::Evidence => {
            let what = "These headers are asked by \"header\":\"auto\" alone.";
            ApiProblem::invalid("evidence", what)
        }
        Misfit::Index => {
            let what = "This counts headers of one name, so \"header\" has to name one.";
            ApiProblem::invalid("index", what)
        }
        Misfit::Strip => {
            let what = "This is taken off one header, so \"header\" has to name one.";
            ApiProblem::invalid("strip", what)
        }
    }
}
