//! What an account holds already and is told to take no second time.
//!
//! Two installations that read each other, or one that reads itself, would send a message round for
//! ever. Deliveries that ask for it ([`IfHeld::Leave`]) are compared with what their accounts hold,
//! before any message of the batch is there: inside the transaction, because another run may have
//! stored the same octets a moment ago. Deliveries that do not ask cost nothing. Start at `leave`.

use std::collections::HashMap;

use inhaul_domain::{LedgerState, LeftOutReason};
use inhaul_types::{AccountId, Digest, FolderId, LedgerId, Timestamp};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::catch_alls::Sharing;
use super::errors::{Doing, missing};
use super::words::ledger_state;
use super::{bodies, ledger, ledger_changes};
use crate::{Batch, Delivery, IfHeld, Placement, StoreError};

const DOING: &str = "look for messages that are here already";

/// The ledger row of the account's oldest message with these octets. The oldest, because one look
/// must do, however many copies there are.
const OLDEST: &str = "
    SELECT message.ledger_id FROM message
    CROSS JOIN folder ON folder.id = message.folder_id
    WHERE message.body_id =
            (SELECT id FROM body WHERE digest_head = ?1 AND digest = ?2 AND size = ?3)
        AND folder.account_id = ?4
    ORDER BY message.id LIMIT 1";

/// Writes the rows of deliveries that are loops. For each delivery of the batch its row, or `None`
/// where it is to be stored; empty where none is a loop.
pub(crate) fn leave(
    txn: &Connection,
    batch: &Batch,
    sharing: &Sharing,
    now: Timestamp,
) -> Result<Vec<Option<LedgerId>>, StoreError> {
    let asks = |delivery: &Delivery| delivery.if_held != IfHeld::Store;
    if !batch.deliveries.iter().any(asks) {
        return Ok(Vec::new());
    }
    let mut holdings = Holdings::new(txn, batch)?;
    // All are judged before any is written.
    let details = batch.deliveries.iter().enumerate();
    let details = details.map(|(place, one)| holdings.is_loop(one, sharing.placements(place, one)));
    let details: Vec<_> = details.collect::<Result<_, _>>()?;
    let state = ledger_state::to_column(LedgerState::LeftOut(LeftOutReason::Loop));
    let leave = |(delivery, detail): (&Delivery, Option<&str>)| match detail {
        Some(detail) => {
            let listed =
                ledger_changes::Listed::new(delivery.unique_id.as_ref(), delivery.listed_size);
            ledger_changes::leave(txn, batch.maildrop, &listed, state, detail, now).map(Some)
        }
        None => Ok(None),
    };
    batch.deliveries.iter().zip(details).map(leave).collect()
}

/// What accounts held before this batch, as far as it was asked for.
struct Holdings<'c> {
    txn: &'c Connection,
    batch: &'c Batch,
    oldest: CachedStatement<'c>,
    accounts: HashMap<FolderId, AccountId>,
    /// Answers given: a listing may have one message a thousand times, and others may hold it as
    /// often.
    known: HashMap<(Digest, AccountId), Held>,
}

/// Whether an account holds some octets, and by which ledger row.
#[derive(Clone, Copy)]
enum Held {
    No,
    /// The row, if the message came by a retrieval.
    By(Option<i64>),
}

impl<'c> Holdings<'c> {
    fn new(txn: &'c Connection, batch: &'c Batch) -> Result<Self, StoreError> {
        Ok(Self {
            txn,
            batch,
            oldest: txn.prepare_cached(OLDEST).doing(DOING)?,
            accounts: HashMap::new(),
            known: HashMap::new(),
        })
    }

    /// Why it is left out, in words; `None` where it is to be stored. A message for several accounts
    /// is a loop only if all of them hold it: nobody's copy is withheld.
    fn is_loop(
        &mut self,
        delivery: &Delivery,
        placements: &[Placement],
    ) -> Result<Option<&'static str>, StoreError> {
        let IfHeld::Leave { seen, detail } = delivery.if_held else {
            return Ok(None);
        };
        let rows = ledger::rows_of(self.batch.maildrop);
        let own = seen.map_or(rows.start, |seen| seen.row() + 1)..rows.end;
        for placement in placements {
            let account = self.account(placement.folder)?;
            match self.held(delivery, account)? {
                Held::No => return Ok(None),
                Held::By(Some(row)) if own.contains(&row) => return Ok(None),
                Held::By(_) => {}
            }
        }
        Ok(Some(detail))
    }

    fn held(&mut self, delivery: &Delivery, account: AccountId) -> Result<Held, StoreError> {
        let key = (delivery.digest, account);
        if let Some(held) = self.known.get(&key) {
            return Ok(*held);
        }
        let columns = params![
            bodies::head(&delivery.digest),
            delivery.digest.as_bytes(),
            delivery.body.size().count().cast_signed(),
            account.row(),
        ];
        let row = self.oldest.query_row(columns, |row| row.get(0)).optional();
        let held = row.doing(DOING)?.map_or(Held::No, Held::By);
        self.known.insert(key, held);
        Ok(held)
    }

    fn account(&mut self, folder: FolderId) -> Result<AccountId, StoreError> {
        if let Some(account) = self.accounts.get(&folder) {
            return Ok(*account);
        }
        let account = self
            .txn
            .prepare_cached("SELECT account_id FROM folder WHERE id = ?1")
            .and_then(|mut select| {
                select
                    .query_row([folder.row()], |row| row.get(0))
                    .optional()
            })
            .doing(DOING)?
            .map(AccountId::new)
            .ok_or_else(|| missing("folder", folder))?;
        self.accounts.insert(folder, account);
        Ok(account)
    }
}
