//! `inhaul group`: what may start checks for a set of accounts, and their limits.

use clap::{Args, Subcommand, ValueEnum};
use inhaul_manage::check_group_name;
use inhaul_manage::words::{
    LIMITS, Limit, LimitWord, TriggerWord, every_words, limits_words, parse_users_may,
    users_may_words,
};
use inhaul_store::{
    Account, EVERYONE, Group as StoredGroup, GroupChange, Limits, Store, StoreError, Triggers,
    UsersMay, built_in_triggers,
};
use inhaul_types::Activation;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Globals;
use super::audited::{self, Change};
use super::output::{complain, counted, print, print_json, table};
use crate::declared::{place_words, refuse_written};
use crate::exit::{Exit, Failure};

#[derive(Debug, Subcommand)]
pub(crate) enum Group {
    /// Add a group
    Add(Add),
    /// List the groups
    List,
    /// Show one group
    Show {
        /// Its name
        name: String,
    },
    /// Change a group
    Set(Set),
    /// Remove a group nobody is in
    Remove {
        /// Which group
        name: String,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Add {
    /// Its name, unique
    name: String,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Args, Debug)]
pub(crate) struct Set {
    /// Which group
    name: String,
    /// Another name
    #[arg(long = "name", value_name = "NAME")]
    new_name: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Args, Debug)]
struct Settings {
    /// What may start a check, and how often at most: button=on,schedule=5m,api=off. The words are
    /// schedule, pop3-login, imap-login, web-login, folder, button, waiting, api, cli, and all
    #[arg(
        long = "trigger",
        value_name = "WORD=on|off|TIME",
        value_delimiter = ','
    )]
    triggers: Vec<TriggerWord>,
    /// A limit of each account: retrievals=10, mailbox=5GB, message=50MB, messages-per-run=500,
    /// octets-per-run=200MB, at-once=2, recipients=50, started-per-day=300,
    /// started-per-day-address=1000, delete-after-min=3d; none lifts it
    #[arg(long = "limit", value_name = "WORD=LIMIT", value_delimiter = ',')]
    limits: Vec<LimitWord>,
    /// What people may decide for themselves, all of it: edit, delete-remote, plain,
    /// pin-certificate, private-networks; none for nothing
    #[arg(long, value_name = "WORDS", value_parser = parse_users_may)]
    users_may: Option<UsersMay>,
    /// Whether its accounts may sign in, and anything may start a check for them
    #[arg(long, value_name = "yes|no")]
    enabled: Option<YesNo>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum YesNo {
    Yes,
    No,
}

impl Group {
    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        match self {
            Self::Add(add) => add.run(globals).await,
            Self::List => list(globals).await,
            Self::Show { name } => show(globals, &name).await,
            Self::Set(set) => set.run(globals).await,
            Self::Remove { name } => remove(globals, &name).await,
        }
    }
}

impl Add {
    async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        check_group_name(&self.name)?;
        let triggers = self.settings.triggers(built_in_triggers());
        let change = GroupChange {
            name: None,
            enabled: self.settings.enabled(),
            triggers: Some(triggers),
            users_may: self.settings.users_may,
            limits: Some(self.settings.limits(Limits::default())),
            written_at: None,
        };
        globals
            .with_store(async |store, _| {
                store.group_create(&self.name, change).await?;
                let group = store.group_by_name(&self.name).await?;
                audited::take_down(&*store, [Change::added(&group)]).await;
                Ok(())
            })
            .await?;
        if globals.json {
            print_json(&serde_json::json!({ "added": self.name }))?;
        } else if !globals.quiet {
            print(&format!(
                "Added the group {}. Put accounts in it: inhaul account set NAME --group {}\n",
                self.name, self.name
            ))?;
        }
        Ok(Exit::OK)
    }
}

impl Set {
    async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        if let Some(name) = &self.new_name {
            check_group_name(name)?;
        }
        let settings = &self.settings;
        if self.new_name.is_none() && settings.say_nothing() {
            return Err(Failure::usage("nothing is to be changed")
                .hint("Say what, for example --trigger api=off: see inhaul group set --help."));
        }
        let (group, accounts) = globals
            .with_store(async |store, _| {
                let before = store.group_by_name(&self.name).await?;
                if self.new_name.is_some() || settings.say_what_files_say() {
                    refuse_written("group", &before.name, before.written_at.as_deref())?;
                }
                let change = GroupChange {
                    name: self.new_name.clone(),
                    enabled: settings.enabled(),
                    triggers: Some(settings.triggers(before.triggers.clone())),
                    users_may: settings.users_may,
                    limits: Some(settings.limits(before.limits)),
                    written_at: None,
                };
                store.group_change(before.id, change).await?;
                let name = self.new_name.as_deref().unwrap_or(&self.name);
                let group = store.group_by_name(name).await?;
                audited::take_down(&*store, Change::between(&before, &group)).await;
                let mut accounts = store.account_list().await?;
                accounts.retain(|account| account.group_id == group.id);
                Ok((group, accounts))
            })
            .await?;
        for warning in warnings(&group, &accounts) {
            complain(&format!("! {warning}\n"));
        }
        if globals.json {
            print_json(&serde_json::json!({ "changed": self.name }))?;
        } else if !globals.quiet {
            print(&format!(
                "Changed. This concerns {} with {}.\n",
                counted(group.accounts, "account"),
                counted(group.retrievals, "retrieval"),
            ))?;
        }
        Ok(Exit::OK)
    }
}

impl Settings {
    fn say_nothing(&self) -> bool {
        self.triggers.is_empty()
            && self.limits.is_empty()
            && self.users_may.is_none()
            && self.enabled.is_none()
    }

    /// No file says whether a group is enabled: commands and pages do.
    fn say_what_files_say(&self) -> bool {
        !self.triggers.is_empty() || !self.limits.is_empty() || self.users_may.is_some()
    }

    fn enabled(&self) -> Option<bool> {
        self.enabled.map(|enabled| enabled == YesNo::Yes)
    }

    fn triggers(&self, mut triggers: Triggers) -> Triggers {
        for word in &self.triggers {
            word.apply(&mut triggers);
        }
        triggers
    }

    fn limits(&self, mut limits: Limits) -> Limits {
        for word in &self.limits {
            word.apply(&mut limits);
        }
        limits
    }
}

/// What somebody who changed a group would want to know before it takes effect.
fn warnings(group: &StoredGroup, accounts: &[Account]) -> Vec<String> {
    let mut warnings = Vec::new();
    if group.triggers.is_empty() && group.accounts > 0 {
        warnings.push(format!(
            "Nothing would start a check for {}. Mail would stay on the remote servers.",
            counted(group.accounts, "account"),
        ));
    }
    let mut exceed = |what: String, over: &dyn Fn(&Account) -> bool| {
        let who: Vec<&str> = accounts
            .iter()
            .filter(|account| over(account))
            .map(|account| account.name.as_str())
            .collect();
        if !who.is_empty() {
            warnings.push(format!("More than {what} already: {}.", who.join(", ")));
        }
    };
    if let Some(most) = group.limits.mailbox {
        let what = super::output::size(most);
        exceed(what, &|account| account.octets > most);
    }
    if let Some(most) = group.limits.retrievals {
        let what = counted(u64::from(most), "retrieval");
        exceed(what, &|account| account.retrievals > u64::from(most));
    }
    warnings
}

#[derive(Serialize)]
struct GroupDocument<'a> {
    name: &'a str,
    enabled: bool,
    /// Seconds between two runs at least; `null` is off.
    triggers: Map<String, Value>,
    users_may: Vec<&'static str>,
    limits: Map<String, Value>,
    accounts: u64,
    retrievals: u64,
    /// `FILE:LINE`; `null` is in no file.
    written_at: Option<&'a str>,
}

impl<'a> From<&'a StoredGroup> for GroupDocument<'a> {
    fn from(group: &'a StoredGroup) -> Self {
        let trigger = |activation: Activation| {
            let seconds = group.triggers.get(&activation).copied();
            (activation.to_string(), seconds.into())
        };
        let limit = |limit: &Limit| (limit.word.to_owned(), limit.value(&group.limits).into());
        Self {
            name: &group.name,
            enabled: group.enabled,
            triggers: Activation::ALL.into_iter().map(trigger).collect(),
            users_may: group.users_may.words().collect(),
            limits: LIMITS.iter().map(limit).collect(),
            accounts: group.accounts,
            retrievals: group.retrievals,
            written_at: group.written_at.as_deref(),
        }
    }
}

async fn list(globals: &Globals) -> Result<Exit, Failure> {
    let groups = globals
        .with_store(async |store, _| Ok(store.group_list().await?))
        .await?;
    if globals.json {
        let groups: Vec<_> = groups.iter().map(GroupDocument::from).collect();
        print_json(&serde_json::json!({ "groups": groups }))?;
        return Ok(Exit::OK);
    }
    let rows: Vec<_> = groups
        .iter()
        .map(|group| {
            let off = Activation::ALL.len() - group.triggers.len();
            vec![
                group.name.clone(),
                group.accounts.to_string(),
                group.retrievals.to_string(),
                match (off, group.triggers.len()) {
                    (0, _) => "all on".to_owned(),
                    (_, 0) => "all off".to_owned(),
                    (off, on) => format!("{on} on, {off} off"),
                },
                limits_words(&group.limits),
            ]
        })
        .collect();
    print(&table(
        &["NAME", "ACCOUNTS", "RETRIEVALS", "TRIGGERS", "LIMITS"],
        &rows,
    ))?;
    Ok(Exit::OK)
}

async fn show(globals: &Globals, name: &str) -> Result<Exit, Failure> {
    let group = globals
        .with_store(async |store, _| Ok(store.group_by_name(name).await?))
        .await?;
    if globals.json {
        print_json(&GroupDocument::from(&group))?;
        return Ok(Exit::OK);
    }
    let mut text = format!(
        "Name        {}\nEnabled     {}\nAccounts    {}\nRetrievals  {}\nPeople may  {}\n\n",
        group.name,
        if group.enabled { "yes" } else { "no" },
        group.accounts,
        group.retrievals,
        users_may_words(group.users_may),
    );
    if let Some(at) = &group.written_at {
        let end = text.len() - 1;
        text.insert_str(end, &format!("Set in      {}\n", place_words(at)));
    }
    let triggers: Vec<_> = Activation::ALL
        .into_iter()
        .map(|activation| match group.triggers.get(&activation) {
            Some(seconds) => vec![activation.to_string(), "on".into(), every_words(*seconds)],
            None => vec![activation.to_string(), "off".into(), String::new()],
        })
        .collect();
    text.push_str(&table(&["TRIGGER", "", "NOT MORE OFTEN THAN"], &triggers));
    text.push('\n');
    let limits: Vec<_> = LIMITS
        .iter()
        .map(|limit| {
            let words = limit.words(&group.limits);
            vec![limit.word.into(), words.unwrap_or_else(|| "none".into())]
        })
        .collect();
    text.push_str(&table(&["LIMIT OF EACH ACCOUNT", ""], &limits));
    print(&text)?;
    Ok(Exit::OK)
}

async fn remove(globals: &Globals, name: &str) -> Result<Exit, Failure> {
    globals
        .with_store(async |store, _| {
            let group = store.group_by_name(name).await?;
            refuse_written("group", &group.name, group.written_at.as_deref())?;
            store
                .group_remove(group.id)
                .await
                .map_err(|error| match error {
                    StoreError::Needed { name, by, .. } => needed(&name, &by),
                    StoreError::Permanent { name, .. } => {
                        Failure::usage(format!("the group {name} cannot be removed"))
                            .hint("Accounts that are in no other group are in it.")
                    }
                    error => Failure::from(error),
                })?;
            audited::take_down(&*store, [Change::removed(&group)]).await;
            Ok(())
        })
        .await?;
    if globals.json {
        print_json(&serde_json::json!({ "removed": name }))?;
    } else if !globals.quiet {
        print(&format!("Removed the group {name}.\n"))?;
    }
    Ok(Exit::OK)
}

fn needed(group: &str, accounts: &[String]) -> Failure {
    let number = accounts.len() as u64;
    let is = if number == 1 { "is" } else { "are" };
    Failure::usage(format!(
        "the group {group} cannot be removed: {} {is} in it: {}",
        counted(number, "account"),
        accounts.join(", ")
    ))
    .hint(format!(
        "Put them in another group first: inhaul account set NAME --group {EVERYONE}"
    ))
}
