//! TLS for lines that others make to us: which certificate they see, and when it changes.
//!
//! A new certificate is for handshakes to come; sessions go on with the one they have seen. A new
//! pair of files that is of no use leaves the old one in force. Touches the two files, nothing else;
//! says nothing: whoever asks for [`ServerTls::watch`] is told and writes the log.

use std::fmt::{self, Write as _};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use inhaul_types::{KeyPin, Timestamp};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_rustls::TlsAcceptor;

use crate::self_made::{ensure, renewal_due};
use crate::server_certificate::InForce;
use crate::{CertificateProblem, CertificateSource, MinimumTls, OpenKey, ServerLine};

/// The time now, for the renewal of a self-made certificate.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Encrypts lines from clients.
pub struct ServerTls {
    source: CertificateSource,
    minimum: MinimumTls,
    clock: Clock,
    in_force: RwLock<Arc<InForce>>,
    seen: Mutex<Seen>,
}

/// How the two files stood when they were looked at.
#[derive(Debug, Default)]
struct Seen {
    in_force: Stamps,
    /// Stamps of a pair that was of no use, and whether that was told.
    broken: Option<(Stamps, Told)>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Told {
    Yes,
    No,
}

/// What changes when a file does; `None` of one that is not there.
type Stamps = [Option<Stamp>; 2];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Stamp {
    inode: u64,
    octets: u64,
    /// Also after a change of its permissions, which may be what was wrong.
    changed: (i64, i64),
}

/// What a look at the files came to.
#[derive(Debug)]
pub enum Renewal {
    /// Nothing new.
    Unchanged,
    /// Another certificate is in force.
    Renewed,
    /// The new files are of no use; the old certificate stays in force.
    Broken(CertificateProblem),
}

impl ServerTls {
    /// Reads the certificate, or makes one that is to be self-made and is not there or near its
    /// end. Blocks on files.
    pub fn open(
        source: CertificateSource,
        minimum: MinimumTls,
        clock: Clock,
    ) -> Result<Arc<Self>, CertificateProblem> {
        let (in_force, stamps) = load(&source, minimum, clock())?;
        Ok(Arc::new(Self {
            source,
            minimum,
            clock,
            in_force: RwLock::new(Arc::new(in_force)),
            seen: Mutex::new(Seen {
                in_force: stamps,
                broken: None,
            }),
        }))
    }

    /// Reads the files again, changed or not. With an error the old certificate stays in force.
    /// Blocks on files.
    pub fn reload(&self) -> Result<(), CertificateProblem> {
        self.replace(&mut self.seen(), Told::Yes)
    }

    /// Reads the files again if they have changed, and makes a self-made certificate anew that nears
    /// its end. Of a pair that is of no use it tells at the next look, if it has not changed by
    /// then: a chain is written before its key. Blocks on files.
    pub fn look(&self) -> Renewal {
        let mut seen = self.seen();
        let stamps = stamps(&self.source);
        let known = seen.broken.filter(|(broken, _)| *broken == stamps);
        let known = known.map(|(_, told)| told);
        let is_due = self.is_self_made() && renewal_due(self.not_after(), (self.clock)());
        let is_new = match known {
            Some(Told::Yes) => false,
            Some(Told::No) => true,
            None => stamps != seen.in_force,
        };
        if !is_new && !is_due {
            return Renewal::Unchanged;
        }
        let told = if known.is_some() { Told::Yes } else { Told::No };
        match self.replace(&mut seen, told) {
            Ok(()) => Renewal::Renewed,
            Err(problem) if known == Some(Told::No) => Renewal::Broken(problem),
            Err(_) => Renewal::Unchanged,
        }
    }

    /// Looks once a minute, for ever, and tells what came of it unless it is nothing.
    pub async fn watch(self: Arc<Self>, tell: impl Fn(Renewal)) {
        self.watch_every(BETWEEN_LOOKS, tell).await;
    }

    async fn watch_every(self: Arc<Self>, between: Duration, tell: impl Fn(Renewal)) {
        let mut looks = interval(between);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let tls = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || tls.look()).await;
            match looked {
                // At shutdown no blocking task is begun any more.
                Err(_) | Ok(Renewal::Unchanged) => {}
                Ok(renewal) => tell(renewal),
            }
        }
    }

    /// Does the handshake on a plain line, within `limit`. Fails with `TimedOut` then, with
    /// `InvalidInput` on a line that is encrypted already or is none of the system's.
    pub async fn accept(&self, line: ServerLine, limit: Duration) -> io::Result<ServerLine> {
        let ServerLine::Plain(stream) = line else {
            let why = "only a plain line of the system can be encrypted";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        };
        let acceptor = TlsAcceptor::from(Arc::clone(&self.in_force().configuration));
        // Large, and gone when it is done: it must not make the session's future larger.
        let handshake = Box::pin(acceptor.accept_with(stream, |session| {
            session.set_buffer_limit(Some(UNSENT_MOST));
        }));
        let stream = timeout(limit, handshake)
            .await
            .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the TLS handshake stalled"))??;
        Ok(ServerLine::Tls(Box::new(stream)))
    }

    /// Until when the certificate is good, if that can be read from it.
    pub fn not_after(&self) -> Option<Timestamp> {
        self.in_force().not_after
    }

    /// SHA-256 over the certificate in hex, with colons, as mail programs and `openssl x509
    /// -fingerprint -sha256` show it.
    pub fn fingerprint(&self) -> String {
        let mut text = String::new();
        for octet in self.in_force().fingerprint {
            let colon = if text.is_empty() { "" } else { ":" };
            write!(text, "{colon}{octet:02X}").expect("a string takes all");
        }
        text
    }

    /// The pin of its key, for `inhaul` as a client; `None` if it cannot be read.
    pub fn key_pin(&self) -> Option<KeyPin> {
        self.in_force().pin
    }

    /// The file of its key, if everyone on the machine can read that.
    pub fn open_key(&self) -> Option<OpenKey> {
        self.in_force().open_key.clone()
    }

    /// Whether this program made it for itself.
    pub fn is_self_made(&self) -> bool {
        matches!(self.source, CertificateSource::SelfMade { .. })
    }

    fn replace(&self, seen: &mut Seen, told: Told) -> Result<(), CertificateProblem> {
        // Before the files are read: what changes meanwhile is seen at the next look.
        let before = stamps(&self.source);
        match load(&self.source, self.minimum, (self.clock)()) {
            Ok((in_force, stamps)) => {
                *seen = Seen {
                    in_force: stamps,
                    broken: None,
                };
                let mut current = self
                    .in_force
                    .write()
                    .unwrap_or_else(PoisonError::into_inner);
                *current = Arc::new(in_force);
                Ok(())
            }
            Err(problem) => {
                seen.broken = Some((before, told));
                Err(problem)
            }
        }
    }

    fn in_force(&self) -> Arc<InForce> {
        let current = self.in_force.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls")
            .field("source", &self.source)
            .field("fingerprint", &self.fingerprint())
            .finish_non_exhaustive()
    }
}

fn load(
    source: &CertificateSource,
    minimum: MinimumTls,
    now: Timestamp,
) -> Result<(InForce, Stamps), CertificateProblem> {
    let (chain, key) = source.files();
    if let CertificateSource::SelfMade { .. } = source {
        ensure(&chain, &key, host_name().as_deref(), now)?;
    }
    let stamps = stamps(source);
    Ok((InForce::read(&chain, &key, minimum)?, stamps))
}

fn host_name() -> Option<String> {
    let name = rustix::system::uname().nodename().to_owned();
    name.into_string().ok()
}

fn stamps(source: &CertificateSource) -> Stamps {
    let (chain, key) = source.files();
    [stamp(&chain), stamp(&key)]
}

fn stamp(file: &Path) -> Option<Stamp> {
    let there = fs::metadata(file).ok()?;
    Some(Stamp {
        inode: there.ino(),
        octets: there.len(),
        changed: (there.ctime(), there.ctime_nsec()),
    })
}

/// How often the files are looked at.
const BETWEEN_LOOKS: Duration = Duration::from_secs(60);

/// Octets a session may leave with the library that the system does not take: two records of TLS.
const UNSENT_MOST: usize = 32 << 10;

#[cfg(test)]
mod tests;
