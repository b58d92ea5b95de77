//! One look at a password: from the place for it to what it leads to.

use std::net::IpAddr;
use std::sync::Arc;

use inhaul_domain::tries::{Answer, Look, NAMES, Tag};
use inhaul_store::{Account, SignIn, StoreError};
use inhaul_types::{Address, Secret};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::marks::Mark;
use super::memory::{Right, Welcome};
use super::{Denied, Judged, Room};

/// A look that goes on. One that is dropped on the way was none.
pub(super) struct Looking {
    room: Arc<Room>,
    /// `None` once it has ended.
    look: Option<Look>,
    as_of: u64,
    pair: Mark,
}

impl Looking {
    pub(super) fn new(room: Arc<Room>, look: Look, as_of: u64, pair: Mark) -> Self {
        Self {
            room,
            look: Some(look),
            as_of,
            pair,
        }
    }

    /// Looks, and says what comes of it. Once it is its turn, the look goes on whether or not
    /// anybody waits for it: a guesser who hung up as soon as an answer is not there at once (the
    /// right one would be) would not be counted otherwise.
    pub(super) async fn look(self, name: &str, password: &Secret, from: IpAddr) -> Judged {
        let is_familiar = self.look.as_ref().is_some_and(Look::is_familiar);
        let places = if is_familiar {
            &self.room.owners
        } else {
            &self.room.strangers
        };
        let Ok(place) = Arc::clone(places).acquire_owned().await else {
            return Judged::Denied(Denied::Store(StoreError::Closing));
        };
        let (reply, answer) = oneshot::channel();
        let (name, password) = (name.to_owned(), password.clone());
        tokio::spawn(async move {
            let room = Arc::clone(&self.room);
            let (judged, counted) = self.hold_against_the_saved(&name, &password).await;
            drop(place);
            // Whoever hung up gets no answer.
            reply.send(judged).ok();
            if let Some(counted) = counted {
                room.log_wrong(&name, from).await;
                room.log_bar(from, counted);
            }
        });
        // It ends without a word where it panicked, or where the whole process ends.
        answer.await.unwrap_or_else(|error| {
            Judged::Denied(Denied::Store(StoreError::Io {
                doing: "check the password",
                source: error.into(),
            }))
        })
    }

    async fn hold_against_the_saved(
        mut self,
        name: &str,
        password: &Secret,
    ) -> (Judged, Option<Answer>) {
        let credentials = Arc::clone(&self.room.credentials);
        match credentials.account_sign_in(name, password).await {
            Ok(SignIn::Welcome(account)) => (self.welcome(account, name), None),
            Ok(SignIn::SwitchedOff { by_group, .. }) => {
                let right = Right::SwitchedOff { by_group };
                (self.right(right, &[]), None)
            }
            Ok(SignIn::Refused) => {
                let answer = self.wrong();
                let delay = answer.map_or_else(Default::default, |answer| answer.delay);
                (Judged::Wrong { delay }, answer)
            }
            Err(error) => (Judged::Denied(Denied::Store(error)), None),
        }
    }

    fn welcome(&mut self, account: Account, name: &str) -> Judged {
        let marker = &self.room.marker;
        let addresses = account.addresses.iter().map(Address::as_str);
        let others = [account.name.as_str()].into_iter().chain(addresses);
        let all = [name]
            .into_iter()
            .chain(others.filter(|other| *other != name));
        let names: Vec<_> = all.take(NAMES).map(|name| marker.name(name)).collect();
        let welcome = Arc::new(Welcome { account, names });
        self.right(Right::Welcome(Arc::clone(&welcome)), &welcome.names)
    }

    fn right(&mut self, right: Right, names: &[Tag]) -> Judged {
        let judged = Judged::from(&right);
        let remembered = Instant::now();
        self.room
            .memory()
            .remember(self.pair, right, self.as_of, remembered);
        if let Some(look) = self.look.take() {
            let now = (self.room.clock)();
            self.room.tries().right(look, names, now);
            self.room.ended.send_replace(());
        }
        judged
    }

    fn wrong(&mut self) -> Option<Answer> {
        let look = self.look.take()?;
        let now = (self.room.clock)();
        let answer = self.room.tries().wrong(look, now);
        self.room.ended.send_replace(());
        Some(answer)
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        if let Some(look) = self.look.take() {
            let now = (self.room.clock)();
            self.room.tries().not_looked_at(look, now);
            self.room.ended.send_replace(());
        }
    }
}

impl Room {
    /// One line for each wrong password, for people and for programs that read logs.
    pub(super) async fn log_wrong(&self, name: &str, from: IpAddr) {
        // A store in trouble says so elsewhere; the line says what is known.
        let account = self.credentials.account_named(name).await.ok().flatten();
        match &account {
            Some(account) => tracing::info!(account, address = %from, "wrong password"),
            None => tracing::info!(address = %from, "wrong sign-in name"),
        }
    }

    /// And one for the moment at which nobody looks any more.
    fn log_bar(&self, from: IpAddr, counted: Answer) {
        if let Some(until) = counted.barred_until {
            tracing::warn!(address = %from, %until, "too many wrong passwords");
        }
    }
}
