//! Headers of the newest messages: read once, taken down, and sorted as often as somebody likes.

use std::sync::Arc;

use inhaul_domain::route::Router;
use inhaul_manage::UnsavedCatchAll;
use inhaul_message::HeaderBlock;
use inhaul_store::{CatchAllSettings, RuleSetting};
use inhaul_types::{Address, Card};

use super::draft::{Draft, Mailbox, TypedRule};
use super::places::Place;
use super::typed::Wrong;
use crate::app::App;
use crate::request::{Administrator, Person};
use crate::response::Problem;
use crate::runs::Survey;

/// Asks the server. Nothing is stored there or here; the audit says who looked at how many.
pub(super) async fn look(
    app: &App,
    admin: &Administrator,
    mailbox: &Mailbox,
    newest: u32,
) -> Result<Arc<Survey>, Card> {
    let (remote, memory) = (mailbox.remote.clone(), mailbox.found.sign_in_memory);
    let survey = app
        .runs()
        .survey(remote, mailbox.secret(), memory, newest)
        .await?;
    let count = survey.headers.len() as u64;
    let actor = admin.0.actor();
    app.manage()
        .headers_looked_at(&actor, count, mailbox.domain())
        .await;
    Ok(Arc::new(survey))
}

/// The headers as the router reads them.
pub(super) fn blocks(survey: &Survey) -> impl Iterator<Item = HeaderBlock<'_>> {
    let headers = survey.headers.iter();
    headers.map(|surveyed| HeaderBlock::new(&surveyed.header))
}

/// What measures the sources of recipients: only the domains count, there is nobody to send to yet.
pub(super) async fn measuring(
    app: &App,
    person: &Person,
    mailbox: &Mailbox,
) -> Result<Router, Problem> {
    let settings = CatchAllSettings {
        domains: mailbox.domains.clone(),
        ..CatchAllSettings::default()
    };
    let unsaved = UnsavedCatchAll {
        remote: &mailbox.remote,
        settings: &settings,
        fallback: person.id(),
        fallback_name: &person.account.name,
        fallback_folder: "INBOX",
    };
    Ok(app.manage().router_of(&person.actor(), &unsaved).await?)
}

/// What was typed, once all of it can be meant.
#[derive(Debug)]
pub(super) struct Meant {
    /// How it shares out.
    pub(super) settings: CatchAllSettings,
    /// Who gets everything else.
    pub(super) fallback: Place,
}

impl Meant {
    /// Reads the draft's rules and its fallback; the first that cannot be meant is said at its field:
    /// `address-2` or `to-2` of the third line, `fallback`.
    pub(super) async fn read(app: &App, draft: &Draft) -> Result<Result<Self, Wrong>, Problem> {
        let mut rules: Vec<RuleSetting> = Vec::new();
        for (line, typed) in draft.rules.iter().enumerate() {
            let rule = match rule(app, line, typed).await? {
                Ok(rule) => rule,
                Err(wrong) => return Ok(Err(wrong)),
            };
            let same = |other: &RuleSetting| is_same(&other.address, &rule.address);
            if let Some(before) = rules.iter().position(same) {
                let what = format!("Line {} is for this address already.", before + 1);
                return Ok(Err(Wrong::at(format!("address-{line}"), what)));
            }
            rules.push(rule);
        }
        if draft.fallback.is_empty() {
            let what = "Say who gets what matches nobody. No message is ever thrown away.";
            return Ok(Err(Wrong::at("fallback", what)));
        }
        let fallback = match Place::find(app.store(), &draft.fallback).await? {
            Ok(fallback) => fallback,
            Err(what) => return Ok(Err(Wrong::at("fallback", what))),
        };
        let settings = CatchAllSettings {
            source: draft.source.clone().unwrap_or_default(),
            domains: draft.mailbox.domains.clone(),
            rules,
            ..CatchAllSettings::default()
        };
        Ok(Ok(Self { settings, fallback }))
    }

    /// What shares its mail out.
    pub(super) async fn router(
        &self,
        app: &App,
        person: &Person,
        mailbox: &Mailbox,
    ) -> Result<Router, Problem> {
        let unsaved = UnsavedCatchAll {
            remote: &mailbox.remote,
            settings: &self.settings,
            fallback: self.fallback.account.id,
            fallback_name: &self.fallback.account.name,
            fallback_folder: &self.fallback.folder,
        };
        Ok(app.manage().router_of(&person.actor(), &unsaved).await?)
    }
}

async fn rule(
    app: &App,
    line: usize,
    typed: &TypedRule,
) -> Result<Result<RuleSetting, Wrong>, Problem> {
    let address: Address = match typed.address.parse() {
        Ok(address) => address,
        Err(why) => {
            let what = format!("{}: {why}.", typed.address);
            return Ok(Err(Wrong::at(format!("address-{line}"), what)));
        }
    };
    Ok(match Place::find(app.store(), &typed.to).await? {
        Ok(place) => Ok(RuleSetting {
            address,
            account: place.account.id,
            account_name: place.account.name,
            folder: place.folder,
        }),
        Err(what) => Err(Wrong::at(format!("to-{line}"), what)),
    })
}

fn is_same(one: &Address, other: &Address) -> bool {
    one.as_str().to_lowercase() == other.as_str().to_lowercase()
}
