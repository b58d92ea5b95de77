//! POP3 for mail programs (RFC 1939, 2449, 2595, 5034, 6856): an account's INBOX, as it is when a
//! session opens it.
//!
//! [`Service`] is shared by all sessions; [`Service::serve`] holds one, from its line to its end.
//! `inhaul_pop3_proto::server` knows the syntax and the states, this room what they lead to, one
//! file for each command. Start at `session::Conversation::hold`.

mod capa;
mod dele;
mod line_feeds;
mod listings;
mod locks;
mod maildrop;
mod quit;
mod retr;
mod session;
mod sign_in;
mod stls;
mod top;
mod wire;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use inhaul_net::{Accepted, Full, Refused, ServerTls};
use inhaul_store::Store;
use tokio::io::AsyncWriteExt as _;

use crate::doorkeeper::Doorkeeper;
use crate::hook::SignInHook;
use locks::Locks;
use session::Conversation;

/// How it serves; may change while it runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// How long a sign-in waits for the run it started, so that new mail is in that very session.
    pub login_wait: Duration,
    /// How long a session may say nothing; RFC 1939 section 3 asks for 10 minutes at least.
    pub idle: Duration,
    /// What stands behind `IMPLEMENTATION` in `CAPA`.
    pub implementation: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            login_wait: Duration::from_secs(8),
            idle: Duration::from_secs(10 * 60),
            implementation: "inhaul".to_owned(),
        }
    }
}

/// What all sessions share.
pub struct Service {
    store: Arc<dyn Store>,
    doorkeeper: Arc<Doorkeeper>,
    hook: Arc<dyn SignInHook>,
    tls: Option<Arc<ServerTls>>,
    settings: RwLock<Arc<Settings>>,
    locks: Locks,
}

impl Service {
    /// Sessions over this store. Without `tls` there is no `STLS`, and passwords are taken on
    /// loopback only.
    pub fn new(
        store: Arc<dyn Store>,
        doorkeeper: Arc<Doorkeeper>,
        hook: Arc<dyn SignInHook>,
        tls: Option<Arc<ServerTls>>,
        settings: Settings,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            doorkeeper,
            hook,
            tls,
            settings: RwLock::new(Arc::new(settings)),
            locks: Locks::default(),
        })
    }

    /// From now on so.
    pub fn set_settings(&self, settings: Settings) {
        let mut present = self
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *present = Arc::new(settings);
    }

    fn settings(&self) -> Arc<Settings> {
        let settings = self.settings.read();
        Arc::clone(&settings.unwrap_or_else(PoisonError::into_inner))
    }

    /// Holds one session until one side ends it, or the listener stops. A line that is encrypted
    /// already has no `STLS`.
    pub async fn serve(self: Arc<Self>, accepted: Accepted) {
        let Accepted {
            line,
            peer,
            encrypted_to_proxy,
            admitted,
            stop,
        } = accepted;
        Conversation::new(self, line, peer, encrypted_to_proxy, stop)
            .hold()
            .await;
        // Its place, which others wait for.
        drop(admitted);
    }

    /// Tells somebody that there is no place for them.
    pub async fn refuse(refused: Refused) {
        let Refused { mut line, full, .. } = refused;
        let text = match full {
            Full::InAll => FULL_IN_ALL,
            Full::ForAddress => FULL_FOR_ADDRESS,
        };
        // Whoever does not take it goes without.
        if line.write_all(text).await.is_ok() {
            drop(line.shutdown().await);
        }
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("settings", &self.settings())
            .field("locks", &self.locks)
            .finish_non_exhaustive()
    }
}

/// What a client is told for which there is no place.
const FULL_IN_ALL: &[u8] =
    b"-ERR [SYS/TEMP] Too many connections are open at this server. Try again in a minute.\r\n";

/// The same where it is the client's own connections.
const FULL_FOR_ADDRESS: &[u8] =
    b"-ERR [SYS/TEMP] Too many connections are open from your address. Close some and try again.\r\n";
