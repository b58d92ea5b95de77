//! `[[retrieval]]` entries.
//!
//! A retrieval that is written no longer is removed; its ledger and its mail stay, so that writing it
//! again brings nothing twice. Whether it is paused is the one thing that a person may change here: a
//! pause in the file comes and goes with the file, any other lasts until somebody ends it.

use std::path::PathBuf;

use inhaul_domain as domain;
use inhaul_domain::ServerSpec;
use inhaul_engine::secret_in_file;
use inhaul_store::{
    Account, CatchAllSettings, Every, NewRetrieval, Remote, RemoteSecret, Retrieval,
    RetrievalChange, RetrievalLimits, RuleSetting, StoreError, Written,
};
use inhaul_types::AccountId;

use super::{Deed, Refused, Work, place, same_name, unless_there, whole};
use crate::cli::start_point;
use crate::config::durations;
use crate::config::entries::catch_all::{CatchAll, Rule};
use crate::config::entries::retrieval::{CredentialSource, Retention, RetrievalEntry, Routing};
use crate::config::secrets::SecretSource;

impl Work<'_> {
    pub(super) async fn bring_in_retrievals(&mut self) -> Result<(), StoreError> {
        let config = self.config;
        if config.retrievals.is_empty() {
            return Ok(());
        }
        let accounts = self.store.account_list().await?;
        let present = self.store.retrieval_list().await?;
        for entry in &config.retrievals {
            let at = place(&entry.written_at);
            let row = present.iter().find(|row| same_name(&row.name, &entry.name));
            let done = self.bring_in_retrieval(entry, row, &accounts).await;
            self.settle("retrieval", &entry.name, &at, done)?;
        }
        Ok(())
    }

    async fn bring_in_retrieval(
        &mut self,
        entry: &RetrievalEntry,
        row: Option<&Retrieval>,
        accounts: &[Account],
    ) -> Result<Deed, Refused> {
        let wanted = Wanted::new(entry, accounts)?;
        let before = match row {
            Some(row) => Some(self.store.retrieval_secret(row.id).await?),
            None => None,
        };
        let secret = self.secret(entry, before.as_ref());
        match row {
            None => {
                let new = wanted.into_new(entry, secret);
                self.store.retrieval_create(new).await?;
                Ok(Deed::Added)
            }
            Some(row) => {
                let secret = Some(secret).filter(|secret| before.as_ref() != Some(secret));
                match wanted.difference(row, secret) {
                    None => Ok(Deed::Nothing),
                    Some(change) => {
                        self.store.retrieval_change(row.id, change).await?;
                        Ok(Deed::Changed)
                    }
                }
            }
        }
    }

    /// Where the password is; of a file also what it holds now, so that another password is noticed
    /// and tried at once. A file that cannot be read changes nothing: its next reading may go well.
    fn secret(&mut self, entry: &RetrievalEntry, before: Option<&RemoteSecret>) -> RemoteSecret {
        let path = match &entry.credential {
            CredentialSource::Token(words) => return RemoteSecret::Token(words.clone()),
            CredentialSource::Password(SecretSource::Command(words)) => {
                return RemoteSecret::Command(words.clone());
            }
            CredentialSource::Password(
                SecretSource::File(path) | SecretSource::Credential { path, .. },
            ) => whole(path),
        };
        let (secret, unusable) = secret_in_file(path.clone());
        let Some(why) = unusable else {
            return secret;
        };
        let text = format!(
            "retrieval {:?}: its password is not to be had from {}: {why}",
            entry.name,
            path.display()
        );
        self.warn(&place(&entry.written_at), text);
        match before {
            Some(known) if is_file(known, &path) => known.clone(),
            _ => secret,
        }
    }

    /// A retrieval that is written no longer goes. What it brought stays, and so does the ledger.
    pub(super) async fn let_go_of_retrievals(&mut self) -> Result<(), StoreError> {
        for row in self.store.retrieval_list().await? {
            let Some(written) = &row.written_at else {
                continue;
            };
            let mut entries = self.config.retrievals.iter();
            let is_there = |entry: &RetrievalEntry| same_name(&entry.name, &row.name);
            if entries.any(is_there) || !self.may_let_go_of(&written.at) {
                continue;
            }
            self.store.retrieval_remove(row.id).await?;
            let text = format!(
                "retrieval {:?} is written there no longer and was removed; what it brought stays",
                row.name
            );
            self.warn(&written.at, text);
        }
        Ok(())
    }
}

fn is_file(secret: &RemoteSecret, wanted: &PathBuf) -> bool {
    matches!(secret, RemoteSecret::File { path, .. } if path == wanted)
}

/// What an entry says, in the store's words.
struct Wanted {
    name: String,
    remote: Remote,
    account: AccountId,
    folder: String,
    routing: inhaul_store::Routing,
    owner: Option<AccountId>,
    every: Every,
    retention: domain::Retention,
    written: Written,
}

impl Wanted {
    fn new(entry: &RetrievalEntry, accounts: &[Account]) -> Result<Self, Refused> {
        let account = |name: &str| account_named(accounts, name).map(|account| account.id);
        let (to, routing) = match &entry.routing {
            Routing::Single(to) => (to, inhaul_store::Routing::Single),
            Routing::CatchAll(catch_all) => {
                let settings = settings(catch_all, accounts)?;
                (
                    &catch_all.fallback,
                    inhaul_store::Routing::CatchAll(settings),
                )
            }
        };
        let spec = ServerSpec::parse(&entry.server, entry.security.map(Into::into))
            .map_err(Refused::Entry)?;
        let wanted = Self {
            name: entry.name.clone(),
            remote: Remote {
                host: spec.host,
                port: spec.port,
                security: spec.security,
                ca_file: entry.ca_file.as_deref().map(whole),
                pin: entry.pin,
                user: entry.user.clone(),
                sign_in: entry.sign_in.0,
            },
            account: account(&to.account)?,
            folder: to.folder.clone(),
            routing,
            owner: entry.owner.as_deref().map(account).transpose()?,
            every: every(entry.every),
            retention: retention(entry.retention),
            written: Written {
                at: place(&entry.written_at),
                paused: entry.paused,
            },
        };
        if wanted.owner.is_some_and(|owner| owner != wanted.account) {
            let why = "a user retrieval delivers to its owner only";
            return Err(Refused::Entry(why.to_owned()));
        }
        Ok(wanted)
    }

    fn into_new(self, entry: &RetrievalEntry, secret: RemoteSecret) -> NewRetrieval {
        NewRetrieval {
            name: self.name,
            remote: self.remote,
            secret,
            account: self.account,
            owner: self.owner,
            folder: self.folder,
            routing: self.routing,
            every: self.every,
            retention: self.retention,
            first_run_keeps: false,
            start: start_point(entry.bring),
            paused: entry.paused,
            sign_in_memory: None,
            limits: RetrievalLimits::default(),
            confined: false,
            written_at: Some(self.written),
        }
    }

    /// What makes the row say what the entry says; `None` where it does. `secret` is another one
    /// than the row's.
    fn difference(self, row: &Retrieval, secret: Option<RemoteSecret>) -> Option<RetrievalChange> {
        let stays = self.account == row.account && same_folder(&self.folder, &row.folder_name);
        let paused_before = row.written_at.as_ref().is_some_and(|there| there.paused);
        let paused = unless_there(self.written.paused, &paused_before);
        let change = RetrievalChange {
            name: unless_there(self.name, &row.name),
            remote: unless_there(self.remote, &row.remote),
            secret,
            destination: (!stays).then_some((self.account, self.folder)),
            routing: (!same_routing(&self.routing, &row.routing)).then_some(self.routing),
            owner: unless_there(self.owner, &row.owner),
            every: unless_there(self.every, &row.every),
            retention: unless_there(self.retention, &row.retention),
            paused: paused.filter(|paused| *paused != row.paused),
            // The file does.
            paused_by: None,
            limits: None,
            confined: row.confined.then_some(false),
            written_at: unless_there(Some(self.written), &row.written_at),
            due_now: false,
        };
        let nothing = change.name.is_none()
            && change.remote.is_none()
            && change.secret.is_none()
            && change.destination.is_none()
            && change.routing.is_none()
            && change.owner.is_none()
            && change.every.is_none()
            && change.retention.is_none()
            && change.paused.is_none()
            && change.confined.is_none()
            && change.written_at.is_none();
        (!nothing).then_some(change)
    }
}

fn account_named<'a>(accounts: &'a [Account], name: &str) -> Result<&'a Account, Refused> {
    let mut all = accounts.iter();
    all.find(|account| same_name(&account.name, name))
        .ok_or_else(|| Refused::Entry(format!("there is no account {name:?}")))
}

/// What a catch-all's entry says, in the store's words.
fn settings(catch_all: &CatchAll, accounts: &[Account]) -> Result<CatchAllSettings, Refused> {
    let rule = |rule: &Rule| {
        let account = account_named(accounts, &rule.to.account)?;
        Ok(RuleSetting {
            address: rule.address.clone(),
            account: account.id,
            account_name: account.name.clone(),
            folder: rule.to.folder.clone(),
        })
    };
    let rules: Result<Vec<_>, Refused> = catch_all.rules.iter().map(rule).collect();
    Ok(CatchAllSettings {
        source: catch_all.source.clone(),
        domains: catch_all.domains.clone(),
        domain_aliases: catch_all.domain_aliases.clone(),
        separators: catch_all.separators.clone(),
        max_recipients: catch_all.max_recipients,
        rules: rules?,
    })
}

/// Whether mail goes the same way. A rule's folder is compared as a retrieval's own is.
fn same_routing(one: &inhaul_store::Routing, other: &inhaul_store::Routing) -> bool {
    let (Some(one), Some(other)) = (one.catch_all(), other.catch_all()) else {
        return one == other;
    };
    let same_rule = |(one, other): (&RuleSetting, &RuleSetting)| {
        one.address == other.address
            && one.account == other.account
            && same_folder(&one.folder, &other.folder)
    };
    let without_rules = |settings: &CatchAllSettings| CatchAllSettings {
        rules: Vec::new(),
        ..settings.clone()
    };
    one.rules.len() == other.rules.len()
        && one.rules.iter().zip(&other.rules).all(same_rule)
        && without_rules(one) == without_rules(other)
}

/// As the store has it: INBOX is the same in any case, every other folder is not.
fn same_folder(one: &str, other: &str) -> bool {
    one == other || (one.eq_ignore_ascii_case("INBOX") && other.eq_ignore_ascii_case("INBOX"))
}

fn every(written: durations::Every) -> Every {
    match written {
        durations::Every::Auto => Every::Auto,
        durations::Every::Never => Every::Never,
        durations::Every::Interval(time) => {
            // The floor is above it: no time at all is the shortest there is.
            Every::Seconds(u32::try_from(time.as_secs()).unwrap_or(u32::MAX).max(1))
        }
    }
}

fn retention(written: Retention) -> domain::Retention {
    match written {
        Retention::Keep => domain::Retention::Keep,
        Retention::Delete { days: 0 } => domain::Retention::Delete,
        Retention::Delete { days } => domain::Retention::DeleteAfter { days },
    }
}
