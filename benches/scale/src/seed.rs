//! `inhaul-scale seed`: a data directory with all accounts and retrievals, and every message of
//! the farm in its ledger.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use futures_util::future::try_join_all;
use inhaul_domain::{Retention, StartPoint};
use inhaul_store::{
    Every, GroupChange, NewAccount, NewRetrieval, Remote, RemoteSecret, Security, SqliteStore,
    Store, StoreOptions,
};
use inhaul_types::{AccountId, Address, Secret};

use crate::drive;
use crate::farm_line::{self, FarmLine};
use crate::field::{self, Field};

/// The group of all accounts.
const GROUP: &str = "Scale";

/// Retrievals that are made in one transaction.
const AT_ONCE: usize = 500;

/// `inhaul-scale seed`
#[derive(clap::Args, Debug)]
pub(crate) struct Seed {
    #[command(flatten)]
    field: Field,
    /// Where to make it: a folder that is not there yet
    #[arg(long = "field", value_name = "DIR")]
    folder: PathBuf,
    /// The interval of every retrieval, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    every: u32,
    /// The farm speaks TLS, by the authority in this file
    #[arg(long, value_name = "CA-FILE")]
    tls: Option<PathBuf>,
    /// Where the farm answers questions
    #[arg(long, value_name = "ADDRESS", default_value = farm_line::ADDRESS)]
    farm: String,
}

impl Seed {
    pub(crate) async fn run(self) -> Result<()> {
        let begun = Instant::now();
        drop(FarmLine::open(&self.farm).await?);
        if self.folder.exists() {
            bail!("{} is there already", self.folder.display());
        }
        let data = field::data(&self.folder);
        std::fs::create_dir_all(&data)?;
        let store = Arc::new(SqliteStore::open(&data, StoreOptions::default()).await?);
        let accounts = self.accounts(&store).await?;
        let retrievals: Vec<NewRetrieval> = (0..self.field.maildrops)
            .map(|maildrop| self.retrieval(maildrop, &accounts))
            .collect::<Result<_>>()?;
        for some in retrievals.chunks(AT_ONCE) {
            // Those that wait together share a transaction.
            try_join_all(some.iter().map(|new| store.retrieval_create(new.clone()))).await?;
        }
        println!(
            "{} retrievals made in {:.1} s",
            retrievals.len(),
            begun.elapsed().as_secs_f64()
        );
        let per_host = 4;
        let at_once = per_host * usize::from(self.field.hosts.min(16));
        let engine = drive::engine(&self.folder, &store, at_once, per_host)?;
        let driven = drive::once(&engine, store.retrieval_list().await?, at_once).await?;
        driven.all_good()?;
        drop(engine);
        store.close().await?;
        self.field.write(&self.folder)?;
        println!(
            "{} messages brought; {:.1} s in all",
            driven.stored,
            begun.elapsed().as_secs_f64()
        );
        Ok(())
    }

    async fn accounts(&self, store: &SqliteStore) -> Result<Vec<AccountId>> {
        store.group_create(GROUP, GroupChange::default()).await?;
        let mut accounts = Vec::new();
        for number in 0..self.field.accounts {
            let name = format!("a{number:03}");
            let address: Address = format!("{name}@example.org").parse()?;
            let account = NewAccount {
                name,
                addresses: vec![address],
                group: Some(GROUP.into()),
                admin: false,
                password: None,
            };
            accounts.push(store.account_create(account).await?);
        }
        Ok(accounts)
    }

    fn retrieval(&self, maildrop: u32, accounts: &[AccountId]) -> Result<NewRetrieval> {
        let address = self.field.host(self.field.host_of(maildrop));
        let account = accounts
            .iter()
            .cycle()
            .nth(maildrop as usize % accounts.len());
        let security = match self.tls {
            Some(_) => Security::Tls,
            None => Security::None,
        };
        Ok(NewRetrieval {
            name: field::retrieval(maildrop),
            remote: Remote {
                host: address.ip().to_string(),
                port: address.port(),
                security,
                ca_file: self.tls.clone(),
                pin: None,
                user: field::user(maildrop),
                sign_in: None,
            },
            secret: RemoteSecret::Stored(Secret::new(format!("secret of {maildrop}"))),
            account: *account.context("there are no accounts")?,
            owner: None,
            folder: "INBOX".into(),
            routing: inhaul_store::Routing::Single,
            every: Every::Seconds(self.every),
            retention: Retention::Keep,
            start: StartPoint::Everything,
            paused: false,
            first_run_keeps: false,
            sign_in_memory: None,
            limits: inhaul_store::RetrievalLimits::default(),
            confined: false,
            written_at: None,
        })
    }
}
