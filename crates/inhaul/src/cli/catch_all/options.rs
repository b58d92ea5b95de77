//! The options that make a retrieval a catch-all, for `retrieval add` and `retrieval set`.

use std::str::FromStr;

use clap::Args;
use inhaul_store::{CatchAllSettings, RuleSetting, Store};
use inhaul_types::AccountId;

use crate::config::entries::Destination;
use crate::exit::Failure;
use crate::sharing::{
    DomainAlias, DomainName, HeaderName, Misfit, RuleWord, Separators, SourceParts, SourceWord,
    check_aliases,
};

#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Catch-all")]
pub(crate) struct CatchAllOptions {
    /// Share its mail out by recipient, read from: auto, to-cc or the name of a header
    #[arg(long, value_name = "SOURCE")]
    catch_all: Option<SourceWord>,
    /// A domain whose addresses are recipients (several allowed); by default those of all accounts
    /// and rules; "none" is that again
    #[arg(long = "domain", value_name = "DOMAIN")]
    domains: Vec<OrNone<DomainName>>,
    /// Another name of such a domain (several allowed): firm.net=firm.example, or none
    #[arg(long = "domain-alias", value_name = "OTHER=DOMAIN")]
    domain_aliases: Vec<OrNone<DomainAlias>>,
    /// With auto: the headers to ask, in this order, separated by commas
    #[arg(long, value_name = "HEADER", value_delimiter = ',')]
    evidence: Vec<HeaderName>,
    /// With a header: which of several of that name counts, from the top
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    header_index: Option<u32>,
    /// With a header: what to take off in front of what it says, such as mbox-
    #[arg(long, value_name = "TEXT")]
    header_strip: Option<String>,
    /// What stands between a name and its tag; + unless this is given, "" for no tags
    #[arg(long, value_name = "CHARACTERS")]
    separators: Option<Separators>,
    /// Accounts that get one message at most; the fallback gets the rest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_recipients: Option<u32>,
    /// Who gets what matches nobody; a catch-all needs it
    #[arg(long, value_name = "ACCOUNT[/FOLDER]")]
    fallback: Option<Destination>,
    /// Where the mail of an address goes (several allowed, the first that matches wins): all rules
    /// there are from now on, or none
    #[arg(long = "rule", value_name = "ADDRESS=ACCOUNT[/FOLDER]")]
    rules: Vec<OrNone<RuleWord>>,
}

/// One of a list, or the word that empties the list.
#[derive(Clone, Debug)]
struct OrNone<T>(Option<T>);

impl<T: FromStr<Err = String>> FromStr for OrNone<T> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self(None)),
            text => text.parse().map(|one| Self(Some(one))),
        }
    }
}

/// The whole list where one was given.
fn given<T: Clone>(list: &[OrNone<T>]) -> Option<Vec<T>> {
    (!list.is_empty()).then(|| list.iter().filter_map(|OrNone(one)| one.clone()).collect())
}

impl CatchAllOptions {
    /// Whether the retrieval is to be a catch-all from now on.
    pub(crate) fn makes_one(&self) -> bool {
        self.catch_all.is_some()
    }

    /// The first option that is for catch-alls only, if one was given.
    pub(crate) fn detail(&self) -> Option<&'static str> {
        [
            ("--domain", !self.domains.is_empty()),
            ("--domain-alias", !self.domain_aliases.is_empty()),
            ("--evidence", !self.evidence.is_empty()),
            ("--header-index", self.header_index.is_some()),
            ("--header-strip", self.header_strip.is_some()),
            ("--separators", self.separators.is_some()),
            ("--max-recipients", self.max_recipients.is_some()),
            ("--fallback", self.fallback.is_some()),
            ("--rule", !self.rules.is_empty()),
        ]
        .into_iter()
        .find_map(|(option, is_given)| is_given.then_some(option))
    }

    /// Whether anything was said of it.
    pub(crate) fn is_given(&self) -> bool {
        self.makes_one() || self.detail().is_some()
    }

    /// Who gets what matches nobody, if it was said.
    pub(crate) async fn fallback(
        &self,
        store: &dyn Store,
    ) -> Result<Option<(AccountId, String)>, Failure> {
        match &self.fallback {
            Some(Destination { account, folder }) => {
                let account = store.account_by_name(account).await?;
                Ok(Some((account.id, folder.clone())))
            }
            None => Ok(None),
        }
    }

    /// What is set from now on, where `now` is what was set before.
    pub(crate) async fn settings(
        self,
        store: &dyn Store,
        now: Option<&CatchAllSettings>,
    ) -> Result<CatchAllSettings, Failure> {
        let parts = SourceParts {
            word: self.catch_all,
            evidence: (!self.evidence.is_empty()).then_some(self.evidence),
            index: self.header_index,
            strip: self.header_strip,
        };
        let mut settings = now.cloned().unwrap_or_default();
        settings.source = parts
            .apply(now.map(|now| &now.source))
            .map_err(misfit_words)?;
        if let Some(domains) = given(&self.domains) {
            settings.domains = domains.into_iter().map(|DomainName(name)| name).collect();
        }
        if let Some(aliases) = given(&self.domain_aliases) {
            let pair = |DomainAlias(other, domain)| (other, domain);
            settings.domain_aliases = aliases.into_iter().map(pair).collect();
        }
        check_aliases(&settings.domains, &settings.domain_aliases)
            .map_err(|why| Failure::usage(format!("--domain-alias: {why}")))?;
        if let Some(Separators(separators)) = self.separators {
            settings.separators = separators;
        }
        if let Some(most) = self.max_recipients {
            settings.max_recipients = most;
        }
        if let Some(rules) = given(&self.rules) {
            settings.rules.clear();
            for rule in rules {
                settings.rules.push(rule_setting(store, rule).await?);
            }
        }
        Ok(settings)
    }
}

/// A rule as the store has it; its account must be there.
pub(super) async fn rule_setting(
    store: &dyn Store,
    rule: RuleWord,
) -> Result<RuleSetting, Failure> {
    let account = store.account_by_name(&rule.to.account).await?;
    Ok(RuleSetting {
        address: rule.address,
        account: account.id,
        account_name: account.name,
        folder: rule.to.folder,
    })
}

fn misfit_words(misfit: Misfit) -> Failure {
    let (what, hint) = match misfit {
        Misfit::Evidence => (
            "--evidence is for --catch-all auto",
            "A header that is named is the only one asked.",
        ),
        Misfit::Index => (
            "--header-index counts headers of one name",
            "Name it: --catch-all Delivered-To.",
        ),
        Misfit::Strip => (
            "--header-strip is taken off one header",
            "Name it: --catch-all Delivered-To.",
        ),
    };
    Failure::usage(what).hint(hint)
}
