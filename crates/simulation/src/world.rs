//! The other side: hosts with servers and mailboxes, the lines to them, the weather between.
//!
//! A [`Network`] for the engine. Survives the process: what a server was sent it does, whoever is
//! still there to hear of it. Start at `World::connect_to`.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::Result;
use inhaul_domain::Retention;
use inhaul_net::{Answer, Network, Stream};
use inhaul_sample::{Mailbox, SampleConfig, SampleServer, SessionEvent, Watcher};
use inhaul_types::Timestamp;
use tokio::time::sleep;

use crate::dice::Dice;
use crate::life::{Life, Weight};
use crate::pipe::{Fate, Line, line};
use crate::story::Story;
use crate::witness::Witness;

/// Mailboxes, and retrievals.
pub(crate) const MAILBOXES: usize = 20;
/// Servers they lie on.
pub(crate) const HOSTS: usize = 7;
/// Lines to one server that are polite.
pub(crate) const LINES_MOST: usize = 2;

/// Between two runs of a retrieval, as its owner wants it.
pub(crate) const EVERY: Duration = Duration::from_secs(600);

/// 2026-03-02 00:00 UTC.
const BEGINNING: i64 = 1_772_409_600_000;

/// Everything that is not inhaul.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) story: Story,
    pub(crate) witness: Witness,
    pub(crate) hosts: Vec<Host>,
    pub(crate) mailboxes: Vec<Remote>,
    /// How far the local clock is off, in milliseconds.
    pub(crate) clock_off: AtomicI64,
    state: Mutex<State>,
}

/// A server.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) server: SampleServer,
}

/// A mailbox.
#[derive(Debug)]
pub(crate) struct Remote {
    pub(crate) host: usize,
    pub(crate) user: String,
    pub(crate) mailbox: Mailbox,
    pub(crate) retention: Retention,
}

#[derive(Debug)]
struct State {
    doors: Vec<Door>,
    stormy: bool,
    disk_is_full: bool,
    lines: BTreeMap<u64, OpenLine>,
    last_line: u64,
    dice: Dice,
    life: Option<Arc<Life>>,
}

/// A line whose client has not let go.
#[derive(Debug)]
struct OpenLine {
    host: usize,
    mailbox: Option<usize>,
    line: Line,
    /// What is wrong with it may keep others out, until its session has ended.
    disturbs: Arc<AtomicBool>,
}

/// How a host takes connections.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Door {
    #[default]
    Open,
    Refuses,
    Silent,
    NoRoute,
    NoSuchName,
    NobodyKnowsNames,
}

impl World {
    pub(crate) fn new(seed: u64, story: Story) -> Result<Arc<Self>> {
        let mut dice = Dice::fork(seed, "world", 0);
        let host = |number| {
            Ok(Host {
                name: format!("pop{number}.example.net"),
                server: SampleServer::unbound(SampleConfig::default())?,
            })
        };
        let hosts: Vec<Host> = (0..HOSTS).map(host).collect::<Result<_>>()?;
        let mut remote = |number: usize| {
            let host = number % HOSTS;
            let user = format!("user{number}");
            Remote {
                host,
                mailbox: hosts[host].server.mailbox(&user),
                user,
                retention: match dice.below(3) {
                    0 => Retention::Keep,
                    1 => Retention::Delete,
                    _ => Retention::DeleteAfter { days: 1 },
                },
            }
        };
        let mailboxes = (0..MAILBOXES).map(&mut remote).collect();
        let state = State {
            doors: vec![Door::Open; HOSTS],
            stormy: true,
            disk_is_full: false,
            lines: BTreeMap::new(),
            last_line: 0,
            dice: Dice::fork(seed, "lines", 0),
            life: None,
        };
        Ok(Arc::new(Self {
            seed,
            witness: Witness::new(story.clone(), MAILBOXES, EVERY),
            story,
            hosts,
            mailboxes,
            clock_off: AtomicI64::new(0),
            state: Mutex::new(state),
        }))
    }

    /// What a clock in this world shows, which may be wrong.
    pub(crate) fn now(&self) -> Timestamp {
        let age = i64::try_from(self.story.age().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(BEGINNING + age + self.clock_off.load(Ordering::Relaxed))
    }

    pub(crate) fn mailboxes_at(&self, host: usize) -> impl Iterator<Item = usize> + use<> {
        (0..MAILBOXES).filter(move |mailbox| mailbox % HOSTS == host)
    }

    pub(crate) fn set_door(&self, host: usize, door: Door) {
        self.lock().doors[host] = door;
    }

    pub(crate) fn set_life(&self, life: Option<Arc<Life>>) {
        self.lock().life = life;
    }

    /// Every line lasts and every door is open from now on.
    pub(crate) fn be_kind(&self) {
        let mut state = self.lock();
        (state.stormy, state.disk_is_full) = (false, false);
        state.doors.fill(Door::Open);
    }

    /// Whether things go wrong at all.
    pub(crate) fn is_stormy(&self) -> bool {
        self.lock().stormy
    }

    pub(crate) fn fill_disk(&self, full: bool) {
        self.lock().disk_is_full = full;
    }

    pub(crate) fn disk_is_full(&self) -> bool {
        self.lock().disk_is_full
    }

    /// The process is gone. Its lines are closed, if anybody is left to close them.
    pub(crate) fn lose_clients(self: &Arc<Self>, told: bool) {
        let lines = std::mem::take(&mut self.lock().lines);
        for open in lines.into_values() {
            if !open.disturbs.swap(true, Ordering::Relaxed) {
                self.witness.disturb(self.mailboxes_at(open.host));
            }
            open.line.lose_client(told);
        }
    }

    async fn connect_to(self: Arc<Self>, host: usize) -> io::Result<Box<dyn Stream>> {
        let (door, latency, fate) = {
            let mut state = self.lock();
            let latency = Duration::from_millis(state.dice.between(2, 60));
            (state.doors[host], latency, state.fate())
        };
        match door {
            Door::Refuses => {
                sleep(latency * 2).await;
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            Door::NoRoute => return Err(io::ErrorKind::NetworkUnreachable.into()),
            Door::Silent => std::future::pending().await,
            Door::Open | Door::NoSuchName | Door::NobodyKnowsNames => sleep(latency * 2).await,
        }
        let number = {
            let mut state = self.lock();
            state.last_line += 1;
            state.last_line
        };
        let world = Arc::clone(&self);
        let hang_up = move || drop(world.lock().lines.remove(&number));
        let disturbs = Arc::new(AtomicBool::new(fate != Fate::Lasts));
        let (line, client, server) = line(latency, fate, hang_up);
        let open = OpenLine {
            host,
            mailbox: None,
            line,
            disturbs: Arc::clone(&disturbs),
        };
        let lines = {
            let mut state = self.lock();
            state.lines.insert(number, open);
            let here = |open: &&OpenLine| open.host == host;
            state.lines.values().filter(here).count()
        };
        if lines > LINES_MOST {
            let text = format!("{lines} lines to {} at once", self.hosts[host].name);
            self.story.breach(7, text);
        }
        if fate != Fate::Lasts {
            self.story
                .tell(format_args!("line {number} to host {host}: {fate:?}"));
        }
        let world = Arc::clone(&self);
        let user = OnceLock::new();
        let watcher: Watcher = Arc::new(move |event| world.note(host, number, &user, event));
        let session = self.hosts[host].server.serve(Box::new(server), watcher);
        let world = Arc::clone(&self);
        if fate != Fate::Lasts {
            world.witness.disturb(world.mailboxes_at(host));
        }
        tokio::spawn(async move {
            session.await;
            if disturbs.load(Ordering::Relaxed) {
                world.witness.settle(world.mailboxes_at(host));
            }
        });
        Ok(Box::new(client))
    }

    /// A server's session tells what it does. `user` is what it has told before.
    fn note(&self, host: usize, line: u64, user: &OnceLock<usize>, event: &SessionEvent<'_>) {
        if let SessionEvent::SignedIn { user: name } | SessionEvent::Refused { user: name } = event
            && let Some(mailbox) = self.find(host, name)
        {
            user.set(mailbox).ok();
        }
        let Some(mailbox) = user.get().copied() else {
            return;
        };
        match event {
            SessionEvent::SignedIn { .. } => {
                self.signed_in(line, mailbox);
                self.witness.signs_in(mailbox, self.login_delay(mailbox));
            }
            SessionEvent::Refused { .. } => {
                self.story
                    .tell(format_args!("mailbox {mailbox}: sign-in refused"));
                self.signed_in(line, mailbox);
                self.witness.signs_in(mailbox, self.login_delay(mailbox));
            }
            SessionEvent::DeletionAsked(id) => {
                self.story
                    .tell(format_args!("mailbox {mailbox}: DELE of {}", id.number()));
                self.witness.deletion_asked(mailbox, *id);
                self.effect();
            }
            SessionEvent::Removed(ids) => {
                if !ids.is_empty() {
                    self.story
                        .tell(format_args!("mailbox {mailbox}: {} removed", ids.len()));
                    self.witness.removed(mailbox, ids);
                    self.effect();
                }
            }
            SessionEvent::Vanished(id) => {
                self.story
                    .tell(format_args!("mailbox {mailbox}: {} vanished", id.number()));
                self.witness.vanished(mailbox, *id);
            }
        }
    }

    /// What the server wants between two sign-ins. Announced in `CAPA`, where that works.
    fn login_delay(&self, mailbox: usize) -> Duration {
        let switches = self.mailboxes[mailbox].mailbox.switches();
        Duration::from_secs(switches.login_delay.unwrap_or(0).into())
    }

    /// The local clock is wrong by so many hours from now on.
    pub(crate) fn turn_the_clock(&self, hours: i64) {
        self.story
            .tell(format_args!("the clock is off by {hours} hours"));
        self.clock_off.store(hours * 3_600_000, Ordering::Relaxed);
        self.witness.clock_jumped();
    }

    /// Promise 7: one visit to a maildrop at a time, refused or not.
    fn signed_in(&self, line: u64, mailbox: usize) {
        let mut state = self.lock();
        let other = state
            .lines
            .iter()
            .any(|(number, open)| *number != line && open.mailbox == Some(mailbox));
        if let Some(open) = state.lines.get_mut(&line) {
            open.mailbox = Some(mailbox);
            drop(state);
            if other {
                let text = format!("mailbox {mailbox} is visited twice at a time");
                self.story.breach(7, text);
            }
        }
    }

    /// A server did something that lasts: a moment at which a process may end.
    fn effect(&self) {
        let life = self.lock().life.clone();
        if let Some(life) = life {
            life.pass(Weight::Lasting);
        }
    }

    fn find(&self, host: usize, user: &str) -> Option<usize> {
        self.mailboxes_at(host)
            .find(|mailbox| self.mailboxes[*mailbox].user == user)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fate(&mut self) -> Fate {
        let dice = &mut self.dice;
        if !self.stormy || !dice.once_in(80) {
            return Fate::Lasts;
        }
        let after = match dice.below(3) {
            0 => dice.below(200),
            1 => dice.below(3_000),
            _ => dice.below(40_000),
        };
        match dice.below(10) {
            0..=3 => Fate::Cut { after },
            4..=6 => Fate::CutUp { after: after / 40 },
            7..=8 => Fate::Dead { after },
            _ => Fate::Drips { after },
        }
    }
}

/// Hosts have the addresses 10.0.0.1, 10.0.0.2 and so on.
fn address(host: usize) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, u8::try_from(host + 1).unwrap_or(u8::MAX)).into()
}

/// The [`World`] as the engine's network.
#[derive(Debug)]
pub(crate) struct Roads(pub(crate) Arc<World>);

impl Network for Roads {
    fn look_up<'a>(&'a self, host: &'a str, port: u16) -> Answer<'a, Vec<SocketAddr>> {
        let known = self.0.hosts.iter().position(|known| known.name == host);
        let door = known.map(|host| self.0.lock().doors[host]);
        Box::pin(async move {
            sleep(Duration::from_millis(3)).await;
            match (known, door) {
                (_, Some(Door::NobodyKnowsNames)) => {
                    Err(io::Error::other("Temporary failure in name resolution"))
                }
                (Some(_), Some(Door::NoSuchName)) | (None, _) | (_, None) => Ok(Vec::new()),
                (Some(host), Some(_)) => Ok(vec![SocketAddr::new(address(host), port)]),
            }
        })
    }

    fn connect(&self, to: SocketAddr) -> Answer<'_, Box<dyn Stream>> {
        let host = (0..HOSTS).find(|host| address(*host) == to.ip());
        match host {
            Some(host) => Box::pin(Arc::clone(&self.0).connect_to(host)),
            None => Box::pin(async { Err(io::ErrorKind::HostUnreachable.into()) }),
        }
    }
}
