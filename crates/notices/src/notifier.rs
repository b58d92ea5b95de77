//! The notifier: keeps the desk and the couriers going.
//!
//! Whoever has news leaves it here and goes on: [`Notifier::seen`] waits for nothing. Sights of one
//! retrieval that nobody has looked at yet become one, so there are never more than retrievals.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use inhaul_net::Dialler;
use inhaul_types::{AccountId, RetrievalId, Timestamp};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::courier::{Courier, Outcome, Round, Way};
use crate::desk::{Desk, Observation};
use crate::document::document;
use crate::heartbeat::Heartbeat;
use crate::inbox::Inbox;
use crate::letters::new_id;
use crate::mailboxes::MailboxSight;
use crate::memory::{Channel, ChannelKind, Memory, MemoryError};
use crate::message::message;
use crate::notice::{Kind, Notice};
use crate::post::Poster;
use crate::program::Program;
use crate::settings::{DELIVERY, Settings};
use crate::webhook::Webhook;

/// Reads the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Whether all is well at this server; the heartbeat pauses while it is not.
pub type Health = Arc<dyn Fn() -> bool + Send + Sync>;

/// What the notifier needs of other rooms.
#[derive(Clone)]
pub struct Rooms {
    /// Keeps what was told and the outbox.
    pub memory: Arc<dyn Memory>,
    /// The inboxes here.
    pub inbox: Arc<dyn Inbox>,
    /// Names and lines.
    pub dialler: Arc<Dialler>,
    /// The time.
    pub clock: Clock,
    /// The health check.
    pub health: Health,
}

/// How a channel does.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ChannelStatus {
    /// Letters that wait.
    pub waiting: usize,
    /// When one was last delivered, since the start.
    pub delivered: Option<Timestamp>,
    /// When and why the last delivery failed, if none went well since.
    pub trouble: Option<(Timestamp, String)>,
}

/// Keeps the desk and the couriers going until it is stopped.
pub struct Notifier {
    shared: Arc<Shared>,
    deciding: JoinHandle<()>,
    others: Vec<JoinHandle<()>>,
    open_mailboxes: Vec<AccountId>,
    stop: watch::Sender<bool>,
}

struct Shared {
    settings: Arc<Settings>,
    clock: Clock,
    couriers: Vec<(Courier, Notify)>,
    incoming: Mutex<Incoming>,
    news: Notify,
    channels: Mutex<HashMap<ChannelKind, ChannelStatus>>,
}

/// What nobody has looked at yet.
#[derive(Default)]
struct Incoming {
    seen: HashMap<RetrievalId, Observation>,
    forgotten: Vec<RetrievalId>,
    mailboxes: HashMap<AccountId, Vec<MailboxSight>>,
    forgotten_mailboxes: Vec<AccountId>,
    line: Option<Option<Timestamp>>,
}

impl Notifier {
    /// Reads what was told before and begins. Show it every retrieval once by [`Notifier::seen`].
    pub async fn start(settings: Settings, rooms: Rooms) -> Result<Self, MemoryError> {
        let settings = Arc::new(settings);
        let mut desk = Desk::load(Arc::clone(&settings), Arc::clone(&rooms.memory)).await?;
        let open_mailboxes = desk.open_mailboxes();
        let poster = Poster::new(rooms.dialler, settings.trust.clone(), DELIVERY);
        let shared = Arc::new(Shared {
            couriers: couriers(&settings, &rooms.memory, rooms.inbox, &poster),
            clock: rooms.clock,
            incoming: Mutex::default(),
            news: Notify::new(),
            channels: Mutex::default(),
            settings,
        });
        let (stop, stopped) = watch::channel(false);
        let deciding = {
            let (shared, stopped) = (Arc::clone(&shared), stopped);
            tokio::spawn(async move { shared.decide(&mut desk, stopped).await })
        };
        let mut others: Vec<_> = (0..shared.couriers.len())
            .map(|index| {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move { shared.carry(index).await })
            })
            .collect();
        if let Some(url) = &shared.settings.heartbeat {
            let heartbeat = Heartbeat::new(url.clone(), poster);
            others.push(tokio::spawn(beat(heartbeat, rooms.health)));
        }
        Ok(Self {
            shared,
            deciding,
            others,
            open_mailboxes,
            stop,
        })
    }

    /// Takes what is seen of a retrieval. Waits for nothing.
    pub fn seen(&self, seen: Observation) {
        self.shared.incoming(|incoming| incoming.add(seen));
    }

    /// A retrieval was removed.
    pub fn forget(&self, retrieval: RetrievalId) {
        self.shared.incoming(|incoming| {
            incoming.seen.remove(&retrieval);
            incoming.forgotten.push(retrieval);
        });
    }

    /// Accounts whose mailboxes were told of as holding more than they may when this began. Show it
    /// each of them by [`Notifier::seen_mailbox`].
    pub fn open_mailboxes(&self) -> &[AccountId] {
        &self.open_mailboxes
    }

    /// Takes what is seen of a mailbox here. Waits for nothing.
    pub fn seen_mailbox(&self, seen: MailboxSight) {
        self.shared.incoming(|incoming| incoming.add_mailbox(seen));
    }

    /// An account was removed.
    pub fn forget_mailbox(&self, account: AccountId) {
        self.shared.incoming(|incoming| {
            incoming.mailboxes.remove(&account);
            incoming.forgotten_mailboxes.push(account);
        });
    }

    /// This server has no internet connection since then, or has one.
    pub fn line(&self, offline_since: Option<Timestamp>) {
        self.shared
            .incoming(|incoming| incoming.line = Some(offline_since));
    }

    /// Whether all of its tasks go on. Part of this server's health: if one of them fell, the
    /// heartbeat has to stop, because nothing else would tell.
    pub fn is_working(&self) -> bool {
        !self.deciding.is_finished() && !self.others.iter().any(JoinHandle::is_finished)
    }

    /// How each channel does.
    pub fn channels(&self) -> Vec<(ChannelKind, ChannelStatus)> {
        let channels = self
            .shared
            .channels
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let kinds = self
            .shared
            .couriers
            .iter()
            .map(|(courier, _)| courier.way().kind());
        kinds
            .map(|kind| (kind, channels.get(&kind).cloned().unwrap_or_default()))
            .collect()
    }

    /// Decides on what was left here last, and ends. Letters that are not delivered stay in the
    /// outbox; one that is under way is delivered again after the next start.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if timeout(LAST_WORDS, self.deciding).await.is_err() {
            tracing::warn!("notices were still being written when inhaul stopped");
        }
        for task in &self.others {
            task.abort();
        }
        for task in self.others {
            // Aborted: that is how it ends.
            task.await.ok();
        }
    }
}

/// Sends a test through every channel of administrators, at once and past the outbox, and says how
/// each delivery ended. Needs no notifier that runs, and is in no one's way.
pub async fn send_test(settings: &Settings, rooms: Rooms) -> Vec<(Channel, Outcome)> {
    let now = (rooms.clock)();
    let notice = Notice {
        id: new_id(),
        kind: Kind::Test,
        at: now,
        since: now,
        lasted: Duration::ZERO,
        about: Vec::new(),
        in_trouble: 0,
        is_here: true,
        mailboxes: None,
    };
    let poster = Poster::new(rooms.dialler, settings.trust.clone(), DELIVERY);
    let mut ended = Vec::new();
    for (courier, _) in couriers(settings, &rooms.memory, rooms.inbox, &poster) {
        let (channel, text) = match (courier.way().kind(), &settings.admin) {
            (ChannelKind::Inbox, None) => continue,
            (ChannelKind::Inbox, Some(admin)) => (
                Channel::Inbox(admin.account),
                message(&notice, &settings.server, admin.address.as_deref()),
            ),
            (ChannelKind::Webhook, _) => (Channel::Webhook, document(&notice, &settings.server)),
            (ChannelKind::Program, _) => (Channel::Program, document(&notice, &settings.server)),
        };
        ended.push((channel, courier.way().deliver(channel, text, None).await));
    }
    ended
}

fn couriers(
    settings: &Settings,
    memory: &Arc<dyn Memory>,
    inbox: Arc<dyn Inbox>,
    poster: &Poster,
) -> Vec<(Courier, Notify)> {
    let webhook = settings.webhook.as_ref();
    let webhook =
        webhook.map(|webhook| Way::Webhook(Webhook::new(webhook.clone(), poster.clone())));
    let program = (!settings.program.is_empty())
        .then(|| Way::Program(Program::new(settings.program.clone(), DELIVERY)));
    [Some(Way::Inbox(inbox)), webhook, program]
        .into_iter()
        .flatten()
        .map(|way| (Courier::new(way, Arc::clone(memory)), Notify::new()))
        .collect()
}

impl Shared {
    fn incoming(&self, change: impl FnOnce(&mut Incoming)) {
        change(&mut self.incoming.lock().unwrap_or_else(PoisonError::into_inner));
        self.news.notify_one();
    }

    /// Decides until it is stopped: when there is news, and each minute.
    async fn decide(&self, desk: &mut Desk, mut stopped: watch::Receiver<bool>) {
        let mut minute = interval(MINUTE);
        minute.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_last = tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => true,
                () = self.news.notified() => false,
                _ = minute.tick() => false,
            };
            let now = (self.clock)();
            let incoming = {
                let mut incoming = self.incoming.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::take(&mut *incoming)
            };
            incoming.show(desk, now);
            match desk.settle(now).await {
                Ok(0) => {}
                Ok(_) => self.couriers.iter().for_each(|(_, wake)| wake.notify_one()),
                // The next minute tries the same again.
                Err(error) => tracing::error!(%error, "notices could not be written"),
            }
            if is_last {
                return;
            }
        }
    }

    /// Carries letters of one kind for ever.
    async fn carry(&self, index: usize) {
        let (courier, wake) = &self.couriers[index];
        loop {
            let wait = match courier.round((self.clock)()).await {
                Ok(round) => {
                    let now = (self.clock)();
                    let wait = round.next.map(|next| next.since(now).min(MINUTE));
                    self.note(courier.way().kind(), round, now);
                    wait
                }
                Err(error) => {
                    tracing::error!(%error, "the outbox of notices could not be read or written");
                    Some(MINUTE)
                }
            };
            match wait {
                None => wake.notified().await,
                // A letter that comes now may go to another inbox; it does not shorten the wait of
                // the one that failed, which is not due.
                Some(wait) => drop(timeout(wait, wake.notified()).await),
            }
        }
    }

    fn note(&self, kind: ChannelKind, round: Round, now: Timestamp) {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let status = channels.entry(kind).or_default();
        status.waiting = round.waiting;
        if round.delivered > 0 {
            status.delivered = Some(now);
            status.trouble = None;
        }
        if let Some(why) = round.trouble {
            status.trouble = Some((now, why));
        }
    }
}

impl Incoming {
    /// The newest sight counts; what came in adds up.
    fn add(&mut self, mut seen: Observation) {
        if let Some(older) = self.seen.remove(&seen.retrieval) {
            seen.stored = seen.stored.saturating_add(older.stored);
        }
        self.seen.insert(seen.retrieval, seen);
    }

    /// The newest sights count, but that there was room in between is never lost: it makes what
    /// follows a new trouble.
    fn add_mailbox(&mut self, seen: MailboxSight) {
        let sights = self.mailboxes.entry(seen.owner.account).or_default();
        let says_the_same = |last: &mut MailboxSight| last.over.is_some() == seen.over.is_some();
        sights.pop_if(says_the_same);
        sights.push(seen);
        if sights.len() > 2 {
            sights.remove(0);
        }
    }

    fn show(self, desk: &mut Desk, now: Timestamp) {
        for retrieval in self.forgotten {
            desk.forget(retrieval);
        }
        for seen in self.seen.into_values() {
            desk.observe(seen, now);
        }
        for account in self.forgotten_mailboxes {
            desk.forget_mailbox(account);
        }
        for seen in self.mailboxes.into_values().flatten() {
            desk.observe_mailbox(seen, now);
        }
        if let Some(offline_since) = self.line {
            desk.line(offline_since, now);
        }
    }
}

/// Beats each minute while all is well.
async fn beat(heartbeat: Heartbeat, health: Health) {
    let mut minute = interval(MINUTE);
    minute.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_heard = true;
    loop {
        minute.tick().await;
        if !health() {
            continue;
        }
        match heartbeat.beat().await {
            Ok(()) => is_heard = true,
            // Once, not each minute: whoever keeps the address tells the rest.
            Err(why) if is_heard => {
                tracing::warn!(why, "the heartbeat is not heard");
                is_heard = false;
            }
            Err(_) => {}
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);
/// How long the last decisions may take when inhaul stops.
const LAST_WORDS: Duration = Duration::from_secs(5);
