//! A catch-all that nobody has saved yet: what would share its mail out, and the audit's row for
//! whoever looked at headers to see.

use inhaul_domain::route::{Place, Router, Rule};
use inhaul_store::{CatchAllSettings, Remote, Store, StoreError};
use inhaul_types::{AccountId, FolderId};

use crate::audit::Change;
use crate::manage::administrators_only;
use crate::words::counted;
use crate::{Actor, Manage, Refused};

/// A catch-all as it would be saved.
#[derive(Clone, Debug)]
pub struct UnsavedCatchAll<'a> {
    /// The maildrop.
    pub remote: &'a Remote,
    /// How it would share out. Its rules' accounts go by number and are shown by `account_name`.
    pub settings: &'a CatchAllSettings,
    /// Who gets what matches nobody,
    pub fallback: AccountId,
    /// their name
    pub fallback_name: &'a str,
    /// and the folder.
    pub fallback_folder: &'a str,
}

impl Manage {
    /// What would share its mail out, with the accounts and limits of this moment.
    pub async fn router_of(
        &self,
        actor: &Actor,
        unsaved: &UnsavedCatchAll<'_>,
    ) -> Result<Router, Refused> {
        administrators_only(actor)?;
        let store = &*self.store;
        let book = store.address_book().await?;
        let mut folders = Folders::of(store);
        let mut rules = Vec::with_capacity(unsaved.settings.rules.len());
        for rule in &unsaved.settings.rules {
            rules.push(Rule {
                address: rule.address.clone(),
                place: folders
                    .place(rule.account, &rule.account_name, &rule.folder)
                    .await?,
            });
        }
        let name = unsaved.fallback_name;
        let fallback = folders
            .place(unsaved.fallback, name, unsaved.fallback_folder)
            .await?;
        let mut catch_all = unsaved.settings.sorting(unsaved.remote, rules, fallback);
        // As for a run: the group of whoever has the fallback may allow fewer.
        let allowance = store.account_allowance(unsaved.fallback).await?;
        if let Some(most) = allowance.limits.recipients {
            catch_all.max_recipients = catch_all.max_recipients.min(most);
        }
        Ok(Router::new(catch_all, &book))
    }

    /// Takes down that somebody looked at so many headers of a maildrop for these domains: they show
    /// senders and subjects of other people's mail.
    pub async fn headers_looked_at(&self, actor: &Actor, headers: u64, of: &str) {
        let looked = counted(headers, "message");
        let change = Change::of("looked at", format!("the headers of {looked} of {of}"));
        self.take_down(actor, [change]).await;
    }
}

/// Folders by account and name. One that is not there yet has a number that no folder has.
struct Folders<'a> {
    store: &'a dyn Store,
    known: Vec<Place>,
    missing: i64,
}

impl<'a> Folders<'a> {
    fn of(store: &'a dyn Store) -> Self {
        Self {
            store,
            known: Vec::new(),
            missing: 0,
        }
    }

    async fn place(
        &mut self,
        account: AccountId,
        account_name: &str,
        folder: &str,
    ) -> Result<Place, StoreError> {
        let is_inbox = folder.eq_ignore_ascii_case(INBOX);
        let name = if is_inbox { INBOX } else { folder };
        let shown = format!("{account_name}/{name}");
        let known = self.known.iter();
        if let Some(place) = known
            .filter(|place| place.account == account)
            .find(|place| place.shown == shown)
        {
            return Ok(place.clone());
        }
        let folders = self.store.folder_list(account).await?;
        let there = folders.iter().find(|folder| folder.name == name);
        let folder = there.map(|folder| folder.id).unwrap_or_else(|| {
            self.missing -= 1;
            FolderId::new(self.missing)
        });
        let place = Place {
            account,
            folder,
            shown,
        };
        self.known.push(place.clone());
        Ok(place)
    }
}

const INBOX: &str = "INBOX";
