//! Retrievals: where mail comes from, where it goes, and when.

use std::path::PathBuf;

use super::catch_alls::Routing;
use inhaul_domain::schedule::{Every, ScheduleState};
use inhaul_domain::standing::{Paused, PausedBy};
use inhaul_domain::{Retention, Security, SessionSize, StartPoint};
use inhaul_types::card::Detail;
use inhaul_types::{
    AccountId, ErrorCode, FolderId, KeyPin, MaildropId, Mechanism, Octets, RetrievalId, Secret,
    Timestamp,
};

/// Where a remote password or token comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RemoteSecret {
    /// Kept here, sealed.
    Stored(Secret),
    /// The first line of this program's output (run without a shell).
    Command(Vec<String>),
    /// The same, and the line is an OAuth 2 token: another one whenever it is run.
    Token(Vec<String>),
    /// The one line in this file, read whenever it is needed.
    File {
        /// The file.
        path: PathBuf,
        /// What the file held when the retrieval was saved, as a digest, by which somebody who saves
        /// it again sees that it holds something new. It is kept sealed like a password.
        seen: Option<Secret>,
    },
}

/// The remote side of a retrieval.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Remote {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection of the line.
    pub security: Security,
    /// The one certificate authority (PEM) trusted for it, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The one key trusted for it, whoever signed it and whatever its certificate says.
    pub pin: Option<KeyPin>,
    /// Sign-in name.
    pub user: String,
    /// The one way to sign in; `None` takes the best that the server offers.
    pub sign_in: Option<Mechanism>,
}

/// What the last sign-ins said of the ways to do it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignInMemory {
    /// This one worked: it is the first to be used next time.
    Worked(Mechanism),
    /// This one, which does not say the password, was refused. Perhaps the password is wrong,
    /// perhaps only the server's record of it: one that says it is tried next time.
    Refused(Mechanism),
}

/// A retrieval that is written in a configuration file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Written {
    /// The file and line, as `FILE:LINE`.
    pub at: String,
    /// Whether it is paused there. A person may pause and resume what is not paused there.
    pub paused: bool,
}

/// Limits of one retrieval's runs, beside those of group and account.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RetrievalLimits {
    /// Messages that one session brings at most.
    pub max_messages: Option<u32>,
    /// Octets that one session brings at most.
    pub max_octets: Option<Octets>,
    /// Larger messages stay on the server.
    pub largest: Option<Octets>,
    /// A session that ended at a limit is followed by another one at once, until all is brought.
    pub reconnect: bool,
}

/// A retrieval to be made.
#[derive(Clone, Debug)]
pub struct NewRetrieval {
    /// Unique name.
    pub name: String,
    /// Remote side.
    pub remote: Remote,
    /// Password.
    pub secret: RemoteSecret,
    /// Account it delivers to.
    pub account: AccountId,
    /// Set for a user retrieval: the account that owns it.
    pub owner: Option<AccountId>,
    /// Folder it fills; made if it is not there.
    pub folder: String,
    /// Whether all of its messages go there. A catch-all has no owner.
    pub routing: Routing,
    /// Interval.
    pub every: Every,
    /// Remote copies.
    pub retention: Retention,
    /// Nothing is deleted there before a run has ended well.
    pub first_run_keeps: bool,
    /// Which messages that are there already are wanted.
    pub start: StartPoint,
    /// Made, but not run by itself.
    pub paused: bool,
    /// What a test of the sign-in has shown.
    pub sign_in_memory: Option<SignInMemory>,
    /// Limits of its runs.
    pub limits: RetrievalLimits,
    /// Saved by a person who is no administrator: it reaches public addresses only.
    pub confined: bool,
    /// The configuration file it comes from.
    pub written_at: Option<Written>,
}

/// A retrieval.
#[derive(Clone, Debug)]
pub struct Retrieval {
    /// Identity.
    pub id: RetrievalId,
    /// Unique name.
    pub name: String,
    /// Remote side.
    pub remote: Remote,
    /// Account it delivers to.
    pub account: AccountId,
    /// That account's name.
    pub account_name: String,
    /// Owner of a user retrieval.
    pub owner: Option<AccountId>,
    /// Folder it fills.
    pub folder: FolderId,
    /// That folder's name.
    pub folder_name: String,
    /// Whether all of its messages go there.
    pub routing: Routing,
    /// Interval.
    pub every: Every,
    /// Remote copies.
    pub retention: Retention,
    /// Nothing is deleted there before a run has ended well. Over with that run.
    pub first_run_keeps: bool,
    /// Not run by itself.
    pub paused: bool,
    /// Who paused it: an account's name, or `root`. `None` where it is not paused, or that is not
    /// known: it was made so, or a file says it.
    pub paused_by: Option<String>,
    /// Since when it is paused.
    pub paused_at: Option<Timestamp>,
    /// Limits of its runs.
    pub limits: RetrievalLimits,
    /// Saved by a person who is no administrator: it reaches public addresses only.
    pub confined: bool,
    /// The configuration file that alone changes it; `None` is changed by commands and pages.
    pub written_at: Option<Written>,
    /// When it is due, and what that follows from.
    pub schedule: ScheduleState,
    /// The maildrop with its ledger.
    pub maildrop: MaildropId,
    /// Deletion of re-linked messages waits until then.
    pub relinked_deletion_held_until: Option<Timestamp>,
    /// Until the maildrop was looked into: which messages that are there already are wanted.
    pub start: StartPoint,
    /// How many messages a session may bring, after lines were cut.
    pub session_size: SessionSize,
    /// The server lists a part of its messages at a time.
    pub lists_in_parts: bool,
    /// What CAPA said at the last good run, one capability a line; `None` after a surprise.
    pub capabilities: Option<String>,
    /// Forgotten with a changed remote side or password.
    pub sign_in_memory: Option<SignInMemory>,
    /// Last run that ended well.
    pub last_good: Option<Timestamp>,
    /// Start of the present row of failures.
    pub failing_since: Option<Timestamp>,
    /// Failures in that row.
    pub failures: u32,
    /// Code of the last run, if it failed.
    pub last_error: Option<ErrorCode>,
    /// What is particular about that failure.
    pub last_detail: Option<Detail>,
    /// With it the server said `[AUTH]` (RFC 3206 section 4): the password is wrong, and it is no
    /// passing trouble.
    pub said_auth: bool,
}

impl Retrieval {
    /// By whom it is paused, as somebody sees it who is none of them; `None` where it is not.
    pub fn pause(&self) -> Option<Paused<'_>> {
        let by = match (&self.written_at, &self.paused_by) {
            (Some(Written { paused: true, .. }), _) => PausedBy::File,
            (_, Some(name)) => PausedBy::Account(name),
            (_, None) => PausedBy::Unknown,
        };
        let since = self.paused_at;
        self.paused.then_some(Paused { by, since })
    }

    /// Whether a person would find the same settings in both rows.
    pub fn is_configured_as(&self, other: &Self) -> bool {
        let settings = |row: &Self| {
            (
                (
                    row.name.clone(),
                    row.remote.clone(),
                    row.account,
                    row.owner,
                    row.folder,
                ),
                (
                    row.every,
                    row.retention,
                    row.paused,
                    row.limits,
                    row.confined,
                ),
                (row.written_at.clone(), row.routing.clone()),
            )
        };
        settings(self) == settings(other)
    }
}

/// What `retrieval set` changes; `None` leaves a thing as it is. Another remote side, password or
/// interval makes the retrieval due at once, and so does the end of its pause; see
/// [`inhaul_domain::schedule::when_saved`] for what that forgets and what may still hold it back.
#[derive(Clone, Debug, Default)]
pub struct RetrievalChange {
    /// New name.
    pub name: Option<String>,
    /// New remote side. Another host or user opens a new maildrop epoch.
    pub remote: Option<Remote>,
    /// New password.
    pub secret: Option<RemoteSecret>,
    /// New account and folder.
    pub destination: Option<(AccountId, String)>,
    /// All there is now of how its messages are shared out.
    pub routing: Option<Routing>,
    /// New owner; `Some(None)` makes an automatic retrieval of it.
    pub owner: Option<Option<AccountId>>,
    /// New interval.
    pub every: Option<Every>,
    /// New retention.
    pub retention: Option<Retention>,
    /// Pause or resume.
    pub paused: Option<bool>,
    /// Who pauses it: an account's name, or `root`. It says nothing without [`Self::paused`], and
    /// changes nothing where it is paused already.
    pub paused_by: Option<String>,
    /// All limits of its runs there are now.
    pub limits: Option<RetrievalLimits>,
    /// Whether it was saved by a person who is no administrator.
    pub confined: Option<bool>,
    /// The configuration file it comes from now; `Some(None)` is none any more.
    pub written_at: Option<Option<Written>>,
    /// It is due now, unless a refused sign-in or the server holds it back.
    pub due_now: bool,
}

/// What a failure is to be taken back to: the state of a retrieval as it stood before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Uncounted {
    /// Which.
    pub retrieval: RetrievalId,
    /// When the row of failures began.
    pub failing_since: Option<Timestamp>,
    /// How long it was.
    pub failures: u32,
    /// Its last error.
    pub last_error: Option<ErrorCode>,
    /// What was particular about that.
    pub last_detail: Option<Detail>,
    /// With it the server said `[AUTH]`.
    pub said_auth: bool,
    /// Its setback.
    pub schedule: ScheduleState,
}

impl Uncounted {
    /// The state in this row.
    pub fn of(row: &Retrieval) -> Self {
        Self {
            retrieval: row.id,
            failing_since: row.failing_since,
            failures: row.failures,
            last_error: row.last_error,
            last_detail: row.last_detail.clone(),
            said_auth: row.said_auth,
            schedule: row.schedule,
        }
    }
}
