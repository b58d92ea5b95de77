//! Rules and a fallback as they are typed, and what they mean.

use inhaul_domain::route::Router;
use inhaul_manage::{Actor, Refused, UnsavedCatchAll};
use inhaul_store::{CatchAllSettings, Remote, RuleSetting, Store, StoreError};
use inhaul_types::Address;

use super::places::Place;
use crate::app::App;

/// What was typed, once all of it can be meant.
#[derive(Clone, Debug)]
pub(crate) struct Meant {
    /// How it shares out.
    pub(crate) settings: CatchAllSettings,
    /// Who gets everything else.
    pub(crate) fallback: Place,
}

/// The first thing that cannot be meant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Misread {
    /// Where it stands.
    pub(crate) at: At,
    /// What is wrong with it, in a sentence.
    pub(crate) what: String,
}

/// A place in what was typed; rules count from 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum At {
    /// A rule's address.
    Address(usize),
    /// Where it goes.
    To(usize),
    /// Where everything else goes.
    Fallback,
}

impl Meant {
    /// Reads rules, each an address and `ACCOUNT[/FOLDER]`, and the fallback; `settings` is all else.
    pub(crate) async fn of_words(
        store: &dyn Store,
        settings: CatchAllSettings,
        words: &[(&str, &str)],
        fallback: &str,
    ) -> Result<Result<Self, Misread>, StoreError> {
        let mut rules: Vec<RuleSetting> = Vec::new();
        for (line, (address, to)) in words.iter().enumerate() {
            let rule = match rule(store, line, address, to).await? {
                Ok(rule) => rule,
                Err(misread) => return Ok(Err(misread)),
            };
            let same = |other: &RuleSetting| is_same(&other.address, &rule.address);
            if let Some(before) = rules.iter().position(same) {
                let what = format!("Line {} is for this address already.", before + 1);
                let at = At::Address(line);
                return Ok(Err(Misread { at, what }));
            }
            rules.push(rule);
        }
        let at = At::Fallback;
        if fallback.is_empty() {
            let what = NO_FALLBACK.to_owned();
            return Ok(Err(Misread { at, what }));
        }
        Ok(match Place::find(store, fallback).await? {
            Ok(fallback) => Ok(Self {
                settings: CatchAllSettings { rules, ..settings },
                fallback,
            }),
            Err(what) => Err(Misread { at, what }),
        })
    }

    /// What shares the mail of this mailbox out.
    pub(crate) async fn sorter(
        &self,
        app: &App,
        actor: &Actor,
        remote: &Remote,
    ) -> Result<Router, Refused> {
        let unsaved = UnsavedCatchAll {
            remote,
            settings: &self.settings,
            fallback: self.fallback.account.id,
            fallback_name: &self.fallback.account.name,
            fallback_folder: &self.fallback.folder,
        };
        app.manage().router_of(actor, &unsaved).await
    }
}

async fn rule(
    store: &dyn Store,
    line: usize,
    address: &str,
    to: &str,
) -> Result<Result<RuleSetting, Misread>, StoreError> {
    let address: Address = match address.parse() {
        Ok(address) => address,
        Err(why) => {
            let what = format!("{address}: {why}.");
            let at = At::Address(line);
            return Ok(Err(Misread { at, what }));
        }
    };
    Ok(match Place::find(store, to).await? {
        Ok(place) => Ok(RuleSetting {
            address,
            account: place.account.id,
            account_name: place.account.name,
            folder: place.folder,
        }),
        Err(what) => Err(Misread {
            at: At::To(line),
            what,
        }),
    })
}

fn is_same(one: &Address, other: &Address) -> bool {
    one.as_str().to_lowercase() == other.as_str().to_lowercase()
}

const NO_FALLBACK: &str = "Say who gets what matches nobody. No message is ever thrown away.";
