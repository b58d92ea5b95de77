//! A catch-all, its newest headers, and a router that sorts them.
//!
//! Headers are read from the server once an hour at most: a running server keeps them in memory, so
//! a rule that changes sorts the same headers again. A command without a server has none and reads
//! them anew. Every look is taken down in the audit, wherever the headers came from: subjects of
//! other people's mail are shown.

use std::sync::Arc;

use inhaul_domain::route::{Place, Router, Rule};
use inhaul_engine::{Survey, SurveyError, Surveyed, catch_all};
use inhaul_store::{CatchAllSettings, Retrieval, SqliteStore, Store};
use inhaul_types::{FolderId, Timestamp};

use crate::cli::Globals;
use crate::cli::audited::{self, Change};
use crate::cli::names::retrieval_named;
use crate::cli::output::{complain, counted};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::sharing::RuleWord;

/// The retrieval of this name, which must be a catch-all, and its settings.
pub(super) async fn catch_all_named(
    store: &dyn Store,
    name: &str,
) -> Result<(Retrieval, CatchAllSettings), Failure> {
    let retrieval = retrieval_named(store, name).await?;
    match retrieval.routing.catch_all().cloned() {
        Some(settings) => Ok((retrieval, settings)),
        None => Err(no_catch_all(&retrieval.name)),
    }
}

fn no_catch_all(name: &str) -> Failure {
    let what = format!("{name:?} is no catch-all: all of its mail goes to one folder");
    Failure::usage(what).hint(format!(
        "To share it out: inhaul retrieval set {name:?} --catch-all auto --domain DOMAIN --fallback ACCOUNT."
    ))
}

/// A router as it stands, with these rules behind its own, as if they were saved.
pub(super) async fn router(
    store: &dyn Store,
    retrieval: &Retrieval,
    tried: &[RuleWord],
) -> Result<Router, Failure> {
    let book = store.address_book().await?;
    let mut rules = store.router_rules(retrieval.id).await?;
    for (number, rule) in (1_i64..).zip(tried) {
        rules.push(tried_rule(store, rule, number).await?);
    }
    let mut catch_all = catch_all(retrieval, rules).ok_or_else(|| no_catch_all(&retrieval.name))?;
    // As for a run: the group of whoever has the fallback may allow fewer.
    let allowance = store.account_allowance(retrieval.account).await?;
    if let Some(most) = allowance.limits.recipients {
        catch_all.max_recipients = catch_all.max_recipients.min(most);
    }
    Ok(Router::new(catch_all, &book))
}

/// A rule that is not saved. A folder that is not there yet has a number that no folder has.
async fn tried_rule(store: &dyn Store, rule: &RuleWord, number: i64) -> Result<Rule, Failure> {
    let account = store.account_by_name(&rule.to.account).await?;
    let folders = store.folder_list(account.id).await?;
    let wanted = &rule.to.folder;
    let there = folders.iter().find(|folder| {
        folder.name == *wanted || (folder.name == "INBOX" && wanted.eq_ignore_ascii_case("INBOX"))
    });
    Ok(Rule {
        address: rule.address.clone(),
        place: Place {
            account: account.id,
            folder: there.map_or_else(|| FolderId::new(-number), |folder| folder.id),
            shown: format!(
                "{}/{}",
                account.name,
                there.map_or(wanted, |folder| &folder.name)
            ),
        },
    })
}

/// Headers, and how they came.
#[derive(Debug)]
pub(super) struct Headers {
    survey: Arc<Survey>,
    most: usize,
    /// From memory: the server was not asked.
    pub(super) kept: bool,
}

/// What is wanted of the headers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// So many of the newest messages.
    pub(super) last: u16,
    /// Whatever is in memory.
    pub(super) fresh: bool,
}

/// More than anybody looks through; the engine reads no more.
pub(super) const LAST_MOST: i64 = 200;

impl Headers {
    /// From memory if they are there, else from the server. Takes the look down.
    pub(super) async fn read(
        globals: &Globals,
        store: &Arc<SqliteStore>,
        config: &Config,
        retrieval: &Retrieval,
        domains: &[String],
        wanted: Wanted,
    ) -> Result<Self, Failure> {
        let engine = globals.engine(store, config)?;
        let most = usize::from(wanted.last);
        let kept = engine.surveyed(retrieval, most).filter(|_| !wanted.fresh);
        let headers = match kept {
            Some(survey) => Self {
                survey,
                most,
                kept: true,
            },
            None => Self {
                survey: engine.survey(retrieval, most).await.map_err(told)?,
                most,
                kept: false,
            },
        };
        let of = match domains {
            [] => &retrieval.remote.host,
            [first, ..] => first,
        };
        let looked = counted(headers.all().len() as u64, "message");
        let change = Change::of("looked at", format!("the headers of {looked} of {of}"));
        audited::take_down(&**store, [change]).await;
        Ok(headers)
    }

    /// The newest first.
    pub(super) fn all(&self) -> &[Surveyed] {
        let all = &self.survey.headers;
        &all[..all.len().min(self.most)]
    }

    /// When the server was asked.
    pub(super) fn at(&self) -> Timestamp {
        self.survey.at
    }

    /// Messages in the maildrop.
    pub(super) fn listed(&self) -> u64 {
        self.survey.listed
    }

    /// Says how old they are, where they were not read just now.
    pub(super) fn tell_age(&self) {
        if self.kept {
            let age = (crate::clock::clock())().since(self.at()).as_secs();
            let age = match age {
                0..60 => "less than a minute".to_owned(),
                seconds => counted(seconds / 60, "minute"),
            };
            complain(&format!(
                "These headers were read {age} ago, and the server was not asked again. To read them anew: --fresh.\n"
            ));
        }
    }
}

fn told(error: SurveyError) -> Failure {
    match error {
        SurveyError::Failed(report) => Failure::of_card(report.card()),
        SurveyError::NoHeaders { .. } => Failure::new(Exit::PROTOCOL, error.to_string()).hint(
            "Save it paused, bring a few messages, and look at them: inhaul message show ID.",
        ),
    }
}
