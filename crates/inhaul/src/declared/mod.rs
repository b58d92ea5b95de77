//! Groups, accounts and retrievals that are written in configuration files, brought into the store.
//!
//! [`apply`] makes the store say what the files say: it makes what is missing, changes what differs
//! and lets go of what is written no longer. Where nothing differs nothing is written. One entry that
//! cannot be had is told with its file and line, and the others go on. What the files say is changed
//! there and nowhere else: [`refuse_written`] is what every command asks first.

mod accounts;
mod groups;
mod retrievals;
#[cfg(test)]
mod tests;
mod told;

use std::path::{Path, PathBuf};

use inhaul_store::{Store, StoreError};

use crate::caller::Caller;
use crate::config::Config;
use crate::exit::Failure;

pub(crate) use inhaul_manage::place_words;
pub(crate) use told::{Told, Weight};

/// Whose configuration it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Authority {
    /// The server's: what it does not hold is written nowhere.
    Server,
    /// A command's, which may have been given other files than the server: it adds and changes, and
    /// lets go only of what was written in a file that it has read.
    Command,
}

/// Brings the store in line with what the files declare, and says what came of it. Does nothing for
/// a command whose files declare nothing.
pub(crate) async fn apply(store: &dyn Store, config: &Config, authority: Authority) -> Vec<Told> {
    if authority == Authority::Command && !declares_something(config) {
        return Vec::new();
    }
    let mut work = Work {
        store,
        config,
        authority,
        told: Vec::new(),
    };
    if let Err(error) = work.carry_out().await {
        let error = Failure::from(error).what;
        let text = format!("what the configuration declares is not in force: {error}");
        work.told.push(Told::fault(None, text));
    }
    work.told
}

/// Refuses to change what a file says. `at` is where it is written, if it is.
pub(crate) fn refuse_written(what: &str, name: &str, at: Option<&str>) -> Result<(), Failure> {
    let Some(at) = at else {
        return Ok(());
    };
    let what = format!("the {what} {name:?} is set in {}", place_words(at));
    Err(Failure::usage(what)
        .hint("Change it there and reload: systemctl reload inhaul, or SIGHUP to the server."))
}

fn declares_something(config: &Config) -> bool {
    !(config.groups.is_empty() && config.accounts.is_empty() && config.retrievals.is_empty())
}

/// One application.
struct Work<'a> {
    store: &'a dyn Store,
    config: &'a Config,
    authority: Authority,
    told: Vec<Told>,
}

/// What was done for an entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Deed {
    Nothing,
    Added,
    Changed,
}

/// Why an entry is not in force.
#[derive(Debug)]
enum Refused {
    Store(StoreError),
    /// The entry itself makes no sense.
    Entry(String),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Work<'_> {
    /// What goes, goes first: its name and its place under a limit are free then. A group goes last,
    /// when nobody is in it any more.
    async fn carry_out(&mut self) -> Result<(), StoreError> {
        self.let_go_of_retrievals().await?;
        self.bring_in_groups().await?;
        self.bring_in_accounts().await?;
        self.bring_in_retrievals().await?;
        self.let_go_of_accounts().await?;
        self.let_go_of_groups().await
    }

    /// Tells what came of an entry; an error that will meet every other entry too ends the work.
    fn settle(
        &mut self,
        what: &'static str,
        name: &str,
        at: &str,
        done: Result<Deed, Refused>,
    ) -> Result<(), StoreError> {
        let told = match done {
            Ok(Deed::Nothing) => return Ok(()),
            Ok(Deed::Added) => Told::done(at, format!("{what} {name:?} added")),
            Ok(Deed::Changed) => Told::done(at, format!("{what} {name:?} changed")),
            Err(Refused::Entry(why)) => {
                let text = format!("{what} {name:?} is not in force: {why}");
                Told::fault(Some(at), text)
            }
            Err(Refused::Store(error)) if is_the_entrys(&error) => {
                let why = Failure::from(error).what;
                let text = format!("{what} {name:?} is not in force: {why}");
                Told::fault(Some(at), text)
            }
            Err(Refused::Store(error)) => return Err(error),
        };
        self.told.push(told);
        Ok(())
    }

    fn warn(&mut self, at: &str, text: String) {
        self.told.push(Told::warning(at, text));
    }

    /// Whether an entry that stood there, and is not found now, was taken out.
    fn may_let_go_of(&self, at: &str) -> bool {
        let (file, _) = at.rsplit_once(':').unwrap_or((at, ""));
        self.authority == Authority::Server
            || self
                .config
                .files()
                .iter()
                .any(|read| whole(read) == Path::new(file))
    }
}

/// Whether the store would take other entries.
fn is_the_entrys(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Exists { .. }
            | StoreError::Missing { .. }
            | StoreError::Needed { .. }
            | StoreError::Permanent { .. }
            | StoreError::BadFolderName { .. }
            | StoreError::LimitReached { .. }
            | StoreError::OwnedCatchAll { .. }
            | StoreError::LastAdministrator { .. }
    )
}

/// `FILE:LINE` with the file's whole path: the same wherever a command was started.
fn place(written_at: &str) -> String {
    match written_at.rsplit_once(':') {
        Some((file, line)) => format!("{}:{line}", whole(Path::new(file)).display()),
        None => written_at.to_owned(),
    }
}

fn whole(path: &Path) -> PathBuf {
    // This process reads the files, whoever typed the command.
    let path_of_process = Caller::Local.absolute(path);
    path_of_process.unwrap_or_else(|_| path.to_owned())
}

/// Names are the same whatever the case, as the store has it.
fn same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// A value that is to be written, unless it is there already.
fn unless_there<T: PartialEq>(wanted: T, present: &T) -> Option<T> {
    (wanted != *present).then_some(wanted)
}
