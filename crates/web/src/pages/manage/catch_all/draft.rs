//! Catch-alls that are being set up: what was typed, and the headers that were read for it.
//!
//! In memory only, since there is a password in it; gone after an hour without a click, or when the
//! server ends.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use inhaul_domain::route::RecipientSource;
use inhaul_store::{Remote, RemoteSecret};
use inhaul_types::{AccountId, Card, Secret, Timestamp};

use crate::request::Token;
use crate::runs::{Detection, Inspection, Survey};

/// What somebody typed so far.
#[derive(Clone)]
pub(super) struct Draft {
    /// The first step.
    pub(super) mailbox: Mailbox,
    /// How many of the newest messages were looked at.
    pub(super) newest: u32,
    /// Their headers, or why there are none.
    pub(super) survey: Result<Arc<Survey>, Card>,
    /// The header that was chosen in the second step.
    pub(super) source: Option<RecipientSource>,
    /// The third step's lines.
    pub(super) rules: Vec<TypedRule>,
    /// Where everything else goes.
    pub(super) fallback: String,
}

/// The mailbox, after a test that went well.
#[derive(Clone)]
pub(super) struct Mailbox {
    /// Whose mail it gets, the first one first.
    pub(super) domains: Vec<String>,
    /// The remote side.
    pub(super) remote: Remote,
    /// Its password.
    pub(super) password: Secret,
    /// What the test found.
    pub(super) found: Inspection,
}

impl Mailbox {
    /// The domain by which a person knows it.
    pub(super) fn domain(&self) -> &str {
        self.domains.first().map_or("", String::as_str)
    }

    /// The password as it is saved.
    pub(super) fn secret(&self) -> RemoteSecret {
        RemoteSecret::Stored(self.password.clone())
    }
}

/// A rule as it was typed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct TypedRule {
    /// The address.
    pub(super) address: String,
    /// The account and the folder.
    pub(super) to: String,
}

impl TypedRule {
    /// Whether nothing stands in it.
    pub(super) fn is_empty(&self) -> bool {
        self.address.is_empty() && self.to.is_empty()
    }
}

/// All drafts. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Drafts {
    kept: Arc<Mutex<VecDeque<Kept>>>,
    /// Servers that were found to have an authority of their own: the file is in no form.
    authorities: Arc<Mutex<VecDeque<Authority>>>,
}

struct Authority {
    host: String,
    port: u16,
    file: PathBuf,
}

struct Kept {
    id: String,
    account: AccountId,
    used: Timestamp,
    draft: Draft,
}

/// Drafts at once: each may hold 4 MiB of headers, and one installation is set up by few.
const MOST: usize = 8;
/// How long one is kept that nobody touches.
const KEPT_FOR: Duration = Duration::from_secs(3600);

impl Drafts {
    /// Keeps a new one; the one that was not touched for longest gives way. Fails only where the
    /// system has no random octets.
    pub(super) fn begin(
        &self,
        account: AccountId,
        now: Timestamp,
        draft: Draft,
    ) -> io::Result<String> {
        let id = Token::new()?.reveal().to_owned();
        self.put(id.clone(), account, now, draft);
        Ok(id)
    }

    /// What an account typed under this name.
    pub(super) fn find(&self, id: &str, account: AccountId, now: Timestamp) -> Option<Draft> {
        let kept = self.fresh(now);
        let is_meant = |one: &&Kept| one.id == id && one.account == account;
        kept.iter().find(is_meant).map(|one| one.draft.clone())
    }

    /// Keeps it as it is now.
    pub(super) fn put(&self, id: String, account: AccountId, now: Timestamp, draft: Draft) {
        let mut kept = self.fresh(now);
        kept.retain(|one| one.id != id);
        while kept.len() >= MOST {
            kept.pop_front();
        }
        kept.push_back(Kept {
            id,
            account,
            used: now,
            draft,
        });
    }

    /// It was saved.
    pub(super) fn forget(&self, id: &str, now: Timestamp) {
        self.fresh(now).retain(|one| one.id != id);
    }

    /// What detection found says whose certificates to trust there.
    pub(super) fn found(&self, found: &Detection) {
        let Some(file) = found.ca_file.clone() else {
            return;
        };
        let mut known = self.authorities();
        while known.len() >= MOST {
            known.pop_front();
        }
        known.push_back(Authority {
            host: found.host.clone(),
            port: found.port,
            file,
        });
    }

    /// The authority of a server that was found.
    pub(super) fn authority_of(&self, host: &str, port: u16) -> Option<PathBuf> {
        let known = self.authorities();
        let is_meant = |one: &&Authority| one.host.eq_ignore_ascii_case(host) && one.port == port;
        let found = known.iter().rev().find(is_meant);
        found.map(|one| one.file.clone())
    }

    fn authorities(&self) -> MutexGuard<'_, VecDeque<Authority>> {
        let known = self.authorities.lock();
        known.unwrap_or_else(PoisonError::into_inner)
    }

    fn fresh(&self, now: Timestamp) -> MutexGuard<'_, VecDeque<Kept>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| now.since(one.used) < KEPT_FOR);
        kept
    }
}

#[cfg(test)]
mod tests {
    use inhaul_store::Security;

    use super::*;
    use crate::runs::Origin;

    #[test]
    fn a_server_that_was_found_keeps_its_authority_and_gives_it_to_no_other() {
        let drafts = Drafts::default();
        let found = |host: &str, port, file: Option<&str>| Detection {
            host: host.into(),
            port,
            security: Security::StartTls,
            ca_file: file.map(PathBuf::from),
            user: "postmaster@firm.example".into(),
            other_user: None,
            origin: Origin::Guess,
            notes: Vec::new(),
            not_possible: None,
        };
        drafts.found(&found("pop.firm.example", 110, None));
        drafts.found(&found("pop.isp.example", 110, Some("/tmp/isp.pem")));
        for (host, port, file) in [
            ("POP.isp.example", 110, Some("/tmp/isp.pem")),
            ("pop.isp.example", 995, None),
            ("pop.firm.example", 110, None),
        ] {
            let authority = drafts.authority_of(host, port);
            assert_eq!(authority, file.map(PathBuf::from), "{host} {port}");
        }
    }
}
