//! The row of runs that wait for a place, and who is next.
//!
//! Owns the tickets that wait and those that hold a place. Bounds: all together, one host, one
//! account, one maildrop (RFC 1939 section 4 lets one session have it at a time). A ticket whose
//! host, account or maildrop has no free place lets those behind it pass, so one host's long row
//! blocks nobody else. Start at [`Queue::push`].
//!
//! Each host has a row for each account, and all hosts that could take a run now stand in order of
//! their first ticket: the next one is found without looking at the others that wait.

mod host;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use inhaul_types::{AccountId, RetrievalId};

use host::Host;

/// How much goes on at the same time, and how much may wait. Zero counts as one: a queue that
/// starts nothing would hold what it has for ever.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bounds {
    /// Runs, all together.
    pub at_once: usize,
    /// Runs on one host.
    pub per_host: usize,
    /// Tickets that wait.
    pub size: usize,
}

/// Who goes first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Priority {
    /// Somebody waits for it.
    Person,
    /// Nobody waits for it.
    Schedule,
}

/// A run that wants a place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ticket {
    /// What is to run.
    pub retrieval: RetrievalId,
    /// The remote host, as all its retrievals write it.
    pub host: Arc<str>,
    /// The remote user: with the host, the maildrop.
    pub user: Arc<str>,
    /// Whose run it is.
    pub account: AccountId,
    /// How many runs that account may have at once; `None` is no limit.
    pub account_at_once: Option<u32>,
    /// Who goes first.
    pub priority: Priority,
}

/// Names a ticket from its push to its end.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TicketId(u64);

/// A ticket that waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Queued {
    /// Its name.
    pub id: TicketId,
    /// How many are before it.
    pub position: usize,
}

/// There is no room for another ticket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Full {
    /// How many wait.
    pub size: usize,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} runs are waiting, and there is no room for more",
            self.size
        )
    }
}

impl std::error::Error for Full {}

/// Runs that wait, and runs that go on.
#[derive(Clone, Debug)]
pub struct Queue {
    bounds: Bounds,
    /// Counts pushes and promotions: the order inside a priority.
    pushed: u64,
    /// People's tickets since one of the schedule's was promoted.
    people: u32,
    waiting: HashMap<TicketId, Waiting>,
    running: HashMap<TicketId, Ticket>,
    /// All that wait, in order.
    order: BTreeMap<Key, TicketId>,
    /// How many of them go before all of the schedule's.
    urgent: usize,
    hosts: HashMap<Arc<str>, Host>,
    /// Hosts with a free place and a ticket that can take it, by the place of that ticket.
    fronts: BTreeSet<(Key, Arc<str>)>,
    accounts: HashMap<AccountId, Account>,
    maildrops: HashMap<(Arc<str>, Arc<str>), Maildrop>,
}

/// Place of a ticket in the order: by priority, then by age.
type Key = (Priority, u64);

#[derive(Clone, Debug)]
struct Waiting {
    ticket: Ticket,
    key: Key,
}

#[derive(Clone, Debug, Default)]
struct Account {
    running: usize,
    at_once: Option<u32>,
    /// Hosts at which its tickets wait, and how many.
    hosts: HashMap<Arc<str>, usize>,
}

#[derive(Clone, Debug, Default)]
struct Maildrop {
    running: bool,
    /// While a run has the maildrop these are in no row of their host.
    waiting: BTreeSet<TicketId>,
}

impl Account {
    fn has_place(&self) -> bool {
        self.at_once
            .is_none_or(|most| self.running < usize::try_from(most.max(1)).unwrap_or(usize::MAX))
    }
}

impl Queue {
    /// An empty queue.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds: at_least_one(bounds),
            pushed: 0,
            people: 0,
            waiting: HashMap::new(),
            running: HashMap::new(),
            order: BTreeMap::new(),
            urgent: 0,
            hosts: HashMap::new(),
            fronts: BTreeSet::new(),
            accounts: HashMap::new(),
            maildrops: HashMap::new(),
        }
    }

    /// Takes other bounds. What waits or runs beyond them stays.
    pub fn set_bounds(&mut self, bounds: Bounds) {
        self.bounds = at_least_one(bounds);
        let hosts: Vec<Arc<str>> = self.hosts.keys().cloned().collect();
        for host in hosts {
            self.change_host(&host, |_| {});
        }
    }

    /// Puts a ticket into the row. The account's bound it brings holds from now on.
    pub fn push(&mut self, ticket: Ticket) -> Result<Queued, Full> {
        if self.waiting.len() >= self.bounds.size {
            let size = self.bounds.size;
            return Err(Full { size });
        }
        self.bound_account(ticket.account, ticket.account_at_once);
        let id = TicketId(self.pushed);
        let key = (ticket.priority, self.next_place());
        let account = self.accounts.entry(ticket.account).or_default();
        *account.hosts.entry(ticket.host.clone()).or_default() += 1;
        let maildrop = (ticket.host.clone(), ticket.user.clone());
        self.maildrops
            .entry(maildrop)
            .or_default()
            .waiting
            .insert(id);
        let position = match ticket.priority {
            Priority::Person => self.urgent,
            Priority::Schedule => self.order.len(),
        };
        let person = ticket.priority == Priority::Person;
        self.order.insert(key, id);
        self.waiting.insert(id, Waiting { ticket, key });
        self.open(id);
        if person {
            self.urgent += 1;
            self.promote_one_in_a_while();
        }
        Ok(Queued { id, position })
    }

    /// Gives the first ticket whose host, account and maildrop have a free place that place, until
    /// [`Queue::finished`].
    #[expect(
        clippy::should_implement_trait,
        reason = "the queue goes on after it had nothing to give"
    )]
    pub fn next(&mut self) -> Option<(TicketId, Ticket)> {
        if self.running.len() >= self.bounds.at_once {
            return None;
        }
        let (key, _) = self.fronts.first()?;
        let id = *self.order.get(key)?;
        let ticket = self.take(id)?;
        let maildrop = (ticket.host.clone(), ticket.user.clone());
        let others = self.maildrops.entry(maildrop).or_default();
        others.running = true;
        for other in others.waiting.clone() {
            self.close(other);
        }
        let account = self.accounts.entry(ticket.account).or_default();
        account.running += 1;
        if !account.has_place() {
            self.refresh_account(ticket.account);
        }
        self.change_host(&ticket.host, |host| host.running += 1);
        self.running.insert(id, ticket.clone());
        Some((id, ticket))
    }

    /// Frees the place of a ticket that [`Queue::next`] gave; `None` if it has none.
    pub fn finished(&mut self, id: TicketId) -> Option<Ticket> {
        let ticket = self.running.remove(&id)?;
        self.change_host(&ticket.host, |host| host.running -= 1);
        if let Some(account) = self.accounts.get_mut(&ticket.account) {
            let had_place = account.has_place();
            account.running -= 1;
            if had_place != account.has_place() {
                self.refresh_account(ticket.account);
            }
        }
        self.forget_idle_account(ticket.account);
        let maildrop = (ticket.host.clone(), ticket.user.clone());
        if let Some(others) = self.maildrops.get_mut(&maildrop) {
            others.running = false;
            for other in others.waiting.clone() {
                self.open(other);
            }
        }
        self.forget_idle_maildrop(&maildrop);
        Some(ticket)
    }

    /// Takes a waiting ticket out of the row; `None` if it does not wait.
    pub fn remove(&mut self, id: TicketId) -> Option<Ticket> {
        let ticket = self.take(id)?;
        self.forget_idle_account(ticket.account);
        self.forget_idle_maildrop(&(ticket.host.clone(), ticket.user.clone()));
        Some(ticket)
    }

    /// All that wait, the next to be tried first.
    pub fn in_order(&self) -> impl Iterator<Item = (TicketId, &Ticket)> {
        let ids = self.order.values();
        ids.filter_map(|id| Some((*id, &self.waiting.get(id)?.ticket)))
    }

    /// How many tickets are before this one; `None` if it does not wait. Counts them: who wants to
    /// know it of all asks [`Queue::in_order`].
    pub fn position(&self, id: TicketId) -> Option<usize> {
        let waiting = self.waiting.get(&id)?;
        Some(self.order.range(..waiting.key).count())
    }

    /// Tickets that wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Tickets that hold a place.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// How many runs the account may have at once from now on.
    pub fn bound_account(&mut self, account: AccountId, at_once: Option<u32>) {
        let entry = self.accounts.entry(account).or_default();
        let had_place = entry.has_place();
        entry.at_once = at_once;
        if had_place != entry.has_place() {
            self.refresh_account(account);
        }
        self.forget_idle_account(account);
    }

    fn next_place(&mut self) -> u64 {
        self.pushed += 1;
        self.pushed
    }

    /// People go first, but not for ever: with every so many of them one of the schedule's tickets
    /// moves into their row, behind those who are there.
    fn promote_one_in_a_while(&mut self) {
        self.people += 1;
        if self.people < PEOPLE_PER_PROMOTION {
            return;
        }
        self.people = 0;
        let mut scheduled = self.order.range((Priority::Schedule, 0)..);
        let Some((_, id)) = scheduled.next() else {
            return;
        };
        let id = *id;
        let key = (Priority::Person, self.next_place());
        self.close(id);
        if let Some(waiting) = self.waiting.get_mut(&id) {
            self.order.remove(&waiting.key);
            self.order.insert(key, id);
            waiting.key = key;
            self.urgent += 1;
        }
        self.open(id);
    }

    /// Puts a waiting ticket into its host's row, unless its maildrop is taken.
    fn open(&mut self, id: TicketId) {
        let Some(Waiting { ticket, key }) = self.waiting.get(&id).cloned() else {
            return;
        };
        let maildrop = (ticket.host.clone(), ticket.user.clone());
        if self.maildrops.get(&maildrop).is_some_and(|it| it.running) {
            return;
        }
        let has_place = self.has_place(ticket.account);
        self.change_host(&ticket.host, |host| {
            host.insert(ticket.account, key);
            host.refresh(ticket.account, has_place);
        });
    }

    /// Takes a waiting ticket out of its host's row.
    fn close(&mut self, id: TicketId) {
        let Some(Waiting { ticket, key }) = self.waiting.get(&id).cloned() else {
            return;
        };
        let has_place = self.has_place(ticket.account);
        self.change_host(&ticket.host, |host| {
            host.remove(ticket.account, key);
            host.refresh(ticket.account, has_place);
        });
    }

    /// Takes a ticket out of everything that waits.
    fn take(&mut self, id: TicketId) -> Option<Ticket> {
        self.close(id);
        let Waiting { ticket, key } = self.waiting.remove(&id)?;
        self.order.remove(&key);
        self.urgent -= usize::from(key.0 == Priority::Person);
        let maildrop = (ticket.host.clone(), ticket.user.clone());
        if let Some(maildrop) = self.maildrops.get_mut(&maildrop) {
            maildrop.waiting.remove(&id);
        }
        let account = self.accounts.entry(ticket.account).or_default();
        if let Some(count) = account.hosts.get_mut(&ticket.host) {
            *count -= 1;
            if *count == 0 {
                account.hosts.remove(&ticket.host);
            }
        }
        Some(ticket)
    }

    fn has_place(&self, account: AccountId) -> bool {
        self.accounts.get(&account).is_none_or(Account::has_place)
    }

    /// Tells all hosts at which the account's tickets wait whether it has a free place.
    fn refresh_account(&mut self, account: AccountId) {
        let Some(entry) = self.accounts.get(&account) else {
            return;
        };
        let has_place = entry.has_place();
        let hosts: Vec<Arc<str>> = entry.hosts.keys().cloned().collect();
        for host in hosts {
            self.change_host(&host, |host| host.refresh(account, has_place));
        }
    }

    /// Changes a host and its place among those that could take a run.
    fn change_host(&mut self, name: &Arc<str>, change: impl FnOnce(&mut Host)) {
        let host = self.hosts.entry(name.clone()).or_default();
        if let Some(key) = host.front.take() {
            self.fronts.remove(&(key, name.clone()));
        }
        change(host);
        if host.running < self.bounds.per_host {
            host.front = host.first();
        }
        if let Some(key) = host.front {
            self.fronts.insert((key, name.clone()));
        }
        if host.is_idle() {
            self.hosts.remove(name);
        }
    }

    fn forget_idle_account(&mut self, account: AccountId) {
        let idle = |account: &Account| account.running == 0 && account.hosts.is_empty();
        if self.accounts.get(&account).is_some_and(idle) {
            self.accounts.remove(&account);
        }
    }

    fn forget_idle_maildrop(&mut self, maildrop: &(Arc<str>, Arc<str>)) {
        let idle = |maildrop: &Maildrop| !maildrop.running && maildrop.waiting.is_empty();
        if self.maildrops.get(maildrop).is_some_and(idle) {
            self.maildrops.remove(maildrop);
        }
    }
}

fn at_least_one(bounds: Bounds) -> Bounds {
    Bounds {
        at_once: bounds.at_once.max(1),
        per_host: bounds.per_host.max(1),
        size: bounds.size.max(1),
    }
}

/// Few enough that the schedule goes on while people press buttons, enough that they hardly notice.
const PEOPLE_PER_PROMOTION: u32 = 5;
