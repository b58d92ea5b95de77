//! `inhaul demo`: a sample mail server in the same process, its mail brought over real POP3.
//!
//! The normal code paths; only the data is made up. Nothing leaves this machine, and the data
//! directory is a temporary one that goes when the demo ends.

mod selftest;

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use inhaul_domain::Retention;
use inhaul_engine::{Checks, Engine, Pop3Log, RunOptions, RunReport, Unobserved};
use inhaul_sample::{Mailbox, SampleConfig, SampleServer};
use inhaul_store::{
    Every, NewAccount, NewRetrieval, Remote, RemoteSecret, Security, SqliteStore, Store,
    StoreOptions,
};
use inhaul_types::{Activation, Secret};
use tempfile::TempDir;
use tokio::sync::watch;

use super::Globals;
use super::message::{each_message, find_folder};
use super::output::{print, shorten, size, table};
use crate::exit::{Exit, Failure};

#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// Run the whole scenario without a person and say whether it held
    #[arg(long)]
    selftest: bool,
}

/// The sample mailbox the demo reads.
const USER: &str = "you@old-isp.example";
/// The local account it is brought to.
const ACCOUNT: &str = "you";

impl Demo {
    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        if self.selftest {
            return selftest::run(globals).await;
        }
        let installation = Installation::start().await?;
        print(&format!(
            "Demo. Nothing here is real, nothing is kept.\n\n  Sample remote server   {} (POP3)\n\n",
            installation.server.address()
        ))?;
        let began = Instant::now();
        let report = installation.pull().await?;
        if let Some(failure) = report.failure {
            return Err(Failure::new(
                Exit::SOFTWARE,
                format!("{}: {}", failure.code, failure.what),
            ));
        }
        print(&installation.list().await?)?;
        print(&format!(
            "\n{} messages, {}, brought in {:.1} s and stored safely before anything else happened.\n",
            report.stored,
            size(report.octets),
            began.elapsed().as_secs_f64()
        ))?;
        installation.end().await?;
        Ok(Exit::OK)
    }
}

/// A whole installation over a temporary data directory, and the remote server it reads.
struct Installation {
    data: TempDir,
    server: SampleServer,
    mailbox: Mailbox,
    store: Arc<SqliteStore>,
    engine: Arc<Engine>,
}

impl Installation {
    async fn start() -> Result<Self, Failure> {
        let data = tempfile::Builder::new().prefix("inhaul-demo.").tempdir()?;
        let password = random_password()?;
        let server = SampleServer::start(SampleConfig {
            password: password.clone(),
            ..SampleConfig::default()
        })
        .await?;
        let mailbox = server.mailbox(USER);
        for message in inhaul_sample::messages() {
            mailbox.append(message);
        }
        let options = StoreOptions {
            clock: crate::clock::clock(),
            ..StoreOptions::default()
        };
        let store = Arc::new(SqliteStore::open(data.path(), options).await?);
        let account = store
            .account_create(NewAccount {
                name: ACCOUNT.into(),
                addresses: Vec::new(),
                group: None,
                admin: false,
                password: None,
            })
            .await?;
        let address = server.address();
        store
            .retrieval_create(NewRetrieval {
                name: "Old ISP".into(),
                remote: Remote {
                    host: address.ip().to_string(),
                    port: address.port(),
                    security: Security::None,
                    ca_file: None,
                    pin: None,
                    sign_in: None,
                    user: USER.into(),
                },
                secret: RemoteSecret::Stored(Secret::new(password)),
                account,
                owner: None,
                folder: "INBOX".into(),
                every: Every::Never,
                retention: Retention::Keep,
                paused: false,
                sign_in_memory: None,
            })
            .await?;
        let engine = engine(&store, &data)?;
        Ok(Self {
            data,
            server,
            mailbox,
            store,
            engine,
        })
    }

    /// One run of the retrieval.
    async fn pull(&self) -> Result<RunReport, Failure> {
        let retrieval = self.store.retrieval_by_name("Old ISP").await?;
        let (_stop, stopping) = watch::channel(false);
        let options = RunOptions::default();
        Ok(self
            .engine
            .run(&retrieval, Activation::Cli, options, &Unobserved, stopping)
            .await)
    }

    async fn list(&self) -> Result<String, Failure> {
        let account = self.store.account_by_name(ACCOUNT).await?;
        let folder = find_folder(&*self.store, account.id, "INBOX").await?;
        let mut rows = Vec::new();
        each_message(&*self.store, &folder, async |message| {
            rows.push(vec![
                message.id.to_string(),
                shorten(&message.summary.from, 34),
                shorten(&message.summary.subject, 50),
                size(message.size),
            ]);
            Ok(())
        })
        .await?;
        Ok(table(&["ID", "FROM", "SUBJECT", "SIZE"], &rows))
    }

    async fn end(self) -> Result<(), Failure> {
        self.store.close().await?;
        self.server.stop().await;
        self.data.close()?;
        Ok(())
    }
}

fn engine(store: &Arc<SqliteStore>, data: &TempDir) -> Result<Arc<Engine>, Failure> {
    let spool = data.path().join("spool");
    std::fs::create_dir_all(&spool)?;
    let checks = Checks {
        read_timeout: Duration::from_secs(10),
        ..Checks::with_spool(spool)
    };
    let log = Pop3Log::open(data.path())?;
    let store = Arc::clone(store) as Arc<dyn Store>;
    Ok(Engine::new(store, checks, Some(log), crate::clock::clock()))
}

/// The sample server answers to this process's password only.
fn random_password() -> Result<String, Failure> {
    let mut octets = [0_u8; 16];
    rustix::rand::getrandom(&mut octets, rustix::rand::GetRandomFlags::empty())
        .map_err(std::io::Error::from)?;
    Ok(octets.iter().map(|octet| format!("{octet:02x}")).collect())
}
