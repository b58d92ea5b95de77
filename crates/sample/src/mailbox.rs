//! One mailbox of the server: what lies in it, who may open it, how it behaves, what was done.
//!
//! A [`Mailbox`] is a handle that tests and the demo keep while sessions run; everything behind it
//! is one lock, held for moments and never across an await. Sessions see a snapshot of it, the
//! [`Maildrop`]. Removal happens here and nowhere else.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inhaul_types::Secret;
use tokio::sync::watch;

use crate::body::{Body, Made};
use crate::listing::selected;
use crate::maildrop::Maildrop;
use crate::switches::{Fault, Lock, MailboxSwitches, Refusal, SignIn, Times};
use crate::tally::{SignIns, Tally};

/// A message's own number in its mailbox, counted from 1 and never used again.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SampleId(pub(crate) u64);

impl SampleId {
    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// A handle on one mailbox.
#[derive(Clone)]
pub struct Mailbox {
    inner: Arc<Inner>,
}

struct Inner {
    user: String,
    state: Mutex<State>,
    open: watch::Sender<u64>,
}

struct State {
    password: String,
    messages: Vec<Arc<Message>>,
    last_id: u64,
    slots: Slots,
    epoch: u64,
    sessions: u64,
    /// Retrieved in a session that ended with `QUIT`.
    retrieved: HashSet<SampleId>,
    switches: Arc<MailboxSwitches>,
    faults: HashMap<SampleId, (Fault, Times)>,
    tally: Tally,
}

/// A message as it lies in the mailbox.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) id: SampleId,
    pub(crate) slot: u64,
    pub(crate) body: Body,
}

/// Places that free themselves, lowest first.
#[derive(Default)]
struct Slots {
    free: BTreeSet<u64>,
    last: u64,
}

impl Slots {
    fn take(&mut self) -> u64 {
        self.free.pop_first().unwrap_or_else(|| {
            self.last += 1;
            self.last
        })
    }
}

impl Mailbox {
    pub(crate) fn new(user: &str, password: &str) -> Self {
        let state = State {
            password: password.to_owned(),
            messages: Vec::new(),
            last_id: 0,
            slots: Slots::default(),
            epoch: 0,
            sessions: 0,
            retrieved: HashSet::new(),
            switches: Arc::default(),
            faults: HashMap::new(),
            tally: Tally::default(),
        };
        let (open, _) = watch::channel(0);
        Self {
            inner: Arc::new(Inner {
                user: user.to_owned(),
                state: Mutex::new(state),
                open,
            }),
        }
    }

    /// The name it is signed in to with.
    pub fn user(&self) -> &str {
        &self.inner.user
    }

    /// Asks for another password from now on.
    pub fn set_password(&self, password: &str) {
        password.clone_into(&mut self.state().password);
    }

    /// Puts a message behind the others. The octets are shared, not copied, where they can be.
    pub fn append(&self, octets: impl Into<Arc<[u8]>>) -> SampleId {
        self.put(usize::MAX, |_| Body::Held(octets.into()))
    }

    /// Puts a message of this size behind the others that takes no memory: it is made while it is
    /// sent. Each has a Message-ID of its own; very small sizes are rounded up to its header's.
    pub fn append_generated(&self, size: u64) -> SampleId {
        self.put(usize::MAX, |id| Body::Made(Made::new(id, size)))
    }

    /// Puts a message before the one that stands at `place`, counted from 0: the next session
    /// sees it in the middle.
    pub fn insert(&self, place: usize, octets: impl Into<Arc<[u8]>>) -> SampleId {
        self.put(place, |_| Body::Held(octets.into()))
    }

    fn put(&self, place: usize, body: impl FnOnce(u64) -> Body) -> SampleId {
        let mut state = self.state();
        state.last_id += 1;
        let id = SampleId(state.last_id);
        let message = Message {
            id,
            slot: state.slots.take(),
            body: body(id.0),
        };
        let place = place.min(state.messages.len());
        state.messages.insert(place, Arc::new(message));
        id
    }

    /// Removes a message as another program would. `false` if it is not there.
    pub fn remove(&self, id: SampleId) -> bool {
        self.remove_all(&HashSet::from([id])) == 1
    }

    pub(crate) fn remove_all(&self, ids: &HashSet<SampleId>) -> usize {
        if ids.is_empty() {
            return 0;
        }
        let state = &mut *self.state();
        let before = state.messages.len();
        state.messages.retain(|message| {
            let stays = !ids.contains(&message.id);
            if !stays {
                state.slots.free.insert(message.slot);
            }
            stays
        });
        before - state.messages.len()
    }

    /// How many messages lie in it.
    pub fn len(&self) -> usize {
        self.state().messages.len()
    }

    /// Whether it holds no message.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The messages in it, in the order in which the next session lists them.
    pub fn ids(&self) -> Vec<SampleId> {
        self.state()
            .messages
            .iter()
            .map(|message| message.id)
            .collect()
    }

    /// The octets of a message in it. A generated one is made, whole.
    pub fn octets(&self, id: SampleId) -> Option<Vec<u8>> {
        let message = self
            .state()
            .messages
            .iter()
            .find(|message| message.id == id)
            .cloned();
        Some(message?.body.octets())
    }

    /// The octets of all messages in it, in listing order.
    pub fn contents(&self) -> Vec<Vec<u8>> {
        let messages = self.state().messages.clone();
        messages
            .iter()
            .map(|message| message.body.octets())
            .collect()
    }

    /// The messages that were put in after this one, whether or not they are still there.
    pub fn deliveries_since(&self, id: SampleId) -> Vec<SampleId> {
        (id.0 + 1..=self.state().last_id).map(SampleId).collect()
    }

    /// The message put in last.
    pub fn last_delivery(&self) -> Option<SampleId> {
        Some(self.state().last_id)
            .filter(|last| *last > 0)
            .map(SampleId)
    }

    /// Gives every message another unique-id.
    pub fn renumber(&self) {
        self.state().epoch += 1;
    }

    /// Changes the switches.
    pub fn set(&self, change: impl FnOnce(&mut MailboxSwitches)) {
        change(Arc::make_mut(&mut self.state().switches));
    }

    /// The switches as they are.
    pub fn switches(&self) -> Arc<MailboxSwitches> {
        Arc::clone(&self.state().switches)
    }

    /// Makes the next `RETR` of a message go wrong, or every one.
    pub fn fault(&self, id: SampleId, fault: Fault, times: Times) {
        self.state().faults.insert(id, (fault, times));
    }

    /// Puts every switch back and lifts all faults.
    pub fn behave(&self) {
        let mut state = self.state();
        state.switches = Arc::default();
        state.faults.clear();
    }

    pub(crate) fn take_fault(&self, id: SampleId) -> Option<Fault> {
        let mut state = self.state();
        let (fault, times) = state.faults.get(&id).cloned()?;
        if times == Times::Once {
            state.faults.remove(&id);
        }
        Some(fault)
    }

    /// How sign-ins ended so far.
    pub fn sign_ins(&self) -> SignIns {
        self.state().tally.sign_ins
    }

    /// How many sessions have had it open so far.
    pub fn sessions(&self) -> u64 {
        self.state().sessions
    }

    /// How many sessions have it open now.
    pub fn open_sessions(&self) -> u64 {
        *self.inner.open.borrow()
    }

    /// Waits until no session has it open.
    pub async fn idle(&self) {
        let mut open = self.inner.open.subscribe();
        // The sender lives as long as `self`: there is always another value to wait for.
        drop(open.wait_for(|open| *open == 0).await);
    }

    /// How often a message was asked for by `RETR`, whatever came of it.
    pub fn retrieved(&self, id: SampleId) -> u64 {
        self.state().tally.retrieved(id)
    }

    /// How often a command was given, by its verb: `"DELE"`.
    pub fn count(&self, verb: &str) -> u64 {
        self.state().tally.count(verb)
    }

    /// The last 10,000 command lines in order, passwords masked.
    pub fn commands(&self) -> Vec<String> {
        self.state().tally.lines()
    }

    /// Forgets commands, counts and sign-ins so far.
    pub fn forget(&self) {
        self.state().tally = Tally::default();
    }

    pub(crate) fn note_command(&self, line: String) {
        self.state().tally.note_command(line);
    }

    pub(crate) fn note_retrieval(&self, id: SampleId) {
        self.state().tally.note_retrieval(id);
    }

    pub(crate) fn mark_retrieved(&self, ids: impl IntoIterator<Item = SampleId>) {
        self.state().retrieved.extend(ids);
    }

    /// The password it asks for.
    pub(crate) fn password(&self) -> Secret {
        Secret::new(self.state().password.clone())
    }

    /// Opens the maildrop for one session, or says how it is refused; always, if the password was
    /// not right.
    pub(crate) fn sign_in(&self, right: bool) -> Result<Maildrop, Refusal> {
        let mut state = self.state();
        if let Err(refusal) = state.admits(right, *self.inner.open.borrow()) {
            state.tally.sign_ins.refused += 1;
            return Err(refusal);
        }
        state.tally.sign_ins.accepted += 1;
        state.sessions += 1;
        self.inner.open.send_modify(|open| *open += 1);
        let messages = selected(state.switches.listing, &state.messages, &state.retrieved);
        let switches = Arc::clone(&state.switches);
        Ok(Maildrop::new(
            self.clone(),
            messages,
            &switches,
            state.epoch,
            state.sessions,
        ))
    }

    pub(crate) fn close(&self) {
        self.inner.open.send_modify(|open| *open -= 1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn admits(&self, right: bool, open: u64) -> Result<(), Refusal> {
        if !right {
            return Err(Refusal::Auth);
        }
        let attempt = self.tally.sign_ins.accepted + self.tally.sign_ins.refused + 1;
        match &self.switches.sign_in {
            SignIn::Refused(refusal) => return Err(refusal.clone()),
            SignIn::EveryNth(nth, refusal) if attempt.is_multiple_of(u64::from(nth.get())) => {
                return Err(refusal.clone());
            }
            SignIn::Works | SignIn::EveryNth(..) => {}
        }
        match self.switches.lock {
            Lock::Exclusive if open > 0 => Err(Refusal::InUse),
            Lock::Exclusive | Lock::Shared => Ok(()),
        }
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mailbox({}, {} messages)", self.user(), self.len())
    }
}
