//! `inhaul account`: the people mail is brought to.

mod import;
mod remove;
mod set;

use std::path::Path;

use clap::{Args, Subcommand};
use inhaul_manage::check_account_name;
use inhaul_manage::words::{LIMITS, Limit, limits_words};
use inhaul_store::{NewAccount, Store};
use inhaul_types::Address;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Globals;
use super::audited::{self, Change};
use super::output::{print, print_json, size, table};
use crate::declared::place_words;
use crate::exit::{Exit, Failure};
use crate::secrets::PasswordSource;

#[derive(Debug, Subcommand)]
pub(crate) enum Account {
    /// Add an account
    Add(Add),
    /// Add the accounts of a CSV file, as spreadsheets write them
    Import(import::Import),
    /// List the accounts
    List,
    /// Show one account
    Show {
        /// Its name
        name: String,
    },
    /// Change an account
    Set(set::Set),
    /// Give an account a new password
    Password(set::NewPassword),
    /// Remove an account with all its mail here
    Remove(remove::Remove),
}

#[derive(Args, Debug)]
pub(crate) struct Add {
    /// The name to sign in with
    name: String,
    /// An address of this account (several allowed); *@firm.example is every address there that
    /// is nobody else's
    #[arg(long = "address", value_name = "ADDRESS")]
    addresses: Vec<Address>,
    /// Its group
    #[arg(long)]
    group: Option<String>,
    /// May manage this installation
    #[arg(long)]
    admin: bool,
    #[command(flatten)]
    password: PasswordSource,
    /// Nobody signs in before it has a password; mail is brought to it all the same
    #[arg(long, conflicts_with_all = ["password_stdin", "password_file"])]
    no_password: bool,
}

#[derive(Serialize)]
struct AccountDocument<'a> {
    name: &'a str,
    addresses: Vec<&'a str>,
    group: &'a str,
    admin: bool,
    enabled: bool,
    limits: Map<String, Value>,
    messages: u64,
    bytes: u64,
    retrievals: u64,
    /// `FILE:LINE`; `null` is in no file.
    written_at: Option<&'a str>,
}

impl<'a> From<&'a inhaul_store::Account> for AccountDocument<'a> {
    fn from(account: &'a inhaul_store::Account) -> Self {
        let limit = |limit: &Limit| (limit.word.to_owned(), limit.value(&account.limits).into());
        Self {
            name: &account.name,
            addresses: account.addresses.iter().map(Address::as_str).collect(),
            group: &account.group,
            admin: account.admin,
            enabled: account.enabled,
            limits: LIMITS.iter().map(limit).collect(),
            messages: account.messages,
            bytes: account.octets.count(),
            retrievals: account.retrievals,
            written_at: account.written_at.as_deref(),
        }
    }
}

impl Account {
    fn password_source(&self) -> Option<&PasswordSource> {
        match self {
            Self::Add(add) => Some(&add.password),
            Self::Password(password) => Some(password.source()),
            _ => None,
        }
    }

    /// The file that the command reads, if it reads one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Import(import) => import.file(),
            _ => self.password_source()?.password_file.as_deref(),
        }
    }

    /// Whether it works on the data directory.
    pub(crate) fn needs_data(&self) -> bool {
        match self {
            Self::Import(import) => import.needs_data(),
            _ => true,
        }
    }

    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        match self {
            Self::Add(add) => add.run(globals).await,
            Self::Import(import) => import.run(globals).await,
            Self::List => list(globals).await,
            Self::Show { name } => show(globals, &name).await,
            Self::Set(set) => set.run(globals).await,
            Self::Password(password) => password.run(globals).await,
            Self::Remove(remove) => remove.run(globals).await,
        }
    }
}

impl Add {
    async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        check_account_name(&self.name)?;
        let password = match self.no_password {
            true => None,
            false => {
                let question = format!("New password for {}", self.name);
                Some(self.password.read_or_ask(&question, globals.may_ask())?)
            }
        };
        let account = NewAccount {
            name: self.name.clone(),
            addresses: self.addresses,
            group: self.group,
            admin: self.admin,
            password,
        };
        globals
            .with_store(async |store, _| {
                store.account_create(account).await?;
                let account = store.account_by_name(&self.name).await?;
                audited::take_down(&*store, [Change::added(&account)]).await;
                Ok(())
            })
            .await?;
        if globals.json {
            print_json(&serde_json::json!({ "added": self.name }))?;
        } else if !globals.quiet {
            print(&format!("Added the account {}.\n", self.name))?;
        }
        Ok(Exit::OK)
    }
}

async fn list(globals: &Globals) -> Result<Exit, Failure> {
    let accounts = globals
        .with_store(async |store, _| Ok(store.account_list().await?))
        .await?;
    if globals.json {
        let accounts: Vec<_> = accounts.iter().map(AccountDocument::from).collect();
        print_json(&serde_json::json!({ "accounts": accounts }))?;
        return Ok(Exit::OK);
    }
    let rows: Vec<_> = accounts
        .iter()
        .map(|account| {
            let more = account.addresses.len().saturating_sub(1);
            let mut addresses = account
                .addresses
                .first()
                .map(ToString::to_string)
                .unwrap_or_default();
            if more > 0 {
                addresses.push_str(&format!(" +{more}"));
            }
            vec![
                account.name.clone(),
                addresses,
                account.group.clone(),
                account.retrievals.to_string(),
                account.messages.to_string(),
                size(account.octets),
            ]
        })
        .collect();
    print(&table(
        &[
            "NAME",
            "ADDRESSES",
            "GROUP",
            "RETRIEVALS",
            "MESSAGES",
            "SIZE",
        ],
        &rows,
    ))?;
    Ok(Exit::OK)
}

async fn show(globals: &Globals, name: &str) -> Result<Exit, Failure> {
    let (account, folders) = globals
        .with_store(async |store, _| {
            let account = store.account_by_name(name).await?;
            let folders = store.folder_list(account.id).await?;
            Ok((account, folders))
        })
        .await?;
    if globals.json {
        print_json(&AccountDocument::from(&account))?;
        return Ok(Exit::OK);
    }
    let addresses: Vec<_> = account.addresses.iter().map(Address::as_str).collect();
    let mut text = format!(
        "Name        {}\nAddresses   {}\nGroup       {}\nManages     {}\nSigns in    {}\nLimits      {}\n\n",
        account.name,
        addresses.join(", "),
        account.group,
        if account.admin { "yes" } else { "no" },
        if account.enabled { "yes" } else { "no" },
        limits_words(&account.limits),
    );
    if let Some(at) = &account.written_at {
        let end = text.len() - 1;
        text.insert_str(end, &format!("Set in      {}\n", place_words(at)));
    }
    let rows: Vec<_> = folders
        .iter()
        .map(|folder| {
            vec![
                folder.name.clone(),
                folder.messages.to_string(),
                size(folder.octets),
            ]
        })
        .collect();
    text.push_str(&table(&["FOLDER", "MESSAGES", "SIZE"], &rows));
    print(&text)?;
    Ok(Exit::OK)
}
