//! The connections that read.
//!
//! A few, opened when first needed; reading happens on tokio's blocking threads. Every reading is
//! short: one page of a list, one piece of a body. A long one would keep the log from being
//! begun again.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inhaul_types::BodyId;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::Threads;
use super::errors::Doing;
use super::open::connect_reader;
use super::segments::SegmentFiles;
use crate::StoreError;

/// Readings at once.
const CONNECTIONS: usize = 4;

/// The pool.
#[derive(Debug)]
pub(crate) struct Readers {
    database: PathBuf,
    segments: Arc<SegmentFiles>,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
    threads: Threads,
}

impl Readers {
    pub(crate) fn new(database: PathBuf, segments: Arc<SegmentFiles>, threads: Threads) -> Self {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        Self {
            database,
            segments,
            places,
            idle: Mutex::default(),
            threads,
        }
    }

    pub(crate) fn segments(&self) -> Arc<SegmentFiles> {
        Arc::clone(&self.segments)
    }

    /// Reads in one transaction.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::Closing)?;
        let readers = Arc::clone(self);
        if self.are_inline() {
            let _place = place;
            return readers.read_now(read);
        }
        let work = move || {
            // The place goes with the work: a caller that went away does not free it early.
            let _place = place;
            readers.read_now(read)
        };
        let join = tokio::task::spawn_blocking(work).await;
        join.map_err(|error| StoreError::Io {
            doing: "read",
            source: error.into(),
        })?
    }

    /// Whether the caller's thread reads.
    pub(crate) fn are_inline(&self) -> bool {
        self.threads != Threads::Own
    }

    /// Refuses further readings and closes the connections.
    pub(crate) fn close(&self) {
        self.places.close();
        self.idle().clear();
    }

    fn read_now<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle().pop();
        let conn = match idle {
            Some(conn) => conn,
            None => connect_reader(&self.database)?,
        };
        let txn = conn.unchecked_transaction().doing("begin to read")?;
        let result = read(&txn);
        let ended = txn.finish();
        // A connection that cannot even end its transaction is not used again.
        if ended.is_ok() && !self.places.is_closed() {
            self.idle().push(conn);
        }
        result
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bodies that somebody is reading: they are not freed.
#[derive(Debug, Default)]
pub(crate) struct BodiesInUse(Mutex<HashMap<BodyId, usize>>);

impl BodiesInUse {
    /// Keeps `body` until the guard is dropped.
    pub(crate) fn hold(self: &Arc<Self>, body: BodyId) -> BodyInUse {
        *self.lock().entry(body).or_default() += 1;
        BodyInUse {
            bodies: Arc::clone(self),
            body,
        }
    }

    /// Whether nobody reads `body`.
    pub(crate) fn is_free(&self, body: BodyId) -> bool {
        !self.lock().contains_key(&body)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<BodyId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One reader's hold on a body.
#[derive(Debug)]
pub(crate) struct BodyInUse {
    bodies: Arc<BodiesInUse>,
    body: BodyId,
}

impl Drop for BodyInUse {
    fn drop(&mut self) {
        let mut bodies = self.bodies.lock();
        if let Some(readers) = bodies.get_mut(&self.body) {
            *readers -= 1;
            if *readers == 0 {
                bodies.remove(&self.body);
            }
        }
    }
}
