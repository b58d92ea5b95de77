//! A whole installation over a temporary data directory, and the remote servers it reads.

mod firm;
mod pages;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::schedule;
use inhaul_domain::{Retention, StartPoint};
use inhaul_engine::detect::ToldProvider;
use inhaul_engine::service::{RetrievalStatus, Service, ServiceSettings};
use inhaul_engine::{Checks, Engine, Observer, Pop3Log, RunOptions, RunReport};
use inhaul_sample::{SampleConfig, SampleServer, Tls};
use inhaul_store::{
    EVERYONE, Every, GroupChange, Message, NewAccount, NewRetrieval, Remote, RemoteSecret,
    Retrieval, RetrievalChange, RetrievalLimits, Security, SqliteStore, Store, StoreError,
    StoreOptions,
};
use inhaul_types::{AccountId, Activation, RetrievalId, Secret};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::timeout;

use super::clock::DemoClock;
use super::sample_hosts;
use super::samples::{Host, Pace, Sample};
use crate::cli::Context;
use crate::cli::message::{each_message, find_folder};
use crate::config::{Config, Sources};
use crate::control::Control;
use crate::exit::{Exit, Failure};
use crate::serve::web::Pages;

/// The local account that all mail is brought to.
const ACCOUNT: &str = "you";
/// No mailbox is visited more often: short enough that a person may wait for it.
pub(super) const FLOOR: Duration = Duration::from_secs(5);

pub(super) struct Installation {
    data: TempDir,
    pub(super) clock: DemoClock,
    hosts: Vec<Host>,
    /// By sample, once it is added.
    retrievals: [Option<RetrievalId>; Sample::ALL.len()],
    pub(super) store: Arc<SqliteStore>,
    engine: Arc<Engine>,
    pub(super) service: Arc<Service>,
    pub(super) account: AccountId,
    authority: PathBuf,
    /// What commands and pages work on.
    context: Context,
    control: Option<Control>,
    pages: Option<Pages>,
}

/// Who starts runs of a retrieval.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Polled {
    BySchedule,
    WhenAsked,
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
            // The manager is there to be seen.
            admin: true,
            // Nobody knows it: one comes in by a link.
            password: Some(Secret::new(random_password()?)),
        };
        let account = store.account_create(account).await?;
        firm::move_in(&store).await?;
        allow_often(&*store).await?;
        let authority = data.path().join("sample-authority.pem");
        let ca_pem = hosts.iter().find_map(|host| host.server.ca_pem());
        std::fs::write(&authority, ca_pem.unwrap_or_default())?;
        let engine = engine(&store, &data, &clock, pace)?;
        engine.tell_providers(hosts.iter().map(|host| told(host, &authority)).collect());
        sample_hosts::write(data.path(), hosts.iter().map(Host::named))?;
        let service = Service::start(Arc::clone(&engine), ServiceSettings::default()).await?;
        let context = Context {
            pages: Arc::default(),
            config: Arc::new(configuration(data.path())),
            store: Arc::clone(&store),
            engine: Arc::clone(&engine),
            service: Arc::clone(&service),
            ring: Arc::default(),
        };
        Ok(Self {
            data,
            clock,
            hosts,
            retrievals: [None; Sample::ALL.len()],
            store,
            engine,
            service,
            account,
            authority,
            context,
            control: None,
            pages: None,
        })
    }

    /// Adds these mailboxes' retrievals. What the schedule runs is due at once.
    pub(super) async fn add(
        &mut self,
        samples: impl IntoIterator<Item = Sample>,
        polled: Polled,
    ) -> Result<(), StoreError> {
        for sample in samples {
            let mut new = retrieval(self.host(sample), &self.authority, self.account, polled);
            if sample == Sample::Firm {
                new.routing = firm::routing(&self.store).await?;
            }
            let id = self.store.retrieval_create(new).await?;
            self.retrievals[sample as usize] = Some(id);
        }
        self.service.reload().await
    }

    /// Takes commands at a control socket in the data directory, as a server does; where that is.
    /// `None` where no socket can be: its path may be too long.
    pub(super) fn take_commands(&mut self) -> Option<&Path> {
        let path = self.data.path().join("control.sock");
        let (_, context) = watch::channel(self.context.clone());
        self.control = Some(Control::start(&path, context).ok()?);
        Some(self.data.path())
    }

    /// The retrieval's number.
    pub(super) fn id(&self, sample: Sample) -> RetrievalId {
        self.added(sample).expect("what is asked for was added")
    }

    /// The retrieval's number, if it was added.
    pub(super) fn added(&self, sample: Sample) -> Option<RetrievalId> {
        self.retrievals[sample as usize]
    }

    /// Whose number it is; somebody may have added others.
    pub(super) fn sample(&self, id: RetrievalId) -> Option<Sample> {
        Sample::ALL
            .into_iter()
            .find(|sample| self.retrievals[*sample as usize] == Some(id))
    }

    pub(super) fn host(&self, sample: Sample) -> &Host {
        &self.hosts[sample as usize]
    }

    pub(super) fn host_mut(&mut self, sample: Sample) -> &mut Host {
        &mut self.hosts[sample as usize]
    }

    /// The retrieval as it stands now.
    pub(super) async fn retrieval(&self, sample: Sample) -> Result<Retrieval, StoreError> {
        self.store.retrieval_by_id(self.id(sample)).await
    }

    /// What the service does with it. `None` if somebody removed it.
    pub(super) fn status(&self, sample: Sample) -> Option<RetrievalStatus> {
        let id = self.id(sample);
        let mut all = self.service.retrievals().into_iter();
        all.find(|status| status.row.id == id)
    }

    /// The rules of the schedule.
    pub(super) fn pace(&self) -> Arc<schedule::Pace> {
        self.engine.pace()
    }

    /// One run past the service, in the caller's own time.
    pub(super) fn run<O: Observer>(
        &self,
        sample: Sample,
        activation: Activation,
        observer: O,
        stop: watch::Receiver<bool>,
    ) -> impl Future<Output = Result<(Retrieval, RunReport), StoreError>> + use<O> {
        let (store, engine) = (Arc::clone(&self.store), Arc::clone(&self.engine));
        let id = self.id(sample);
        async move {
            let retrieval = store.retrieval_by_id(id).await?;
            let options = RunOptions::default();
            let report = engine
                .run(&retrieval, activation, options, &observer, stop)
                .await;
            Ok((retrieval, report))
        }
    }

    /// Its messages, oldest first in each folder, with the folder; others may be in the same one.
    pub(super) async fn each_message(
        &self,
        sample: Sample,
        mut take: impl AsyncFnMut(&str, Message) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let id = self.id(sample);
        let folders = match sample {
            Sample::Firm => self.firms_folders().await?,
            _ => {
                let name = sample.folder();
                let folder = find_folder(&*self.store, self.account, name).await?;
                vec![(name.to_owned(), folder)]
            }
        };
        for (place, folder) in folders {
            each_message(&*self.store, &folder, async |message| {
                match message.retrieval == Some(id) {
                    true => take(&place, message).await,
                    false => Ok(()),
                }
            })
            .await?;
        }
        Ok(())
    }

    pub(super) async fn set_retention(
        &self,
        sample: Sample,
        retention: Retention,
    ) -> Result<(), StoreError> {
        let change = RetrievalChange {
            retention: Some(retention),
            ..RetrievalChange::default()
        };
        self.change(sample, change).await
    }

    /// Enters the password that the mailbox takes, as somebody who has asked for it.
    pub(super) async fn enter_password(&mut self, sample: Sample) -> Result<(), StoreError> {
        let password = self.host_mut(sample).right_password().to_owned();
        let change = RetrievalChange {
            secret: Some(RemoteSecret::Stored(Secret::new(password))),
            ..RetrievalChange::default()
        };
        self.change(sample, change).await
    }

    pub(super) async fn set_every(&self, sample: Sample, every: Every) -> Result<(), StoreError> {
        let change = RetrievalChange {
            every: Some(every),
            ..RetrievalChange::default()
        };
        self.change(sample, change).await
    }

    /// Saved, and known to the service.
    async fn change(&self, sample: Sample, change: RetrievalChange) -> Result<(), StoreError> {
        self.store.retrieval_change(self.id(sample), change).await?;
        self.service.reload().await
    }

    /// Sets the clock ahead and has the service look at it.
    pub(super) fn skip(&self, time: Duration) {
        self.clock.skip(time);
        self.service.look_at_the_clock();
    }

    /// Stops the service. What does not stop in `grace` is cut off; nothing is kept anyway.
    pub(super) async fn stop(&mut self, grace: Duration) -> Vec<Sample> {
        let control = self.control.take();
        let commands_end = async {
            if let Some(control) = control {
                control.stop(grace).await;
            }
        };
        let pages = self.pages.take();
        let pages_end = async {
            if let Some(pages) = pages {
                // Whoever still reads a page is cut off.
                drop(timeout(grace, pages.stop()).await);
            }
        };
        tokio::join!(self.service.stop(grace), commands_end, pages_end);
        let running = |sample: &Sample| {
            self.status(*sample)
                .is_some_and(|status| status.doing.is_some())
        };
        let added = Sample::ALL.into_iter();
        let added = added.filter(|sample| self.retrievals[*sample as usize].is_some());
        added.filter(running).collect()
    }

    /// Closes everything and removes the data directory.
    pub(super) async fn end(mut self) -> Result<(), Failure> {
        drop(self.pages.take());
        self.service.stop(Duration::ZERO).await;
        self.store.close().await?;
        for host in self.hosts {
            host.server.stop().await;
        }
        Ok(self.data.close()?)
    }
}

/// A configuration for this data directory, which stands in no file.
fn configuration(data: &Path) -> Config {
    let sources = Sources {
        data: Some(data.to_owned()),
        ..Sources::default()
    };
    // What is wrong with the real one is no matter of the demo.
    Config::load_with_problems(&sources).0
}

/// Lets people and programs check as often as the floor allows.
async fn allow_often(store: &dyn Store) -> Result<(), StoreError> {
    let group = store.group_by_name(EVERYONE).await?;
    let seconds = u32::try_from(FLOOR.as_secs()).unwrap_or(u32::MAX);
    let triggers = group.triggers.into_keys();
    let change = GroupChange {
        triggers: Some(triggers.map(|activation| (activation, seconds)).collect()),
        ..GroupChange::default()
    };
    store.group_change(group.id, change).await
}

/// Closed to others, as any data directory is.
fn temporary_directory(parent: Option<&Path>) -> Result<TempDir, Failure> {
    let mut builder = tempfile::Builder::new();
    let mine_alone = Permissions::from_mode(0o700);
    builder.prefix("inhaul-demo.").permissions(mine_alone);
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
        names: Sample::ALL.map(|sample| sample.domain().to_owned()).into(),
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
        let entered = match sample {
            Sample::Club => random_password()?,
            _ => password.clone(),
        };
        hosts.push(Host::new(sample, door, entered, password.clone(), pace));
    }
    Ok(hosts)
}

fn retrieval(host: &Host, authority: &Path, account: AccountId, polled: Polled) -> NewRetrieval {
    NewRetrieval {
        name: host.sample.name().into(),
        remote: Remote {
            host: host.sample.domain().to_owned(),
            port: host.server.address().port(),
            security: Security::StartTls,
            ca_file: Some(authority.to_owned()),
            pin: None,
            user: host.sample.user().into(),
            sign_in: None,
        },
        secret: RemoteSecret::Stored(Secret::new(host.password().to_owned())),
        account,
        owner: None,
        folder: host.sample.folder().into(),
        routing: inhaul_store::Routing::Single,
        every: match polled {
            Polled::BySchedule => host.sample.every(),
            Polled::WhenAsked => Every::Never,
        },
        retention: Retention::Keep,
        first_run_keeps: false,
        start: StartPoint::Everything,
        paused: false,
        sign_in_memory: None,
        limits: RetrievalLimits::default(),
        confined: false,
        written_at: None,
    }
}

/// The provider of a sample mailbox, as somebody finds it who types the address in.
fn told(host: &Host, authority: &Path) -> ToldProvider {
    let address = host.server.address();
    ToldProvider {
        name: format!("{} (a sample)", host.sample.name()),
        domain: host.sample.domain().to_owned(),
        host: host.sample.domain().to_owned(),
        address: Some(address.ip()),
        port: address.port(),
        security: Security::StartTls,
        ca_file: Some(authority.to_owned()),
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
        ..Checks::with_spool(spool)
    };
    let log = Pop3Log::open(data.path())?;
    let store = Arc::clone(store) as Arc<dyn Store>;
    let engine = Engine::new(store, checks, Some(log), clock.reader());
    engine.set_pace(schedule::Pace {
        floor: FLOOR,
        ..schedule::Pace::default()
    });
    Ok(engine)
}

/// The sample server answers to this process's passwords only.
fn random_password() -> Result<String, Failure> {
    let mut octets = [0_u8; 16];
    rustix::rand::getrandom(&mut octets, rustix::rand::GetRandomFlags::empty())
        .map_err(std::io::Error::from)?;
    Ok(octets.iter().map(|octet| format!("{octet:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use inhaul_domain::reach::Reach;
    use inhaul_engine::detect::{DetectionObserver, Source, Step};

    use super::*;

    struct Nobody;

    impl DetectionObserver for Nobody {
        fn begins(&self, source: Source) {
            assert_eq!(source, Source::KnownProviders);
        }

        fn step(&self, _: &Step) {}
    }

    #[tokio::test]
    async fn a_sample_mailbox_is_found_by_its_address_and_works_as_found() {
        let installation = Installation::start(Pace::Hurried, None).await.unwrap();
        let engine = &installation.engine;
        for sample in Sample::ALL {
            let found = engine
                .detect(sample.user(), &engine.public_reach(), &Nobody)
                .await
                .unwrap()
                .found
                .unwrap();
            assert_eq!(
                found.port,
                installation.host(sample).server.address().port()
            );
            // Club has another password, Work is busy at times.
            if matches!(sample, Sample::Club | Sample::Work) {
                continue;
            }
            let remote = Remote {
                host: found.host,
                port: found.port,
                security: found.security,
                ca_file: found.ca_file,
                pin: None,
                user: found.user,
                sign_in: None,
            };
            let password = installation.host(sample).password().to_owned();
            let secret = RemoteSecret::Stored(Secret::new(password));
            let looked = engine.inspect(&remote, secret, &Reach::Anywhere).await;
            assert!(looked.is_ok(), "{sample:?}: {looked:?}");
        }
        installation.end().await.unwrap();
    }
}
