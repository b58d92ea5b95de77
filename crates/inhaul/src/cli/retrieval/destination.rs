//! Where a retrieval's mail goes: to one account and folder, or shared out with a fallback. What
//! does not go together is said in the same words by `retrieval add` and `retrieval set`.

use inhaul_store::{Retrieval, Routing, Store};
use inhaul_types::AccountId;

use super::add::Add;
use super::set::Set;
use crate::exit::Failure;

impl Add {
    /// Says what does not go together before anything is asked.
    pub(super) fn check_destination(&self) -> Result<(), Failure> {
        let shares = self.catch_all.makes_one();
        if shares && self.to.is_some() {
            return Err(to_or_catch_all());
        }
        if shares && self.owner.is_some() {
            return Err(no_owner());
        }
        if shares && self.folder.is_some() {
            return Err(folder_of_fallback());
        }
        match (shares, self.catch_all.detail()) {
            (false, Some(option)) => Err(Failure::usage(format!("{option} is for catch-alls"))
                .hint("Add --catch-all auto, --catch-all to-cc or --catch-all HEADER.")),
            (false, None) if self.to.is_none() => Err(Failure::usage(
                "nothing says where the mail goes",
            )
            .hint("Write --to ACCOUNT, or --catch-all auto --fallback ACCOUNT to share it out.")),
            _ => Ok(()),
        }
    }

    /// Account and folder, those of the fallback where it is a catch-all.
    pub(super) async fn destination(
        &self,
        store: &dyn Store,
    ) -> Result<(AccountId, String, Routing), Failure> {
        if let Some(to) = &self.to {
            let account = store.account_by_name(to).await?.id;
            let folder = self.folder.clone().unwrap_or_else(|| "INBOX".to_owned());
            return Ok((account, folder, Routing::Single));
        }
        let fallback = self.catch_all.fallback(store).await?;
        let (account, folder) = fallback.ok_or_else(no_fallback)?;
        let settings = self.catch_all.clone().settings(store, None).await?;
        Ok((account, folder, Routing::CatchAll(settings)))
    }
}

impl Set {
    /// Where its mail goes from now on, as far as that is to change. `--to` makes a catch-all bring
    /// all of its mail to one account again.
    pub(super) async fn goes_to(
        &self,
        store: &dyn Store,
        now: &Retrieval,
    ) -> Result<(Option<(AccountId, String)>, Option<Routing>), Failure> {
        let shared = now.routing.catch_all();
        let makes_one = self.catch_all.makes_one();
        if self.to.is_some() && makes_one {
            return Err(to_or_catch_all());
        }
        let is_shared_then = makes_one || (shared.is_some() && self.to.is_none());
        if !is_shared_then {
            if let Some(option) = self.catch_all.detail() {
                let what = format!("{option} is for catch-alls");
                return Err(
                    Failure::usage(what).hint("Add --catch-all auto to share its mail out.")
                );
            }
            let destination = self.destination(store, now).await?;
            return Ok((destination, shared.is_some().then_some(Routing::Single)));
        }
        if self.folder.is_some() {
            return Err(folder_of_fallback());
        }
        if now.owner.is_some() {
            return Err(no_owner());
        }
        let fallback = self.catch_all.fallback(store).await?;
        if fallback.is_none() && shared.is_none() {
            return Err(no_fallback());
        }
        let settings = self.catch_all.clone().settings(store, shared).await?;
        let routing = Routing::CatchAll(settings);
        Ok((fallback, (routing != now.routing).then_some(routing)))
    }

    /// The account and folder from now on, if one of them is named.
    async fn destination(
        &self,
        store: &dyn Store,
        now: &Retrieval,
    ) -> Result<Option<(AccountId, String)>, Failure> {
        if self.to.is_none() && self.folder.is_none() {
            return Ok(None);
        }
        let account = match &self.to {
            Some(name) => store.account_by_name(name).await?.id,
            None => now.account,
        };
        if now.owner.is_some_and(|owner| owner != account) {
            return Err(Failure::usage(
                "a user retrieval delivers to its owner only",
            ));
        }
        let folder = self.folder.clone();
        Ok(Some((
            account,
            folder.unwrap_or_else(|| now.folder_name.clone()),
        )))
    }
}

fn to_or_catch_all() -> Failure {
    Failure::usage("--to and --catch-all exclude each other").hint(
        "--to brings all of it to one account, --catch-all shares it out; what matches nobody goes to --fallback.",
    )
}

fn no_owner() -> Failure {
    Failure::usage("a catch-all shares mail out among accounts and has no owner")
}

fn folder_of_fallback() -> Failure {
    Failure::usage("--folder goes with --to")
        .hint("Write the folder behind the account: --fallback ACCOUNT/FOLDER.")
}

fn no_fallback() -> Failure {
    Failure::usage("a catch-all needs --fallback: who gets what matches nobody").hint(
        "Write --fallback ACCOUNT or --fallback ACCOUNT/FOLDER. An account that nobody signs in to: inhaul account add unclaimed --no-password.",
    )
}
