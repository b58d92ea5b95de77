//! Changing a retrieval.

use inhaul_store::{Remote, Retrieval, RetrievalChange, Routing};
use inhaul_types::{AccountId, RetrievalId};

use super::add::{NO_CATCH_ALL, check_owner};
use super::person::{Rights, check_secret as check_persons_secret};
use super::settings::{check_every, check_limits, check_remote, check_retention, check_secret};
use super::written_at;
use crate::audit::Change;
use crate::manage::{other, unless_written};
use crate::names::{LONGEST_FOLDER, LONGEST_NAME, check_text};
use crate::{Actor, Manage, Refused};

impl Manage {
    /// Changes what is named and differs.
    ///
    /// Another host, port, protection or user needs the password again, or it could be sent to
    /// whoever is named there. What a person changes of the way to the server confines the retrieval
    /// to public addresses; an administrator who saves that way frees it.
    pub async fn retrieval_change(
        &self,
        actor: &Actor,
        id: RetrievalId,
        change: RetrievalChange,
    ) -> Result<(), Refused> {
        let (before, rights) = self.retrieval_to_change(actor, id).await?;
        let saves_way = change.remote.is_some();
        let mut change = differing(change, &before);
        if says_what_files_say(&change, &before) {
            unless_written(written_at(&before))?;
        }
        check(&change, &before)?;
        match (rights, actor.person()) {
            (Some(rights), Some(person)) => {
                self.check_persons_change(&change, &before, person, rights)?;
                change.confined = change.remote.is_some().then_some(true);
                change.due_now = false;
            }
            _ if saves_way => change.confined = Some(false),
            _ => {}
        }
        change.confined = other(change.confined, &before.confined);
        let pauses = change.paused == Some(true);
        change.paused_by = pauses.then(|| actor.name.clone());
        self.store.retrieval_change(id, change.clone()).await?;
        let after = self.store.retrieval_by_id(id).await?;
        let mut changes = Change::between(&before, &after);
        if change.secret.is_some() {
            changes.push(Change::secret(&after, "password"));
        }
        if change.owner.is_some() {
            let [old, new] = [
                self.owner_words(&before).await?,
                self.owner_words(&after).await?,
            ];
            changes.push(Change::field(&after, "owner", old, new));
        }
        self.take_down(actor, changes).await;
        Ok(())
    }

    fn check_persons_change(
        &self,
        change: &RetrievalChange,
        before: &Retrieval,
        person: AccountId,
        rights: Rights,
    ) -> Result<(), Refused> {
        if let Some((account, _)) = &change.destination
            && *account != person
        {
            return Err(Refused::not_found("account", account));
        }
        if change.routing.is_some() {
            return Err(Refused::NotAllowed(NO_CATCH_ALL.into()));
        }
        if change.owner.is_some() {
            return Err(Refused::NotAllowed(NO_OTHER_OWNER.into()));
        }
        if let Some(secret) = &change.secret {
            check_persons_secret(secret)?;
        }
        if let Some(remote) = &change.remote {
            self.check_elsewhere(&remote.host, remote.port)?;
            rights.check_remote(remote, Some(&before.remote))?;
        }
        // Elsewhere other messages would be deleted.
        let is_another_mailbox = change.remote.as_ref().is_some_and(|remote| {
            !remote.host.eq_ignore_ascii_case(&before.remote.host)
                || remote.user != before.remote.user
        });
        if change.retention.is_some() || is_another_mailbox {
            rights.check_retention(change.retention.unwrap_or(before.retention))?;
        }
        Ok(())
    }

    async fn owner_words(&self, retrieval: &Retrieval) -> Result<String, Refused> {
        match retrieval.owner {
            Some(owner) => Ok(self.account_row(owner).await?.name),
            None => Ok("nobody".into()),
        }
    }
}

/// What of it says something else than what is there.
fn differing(change: RetrievalChange, before: &Retrieval) -> RetrievalChange {
    let place = (before.account, before.folder_name.clone());
    let remote = change.remote.map(|mut remote| {
        // A key is a server's own: another one has another.
        if !remote.host.eq_ignore_ascii_case(&before.remote.host) && remote.pin == before.remote.pin
        {
            remote.pin = None;
        }
        remote
    });
    RetrievalChange {
        name: other(change.name, &before.name),
        remote: other(remote, &before.remote),
        destination: other(change.destination, &place),
        routing: other(change.routing, &before.routing),
        owner: other(change.owner, &before.owner),
        every: other(change.every, &before.every),
        retention: other(change.retention, &before.retention),
        paused: other(change.paused, &before.paused),
        limits: other(change.limits, &before.limits),
        written_at: None,
        ..change
    }
}

/// What a file says of a retrieval is changed there. No file says the limits of its runs, and
/// anybody may pause one that is not paused in its file, and resume it.
fn says_what_files_say(change: &RetrievalChange, before: &Retrieval) -> bool {
    let resumes = change.paused == Some(false);
    change.name.is_some()
        || change.remote.is_some()
        || change.secret.is_some()
        || change.destination.is_some()
        || change.routing.is_some()
        || change.owner.is_some()
        || change.every.is_some()
        || change.retention.is_some()
        || (resumes && before.written_at.iter().any(|there| there.paused))
}

/// What holds for everybody.
fn check(change: &RetrievalChange, before: &Retrieval) -> Result<(), Refused> {
    if let Some(name) = &change.name {
        check_text("name", name, LONGEST_NAME)?;
    }
    if let Some((_, folder)) = &change.destination {
        check_text("folder", folder, LONGEST_FOLDER)?;
    }
    let remote = change.remote.as_ref();
    if let Some(remote) = remote {
        check_remote(remote)?;
        if change.secret.is_none() && is_another_way(&before.remote, remote) {
            return Err(Refused::invalid("password", PASSWORD_AGAIN));
        }
    }
    if let Some(secret) = &change.secret {
        check_secret(secret, remote.unwrap_or(&before.remote))?;
    }
    change.every.map_or(Ok(()), check_every)?;
    change.retention.map_or(Ok(()), check_retention)?;
    if let Some(limits) = &change.limits {
        check_limits(limits)?;
    }
    let account = change.destination.as_ref();
    let account = account.map_or(before.account, |(account, _)| *account);
    let owner = change.owner.unwrap_or(before.owner);
    check_owner(owner, account)?;
    let routing = change.routing.as_ref().unwrap_or(&before.routing);
    match (owner, routing) {
        (Some(_), Routing::CatchAll(_)) => Err(Refused::invalid("owner", NO_OWNER)),
        _ => Ok(()),
    }
}

/// Whether the password would go to another program, by another line or for another name.
pub(super) fn is_another_way(before: &Remote, after: &Remote) -> bool {
    let way = |remote: &Remote| {
        (
            remote.host.to_lowercase(),
            remote.port,
            remote.security,
            remote.user.clone(),
        )
    };
    way(before) != way(after)
}

pub(super) const NO_OWNER: &str = "A catch-all shares mail out among accounts and has no owner.";
const NO_OTHER_OWNER: &str = "Only an administrator may give a mailbox to somebody else.";
pub(super) const PASSWORD_AGAIN: &str =
    "Enter the password again: it would be sent to another server or for another name.";
