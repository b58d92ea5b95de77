//! What the notifier is shown: each retrieval at the start, and again whenever something happened;
//! mailboxes that hold more than they may ([`Watched`]).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use inhaul_domain::notices::Sight;
use inhaul_domain::standing::Standing;
use inhaul_engine::RunReport;
use inhaul_engine::service::{Event, EventKind, RetrievalStatus};
use inhaul_net::Dialler;
use inhaul_notices::{Notifier, Observation, Person, Rooms, Settings};
use inhaul_store::{Account, Store as _};
use inhaul_types::{RetrievalId, Timestamp};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::mailboxes::Watched;
use super::people::People;
use super::{Kept, Shared, State};
use crate::cli::Context;
use crate::clock::clock;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::notify;
use crate::serve::standings::{Around, standing_of};

/// The task that feeds the notifier.
pub(super) struct Feed {
    context: Context,
    shared: Arc<Shared>,
    events: Receiver<Event>,
    /// Accounts, groups or retrievals were saved.
    saved: watch::Receiver<u64>,
    offline: watch::Receiver<Option<Timestamp>>,
    config: watch::Receiver<Arc<Config>>,
    people: People,
    watched: Watched,
    settings: Settings,
    /// Whether it is known since the start that there is a network, or none.
    knows_the_line: bool,
}

impl Feed {
    /// Listens, begins the notifier and shows it every retrieval.
    pub(super) async fn begin(
        context: &Context,
        shared: Arc<Shared>,
        mut config: watch::Receiver<Arc<Config>>,
    ) -> Result<Self, Failure> {
        // Before anything is read: what happens meanwhile is heard.
        let events = context.service.subscribe();
        let mut saved = context.store.changes();
        saved.mark_unchanged();
        let (people, accounts) = People::read(&*context.store).await?;
        let configured = Arc::clone(&config.borrow_and_update());
        let settings = settings(&configured, &accounts).await?;
        let mut feed = Self {
            events,
            saved,
            offline: context.engine.offline(),
            config,
            people,
            watched: Watched::default(),
            settings,
            knows_the_line: false,
            context: context.clone(),
            shared,
        };
        feed.start_notifier().await?;
        Ok(feed)
    }

    /// Feeds until it is stopped, and takes what is still to be heard then.
    pub(super) async fn go_on(mut self, mut stopping: watch::Receiver<bool>) {
        let mut patience = interval(AGAIN);
        patience.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut stopping) => break,
                heard = self.events.recv() => match heard {
                    Ok(event) => self.take(event).await,
                    Err(RecvError::Lagged(_)) => self.look_at_all(),
                    Err(RecvError::Closed) => break,
                },
                Ok(()) = self.saved.changed() => self.look_at_people().await,
                Ok(()) = self.offline.changed() => self.look_at_the_line(),
                Ok(()) = self.config.changed() => self.configure().await,
                _ = patience.tick() => {
                    self.start_again_if_failed().await;
                    self.look_at_mailboxes().await;
                }
            }
        }
        while let Ok(event) = self.events.try_recv() {
            self.take(event).await;
        }
    }

    async fn take(&mut self, event: Event) {
        match event.kind {
            EventKind::Ended { report, .. } => {
                self.learn_of_the_line(&report);
                self.look_at(event.retrieval, Some(&report));
                self.look_into_mailboxes(event.retrieval, &report).await;
            }
            EventKind::Changed => self.look_at(event.retrieval, None),
            EventKind::Queued { .. } | EventKind::Progress { .. } | EventKind::Refused { .. } => {}
        }
    }

    /// A run that reached its server proves a network, which at the start nobody knows of: a
    /// connection that was gone when the last server stopped may still be.
    fn learn_of_the_line(&mut self, report: &RunReport) {
        if report.failure.is_none() && !self.knows_the_line {
            self.look_at_the_line();
        }
    }

    fn look_at_the_line(&mut self) {
        let offline_since = *self.offline.borrow_and_update();
        self.knows_the_line = true;
        self.shared.line(offline_since);
    }

    fn look_at(&self, id: RetrievalId, report: Option<&RunReport>) {
        match self.context.service.retrieval(id) {
            None => self.shared.forget(id),
            Some(status) => self.show(&status, report),
        }
    }

    /// A catch-all has run: it may have filled mailboxes here, and it is time to see who made room.
    async fn look_into_mailboxes(&mut self, id: RetrievalId, report: &RunReport) {
        let Some(status) = self.context.service.retrieval(id) else {
            return;
        };
        if status.row.routing.catch_all().is_some() {
            self.watched.take(&status.row.name, report);
            self.look_at_mailboxes().await;
        }
    }

    async fn look_at_mailboxes(&mut self) {
        let engine = &self.context.engine;
        self.watched.show(engine, &self.people, &self.shared).await;
    }

    fn look_at_all(&self) {
        for status in self.context.service.retrievals() {
            self.show(&status, None);
        }
    }

    fn show(&self, status: &RetrievalStatus, report: Option<&RunReport>) {
        let row = &status.row;
        // Of somebody who was made just now the store tells in a moment.
        let Some(owner) = self.people.owner_of(row) else {
            return;
        };
        let failure = report.and_then(|report| report.failure.as_ref());
        let now = clock()();
        let pace = self.context.engine.pace();
        let around = Around {
            now,
            pace: &pace,
            offline_since: *self.offline.borrow(),
        };
        let standing = match self.people.rests(row) {
            true => Standing::Paused,
            false => standing_of(status, &around),
        };
        self.shared.seen(Observation {
            retrieval: row.id,
            name: row.name.clone(),
            host: row.remote.host.clone(),
            owner: owner.clone(),
            sight: Sight::of(standing, row.last_error, row.failing_since, now),
            card: failure.map(|failure| failure.card()),
            stored: report.map_or(0, |report| report.stored),
        });
    }

    /// Somebody was saved, who may be who is told.
    async fn look_at_people(&mut self) {
        let (people, accounts) = match People::read(&*self.context.store).await {
            Ok(read) => read,
            Err(error) => {
                tracing::error!(%error, "accounts cannot be read; notices go to whom they went");
                return;
            }
        };
        if people == self.people {
            return;
        }
        self.people = people;
        let config = Arc::clone(&self.config.borrow());
        let admin = notify::admin(&config, &accounts);
        if admin == self.settings.admin {
            self.look_at_all();
        } else {
            self.settings.admin = admin;
            self.begin_anew().await;
        }
    }

    /// The configuration was read again.
    async fn configure(&mut self) {
        let config = Arc::clone(&self.config.borrow_and_update());
        let read = async {
            let (_, accounts) = People::read(&*self.context.store).await?;
            settings(&config, &accounts).await
        };
        match read.await {
            Ok(settings) => {
                self.settings = settings;
                self.begin_anew().await;
            }
            Err(failure) => {
                let why = failure.what;
                tracing::error!(why, "notices stay as they were set");
            }
        }
    }

    async fn begin_anew(&mut self) {
        if let State::Working(notifier) = self.shared.replace(State::Changing) {
            notifier.stop().await;
        }
        if let Err(failure) = self.start_notifier().await {
            let why = failure.what;
            tracing::error!(why, "notices could not begin; they are tried again");
            self.shared.replace(State::Failed);
        }
    }

    async fn start_again_if_failed(&mut self) {
        let failed = matches!(*self.shared.lock(), State::Failed);
        if failed {
            self.begin_anew().await;
        }
    }

    async fn start_notifier(&mut self) -> Result<(), Failure> {
        let counters = Arc::clone(&self.shared.counters);
        let kept = Arc::new(Kept::new(
            Arc::clone(&self.context.store),
            clock(),
            counters,
        ));
        let shared = Arc::downgrade(&self.shared);
        let rooms = Rooms {
            memory: Arc::<Kept>::clone(&kept),
            inbox: kept,
            dialler: Arc::new(Dialler::new()),
            clock: clock(),
            health: Arc::new(move || {
                let shared = shared.upgrade();
                shared.is_some_and(|shared| shared.well.load(Ordering::Relaxed))
            }),
        };
        let notifier = Notifier::start(self.settings.clone(), rooms).await;
        let notifier =
            notifier.map_err(|error| Failure::new(Exit::IO, format!("{error}: {}", error.0)))?;
        self.watched.resume(notifier.open_mailboxes());
        self.shared.replace(State::Working(notifier));
        if self.knows_the_line {
            self.look_at_the_line();
        }
        self.look_at_all();
        self.look_at_mailboxes().await;
        Ok(())
    }
}

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    drop(stopping.wait_for(|stop| *stop).await);
}

/// Whom to tell, as the configuration says. What it names must be usable, but an administrator's
/// account may come later.
async fn settings(config: &Config, accounts: &[Account]) -> Result<Settings, Failure> {
    let settings = notify::settings(config, accounts, notify::server_name(config)).await?;
    warn_of_nobody(config, settings.admin.as_ref());
    Ok(settings)
}

fn warn_of_nobody(config: &Config, admin: Option<&Person>) {
    if config.notify.admin.is_some() && admin.is_none() {
        tracing::warn!("notify.admin: there is no such account; it is told nothing until there is");
    }
}

/// How long until a notifier that could not begin is tried again, and until mailboxes that hold more
/// than they may are looked at again.
const AGAIN: Duration = Duration::from_secs(60);
