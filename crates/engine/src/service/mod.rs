//! Keeps every retrieval running by itself: schedule, triggers, queue, and what is to be seen of them.
//!
//! One table behind one lock, one task that wakes when something is due, one task for each run. A
//! run's end writes its next due time in the same transaction as its record, so a kill at any moment
//! leaves a schedule; what was due meanwhile is spread out at the next start. Decisions (when, whether,
//! in which order) are `inhaul-domain`'s. Start at [`Service::start`].

mod dispatch;
mod ending;
mod event;
mod load;
mod offline;
mod pending;
mod status;
mod table;
mod trigger;
mod waiting;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use inhaul_domain::limits::Limits;
use inhaul_domain::queue::{Bounds, Queue};
use inhaul_store::StoreError;
use inhaul_types::Timestamp;
use tokio::sync::{Notify, broadcast, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::engine::Engine;
use lateness::Lateness;
use table::{Activity, Table};

mod lateness;

pub use event::{Event, EventKind};
pub use inhaul_domain::stages::{Come, RunStage};
pub use inhaul_domain::trigger::{Force, What};
pub use lateness::LatenessReport;
pub use pending::Ticket;
pub use status::{RetrievalStatus, Status};
pub use trigger::{Answer, Trigger};
pub use waiting::WAITING;

/// What the operator may set about the service.
#[derive(Clone, Debug)]
pub struct ServiceSettings {
    /// Runs that may wait for their turn. Beyond it a request is refused, and a scheduled run waits
    /// where it is: it is overdue, for everybody to see.
    pub queue: usize,
    /// Runs at the same time, all together.
    pub at_once: usize,
    /// Runs at the same time on one remote host.
    pub at_once_per_server: usize,
    /// Limits over all groups.
    pub limits: Limits,
    /// The minute of the local day, for quiet hours.
    pub local_minute: fn(Timestamp) -> u16,
}

impl Default for ServiceSettings {
    fn default() -> Self {
        Self {
            queue: 10_000,
            at_once: 200,
            at_once_per_server: 2,
            limits: Limits::default(),
            local_minute: minute_of_utc,
        }
    }
}

/// The minute of the day in UTC.
fn minute_of_utc(moment: Timestamp) -> u16 {
    let minute = moment.seconds().div_euclid(60).rem_euclid(24 * 60);
    u16::try_from(minute).unwrap_or_default()
}

impl ServiceSettings {
    fn bounds(&self) -> Bounds {
        Bounds {
            at_once: self.at_once,
            per_host: self.at_once_per_server,
            size: self.queue,
        }
    }
}

/// The running service.
pub struct Service {
    engine: Arc<Engine>,
    settings: RwLock<Arc<ServiceSettings>>,
    table: Mutex<Table>,
    lateness: Mutex<Lateness>,
    wake: Notify,
    events: broadcast::Sender<Event>,
    stopping: watch::Sender<bool>,
    started: Timestamp,
    /// When the schedule was last gone through.
    turned: Mutex<Instant>,
    /// All that goes on: the service's own and the runs.
    tasks: Mutex<JoinSet<()>>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").finish_non_exhaustive()
    }
}

impl Service {
    /// Reads all retrievals and begins. What was due while nothing ran is spread out.
    pub async fn start(
        engine: Arc<Engine>,
        settings: ServiceSettings,
    ) -> Result<Arc<Self>, StoreError> {
        let queue = Queue::new(settings.bounds());
        let service = Arc::new(Self {
            started: (engine.clock)(),
            engine,
            settings: RwLock::new(Arc::new(settings)),
            table: Mutex::new(Table::new(queue)),
            lateness: Mutex::new(Lateness::default()),
            wake: Notify::new(),
            events: broadcast::Sender::new(event::KEPT),
            stopping: watch::Sender::new(false),
            turned: Mutex::new(Instant::now()),
            tasks: Mutex::default(),
        });
        if let Err(error) = service.settle().await {
            // A disk that is full keeps nobody from reading what is due.
            tracing::warn!(%error, "what is due could not be set right");
        }
        service.reload().await?;
        service.spread_what_is_overdue();
        service.spawn(Arc::clone(&service).keep_going());
        service.spawn(Arc::clone(&service).follow_changes());
        service.spawn(Arc::clone(&service).watch_the_network());
        Ok(service)
    }

    /// Starts nothing more and ends the runs under way after their present messages; returns when
    /// they have ended or `limit` is over. `true` if all of them have.
    pub async fn stop(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        self.stopping.send_replace(true);
        self.wake.notify_waiters();
        let waiting = {
            let mut table = self.lock();
            let queued: Vec<_> = table
                .entries
                .iter()
                .filter_map(|(id, entry)| {
                    matches!(entry.activity, Activity::Queued { .. }).then_some(*id)
                })
                .collect();
            queued
                .into_iter()
                .filter_map(|id| table.take_from_queue(id))
                .collect::<Vec<_>>()
        };
        // Nobody waits for a run that does not come.
        let behind: Vec<_> = (self.lock().entries.values_mut())
            .filter_map(|entry| Some((Arc::clone(&entry.row), entry.behind.take()?.pending)))
            .collect();
        for (row, pending) in waiting.into_iter().chain(behind) {
            pending.end(Arc::new(self.engine.not_run(&row)));
        }
        let running = || {
            let table = self.lock();
            let running = table
                .entries
                .values()
                .filter_map(|entry| match &entry.activity {
                    Activity::Running { pending, .. } => Some(Arc::clone(pending)),
                    _ => None,
                });
            running.collect::<Vec<_>>()
        };
        for pending in running() {
            pending.stop();
            let left = deadline.saturating_duration_since(Instant::now());
            let ticket = Ticket { pending };
            if ticket.ended_within(left).await.is_none() {
                return running().is_empty();
            }
        }
        true
    }

    /// Ends everything at once, wherever it is, as a killed process does. Nothing is recorded, and
    /// whoever waits for a run hears no more of it.
    #[cfg(feature = "simulation")]
    pub async fn kill(&self) {
        let tasks = || self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = std::mem::take(&mut *tasks());
        all.shutdown().await;
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that have ended make room.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// What happens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Other settings, from now on. Runs under way end by the old ones.
    pub fn set_settings(&self, settings: ServiceSettings) {
        let bounds = settings.bounds();
        *self
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
        self.lock().queue.set_bounds(bounds);
        self.wake.notify_one();
    }

    fn settings(&self) -> Arc<ServiceSettings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Never held across an await.
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        (self.engine.clock)()
    }

    fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    fn tell(&self, at: Timestamp, retrieval: inhaul_types::RetrievalId, kind: EventKind) {
        // Nobody watches: nothing is kept.
        drop(self.events.send(Event {
            at,
            retrieval,
            kind,
        }));
    }
}
