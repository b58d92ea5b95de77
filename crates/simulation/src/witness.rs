//! Who knows what must be: compares what the servers have, what the store has, and the promises.
//!
//! Told of every event as it happens. Reads the store past everything that is there to break it,
//! and trusts nothing that the engine says of itself. Start at `Witness::arrived`.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use inhaul_sample::SampleId;
use inhaul_store::{LedgerChange, RunEnd, SqliteStore, Store};
use inhaul_types::{AccountId, Digest, ErrorCode, FolderId, RetrievalId, RunId, Uid};
use tokio::time::Instant;

use crate::book::{Book, Recorded};
use crate::letters::{CATCH_ALL, PEOPLE, PLACES, places, which};
use crate::story::Story;

/// So many good runs may pass a message over that nothing is wrong with.
const PASSES_MOST: u32 = 1;
/// And so many runs of any end for each message in the maildrop that cuts lines.
const PASSES_BESIDE_CUTS: u32 = 4;
/// Lines of a conversation that a broken promise is told with.
const SAID: usize = 30;
/// How long a run that is due may wait for well-behaved neighbours, and for the place that it has
/// among all that became due while nothing ran.
const WAIT_MOST: Duration = Duration::from_secs(5 * 60);
/// A run that is not recorded as ended after so long never will be: a run has half an hour, and
/// what is under way then a minute.
const RUN_MOST: Duration = Duration::from_secs(40 * 60);
/// After a disturbance all is well again when sessions that were under way have ended.
const GRACE: Duration = Duration::from_secs(60);

/// The records.
#[derive(Debug)]
pub(crate) struct Witness {
    story: Story,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    store: Option<Arc<SqliteStore>>,
    boxes: Vec<Record>,
    runs: BTreeMap<RunId, OpenRun>,
    /// When the service last said that there is no network.
    offline: Option<Instant>,
    counts: Counts,
}

/// What a simulation did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Runs that began.
    pub runs: u64,
    /// Of those that ended: how many as failures.
    pub failed: u64,
    /// Messages that came to the servers.
    pub sent: u64,
    /// Messages stored.
    pub stored: u64,
    /// Messages that servers removed at our request.
    pub removed: u64,
    /// Ends of the process.
    pub restarts: u64,
}

#[derive(Debug)]
struct Record {
    retrieval: Option<RetrievalId>,
    /// Where its messages go, in the order of places; none until that is known.
    shelves: Vec<Shelf>,
    letters: BTreeMap<u32, Letter>,
    /// Not stored yet.
    awaited: BTreeSet<u32>,
    by_id: BTreeMap<SampleId, u32>,
    /// What is wrong at present: with the server, the lines, the store.
    disturbances: u32,
    calm_since: Instant,
    book: Book,
    /// When a message that cuts lines was last stored.
    cut: Option<Instant>,
}

/// A folder that messages go into.
#[derive(Debug)]
struct Shelf {
    account: AccountId,
    folder: FolderId,
    /// Messages up to here were read.
    read: Option<Uid>,
}

#[derive(Debug)]
struct Letter {
    digest: Digest,
    arrived: Instant,
    /// Where it belongs.
    places: &'static [usize],
    /// How often it is there, by place.
    copies: [u32; PLACES],
    /// Runs that should have brought it.
    passed: u32,
    trouble: Trouble,
    /// The server removed it at our request before the store could be asked.
    stored: bool,
    unproven: bool,
    gone: bool,
}

/// What a server does with one message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trouble {
    Nothing,
    /// It is not handed over.
    HeldBack,
    /// The line breaks at it.
    Cuts,
    /// Somebody else removes it.
    Vanishes,
}

#[derive(Clone, Copy, Debug)]
struct OpenRun {
    mailbox: usize,
    began: Instant,
}

impl Witness {
    pub(crate) fn new(story: Story, mailboxes: usize, every: Duration) -> Self {
        let now = Instant::now();
        let record = || Record {
            retrieval: None,
            shelves: Vec::new(),
            letters: BTreeMap::new(),
            awaited: BTreeSet::new(),
            by_id: BTreeMap::new(),
            disturbances: 0,
            calm_since: now,
            book: Book::new(every),
            cut: None,
        };
        let state = State {
            store: None,
            boxes: iter::repeat_with(record).take(mailboxes).collect(),
            runs: BTreeMap::new(),
            offline: None,
            counts: Counts::default(),
        };
        Self {
            story,
            state: Mutex::new(state),
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// A message lies on its server.
    pub(crate) fn arrived(&self, mailbox: usize, number: u32, id: SampleId, digest: Digest) {
        let mut state = self.lock();
        state.counts.sent += 1;
        let record = &mut state.boxes[mailbox];
        record.by_id.insert(id, number);
        record.awaited.insert(number);
        record.letters.insert(
            number,
            Letter {
                digest,
                arrived: Instant::now(),
                places: places(mailbox, number),
                copies: [0; PLACES],
                passed: 0,
                trouble: Trouble::Nothing,
                stored: false,
                unproven: false,
                gone: false,
            },
        );
    }

    pub(crate) fn trouble(&self, mailbox: usize, number: u32, trouble: Trouble) {
        if let Some(letter) = self.lock().boxes[mailbox].letters.get_mut(&number) {
            letter.trouble = trouble;
        }
    }

    /// Promise 1: `DELE` is sent when the message is durable.
    pub(crate) fn deletion_asked(&self, mailbox: usize, id: SampleId) {
        self.expect_stored(mailbox, id, "was asked to be deleted");
    }

    /// Promise 1 again, at the moment that matters.
    pub(crate) fn removed(&self, mailbox: usize, ids: &[SampleId]) {
        self.lock().counts.removed += ids.len() as u64;
        for id in ids {
            self.expect_stored(mailbox, *id, "was removed by its server");
        }
    }

    /// A message is gone that nobody asked to be deleted.
    pub(crate) fn vanished(&self, mailbox: usize, id: SampleId) {
        let record = &mut self.lock().boxes[mailbox];
        if let Some(number) = record.by_id.get(&id).copied()
            && let Some(letter) = record.letters.get_mut(&number)
        {
            letter.gone = true;
            record.awaited.remove(&number);
        }
    }

    fn expect_stored(&self, mailbox: usize, id: SampleId, what: &str) {
        let Some(number) = self.lock().boxes[mailbox].by_id.get(&id).copied() else {
            return;
        };
        let state = &mut *self.lock();
        if state.copies(mailbox, number) == 0 {
            state.read(mailbox, &self.story);
        }
        if state.copies(mailbox, number) > 0 {
            return;
        }
        if state.store.is_none() {
            // Asked again when there is a store.
            if let Some(letter) = state.boxes[mailbox].letters.get_mut(&number) {
                letter.unproven = true;
            }
            return;
        }
        let text = format!("message {number} of mailbox {mailbox} {what} and is not stored");
        self.story.breach(1, text);
    }

    /// A store was opened. `all`: what was read before proves nothing.
    pub(crate) fn opened(&self, store: &Arc<SqliteStore>, all: bool) {
        let state = &mut *self.lock();
        state.store = Some(Arc::clone(store));
        for mailbox in 0..state.boxes.len() {
            let known = state.find(mailbox);
            if !known {
                continue;
            }
            if all {
                let record = &mut state.boxes[mailbox];
                (record.shelves.iter_mut()).for_each(|shelf| shelf.read = None);
                (record.letters.values_mut()).for_each(|letter| letter.copies = [0; PLACES]);
            }
            state.read(mailbox, &self.story);
            state.compare_all(mailbox, &self.story);
        }
        state.counts.restarts += 1;
        // What was under way is not under way any more.
        state.runs.clear();
        (state.boxes.iter_mut()).for_each(|record| record.book.opened(!all));
    }

    pub(crate) fn closed(&self) {
        self.lock().store = None;
    }

    /// Promise 2: looks at what came to a folder since the last time.
    pub(crate) fn look(&self, retrieval: RetrievalId) {
        let state = &mut *self.lock();
        if let Some(mailbox) = state.of(retrieval) {
            state.read(mailbox, &self.story);
        }
    }

    pub(crate) fn learn(&self, mailbox: usize, retrieval: RetrievalId) {
        let state = &mut *self.lock();
        state.boxes[mailbox].retrieval = Some(retrieval);
        state.find(mailbox);
    }

    /// Promise 7: the least time between two sign-ins, and none too soon behind a refusal.
    pub(crate) fn signs_in(&self, mailbox: usize, delay: Duration) {
        let signed_in = self.lock().boxes[mailbox].book.signs_in(delay);
        self.expect_polite(mailbox, signed_in);
    }

    fn expect_polite(&self, mailbox: usize, polite: Result<(), String>) {
        if let Err(how) = polite {
            self.story.breach(7, format!("mailbox {mailbox} {how}"));
        }
    }

    /// A person tries again in spite of a refusal, or an administrator.
    pub(crate) fn tries_again(&self, mailbox: usize) {
        self.lock().boxes[mailbox].book.tried_again();
    }

    /// A person has saved the retrieval, with a password or another interval.
    pub(crate) fn saved(&self, retrieval: RetrievalId, every: Option<Duration>) {
        let state = &mut *self.lock();
        if let Some(mailbox) = state.of(retrieval) {
            state.boxes[mailbox].book.saved(every);
        }
    }

    pub(crate) fn uncounted(&self, retrievals: impl IntoIterator<Item = RetrievalId>) {
        let state = &mut *self.lock();
        for retrieval in retrievals {
            if let Some(mailbox) = state.of(retrieval) {
                state.boxes[mailbox].book.uncounted();
            }
        }
    }

    pub(crate) fn clock_jumped(&self) {
        let state = &mut *self.lock();
        let is_seen = state.store.is_some();
        (state.boxes.iter_mut()).for_each(|record| record.book.clock_jumped(is_seen));
    }

    /// The service says that there is no network.
    pub(crate) fn offline(&self) {
        self.lock().offline = Some(Instant::now());
    }

    pub(crate) fn run_began(&self, retrieval: RetrievalId, run: RunId) {
        let state = &mut *self.lock();
        let Some(mailbox) = state.of(retrieval) else {
            return;
        };
        state.counts.runs += 1;
        let began = Instant::now();
        state.runs.insert(run, OpenRun { mailbox, began });
        let polite = state.boxes[mailbox].book.begins();
        self.expect_polite(mailbox, polite);
    }

    /// Promises 5 and 7: the end of a run is durable, and the next one comes when the rules say so.
    pub(crate) fn run_recorded(&self, end: &RunEnd) {
        let state = &mut *self.lock();
        let Some(OpenRun { mailbox, .. }) = state.runs.get(&end.run).copied() else {
            return;
        };
        let record = &mut state.boxes[mailbox];
        let (Some(retrieval), Some(store)) = (record.retrieval, &state.store) else {
            return;
        };
        let Ok(row) = at_once(store.retrieval_by_id(retrieval)) else {
            return;
        };
        let recorded = Recorded {
            end,
            next_due: row.schedule.next_due,
            min_interval: row.schedule.min_interval,
        };
        if let Err((promise, how)) = record.book.ended(&recorded) {
            self.story
                .breach(promise, format!("mailbox {mailbox} {how}"));
        }
    }

    /// Promises 4 and 6, when the store has said that the end of a run is recorded.
    pub(crate) fn run_ended(&self, end: &RunEnd) {
        let state = &mut *self.lock();
        let Some(OpenRun { mailbox, began }) = state.runs.remove(&end.run) else {
            return;
        };
        state.read(mailbox, &self.story);
        state.counts.failed += u64::from(end.code.is_some());
        let row = state
            .store
            .as_ref()
            .and_then(|store| at_once(store.run_by_id(end.run)).ok());
        let recorded = row.is_some_and(|row| {
            row.ended.is_some() && row.code == end.code && row.stored == end.stored
        });
        if !recorded {
            let text = format!("run {} of mailbox {mailbox} has no row of its end", end.run);
            self.story.breach(6, text);
        }
        if end.left > 0 && end.notes.is_empty() {
            let text = format!("run {} left messages and does not say why", end.run);
            self.story.breach(6, text);
        }
        let record = &state.boxes[mailbox];
        if let Some(code) = end.code
            && record.is_calm_since(began)
            && !record.has_cutting()
            && !(code == ErrorCode::CutOff && record.may_cut_again())
            && record.cut.is_none_or(|cut| cut < began)
        {
            // What was said at last: the story has room for little more.
            let said: Vec<&str> = end.conversation.lines().collect();
            for line in &said[said.len().saturating_sub(SAID)..] {
                self.story.tell(format_args!("    {line}"));
            }
            let text = format!(
                "run {} of mailbox {mailbox} failed ({code}), and nothing was wrong but messages",
                end.run
            );
            self.story.breach(4, text);
        }
        if !end.stopped {
            state.boxes[mailbox].pass_over(mailbox, began, end.code.is_none(), &self.story);
        }
    }

    /// A run whose end the store would not take has its row without.
    pub(crate) fn run_unrecorded(&self, run: RunId) {
        let state = &mut *self.lock();
        if let Some(open) = state.runs.remove(&run) {
            state.boxes[open.mailbox].book.unrecorded();
        }
    }

    /// Promise 6: nobody is left out without a reason.
    pub(crate) fn changed(&self, changes: &[LedgerChange]) {
        for change in changes {
            if let LedgerChange::Leave { detail, .. } = change
                && detail.is_empty()
            {
                let text = "a message is left out without a reason".to_owned();
                self.story.breach(6, text);
            }
        }
    }

    pub(crate) fn disturb(&self, mailboxes: impl IntoIterator<Item = usize>) {
        let state = &mut *self.lock();
        for mailbox in mailboxes {
            state.boxes[mailbox].disturbances += 1;
        }
    }

    pub(crate) fn settle(&self, mailboxes: impl IntoIterator<Item = usize>) {
        let state = &mut *self.lock();
        let calm = Instant::now() + GRACE;
        for mailbox in mailboxes {
            let record = &mut state.boxes[mailbox];
            record.disturbances = record.disturbances.saturating_sub(1);
            record.calm_since = record.calm_since.max(calm);
        }
    }

    /// Promise 5: what is due begins. And 6: runs end.
    pub(crate) fn look_at_the_time(&self) {
        let state = &mut *self.lock();
        let now = Instant::now();
        if state.store.is_none() {
            return;
        }
        for (mailbox, record) in state.boxes.iter().enumerate() {
            let Some(due) = record.book.overdue_since() else {
                continue;
            };
            let since = due.max(record.calm_since).max(state.offline.unwrap_or(due));
            if record.disturbances == 0 && now.duration_since(since) > WAIT_MOST {
                let text = format!("mailbox {mailbox} is due, and no run begins");
                self.story.breach(5, text);
            }
        }
        for (run, open) in &state.runs {
            if now.duration_since(open.began) > RUN_MOST {
                let text = format!("run {run} of mailbox {} has no end", open.mailbox);
                self.story.breach(6, text);
            }
        }
    }

    /// At the very end, after days without trouble: everything is here, once.
    pub(crate) fn look_at_everything(&self) {
        let state = &mut *self.lock();
        for mailbox in 0..state.boxes.len() {
            state.read(mailbox, &self.story);
            state.compare_all(mailbox, &self.story);
            let record = &state.boxes[mailbox];
            let missing: Vec<_> = record.awaited.iter().collect();
            if !missing.is_empty() {
                let text = format!("messages {missing:?} of mailbox {mailbox} never came");
                self.story.breach(2, text);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn of(&self, retrieval: RetrievalId) -> Option<usize> {
        self.boxes
            .iter()
            .position(|record| record.retrieval == Some(retrieval))
    }

    fn copies(&self, mailbox: usize, number: u32) -> u32 {
        let letter = self.boxes[mailbox].letters.get(&number);
        letter.map_or(0, Letter::times)
    }

    /// Learns which folders a mailbox's retrieval fills.
    fn find(&mut self, mailbox: usize) -> bool {
        let record = &mut self.boxes[mailbox];
        if let (true, Some(retrieval), Some(store)) =
            (record.shelves.is_empty(), record.retrieval, &self.store)
            && let Ok(row) = at_once(store.retrieval_by_id(retrieval))
        {
            let people: &[&str] = if mailbox == CATCH_ALL { &PEOPLE } else { &[] };
            let theirs = people.iter().map(|name| inbox(store, name));
            record.shelves = iter::once((row.account, row.folder))
                .chain(theirs)
                .map(|(account, folder)| Shelf {
                    account,
                    folder,
                    read: None,
                })
                .collect();
        }
        !record.shelves.is_empty()
    }

    /// Reads what is new in its folders.
    fn read(&mut self, mailbox: usize, story: &Story) {
        for place in 0..self.boxes[mailbox].shelves.len() {
            self.read_place(mailbox, place, story);
        }
        // All places of a message are one transaction.
        let letters = &self.boxes[mailbox].letters;
        let torn = letters.iter().find(|(_, letter)| letter.is_torn());
        if let (Some((number, _)), Some(_)) = (torn, &self.store) {
            let text = format!("message {number} of mailbox {mailbox} came to some of its places");
            story.breach(2, text);
        }
    }

    fn read_place(&mut self, mailbox: usize, place: usize, story: &Story) {
        let record = &mut self.boxes[mailbox];
        let (Some(store), Some(shelf)) = (&self.store, record.shelves.get_mut(place)) else {
            return;
        };
        let folder = shelf.folder;
        loop {
            let page = match at_once(store.message_page(folder, shelf.read, 100)) {
                Ok(page) => page,
                Err(error) => {
                    story.breach(1, format!("mailbox {mailbox} cannot be read: {error}"));
                    return;
                }
            };
            for message in &page {
                shelf.read = Some(message.uid);
                let id = message.summary.message_id.as_deref().and_then(which);
                let letter = id.filter(|(to, _)| *to == mailbox).and_then(|(_, number)| {
                    record.awaited.remove(&number);
                    Some((number, record.letters.get_mut(&number)?))
                });
                let Some((number, letter)) = letter else {
                    let text = format!("mailbox {mailbox} holds a message that nobody sent there");
                    story.breach(2, text);
                    continue;
                };
                letter.copies[place] += 1;
                if !letter.places.contains(&place) {
                    let text = format!("message {number} of mailbox {mailbox} is none for {place}");
                    story.breach(2, text);
                }
                letter.unproven = false;
                if letter.trouble == Trouble::Cuts {
                    record.cut = Some(Instant::now());
                }
                if !std::mem::replace(&mut letter.stored, true) {
                    self.counts.stored += 1;
                }
                if letter.copies[place] > 1 {
                    let text = format!("message {number} of mailbox {mailbox} is stored twice");
                    story.breach(2, text);
                }
                if letter.digest != message.digest {
                    let text = format!("message {number} of mailbox {mailbox} has other octets");
                    story.breach(3, text);
                }
            }
            if page.len() < 100 {
                return;
            }
        }
    }

    /// What was there is there, and what was removed as well.
    fn compare_all(&mut self, mailbox: usize, story: &Story) {
        let record = &mut self.boxes[mailbox];
        let lost = record
            .letters
            .iter()
            .find(|(number, letter)| {
                let once = !record.awaited.contains(number) && !letter.gone;
                letter.times() == 0 && (once || letter.unproven)
            })
            .map(|(number, _)| *number);
        if let Some(number) = lost {
            story.breach(1, format!("message {number} of mailbox {mailbox} is lost"));
        }
        let Some(store) = &self.store else {
            return;
        };
        for (place, shelf) in record.shelves.iter().enumerate() {
            let copies = record.letters.values().map(|letter| letter.copies[place]);
            let copies: u64 = copies.map(u64::from).sum();
            let held = at_once(store.folder_list(shelf.account))
                .ok()
                .and_then(|folders| folders.into_iter().find(|one| one.id == shelf.folder))
                .map(|folder| folder.messages);
            if held != Some(copies) {
                let text = format!("mailbox {mailbox} counts {held:?} messages and has {copies}");
                story.breach(1, text);
            }
        }
    }
}

impl Letter {
    /// How often it is where it belongs.
    fn times(&self) -> u32 {
        let copies = self.places.iter().map(|place| self.copies[*place]);
        copies.min().unwrap_or(0)
    }

    /// Whether it is in some of the places where it belongs, and not in all.
    fn is_torn(&self) -> bool {
        self.times() == 0 && self.places.iter().any(|place| self.copies[*place] > 0)
    }
}

/// An account and its first folder.
fn inbox(store: &SqliteStore, name: &str) -> (AccountId, FolderId) {
    let account = at_once(store.account_by_name(name)).expect("it was made at the beginning");
    let folders = at_once(store.folder_list(account.id)).expect("its folders can be read");
    let inbox = folders.first().expect("an account has an INBOX");
    (account.id, inbox.id)
}

impl Record {
    /// A run is over: what lay there when it began is here now.
    fn pass_over(&mut self, mailbox: usize, began: Instant, was_good: bool, story: &Story) {
        if !self.is_calm_since(began) {
            return;
        }
        let cuts = |number: &&u32| self.letters[number].trouble == Trouble::Cuts;
        let cutting = u32::try_from(self.awaited.iter().filter(cuts).count()).unwrap_or(u32::MAX);
        let most = match cutting {
            0 if self.cut.is_none_or(|cut| cut < began) => PASSES_MOST,
            _ => PASSES_BESIDE_CUTS * (cutting + 1),
        };
        let beside = self.awaited.iter().any(|number| {
            let letter = &self.letters[number];
            letter.trouble != Trouble::Nothing
        });
        for number in &self.awaited {
            let Some(letter) = self.letters.get_mut(number) else {
                continue;
            };
            if letter.trouble != Trouble::Nothing || letter.arrived > began {
                continue;
            }
            letter.passed += u32::from(was_good || cutting > 0);
            if letter.passed > most {
                let text = format!("message {number} of mailbox {mailbox} does not come");
                story.breach(if beside { 4 } else { 5 }, text);
            }
        }
    }

    fn is_calm_since(&self, then: Instant) -> bool {
        self.disturbances == 0 && self.calm_since <= then
    }

    /// A message that is here cuts the line again when its octets are read once more: where the
    /// server has changed its names, they alone show that it is the same.
    fn may_cut_again(&self) -> bool {
        let mut letters = self.letters.values();
        letters.any(|letter| letter.stored && !letter.gone && letter.trouble == Trouble::Cuts)
    }

    fn has_cutting(&self) -> bool {
        self.awaited
            .iter()
            .any(|number| self.letters[number].trouble == Trouble::Cuts)
    }
}

/// Asks a store that reads on the caller's thread.
fn at_once<T>(question: impl Future<Output = T>) -> T {
    let question = pin!(tokio::task::coop::unconstrained(question));
    match question.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("a store that works on this thread answers at once"),
    }
}
