//! Catch-alls: retrievals whose messages are shared out among accounts by recipient.

use inhaul_domain::route::{
    CatchAll, DEFAULT_MAX_RECIPIENTS, DEFAULT_SEPARATORS, OwnNames, Place, RecipientSource, Rule,
};
use inhaul_types::{AccountId, Address};

use super::retrievals::Remote;

/// Where a retrieval's messages go.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Routing {
    /// All of them into its folder.
    #[default]
    Single,
    /// To whoever each was for. What has no recipient here goes into its folder, the fallback.
    CatchAll(CatchAllSettings),
}

impl Routing {
    /// How it shares out, if it does.
    pub fn catch_all(&self) -> Option<&CatchAllSettings> {
        match self {
            Self::Single => None,
            Self::CatchAll(settings) => Some(settings),
        }
    }
}

/// How a catch-all shares its messages out. The retrieval's own account and folder are the fallback.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CatchAllSettings {
    /// What says who a message was for.
    pub source: RecipientSource,
    /// Domains whose addresses are recipients here; none means the installation's own.
    pub domains: Vec<String>,
    /// Domains with the domain whose addresses theirs are: `("firm.net", "firm.example")`.
    pub domain_aliases: Vec<(String, String)>,
    /// What may stand between a name and its tag, each character by itself: `+`.
    pub separators: String,
    /// Accounts that get one message at most.
    pub max_recipients: u32,
    /// Which addresses go where, the first rule first.
    pub rules: Vec<RuleSetting>,
}

impl Default for CatchAllSettings {
    /// What an administrator gets who says nothing else.
    fn default() -> Self {
        Self {
            source: RecipientSource::default(),
            domains: Vec::new(),
            domain_aliases: Vec::new(),
            separators: DEFAULT_SEPARATORS.into(),
            max_recipients: DEFAULT_MAX_RECIPIENTS,
            rules: Vec::new(),
        }
    }
}

impl CatchAllSettings {
    /// What a router is built from for this maildrop: these settings, with `rules` instead of their
    /// own.
    pub fn sorting(&self, remote: &Remote, rules: Vec<Rule>, fallback: Place) -> CatchAll {
        let Self {
            source,
            domains,
            domain_aliases,
            separators,
            max_recipients,
            rules: _,
        } = self.clone();
        CatchAll {
            source,
            domains,
            domain_aliases,
            separators,
            max_recipients,
            own_names: OwnNames {
                user: remote.user.clone(),
                host: remote.host.clone(),
            },
            rules,
            fallback,
        }
    }
}

/// A rule of a catch-all: messages for this address go there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RuleSetting {
    /// The address; `*` is a wildcard.
    pub address: Address,
    /// Whose folder.
    pub account: AccountId,
    /// That account's name. What is saved goes by `account`, whatever stands here.
    pub account_name: String,
    /// The folder; made if it is not there.
    pub folder: String,
}

/// An address without a rule, and how much came for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unclaimed {
    /// The address in lower case.
    pub address: String,
    /// Messages in the fallback that are there because of it.
    pub messages: u64,
}
