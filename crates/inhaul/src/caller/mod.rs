//! Whoever typed the command: their streams, their files, their signals.
//!
//! A command does not touch the process's own streams: it may be carried out in a running server
//! for somebody at another terminal. It asks [`current`], which is that caller inside such a
//! command and the process itself everywhere else. The calls wait, as those of the process's own
//! streams do; a command in a server has a thread of its own for that. A task that a command starts
//! has no caller: what it has to say it hands to the command, or takes the caller with it as
//! [`Bars`](crate::cli::progress::Bars) do.

mod folder;
mod local;
mod remote;
mod stops;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inhaul_types::Secret;
use serde::{Deserialize, Serialize};

use crate::exit::Failure;

pub(crate) use folder::{Folder, NewFile};
pub(crate) use remote::{Answer, Asked, Remote};
pub(crate) use stops::{Stop, Stops};

tokio::task_local! {
    static CALLER: Caller;
}

/// Whoever typed the command.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// The process itself.
    Local,
    /// A client of the control socket.
    Remote(Arc<Remote>),
}

/// What the caller's terminal is, as far as a command cares.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Terminal {
    /// Standard input is one: somebody can answer.
    pub(crate) input: bool,
    /// Standard error is one: somebody looks on.
    pub(crate) errors: bool,
    /// It shows letters only (`TERM=dumb`).
    pub(crate) dumb: bool,
    /// `NO_COLOR` is set.
    pub(crate) no_color: bool,
}

/// The caller of the command that is being carried out.
pub(crate) fn current() -> Caller {
    CALLER
        .try_with(Clone::clone)
        .unwrap_or_else(|_| Caller::Local)
}

/// Carries a command out for this caller.
pub(crate) async fn on_behalf_of<T>(caller: Caller, command: impl Future<Output = T>) -> T {
    CALLER.scope(caller, command).await
}

impl Caller {
    /// The caller's terminal.
    pub(crate) fn terminal(&self) -> Terminal {
        match self {
            Self::Local => local::terminal(),
            Self::Remote(remote) => remote.terminal,
        }
    }

    /// The user id of whoever typed the command.
    pub(crate) fn who(&self) -> u32 {
        match self {
            Self::Local => rustix::process::getuid().as_raw(),
            Self::Remote(remote) => remote.uid,
        }
    }

    /// Writes octets to standard output. A reader that went away (`| head`) is no error.
    pub(crate) fn print(&self, octets: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Local => Ok(local::print(octets)?),
            Self::Remote(remote) => remote.print(octets),
        }
    }

    /// Writes text to standard error. If nobody reads it, the exit code is left.
    pub(crate) fn complain(&self, text: &str) {
        match self {
            Self::Local => local::complain(text.as_bytes()),
            Self::Remote(remote) => remote.complain(text.as_bytes()),
        }
    }

    /// The same of octets: a text may have been cut anywhere on its way.
    pub(crate) fn complain_octets(&self, octets: &[u8]) {
        match self {
            Self::Local => local::complain(octets),
            Self::Remote(remote) => remote.complain(octets),
        }
    }

    /// Asks on standard error for a line of standard input.
    pub(crate) fn ask(&self, question: &str) -> io::Result<String> {
        match self {
            Self::Local => local::ask(question),
            Self::Remote(remote) => remote.ask(question),
        }
    }

    /// Asks the terminal for a line that it does not show; its line end is in it.
    pub(crate) fn ask_secret(&self, question: &str) -> io::Result<Secret> {
        match self {
            Self::Local => local::ask_secret(question),
            Self::Remote(remote) => remote.ask_secret(question),
        }
    }

    /// Reads standard input, `most` octets of it.
    pub(crate) fn read_input(&self, most: u64) -> io::Result<Secret> {
        match self {
            Self::Local => local::read_input(most),
            Self::Remote(remote) => remote.read_input(most),
        }
    }

    /// Reads a file that the command line names, `most` octets of it.
    pub(crate) fn read_file(&self, path: &Path, most: u64) -> io::Result<Secret> {
        match self {
            Self::Local => local::read_file(path, most),
            Self::Remote(remote) => remote.read_file(path, most),
        }
    }

    /// A path as the caller typed it, from the root.
    #[expect(clippy::disallowed_methods, reason = "this is what stands for it")]
    pub(crate) fn absolute(&self, path: &Path) -> io::Result<PathBuf> {
        match self {
            Self::Local => std::path::absolute(path),
            Self::Remote(remote) => std::path::absolute(remote.directory.join(path)),
        }
    }

    /// A folder of the caller's that the command line names, to write files in; made if it is not
    /// there.
    pub(crate) fn folder(&self, path: &Path) -> io::Result<Folder> {
        Folder::open(self.clone(), path)
    }

    /// The caller's signals. From now on they do not simply end the command.
    pub(crate) fn stops(&self) -> io::Result<Stops> {
        match self {
            Self::Local => Stops::of_process(),
            Self::Remote(remote) => remote.stops(),
        }
    }
}
