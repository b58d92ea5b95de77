//! A whole installation over a temporary data directory, and the remote servers it reads.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::{Retention, StartPoint};
use inhaul_engine::{Checks, Engine, Observer, Pop3Log, RunOptions, RunReport};
use inhaul_sample::{SampleConfig, SampleServer, Tls};
use inhaul_store::{
    Every, Folder, NewAccount, NewRetrieval, Remote, RemoteSecret, Retrieval, RetrievalChange,
    RetrievalLimits, Security, SqliteStore, Store, StoreError, StoreOptions,
};
use inhaul_types::{AccountId, Activation, Secret};
use tempfile::TempDir;
use tokio::sync::watch;

use super::clock::DemoClock;
use super::samples::{Host, Pace, Sample};
use crate::cli::message::find_folder;
use crate::exit::{Exit, Failure};

/// The local account that all mail is brought to.
const ACCOUNT: &str = "you";

pub(super) struct Installation {
    data: TempDir,
    pub(super) clock: DemoClock,
    hosts: Vec<Host>,
    pub(super) store: Arc<SqliteStore>,
    engine: Arc<Engine>,
    account: AccountId,
}

impl Installation {
    /// Everything is made anew, in a folder in `parent` (the system's for such things if `None`)
    /// that goes with it.
    pub(super) async fn start(pace: Pace, parent: Option<&Path>) -> Result<Self, Failure> {
        let data = temporary_directory(parent)?;
        let clock = DemoClock::new(crate::clock::clock());
        let hosts = open_hosts(pace).await?;
        let options = StoreOptions {
            clock: clock.reader(),
            ..StoreOptions::default()
        };
        let store = Arc::new(SqliteStore::open(data.path(), options).await?);
        let account = NewAccount {
            name: ACCOUNT.into(),
            addresses: Vec::new(),
            group: None,
            admin: false,
            password: None,
        };
        let account = store.account_create(account).await?;
        let authority = data.path().join("sample-authority.pem");
        let ca_pem = hosts.iter().find_map(|host| host.server.ca_pem());
        std::fs::write(&authority, ca_pem.unwrap_or_default())?;
        for host in &hosts {
            let retrieval = retrieval(host, &authority, account);
            store.retrieval_create(retrieval).await?;
        }
        let engine = engine(&store, &data, &clock, pace)?;
        Ok(Self {
            data,
            clock,
            hosts,
            store,
            engine,
            account,
        })
    }

    pub(super) fn host(&self, sample: Sample) -> &Host {
        &self.hosts[sample as usize]
    }

    pub(super) fn host_mut(&mut self, sample: Sample) -> &mut Host {
        &mut self.hosts[sample as usize]
    }

    /// The retrieval as it stands now.
    pub(super) async fn retrieval(&self, sample: Sample) -> Result<Retrieval, StoreError> {
        self.store.retrieval_by_name(sample.name()).await
    }

    /// One run, in the caller's own time.
    pub(super) fn run<O: Observer>(
        &self,
        sample: Sample,
        activation: Activation,
        observer: O,
        stop: watch::Receiver<bool>,
    ) -> impl Future<Output = Result<(Retrieval, RunReport), StoreError>> + use<O> {
        let (store, engine) = (Arc::clone(&self.store), Arc::clone(&self.engine));
        async move {
            let retrieval = store.retrieval_by_name(sample.name()).await?;
            let options = RunOptions::default();
            let report = engine
                .run(&retrieval, activation, options, &observer, stop)
                .await;
            Ok((retrieval, report))
        }
    }

    /// The folder that this mailbox is brought to.
    pub(super) async fn folder(&self, sample: Sample) -> Result<Folder, Failure> {
        find_folder(&*self.store, self.account, sample.name()).await
    }

    pub(super) async fn set_retention(
        &self,
        sample: Sample,
        retention: Retention,
    ) -> Result<(), StoreError> {
        let retrieval = self.retrieval(sample).await?;
        let change = RetrievalChange {
            retention: Some(retention),
            ..RetrievalChange::default()
        };
        self.store.retrieval_change(retrieval.id, change).await
    }

    /// Closes everything and removes the data directory.
    pub(super) async fn end(self) -> Result<(), Failure> {
        self.store.close().await?;
        for host in self.hosts {
            host.server.stop().await;
        }
        Ok(self.data.close()?)
    }
}

fn temporary_directory(parent: Option<&Path>) -> Result<TempDir, Failure> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("inhaul-demo.");
    let made = match parent {
        Some(parent) => builder.tempdir_in(parent),
        None => builder.tempdir(),
    };
    made.map_err(|error| {
        let what = format!("cannot make a temporary data directory: {error}");
        Failure::new(Exit::CANT_CREATE, what)
    })
}

/// One server on a free port of this machine, with a door for each mailbox. It answers to
/// passwords that were made for this process.
async fn open_hosts(pace: Pace) -> Result<Vec<Host>, Failure> {
    let password = random_password()?;
    let config = SampleConfig {
        tls: Tls::Offered,
        password: password.clone(),
        ..SampleConfig::default()
    };
    let first = SampleServer::start(config).await?;
    let mut doors = Vec::new();
    for _ in 1..Sample::ALL.len() {
        doors.push(first.another_door().await?);
    }
    doors.insert(0, first);
    let mut hosts = Vec::new();
    for (sample, door) in Sample::ALL.into_iter().zip(doors) {
        let password = match sample {
            Sample::Club => random_password()?,
            _ => password.clone(),
        };
        hosts.push(Host::new(sample, door, password, pace));
    }
    Ok(hosts)
}

fn retrieval(host: &Host, authority: &Path, account: AccountId) -> NewRetrieval {
    let address = host.server.address();
    NewRetrieval {
        name: host.sample.name().into(),
        remote: Remote {
            host: address.ip().to_string(),
            port: address.port(),
            security: Security::StartTls,
            ca_file: Some(authority.to_owned()),
            pin: None,
            user: host.sample.user().into(),
            sign_in: None,
        },
        secret: RemoteSecret::Stored(Secret::new(host.password().to_owned())),
        account,
        owner: None,
        folder: host.sample.name().into(),
        every: Every::Seconds(u32::try_from(host.sample.every().as_secs()).unwrap_or(u32::MAX)),
        retention: Retention::Keep,
        start: StartPoint::Everything,
        paused: false,
        sign_in_memory: None,
        limits: RetrievalLimits::default(),
        confined: false,
        written_at: None,
    }
}

fn engine(
    store: &Arc<SqliteStore>,
    data: &TempDir,
    clock: &DemoClock,
    pace: Pace,
) -> Result<Arc<Engine>, Failure> {
    let spool = data.path().join("spool");
    std::fs::create_dir_all(&spool)?;
    // Nobody is to wait a minute for a server that was told not to answer.
    let patience = Duration::from_secs(match pace {
        Pace::Shown => 5,
        Pace::Hurried => 3,
    });
    let checks = Checks {
        connect_timeout: patience,
        read_timeout: patience,
        // One address stands for six providers.
        at_once_per_server: Sample::ALL.len(),
        ..Checks::with_spool(spool)
    };
    let log = Pop3Log::open(data.path())?;
    let store = Arc::clone(store) as Arc<dyn Store>;
    Ok(Engine::new(store, checks, Some(log), clock.reader()))
}

/// The sample server answers to this process's passwords only.
fn random_password() -> Result<String, Failure> {
    let mut octets = [0_u8; 16];
    rustix::rand::getrandom(&mut octets, rustix::rand::GetRandomFlags::empty())
        .map_err(std::io::Error::from)?;
    Ok(octets.iter().map(|octet| format!("{octet:02x}")).collect())
}
