//! Full text search: an index in a file of its own, and searches that use it.
//!
//! The index (`file`) is `search.db` beside inhaul.db; `indexer` alone writes it, on a thread of its
//! own. A search (`looking`) reads both. Whatever is wrong with the index, nothing but a search is
//! slower: it is opened when it is first needed, and what it cannot say is read from the messages.
//! Texts are folded (`inhaul_domain::search::fold`) on both sides, so that a word is there if and
//! only if its folded octets are.

mod candidates;
mod conditions;
mod file;
mod grams;
mod indexer;
mod looking;
mod texts;
mod walk;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use async_trait::async_trait;
use inhaul_types::AccountId;
use rusqlite::Connection;
use tokio::sync::{Semaphore, oneshot};

use self::indexer::{Indexer, Site};
use self::looking::{Looking, Sight};
use super::errors::Doing;
use super::open::connect_reader;
use super::readers::{BodiesInUse, Readers};
use super::{SqliteStore, catch_alls};
use crate::StoreError;
use crate::search::{IndexState, Indexed, Search, SearchFor, SearchPage};

/// Searches at once; each may take seconds of a processor.
const SEARCHES: usize = 2;
/// How nice the indexer is to everybody else: as nice as can be.
const NICE: i32 = 19;

/// The index of a data directory and whoever works with it.
#[derive(Debug)]
pub(crate) struct SearchIndex {
    site: Site,
    hand: Mutex<Option<Hand>>,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Eyes>>,
    /// A search found the index of no use.
    suspected: AtomicBool,
    stopping: Arc<AtomicBool>,
}

/// The indexer's thread.
#[derive(Debug)]
struct Hand {
    orders: Sender<Order>,
    thread: JoinHandle<()>,
}

enum Order {
    Step(oneshot::Sender<Result<Indexed, StoreError>>),
    Forget(oneshot::Sender<Result<(), StoreError>>),
}

/// What a search reads with.
struct Eyes {
    main: Connection,
    instance: String,
    index: Option<Connection>,
    /// Which file that is.
    file: Option<(u64, u64)>,
}

impl fmt::Debug for Eyes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Eyes").finish_non_exhaustive()
    }
}

impl SearchIndex {
    /// Of this directory; nothing is opened yet.
    pub(crate) fn new(
        dir: &Path,
        database: PathBuf,
        readers: &Readers,
        in_use: &Arc<BodiesInUse>,
    ) -> Self {
        Self {
            site: Site {
                dir: dir.to_owned(),
                database,
                files: readers.segments(),
                in_use: Arc::clone(in_use),
                boot: file::boot().into(),
            },
            hand: Mutex::default(),
            places: Arc::new(Semaphore::new(SEARCHES)),
            idle: Mutex::default(),
            suspected: AtomicBool::new(false),
            stopping: Arc::default(),
        }
    }

    /// Ends whoever works with it. Blocks until they have ended.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.places.close();
        lock(&self.idle).clear();
        let Some(Hand { orders, thread }) = lock(&self.hand).take() else {
            return;
        };
        drop(orders);
        if thread.join().is_err() {
            tracing::error!("the store's indexer panicked");
        }
    }

    async fn order<T>(
        &self,
        order: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Order,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(order(reply))?;
        answer.await.map_err(|_| StoreError::Closing)?
    }

    fn send(&self, order: Order) -> Result<(), StoreError> {
        let mut hand = lock(&self.hand);
        if self.stopping.load(Ordering::Relaxed) {
            return Err(StoreError::Closing);
        }
        let hand = match &mut *hand {
            Some(hand) => hand,
            None => hand.insert(self.start()?),
        };
        hand.orders.send(order).map_err(|_| StoreError::Closing)
    }

    fn start(&self) -> Result<Hand, StoreError> {
        let (orders, inbox) = channel();
        let indexer = Indexer::new(self.site.clone(), Arc::clone(&self.stopping));
        let thread = std::thread::Builder::new()
            .name("store-index".into())
            .spawn(move || work(indexer, &inbox))
            .doing("start the indexer")?;
        Ok(Hand { orders, thread })
    }

    /// One search, on the thread that calls.
    fn search(&self, account: AccountId, wanted: &SearchFor) -> Result<SearchPage, StoreError> {
        let idle = lock(&self.idle).pop();
        let mut eyes = match idle {
            Some(eyes) => eyes,
            None => self.open_eyes()?,
        };
        let Site { dir, boot, .. } = &self.site;
        let there = file::identity(dir);
        if eyes.index.is_none() || eyes.file != there {
            eyes.file = there;
            let opened = file::open_reader(dir, &eyes.instance, boot);
            eyes.index = opened.unwrap_or_else(|error| {
                tracing::debug!(%error, "mail is searched without an index");
                None
            });
        }
        let sight = Sight {
            main: &eyes.main,
            index: eyes.index.as_ref(),
            files: &self.site.files,
            in_use: &self.site.in_use,
            instance: &eyes.instance,
            boot: &self.site.boot,
        };
        let mut looking = Looking::new(sight, account, wanted)?;
        let page = looking.page();
        let fault = looking.fault.take();
        if let Some(fault) = fault {
            eyes.index = None;
            if indexer::is_useless(&fault) {
                self.suspected.store(true, Ordering::Relaxed);
            }
        }
        if page.is_ok() && !self.places.is_closed() {
            lock(&self.idle).push(eyes);
        }
        page
    }

    fn open_eyes(&self) -> Result<Eyes, StoreError> {
        let main = connect_reader(&self.site.database)?;
        Ok(Eyes {
            instance: catch_alls::instance(&main)?,
            main,
            index: None,
            file: None,
        })
    }
}

fn work(mut indexer: Indexer, inbox: &Receiver<Order>) {
    // Where it may not, it works as all others do.
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "the indexer is as important as everybody else");
    }
    while let Ok(order) = inbox.recv() {
        match order {
            Order::Step(reply) => drop(reply.send(indexer.step())),
            Order::Forget(reply) => drop(reply.send(indexer.forget())),
        }
    }
    indexer.close();
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Search for SqliteStore {
    async fn find(&self, account: AccountId, wanted: SearchFor) -> Result<SearchPage, StoreError> {
        let index = Arc::clone(&self.search);
        let place = Arc::clone(&index.places)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::Closing)?;
        let work = move || {
            // The place goes with the work: a caller that went away does not free it early.
            let _place = place;
            index.search(account, &wanted)
        };
        if self.readers.are_inline() {
            return work();
        }
        let join = tokio::task::spawn_blocking(work).await;
        join.map_err(|error| StoreError::Io {
            doing: "search mail",
            source: error.into(),
        })?
    }

    async fn index_some(&self) -> Result<Indexed, StoreError> {
        if self.search.suspected.swap(false, Ordering::Relaxed) {
            self.forget_index().await?;
        }
        self.search.order(Order::Step).await
    }

    async fn forget_index(&self) -> Result<(), StoreError> {
        // Whoever searches opens the next one.
        lock(&self.search.idle).clear();
        self.search.order(Order::Forget).await
    }

    async fn index_state(&self) -> Result<IndexState, StoreError> {
        let index = Arc::clone(&self.search);
        let site = index.site.clone();
        let read = move |conn: &Connection| {
            let instance = catch_alls::instance(conn)?;
            let messages: i64 = conn
                .query_row("SELECT coalesce(sum(messages), 0) FROM folder", [], |row| {
                    row.get(0)
                })
                .doing("count messages")?;
            let docs = file::open_reader(&site.dir, &instance, &site.boot)
                .and_then(|index| match index {
                    Some(index) => file::State::read(&index, &instance, &site.boot),
                    None => Ok(None),
                })
                .unwrap_or_else(|error| {
                    tracing::debug!(%error, "the search index cannot be read");
                    None
                })
                .map_or(0, |state| state.docs);
            Ok(IndexState {
                indexed: docs.cast_unsigned(),
                messages: messages.cast_unsigned(),
                octets: file::octets(&site.dir),
            })
        };
        self.readers.read(read).await
    }
}
