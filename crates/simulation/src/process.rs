//! One process after another, over the same data directory.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use inhaul_domain::StartPoint;
use inhaul_domain::schedule::Pace;
use inhaul_engine::service::{Service, ServiceSettings};
use inhaul_engine::{Checks, Engine};
use inhaul_store::{
    CatchAllSettings, Crash, Every, NewAccount, NewRetrieval, Remote, RemoteSecret,
    RetrievalChange, Routing, Security, SqliteStore, Store, StoreOptions, Threads,
};
use inhaul_types::Secret;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::dice::Dice;
use crate::letters::{CATCH_ALL, DOMAIN, PEOPLE};
use crate::life::{Doom, Life};
use crate::people::{self, Place};
use crate::sabotage::Sabotage;
use crate::store::TroubledStore;
use crate::world::{EVERY, LINES_MOST, Roads, World};

/// What the mailboxes' passwords are at first.
const PASSWORD: &str = "secret";
/// How long an orderly end may take.
const FAREWELL: Duration = Duration::from_secs(120);

/// Where the processes run.
pub(crate) struct House<'a> {
    pub(crate) world: Arc<World>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) directory: &'a Path,
    pub(crate) sabotage: Option<Sabotage>,
    pub(crate) dice: Dice,
}

/// Where a person changes settings, whichever process is there.
#[derive(Default)]
pub(crate) struct Desk {
    present: Mutex<Option<Present>>,
}

/// What is open at present: the store, and which retrieval is each mailbox's.
type Present = (Arc<dyn Store>, Vec<Place>);

impl Desk {
    /// Tries until it is done.
    pub(crate) async fn change_password(&self, mailbox: usize, password: &str) {
        loop {
            let present = self.lock().clone();
            if let Some((store, places)) = present {
                let secret = RemoteSecret::Stored(Secret::new(password.to_owned()));
                let change = RetrievalChange {
                    secret: Some(secret),
                    ..RetrievalChange::default()
                };
                let change = store.retrieval_change(places[mailbox].retrieval, change);
                // A process that ended never answers.
                if let Ok(Ok(())) = timeout(Duration::from_secs(30), change).await {
                    return;
                }
            }
            sleep(Duration::from_secs(60)).await;
        }
    }

    fn put(&self, present: Option<Present>) {
        *self.lock() = present;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Present>> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl House<'_> {
    /// Accounts and retrievals, before anything goes wrong.
    pub(crate) async fn furnish(&self) -> Result<()> {
        let store = self.open().await?;
        for (number, remote) in self.world.mailboxes.iter().enumerate() {
            let account = NewAccount {
                name: format!("account{number}"),
                addresses: Vec::new(),
                group: None,
                admin: false,
                password: None,
            };
            let account = store.account_create(account).await?;
            let routing = match number {
                CATCH_ALL => self.employ(&store).await?,
                _ => Routing::Single,
            };
            let new = NewRetrieval {
                name: name(number),
                remote: Remote {
                    host: self.world.hosts[remote.host].name.clone(),
                    port: 110,
                    security: Security::None,
                    ca_file: None,
                    pin: None,
                    user: remote.user.clone(),
                    sign_in: None,
                },
                secret: RemoteSecret::Stored(Secret::new(PASSWORD.to_owned())),
                account,
                // Some are their owners', whose sign-ins ask for them.
                owner: number.is_multiple_of(3).then_some(account),
                folder: "INBOX".into(),
                routing,
                every: Every::Seconds(seconds(EVERY)),
                retention: remote.retention,
                first_run_keeps: false,
                start: StartPoint::Everything,
                paused: false,
                sign_in_memory: None,
                limits: inhaul_store::RetrievalLimits::default(),
                confined: false,
                written_at: None,
            };
            store.retrieval_create(new).await?;
        }
        store.close().await?;
        Ok(())
    }

    /// People whose mail comes into one mailbox.
    async fn employ(&self, store: &SqliteStore) -> Result<Routing> {
        for name in PEOPLE {
            let person = NewAccount {
                name: name.into(),
                addresses: vec![format!("{name}@{DOMAIN}").parse()?],
                group: None,
                admin: false,
                password: None,
            };
            store.account_create(person).await?;
        }
        Ok(Routing::CatchAll(CatchAllSettings {
            domains: vec![DOMAIN.into()],
            ..CatchAllSettings::default()
        }))
    }

    /// A person has seen to it that every password is right, and wants mail less often.
    pub(crate) async fn see_to_it(&self, every: Duration) -> Result<()> {
        let store = self.open().await?;
        for (mailbox, remote) in self.world.mailboxes.iter().enumerate() {
            remote.mailbox.set_password(PASSWORD);
            let retrieval = store.retrieval_by_name(&name(mailbox)).await?.id;
            let secret = RemoteSecret::Stored(Secret::new(PASSWORD.to_owned()));
            let change = RetrievalChange {
                secret: Some(secret),
                every: Some(Every::Seconds(seconds(every))),
                ..RetrievalChange::default()
            };
            store.retrieval_change(retrieval, change).await?;
            self.world.witness.saved(retrieval, Some(every));
        }
        store.close().await?;
        Ok(())
    }

    /// When all is over.
    pub(crate) async fn look_at_everything(&self) -> Result<()> {
        let store = Arc::new(self.open().await?);
        self.world.witness.opened(&store, true);
        self.world.witness.look_at_everything();
        self.world.witness.closed();
        store.close().await?;
        Ok(())
    }

    /// Lets processes live and end until then.
    pub(crate) async fn live_until(&mut self, end: Instant) -> Result<()> {
        let mut crash = None;
        while Instant::now() < end && !self.world.story.is_breached() {
            crash = self.live_once(end, crash).await?;
            sleep(self.dice.seconds(1, 60)).await;
            // A machine that was off may wake up in another time.
            if self.world.is_stormy() && self.dice.once_in(10) {
                let hours = self.dice.below(49).cast_signed() - 24;
                self.world.turn_the_clock(hours);
            }
        }
        Ok(())
    }

    async fn live_once(&mut self, end: Instant, before: Option<Crash>) -> Result<Option<Crash>> {
        let world = Arc::clone(&self.world);
        let store = Arc::new(self.open().await.context("open the store again")?);
        let mut places = Vec::new();
        for mailbox in 0..world.mailboxes.len() {
            let row = store.retrieval_by_name(&name(mailbox)).await?;
            world.witness.learn(mailbox, row.id);
            places.push(Place {
                retrieval: row.id,
                account: row.account,
            });
        }
        let kept = matches!(before, None | Some(Crash::Kill));
        world.witness.opened(&store, !kept);
        let stormy = world.is_stormy();
        let doom = if stormy {
            Doom::draw(&mut self.dice)
        } else {
            Doom::Never
        };
        let crash = match self.dice.below(2) {
            0 => Crash::Kill,
            _ if self.sabotage == Some(Sabotage::UnsyncedCommit) => Crash::LyingDisk,
            _ => Crash::PowerCut,
        };
        world.story.tell(format_args!("a process begins; {doom:?}"));
        let life = Life::new(&world, &store, doom, crash);
        world.set_life(Some(Arc::clone(&life)));
        let dice = Dice::new(self.dice.number());
        let troubled: Arc<dyn Store> =
            TroubledStore::new(&store, &life, &world, self.sabotage, dice);
        self.desk.put(Some((Arc::clone(&troubled), places.clone())));
        let engine = self.engine(&troubled);
        let dice = Dice::new(self.dice.number());
        let service = tokio::select! {
            biased;
            () = life.gone() => None,
            service = self.begin(&engine) => Some(service),
        };
        let people = (service.as_ref()).map(|service| people::begin(&world, service, places, dice));
        let orderly = end.min(Instant::now() + self.dice.seconds(600, 24 * 3600));
        let orderly = if stormy { orderly } else { end };
        tokio::select! {
            biased;
            () = world.story.breached() => {}
            () = life.gone() => {}
            () = sleep_until(orderly) => {
                world.story.tell(format_args!("the process is told to stop"));
                if let Some(service) = &service {
                    tokio::select! {
                        biased;
                        () = life.gone() => {}
                        _ = service.stop(FAREWELL) => {}
                    }
                }
            }
        }
        self.desk.put(None);
        if let Some(mut people) = people {
            people.shutdown().await;
        }
        world.set_life(None);
        let crashed = life.is_over().then(|| life.crash());
        if crashed.is_some() {
            world.witness.disturb(0..world.mailboxes.len());
            world.witness.settle(0..world.mailboxes.len());
        } else {
            world.witness.closed();
            world.witness.disturb(0..world.mailboxes.len());
            world.witness.settle(0..world.mailboxes.len());
            kill(service.as_deref()).await;
            store.close().await?;
            world.lose_clients(true);
        }
        kill(service.as_deref()).await;
        Ok(crashed)
    }

    async fn open(&self) -> Result<SqliteStore> {
        let world = Arc::clone(&self.world);
        let options = StoreOptions {
            clock: Arc::new(move || world.now()),
            threads: Threads::Inline,
            ..StoreOptions::default()
        };
        Ok(SqliteStore::open(self.directory, options).await?)
    }

    /// Until the store is readable.
    async fn begin(&self, engine: &Arc<Engine>) -> Arc<Service> {
        let usual = ServiceSettings::default();
        let settings = ServiceSettings {
            at_once: self.at_once(),
            at_once_per_server: self.at_once_per_server(),
            ..usual
        };
        loop {
            match Service::start(Arc::clone(engine), settings.clone()).await {
                Ok(service) => return service,
                Err(_) => sleep(Duration::from_secs(1)).await,
            }
        }
    }

    fn at_once(&self) -> usize {
        match self.sabotage {
            Some(Sabotage::OneAtATime) => 1,
            _ => ServiceSettings::default().at_once,
        }
    }

    fn at_once_per_server(&self) -> usize {
        match self.sabotage {
            Some(Sabotage::NoHostLimit) => self.at_once(),
            _ => LINES_MOST,
        }
    }

    fn engine(&self, store: &Arc<dyn Store>) -> Arc<Engine> {
        let world = Arc::clone(&self.world);
        let clock = Arc::new(move || world.now());
        let usual = Checks::with_spool(self.directory.join("spool"));
        let checks = Checks {
            at_once: self.at_once(),
            at_once_per_server: self.at_once_per_server(),
            ..usual
        };
        let roads = Arc::new(Roads(Arc::clone(&self.world)));
        let engine = Engine::within(roads, Arc::clone(store), checks, clock);
        if self.sabotage == Some(Sabotage::NoFloor) {
            engine.set_pace(Pace {
                floor: Duration::ZERO,
                ..Pace::default()
            });
        }
        engine
    }
}

fn name(mailbox: usize) -> String {
    format!("retrieval{mailbox}")
}

fn seconds(span: Duration) -> u32 {
    u32::try_from(span.as_secs()).unwrap_or(u32::MAX)
}

async fn kill(service: Option<&Service>) {
    if let Some(service) = service {
        service.kill().await;
    }
}
