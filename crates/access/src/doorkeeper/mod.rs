//! Who may come in: passwords of local accounts, for every protocol.
//!
//! A password is held against the saved one by argon2id, which is dear on purpose; a right one is
//! then remembered for a while, so that programs that ask every minute cost nothing. Wrong ones are
//! answered late, and too many of them not looked at ([`inhaul_domain::tries`] says which and why).
//!
//! Owns what is remembered and what is counted; two locks, neither held across an await. Knows no
//! protocol. Logs each wrong password with its account and address, never the password, nor a name
//! that is nobody's. Start at [`Doorkeeper::admit`].

mod credentials;
mod denied;
mod look;
mod marks;
mod memory;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use inhaul_domain::tries::{self, Tries, Try, Verdict};
use inhaul_store::{Account, Clock, Store};
use inhaul_types::{Secret, Timestamp};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

pub use credentials::Credentials;
pub use denied::Denied;

use credentials::StoredCredentials;
use look::Looking;
use marks::Marker;
use memory::{Memory, Right};

/// Lets people in, or says why not.
pub struct Doorkeeper {
    room: Arc<Room>,
}

/// What the doorkeeper shares with the looks that go on.
struct Room {
    credentials: Arc<dyn Credentials>,
    clock: Clock,
    marker: Marker,
    changes: watch::Receiver<u64>,
    tries: Mutex<Tries>,
    memory: Mutex<Memory>,
    /// Says whenever a look has ended.
    ended: watch::Sender<()>,
    strangers: Arc<Semaphore>,
    owners: Arc<Semaphore>,
}

impl fmt::Debug for Doorkeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Doorkeeper")
    }
}

impl Doorkeeper {
    /// For the accounts of a store. Fails only where the system has no random octets.
    pub fn new(store: Arc<dyn Store>, clock: Clock) -> io::Result<Arc<Self>> {
        Self::with_credentials(Arc::new(StoredCredentials::new(store)), clock)
    }

    /// For accounts that are kept elsewhere.
    pub fn with_credentials(
        credentials: Arc<dyn Credentials>,
        clock: Clock,
    ) -> io::Result<Arc<Self>> {
        let room = Room {
            changes: credentials.changes(),
            credentials,
            clock,
            marker: Marker::new()?,
            tries: Mutex::default(),
            memory: Mutex::default(),
            ended: watch::Sender::new(()),
            strangers: Arc::new(Semaphore::new(STRANGERS_AT_ONCE)),
            owners: Arc::new(Semaphore::new(OWNERS_AT_ONCE)),
        };
        let room = Arc::new(room);
        Ok(Arc::new(Self { room }))
    }

    /// Lets somebody in who says an account's name or one of its addresses, and its password. A
    /// refusal comes late and says the same whether there is such an account or not. The account
    /// is as it was up to five minutes ago in what it holds (messages, octets), and as it is now in
    /// all else.
    ///
    /// Whoever stops waiting for the answer has tried all the same.
    pub async fn admit(
        &self,
        name: &str,
        password: &Secret,
        from: IpAddr,
    ) -> Result<Account, Denied> {
        let began = Instant::now();
        let judged = self.judge(name, password, from).await;
        let delay = match judged {
            Judged::Welcome(account) => return Ok(account),
            Judged::Denied(denied) => return Err(denied),
            Judged::Wrong { delay } => delay,
            Judged::Barred { .. } => {
                tracing::debug!(address = %from, "not looked at: too many wrong passwords");
                tries::FIRST_DELAY
            }
        };
        // From the try on, not from here on: how long looking took shows in no answer.
        tokio::time::sleep_until(began + delay).await;
        Err(match judged {
            Judged::Barred { until } => Denied::TooManyTries { until },
            _ => Denied::Wrong,
        })
    }

    async fn judge(&self, name: &str, password: &Secret, from: IpAddr) -> Judged {
        let room = &self.room;
        let pair = room.marker.pair(name, password);
        let (tag, guess) = (room.marker.name(name), room.marker.guess(name, password));
        loop {
            // Before the question, so that no end between it and the waiting is missed.
            let mut ended = room.ended.subscribe();
            let as_of = *room.changes.borrow();
            let now = (room.clock)();
            if let Some(until) = room.tries().barred_until(from, tag, now) {
                return Judged::Barred { until };
            }
            let known = room.memory().recall(&pair, as_of, Instant::now());
            if let Some(right) = known {
                return room.admit_known(&right, from);
            }
            let asked = Try {
                from,
                name: tag,
                guess,
                as_of,
            };
            let verdict = room.tries().ask(asked, now);
            match verdict {
                Verdict::Look(look) => {
                    let looking = Looking::new(Arc::clone(room), look, as_of, pair);
                    return looking.look(name, password, from).await;
                }
                Verdict::Wrong { delay } => {
                    room.log_wrong(name, from).await;
                    return Judged::Wrong { delay };
                }
                Verdict::Barred { until } => return Judged::Barred { until },
                // The room has the sender, and outlives this.
                Verdict::Wait => _ = ended.changed().await,
            }
        }
    }
}

impl Room {
    /// A panic in between leaves counts that are counts.
    fn tries(&self) -> MutexGuard<'_, Tries> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit_known(&self, right: &Right, from: IpAddr) -> Judged {
        if let Right::Welcome(welcome) = right {
            let now = (self.clock)();
            self.tries().signed_in(from, &welcome.names, now);
        }
        right.into()
    }
}

/// What comes of somebody, before the delay.
#[derive(Debug)]
enum Judged {
    Welcome(Account),
    Denied(Denied),
    Wrong { delay: Duration },
    Barred { until: Timestamp },
}

impl From<&Right> for Judged {
    fn from(right: &Right) -> Self {
        match right {
            Right::Welcome(welcome) => Self::Welcome(welcome.account.clone()),
            Right::SwitchedOff { by_group } => Self::Denied(Denied::SwitchedOff {
                by_group: *by_group,
            }),
        }
    }
}

/// Passwords of strangers that are looked at or stand before argon2 (which takes two at a time, in
/// the order they come) at once. An owner who comes finds no more than these before him: 80 ms,
/// whatever crowd is at the door.
const STRANGERS_AT_ONCE: usize = 8;

/// The same for owners. More of them wait here as they would there; the number bounds the memory.
const OWNERS_AT_ONCE: usize = 64;
