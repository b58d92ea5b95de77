//! The desk: takes what is seen of retrievals and mailboxes, asks `domain` what is to be told, writes letters.
//!
//! What was told and the letters about it are recorded in one transaction, and only then the desk
//! counts them as told: if the memory fails, the same is decided again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use inhaul_domain::notices::{
    Event, Gathered, Gathering, Listener, News, Place, Sight, Told, Trouble, Urgency, gather,
};
use inhaul_domain::providers;
use inhaul_types::{AccountId, Card, Facts, RetrievalId, Timestamp};

use crate::letters::{for_inbox, for_machines, new_id};
use crate::mailboxes::{MailboxDesk, MailboxSight};
use crate::memory::{Key, Memory, MemoryError, NewLetter};
use crate::notice::{About, Kind, Notice};
use crate::settings::Settings;

/// A person with an inbox here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Person {
    /// Their account.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// Their address, for the field `To`.
    pub address: Option<String>,
}

/// What is seen of a retrieval: after each run, when it is paused, changed or resumed, and once for
/// each of them at start.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Which.
    pub retrieval: RetrievalId,
    /// Its name.
    pub name: String,
    /// Its remote server.
    pub host: String,
    /// Whose mail it brings: its owner, or the account it delivers to.
    pub owner: Person,
    /// How it stands.
    pub sight: Sight,
    /// What is wrong, where it is in trouble; made of the code where it is missing.
    pub card: Option<Card>,
    /// Messages stored since the last observation.
    pub stored: u64,
}

/// What is known of a retrieval for the words of a notice.
struct Known {
    name: String,
    host: String,
    owner: Person,
    card: Option<Card>,
}

/// Decides and writes. Owns what was told.
pub struct Desk {
    settings: Arc<Settings>,
    memory: Arc<dyn Memory>,
    told: HashMap<RetrievalId, Told>,
    server: Told,
    mailboxes: MailboxDesk,
    /// Of open retrievals only: of the others there is nothing to say.
    known: HashMap<RetrievalId, Known>,
    /// Active retrievals and the lower-case names of their servers.
    host_of: HashMap<RetrievalId, Arc<str>>,
    /// How many active retrievals a server has.
    at_host: HashMap<Arc<str>, usize>,
    /// Changed since it was recorded.
    unrecorded: BTreeSet<Key>,
    /// Those about which something may be told.
    open: BTreeSet<RetrievalId>,
}

impl Desk {
    /// Reads what was told before. A row that does not read is begun anew: it may tell once more,
    /// which is better than never.
    pub async fn load(
        settings: Arc<Settings>,
        memory: Arc<dyn Memory>,
    ) -> Result<Self, MemoryError> {
        let mut desk = Self {
            settings,
            memory,
            told: HashMap::new(),
            server: Told::default(),
            mailboxes: MailboxDesk::default(),
            known: HashMap::new(),
            host_of: HashMap::new(),
            at_host: HashMap::new(),
            unrecorded: BTreeSet::new(),
            open: BTreeSet::new(),
        };
        for (key, text) in desk.memory.told_load().await? {
            let told = Told::parse(&text).unwrap_or_else(|error| {
                tracing::error!(?key, %error, "begins anew");
                Told::default()
            });
            match key {
                Key::Server => desk.server = told,
                Key::Retrieval(id) => {
                    desk.told.insert(id, told);
                }
                Key::Mailbox(account) => desk.mailboxes.load(account, told),
            }
        }
        Ok(desk)
    }

    /// Takes what is seen of a retrieval. Nothing is told before [`Desk::settle`].
    pub fn observe(&mut self, seen: Observation, now: Timestamp) {
        let id = seen.retrieval;
        let told = self.told.entry(id).or_default();
        let before = told.clone();
        told.observe(seen.sight, seen.stored, now);
        if *told != before {
            self.unrecorded.insert(Key::Retrieval(id));
        }
        let (is_open, is_new) = (told.is_open(), *told == Told::default());
        if is_new {
            self.told.remove(&id);
        }
        self.count_host(id, (seen.sight != Sight::Paused).then_some(&*seen.host));
        let was = self.known.remove(&id);
        if !is_open {
            self.open.remove(&id);
            return;
        }
        self.open.insert(id);
        let known = Known {
            // A recovery speaks of what was wrong.
            card: seen.card.or_else(|| was.and_then(|was| was.card)),
            name: seen.name,
            host: seen.host,
            owner: seen.owner,
        };
        self.known.insert(id, known);
    }

    /// A retrieval was removed: nothing is said of it any more.
    pub fn forget(&mut self, id: RetrievalId) {
        self.count_host(id, None);
        self.known.remove(&id);
        self.told.remove(&id);
        self.open.remove(&id);
        self.unrecorded.remove(&Key::Retrieval(id));
    }

    /// Takes what is seen of a mailbox here. Nothing is told before [`Desk::settle`].
    pub fn observe_mailbox(&mut self, seen: MailboxSight, now: Timestamp) {
        self.mailboxes.observe(seen, now);
    }

    /// An account was removed: nothing is said of its mailbox any more.
    pub fn forget_mailbox(&mut self, account: AccountId) {
        self.mailboxes.forget(account);
    }

    /// Accounts whose mailboxes somebody believes to hold more than they may.
    pub fn open_mailboxes(&self) -> Vec<AccountId> {
        self.mailboxes.open()
    }

    /// This server has no internet connection since then, or has one.
    pub fn line(&mut self, offline_since: Option<Timestamp>, now: Timestamp) {
        let sight = offline_since.map_or(Sight::Works, |since| {
            Sight::InTrouble(Trouble {
                urgency: Urgency::Failing,
                code: None,
                since,
            })
        });
        let before = self.server.clone();
        self.server.observe(sight, 0, now);
        if self.server != before {
            self.unrecorded.insert(Key::Server);
        }
    }

    /// Decides what is to be told now and records it with its letters. Returns how many letters
    /// there are. Costs little where nothing is open, so it may be called after every run, and has
    /// to be called each minute: reminders and gatherings come due without a run.
    pub async fn settle(&mut self, now: Timestamp) -> Result<usize, MemoryError> {
        let mut draft = self.draft();
        let mut letters = Vec::new();
        self.tell_owners(&mut draft, &mut letters, now);
        self.tell_admins(&mut draft, &mut letters, now);
        let mut server = self.server.clone();
        self.tell_of_line(&mut server, &mut letters, now);
        let mailboxes = self.mailboxes.tell(&self.settings, &mut letters, now);

        let mut rows = Vec::new();
        for (id, told) in &draft {
            let key = Key::Retrieval(*id);
            if self.unrecorded.contains(&key) || self.told.get(id) != Some(told) {
                rows.push((key, told.to_text()));
            }
        }
        if self.unrecorded.contains(&Key::Server) || server != self.server {
            rows.push((Key::Server, server.to_text()));
        }
        rows.extend(self.mailboxes.rows(&mailboxes));
        if rows.is_empty() && letters.is_empty() {
            return Ok(0);
        }
        let count = letters.len();
        self.memory.record(rows, letters).await?;
        self.keep(draft, server);
        self.mailboxes.keep(mailboxes);
        Ok(count)
    }

    /// Copies of what may change: those that changed already, and those that are open.
    fn draft(&self) -> BTreeMap<RetrievalId, Told> {
        let changed = self.unrecorded.iter().filter_map(|key| match key {
            Key::Retrieval(id) => Some(id),
            Key::Server | Key::Mailbox(_) => None,
        });
        let ids = changed.chain(&self.open);
        ids.filter_map(|id| Some((*id, self.told.get(id)?.clone())))
            .collect()
    }

    fn keep(&mut self, draft: BTreeMap<RetrievalId, Told>, server: Told) {
        for (id, told) in draft {
            if !told.is_open() {
                self.open.remove(&id);
                self.known.remove(&id);
            }
            self.told.insert(id, told);
        }
        self.server = server;
        self.unrecorded.clear();
    }

    fn tell_owners(
        &self,
        draft: &mut BTreeMap<RetrievalId, Told>,
        letters: &mut Vec<NewLetter>,
        now: Timestamp,
    ) {
        let manner = self.settings.manner;
        for (id, told) in draft {
            if !self.settings.owner_inbox {
                told.pass_over(Listener::Owner, manner, now);
                continue;
            }
            let Some(known) = self.known.get(id) else {
                continue;
            };
            let Some(news) = told.tell(Listener::Owner, manner, now) else {
                continue;
            };
            // Whose notice it is hears of this one retrieval.
            let in_trouble = usize::from(news.event != Event::WorksAgain);
            let notice = self.notice(&[(*id, news)], in_trouble, false, now);
            letters.push(for_inbox(&self.settings, &notice, &known.owner));
        }
    }

    fn tell_admins(
        &self,
        draft: &mut BTreeMap<RetrievalId, Told>,
        letters: &mut Vec<NewLetter>,
        now: Timestamp,
    ) {
        let mut open: Vec<_> = draft
            .iter_mut()
            .filter_map(|(id, told)| {
                let host = &self.known.get(id)?.host;
                told.is_open().then_some(Gathering {
                    retrieval: *id,
                    host,
                    told,
                })
            })
            .collect();
        let at_host = |host: &str| self.at_host.get(host).copied().unwrap_or(0);
        for gathered in gather(&mut open, self.settings.manner, now, at_host) {
            self.write_for_admins(&gathered, letters, now);
        }
    }

    fn write_for_admins(&self, gathered: &Gathered, letters: &mut Vec<NewLetter>, now: Timestamp) {
        let is_here = gathered.place == Place::Here;
        let notice = self.notice(&gathered.members, gathered.in_trouble, is_here, now);
        // Whose own mailboxes these are has it in the inbox already.
        let owns = |admin: &Person| {
            let mut owners = gathered.members.iter().map(|(id, _)| self.known.get(id));
            owners.all(|known| known.is_some_and(|known| known.owner.account == admin.account))
        };
        if let Some(admin) = &self.settings.admin
            && !(self.settings.owner_inbox && owns(admin))
        {
            letters.push(for_inbox(&self.settings, &notice, admin));
        }
        letters.extend(for_machines(&self.settings, &notice));
    }

    fn tell_of_line(&self, server: &mut Told, letters: &mut Vec<NewLetter>, now: Timestamp) {
        let Some(news) = server.tell(Listener::Admin, self.settings.manner, now) else {
            return;
        };
        let notice = Notice {
            id: new_id(),
            kind: match news.event {
                Event::Begins | Event::Reminder => Kind::Offline,
                Event::WorksAgain => Kind::Online,
            },
            at: now,
            since: news.trouble.since,
            lasted: news.lasted,
            about: Vec::new(),
            in_trouble: 0,
            is_here: true,
            mailboxes: None,
        };
        letters.extend(
            self.settings
                .admin
                .as_ref()
                .map(|admin| for_inbox(&self.settings, &notice, admin)),
        );
        letters.extend(for_machines(&self.settings, &notice));
    }

    fn notice(
        &self,
        members: &[(RetrievalId, News)],
        in_trouble: usize,
        is_here: bool,
        now: Timestamp,
    ) -> Notice {
        let first = members.first().map(|(_, news)| news);
        let kind = match first.map(|news| (news.event, news.trouble.urgency)) {
            Some((Event::WorksAgain, _)) => Kind::WorksAgain,
            Some((Event::Reminder, _)) => Kind::Reminder,
            Some((Event::Begins, Urgency::NeedsYou)) => Kind::NeedsYou,
            Some((Event::Begins, Urgency::Failing)) | None => Kind::Failing,
        };
        Notice {
            id: new_id(),
            kind,
            at: now,
            since: first.map_or(now, |news| news.trouble.since),
            lasted: first.map(|news| news.lasted).unwrap_or_default(),
            about: members
                .iter()
                .filter_map(|(id, news)| self.about(*id, news))
                .collect(),
            in_trouble,
            is_here,
            mailboxes: None,
        }
    }

    fn about(&self, id: RetrievalId, news: &News) -> Option<About> {
        let known = self.known.get(&id)?;
        let code = news.trouble.code;
        let seen = known.card.as_ref().filter(|card| Some(card.code) == code);
        let made = || {
            let facts = Facts {
                server: Some(known.host.clone()),
                provider: providers::for_cards(&known.host),
                retrieval: Some(known.name.clone()),
                failing_since: Some(news.trouble.since),
                ..Facts::default()
            };
            code.map(|code| Card::of(code, &facts))
        };
        Some(About {
            retrieval: id,
            name: known.name.clone(),
            host: known.host.clone(),
            account: known.owner.name.clone(),
            since: news.trouble.since,
            card: seen.cloned().or_else(made),
            came: news.came,
            quiet_until: news.quiet_until,
        })
    }

    /// Counts an active retrieval where it is now, and no longer where it was.
    fn count_host(&mut self, id: RetrievalId, host: Option<&str>) {
        let host = host.map(str::to_ascii_lowercase);
        if self.host_of.get(&id).map(|host| &**host) == host.as_deref() {
            return;
        }
        if let Some(was) = self.host_of.remove(&id)
            && let Some(count) = self.at_host.get_mut(&was)
        {
            *count -= 1;
            if *count == 0 {
                self.at_host.remove(&was);
            }
        }
        if let Some(host) = host {
            let shared = self
                .at_host
                .get_key_value(&*host)
                .map(|(host, _)| Arc::clone(host));
            let shared = shared.unwrap_or_else(|| host.into());
            *self.at_host.entry(Arc::clone(&shared)).or_default() += 1;
            self.host_of.insert(id, shared);
        }
    }
}
