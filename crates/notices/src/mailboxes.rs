//! The desk's part for mailboxes here that hold more than they may: their owners hear of it, and the
//! administrators of all of them at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use inhaul_domain::notices::{Event, Fill, Listener, News, Told};
use inhaul_types::{AccountId, Octets, Timestamp};

use crate::desk::Person;
use crate::letters::{for_inbox, for_machines, new_id};
use crate::memory::{Key, NewLetter};
use crate::notice::{self, Kind, Notice, Overfull};
use crate::settings::Settings;

/// What is seen of a mailbox that a catch-all fills whatever it holds: when a run put mail into it,
/// when it is looked at again, and once at start for each that was told of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MailboxSight {
    /// Whose mailbox it is.
    pub owner: Person,
    /// How much more than it may it holds; none where it does not.
    pub over: Option<Excess>,
}

/// How much a mailbox holds that holds more than it may.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Excess {
    /// Octets it holds.
    pub used: Octets,
    /// Octets it may hold.
    pub limit: Octets,
    /// The name of the catch-all that fills it, where it is known.
    pub through: Option<String>,
}

/// What was told of mailboxes, and what they hold.
#[derive(Default)]
pub(crate) struct MailboxDesk {
    told: BTreeMap<AccountId, Told>,
    /// Of those over their limit only: of the others there is nothing to say.
    known: HashMap<AccountId, (Person, Excess)>,
    /// Changed since it was recorded.
    unrecorded: BTreeSet<AccountId>,
}

/// What counts as told when the letters about it are recorded.
pub(crate) type Draft = BTreeMap<AccountId, Told>;

impl MailboxDesk {
    /// What was told before the start.
    pub(crate) fn load(&mut self, account: AccountId, told: Told) {
        self.told.insert(account, told);
    }

    /// Those of which something may be told without a new sight.
    pub(crate) fn open(&self) -> Vec<AccountId> {
        let open = self.told.iter().filter(|(_, told)| told.is_open());
        open.map(|(account, _)| *account).collect()
    }

    pub(crate) fn observe(&mut self, seen: MailboxSight, now: Timestamp) {
        let account = seen.owner.account;
        let told = self.told.entry(account).or_default();
        let before = told.clone();
        let fill = match seen.over {
            Some(_) => Fill::Over,
            None => Fill::Within,
        };
        told.observe_fill(fill, now);
        if *told != before {
            self.unrecorded.insert(account);
        } else if *told == Told::default() {
            self.told.remove(&account);
        }
        match seen.over {
            Some(excess) => self.known.insert(account, (seen.owner, excess)),
            None => self.known.remove(&account),
        };
    }

    pub(crate) fn forget(&mut self, account: AccountId) {
        self.told.remove(&account);
        self.known.remove(&account);
        self.unrecorded.remove(&account);
    }

    /// Writes what is to be told now. It counts as told when it was [kept](Self::keep).
    pub(crate) fn tell(
        &self,
        settings: &Settings,
        letters: &mut Vec<NewLetter>,
        now: Timestamp,
    ) -> Draft {
        let mut draft: Draft = self
            .told
            .iter()
            .filter(|(account, told)| told.is_open() || self.unrecorded.contains(account))
            .map(|(account, told)| (*account, told.clone()))
            .collect();
        self.tell_owners(&mut draft, settings, letters, now);
        self.tell_admins(&mut draft, settings, letters, now);
        draft
    }

    /// The rows of a draft that are to be written.
    pub(crate) fn rows(&self, draft: &Draft) -> Vec<(Key, String)> {
        let is_new = |(account, told): &(&AccountId, &Told)| {
            self.unrecorded.contains(account) || self.told.get(account) != Some(told)
        };
        let new = draft.iter().filter(is_new);
        new.map(|(account, told)| (Key::Mailbox(*account), told.to_text()))
            .collect()
    }

    /// The draft was recorded.
    pub(crate) fn keep(&mut self, draft: Draft) {
        self.told.extend(draft);
        self.unrecorded.clear();
    }

    fn tell_owners(
        &self,
        draft: &mut Draft,
        settings: &Settings,
        letters: &mut Vec<NewLetter>,
        now: Timestamp,
    ) {
        for (account, told) in draft {
            if !settings.owner_inbox {
                told.pass_over(Listener::Owner, settings.manner, now);
                continue;
            }
            let Some((owner, _)) = self.known.get(account) else {
                continue;
            };
            if let Some(news) = told.tell_of_fill(Listener::Owner, settings.manner, now) {
                let notice = self.notice(Listener::Owner, &[(*account, news)], now);
                letters.push(for_inbox(settings, &notice, owner));
            }
        }
    }

    /// What is new makes one notice and what lasts another, each of all mailboxes.
    fn tell_admins(
        &self,
        draft: &mut Draft,
        settings: &Settings,
        letters: &mut Vec<NewLetter>,
        now: Timestamp,
    ) {
        let (mut new, mut old) = (Vec::new(), Vec::new());
        for (account, told) in draft {
            if !self.known.contains_key(account) {
                continue;
            }
            let Some(news) = told.tell_of_fill(Listener::Admin, settings.manner, now) else {
                continue;
            };
            match news.event {
                Event::Reminder => old.push((*account, news)),
                Event::Begins | Event::WorksAgain => new.push((*account, news)),
            }
        }
        for members in [new, old] {
            if members.is_empty() {
                continue;
            }
            let notice = self.notice(Listener::Admin, &members, now);
            // Whose own mailbox this is has it in the inbox already.
            let is_theirs = |admin: &Person| {
                settings.owner_inbox && members.iter().all(|(account, _)| *account == admin.account)
            };
            let admin = settings.admin.as_ref().filter(|admin| !is_theirs(admin));
            letters.extend(admin.map(|admin| for_inbox(settings, &notice, admin)));
            letters.extend(for_machines(settings, &notice));
        }
    }

    /// `members` is never empty.
    fn notice(&self, reader: Listener, members: &[(AccountId, News)], now: Timestamp) -> Notice {
        let longest = members.iter().map(|(_, news)| news);
        let longest = longest.min_by_key(|news| news.trouble.since);
        let kind = match longest.map(|news| news.event) {
            Some(Event::Reminder) => Kind::Reminder,
            _ => Kind::OverLimit,
        };
        let over = members.iter().filter_map(|(account, news)| {
            let (owner, excess) = self.known.get(account)?;
            Some(Overfull {
                account: owner.name.clone(),
                used: excess.used,
                limit: excess.limit,
                through: excess.through.clone(),
                quiet_until: news.quiet_until,
            })
        });
        Notice {
            id: new_id(),
            kind,
            at: now,
            since: longest.map_or(now, |news| news.trouble.since),
            lasted: longest.map(|news| news.lasted).unwrap_or_default(),
            about: Vec::new(),
            in_trouble: 0,
            is_here: true,
            mailboxes: Some(notice::Mailboxes {
                reader,
                over: over.collect(),
            }),
        }
    }
}
