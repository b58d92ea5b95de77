//! What "Check mail" does for somebody: their group may have it switched off.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use inhaul_domain::spans::to_wait_briefly;
use inhaul_store::{Account, StoreError, Triggers};
use inhaul_types::{AccountId, Activation, GroupId};
use tokio::time::Instant;

use crate::app::App;

/// What "Check mail" does for somebody.
#[derive(Clone, Debug, Default)]
pub(crate) struct CheckButton {
    /// It checks; otherwise it only shows the inbox anew.
    pub(crate) is_on: bool,
    /// They may wait for a message.
    pub(crate) can_wait: bool,
    /// Why it does not check.
    pub(crate) tooltip: Option<String>,
    /// The check that goes on, for the dock.
    pub(crate) current: Option<String>,
}

/// The button of an account.
pub(crate) async fn button(app: &App, account: &Account) -> Result<CheckButton, StoreError> {
    let switches = app.checks().switches.read(app).await?;
    let triggers = switches.get(&account.group_id);
    let may = |activation| triggers.is_some_and(|triggers| triggers.contains_key(&activation));
    let is_on = may(Activation::Button);
    let current = app.checks().current(account.id);
    // What opening a folder began is no reason for a dock.
    let current = current.filter(|check| check.activation != Activation::Folder);
    Ok(CheckButton {
        is_on,
        can_wait: may(Activation::Waiting),
        tooltip: (!is_on).then(|| by_schedule(app, account.id)),
        current: current.map(|check| check.id.to_string()),
    })
}

fn by_schedule(app: &App, account: AccountId) -> String {
    let theirs = app.runs().states_where(&|row| row.account == account);
    match theirs.into_iter().filter_map(|state| state.next).min() {
        Some(next) => {
            let wait = to_wait_briefly(next.since(app.now()));
            format!("Mail is brought in on a schedule. Next: in {wait}.")
        }
        None => "Mail is brought in on a schedule.".to_owned(),
    }
}

/// What each group lets its people begin: asked for on every page, changed twice a year.
#[derive(Default)]
pub(crate) struct Switches(Mutex<Option<(Instant, Groups)>>);

type Groups = Arc<HashMap<GroupId, Triggers>>;

impl Switches {
    async fn read(&self, app: &App) -> Result<Groups, StoreError> {
        if let Some((read, groups)) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner)
            && read.elapsed() < FRESH
        {
            return Ok(Arc::clone(groups));
        }
        let groups = app.store().group_list().await?.into_iter();
        let groups: Groups = Arc::new(groups.map(|group| (group.id, group.triggers)).collect());
        let read = (Instant::now(), Arc::clone(&groups));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(read);
        Ok(groups)
    }
}

impl fmt::Debug for Switches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switches").finish_non_exhaustive()
    }
}

/// A page may show the button of so long ago; what it does is decided anew at each press.
const FRESH: Duration = Duration::from_secs(10);
