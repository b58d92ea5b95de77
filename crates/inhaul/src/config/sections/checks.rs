//! `[checks]`: when remote mailboxes are visited, how many at once and for how long.

use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

use crate::config::durations::Every;
use crate::config::percent::Percent;
use crate::config::quiet_hours::QuietHours;
use crate::config::reader::{KeyPath, Reader, Session, Setting};
use crate::config::sizes::Size;
use crate::config::tree::{Node, Placed, quoted};

/// When remote mailboxes are visited, how many at once and for how long.
#[derive(Debug, PartialEq)]
pub(crate) struct Checks {
    /// The interval of a retrieval that names none.
    pub(crate) every: Every,
    /// The shortest interval `auto` chooses.
    pub(crate) every_min: Duration,
    /// The longest interval `auto` chooses.
    pub(crate) every_max: Duration,
    /// No mailbox is visited more often, whatever is asked.
    pub(crate) floor: Duration,
    /// By how much an interval is varied.
    pub(crate) jitter: Percent,
    /// The longest wait after failures.
    pub(crate) backoff_max: Duration,
    /// Runs at the same time, all together.
    pub(crate) at_once: usize,
    /// Runs at the same time on one remote server.
    pub(crate) at_once_per_server: usize,
    /// Runs that may wait for their turn.
    pub(crate) queue: usize,
    /// Octets of messages in memory that are not stored yet, over all runs.
    pub(crate) memory: u64,
    /// How long a connection and its TLS handshake may take.
    pub(crate) connect_timeout: Duration,
    /// How long a server may say nothing when an answer is due.
    pub(crate) read_timeout: Duration,
    /// How long a run may take before it leaves the rest for the next.
    pub(crate) run_timeout: Duration,
    /// After how much a run signs out and in again.
    pub(crate) batch: Batch,
    /// Ports besides POP3's own to which people's own retrievals may lead.
    pub(crate) user_ports: Vec<Port>,
    /// When the schedule rests.
    pub(crate) quiet_hours: Vec<QuietHours>,
}

/// How much one session brings before it signs out, so that finished work is kept. `None` is no
/// limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Batch {
    /// Messages.
    pub(crate) messages: Option<NonZeroU32>,
    /// Octets.
    pub(crate) size: Option<u64>,
}

/// A port that may be dialled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Port(pub(crate) NonZeroU16);

/// A number of things at once: none at all would be a program that does nothing, and says nothing.
struct AtLeastOne(u32);

impl Checks {
    pub(in crate::config) fn read(reader: &mut Reader<'_>) -> Self {
        let checks = Self {
            every: reader.value("every", EVERY),
            every_min: reader.value("every_min", EVERY_MIN),
            every_max: reader.value("every_max", EVERY_MAX),
            floor: reader.value("floor", FLOOR),
            jitter: reader.value("jitter", JITTER),
            backoff_max: reader.value("backoff_max", BACKOFF_MAX),
            at_once: reader.value("at_once", AT_ONCE).count(),
            at_once_per_server: reader
                .value("at_once_per_server", AT_ONCE_PER_SERVER)
                .count(),
            queue: reader.value("queue", QUEUE).count(),
            memory: reader.value("memory", MEMORY).0,
            connect_timeout: reader.value("connect_timeout", CONNECT_TIMEOUT),
            read_timeout: reader.value("read_timeout", READ_TIMEOUT),
            run_timeout: reader.value("run_timeout", RUN_TIMEOUT),
            batch: reader.value("batch", Batch::default()),
            user_ports: reader.value("user_ports", Vec::new()),
            quiet_hours: reader.value("quiet_hours", Vec::new()),
        };
        checks.check(reader);
        checks
    }

    fn check(&self, reader: &mut Reader<'_>) {
        let what = "every_min is more than every_max";
        let help = "Make every_min the shorter one.";
        reader.check(
            &["every_min", "every_max"],
            self.every_min <= self.every_max,
            what,
            help,
        );
        let what = "without memory nothing could be brought in";
        reader.check(&["memory"], self.memory > 0, what, "Write \"16MiB\".");
        for (key, duration) in [
            ("every_min", self.every_min),
            ("backoff_max", self.backoff_max),
            ("connect_timeout", self.connect_timeout),
            ("read_timeout", self.read_timeout),
            ("run_timeout", self.run_timeout),
        ] {
            let help = "Write a length of time above zero.";
            reader.check(&[key], !duration.is_zero(), "zero is no time at all", help);
        }
    }
}

impl AtLeastOne {
    fn count(&self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Setting for AtLeastOne {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let number = u32::read(from, path, session)?;
        if number == 0 {
            let what = "0 at once would never check anything".to_owned();
            session.refuse(&from.place, path, what, "Write 1 or more.");
            return None;
        }
        Some(Self(number))
    }

    fn show(&self) -> String {
        self.0.show()
    }
}

impl Setting for Port {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let number = u32::read(from, path, session)?;
        let port = u16::try_from(number).ok().and_then(NonZeroU16::new);
        if port.is_none() {
            let what = format!("{number} is no port");
            session.refuse(&from.place, path, what, "Write a number from 1 to 65535.");
        }
        port.map(Self)
    }

    fn show(&self) -> String {
        self.0.to_string()
    }
}

impl Setting for Batch {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let table = match &from.node {
            Node::Text(text) if text == UNLIMITED => return Some(Self::default()),
            Node::Table(table) => table.clone(),
            node => {
                let what = format!(
                    "expected a table or \"unlimited\", found {}",
                    node.describe()
                );
                let help = "Write { messages = 200, size = \"100MB\" }, one of the two, or \
                            \"unlimited\".";
                session.refuse(&from.place, path, what, help);
                return None;
            }
        };
        let mut reader = Reader::table(session, path.clone(), from.place.clone(), table);
        let messages = reader.optional::<u32>("messages");
        let size = reader.optional::<Size>("size").map(|size| size.0);
        let help = "Write 1 or more, or remove it for no limit.";
        reader.check(
            &["messages"],
            messages != Some(0),
            "nothing would ever be brought in",
            help,
        );
        reader.check(
            &["size"],
            size != Some(0),
            "nothing would ever be brought in",
            help,
        );
        reader.finish();
        Some(Self {
            messages: messages.and_then(NonZeroU32::new),
            size,
        })
    }

    fn show(&self) -> String {
        let messages = self
            .messages
            .map(|messages| format!("messages = {messages}"));
        let size = self
            .size
            .map(|size| format!("size = {}", Size(size).show()));
        let parts: Vec<String> = messages.into_iter().chain(size).collect();
        if parts.is_empty() {
            quoted(UNLIMITED)
        } else {
            format!("{{ {} }}", parts.join(", "))
        }
    }
}

const UNLIMITED: &str = "unlimited";

/// What people expect of mail, and few servers mind.
const EVERY: Every = Every::Interval(minutes(10));

/// Many providers take more than one sign-in in five minutes for an attack.
const EVERY_MIN: Duration = minutes(5);

/// A quiet mailbox is still looked at twice an hour: nobody waits longer for a lost password.
const EVERY_MAX: Duration = minutes(30);

/// An impatient person presses the button again; the remote server must not feel it.
const FLOOR: Duration = Duration::from_secs(60);

/// Enough that mailboxes added in one go drift apart, too little to notice.
const JITTER: Percent = Percent(10);

/// An hour after a server is back its mail comes, whoever sleeps.
const BACKOFF_MAX: Duration = minutes(60);

/// A run mostly waits for its server: two hundred cost little but their sockets.
const AT_ONCE: AtLeastOne = AtLeastOne(200);

/// Some servers close the door on more from one address.
const AT_ONCE_PER_SERVER: AtLeastOne = AtLeastOne(2);

/// All retrievals of a large installation may be due in one moment. Waiting costs next to nothing.
const QUEUE: AtLeastOne = AtLeastOne(10_000);

/// Two full commits of the largest kind; what is beyond waits in files.
const MEMORY: Size = Size(16 << 20);

/// A server that has not answered by now is down or firewalled.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// RFC 1939 section 3 has servers wait ten minutes; one with an answer needs a tenth of that.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// A first visit to a full mailbox goes on in the next run; meanwhile others get its place.
const RUN_TIMEOUT: Duration = minutes(30);

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}
