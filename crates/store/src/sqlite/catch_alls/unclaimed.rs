//! Addresses that nobody had: which messages the fallback holds because of them.
//!
//! A row says that a message is in the fallback for an address without a rule, so that it can go to
//! whoever gets that address later. What else put it there is an empty address: such a message is
//! copied then, not moved.

use std::collections::HashMap;
use std::sync::Arc;

use inhaul_types::{Address, FolderId, MessageId, RetrievalId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::sqlite::errors::{Doing, missing};
use crate::sqlite::readers::Readers;
use crate::sqlite::retrievals;
use crate::{Batch, Delivery, Placement, Retrieval, StoreError, Unclaimed};

const WRITE: &str = "note addresses without a rule";
const READ: &str = "read the addresses without a rule";

/// Addresses that are noted of one message; one with more is a flood that somebody has to look at.
const ADDRESSES_MOST: usize = 100;
/// Rows looked through in one read transaction.
const PAGE: u32 = 5000;
/// Addresses that a person can look through.
const MOST: usize = 1000;
/// Stands for whatever else put a message into the fallback.
pub(super) const ELSE: &str = "";

/// What one delivery says of the fallback.
pub(super) struct Notes<'a> {
    batch: &'a Batch,
    delivery: &'a Delivery,
}

impl<'a> Notes<'a> {
    pub(super) fn of(batch: &'a Batch, delivery: &'a Delivery) -> Self {
        Self { batch, delivery }
    }

    /// For a message that was put there just now. One without such an address needs no row.
    pub(super) fn write(
        &self,
        txn: &Connection,
        placement: &Placement,
        message: MessageId,
    ) -> Result<(), StoreError> {
        if !self.concerns(placement) || self.delivery.unclaimed.is_empty() {
            return Ok(());
        }
        self.insert_addresses(txn, message)?;
        if self.has_else(placement) {
            self.insert(txn, message, ELSE)?;
        }
        Ok(())
    }

    /// For a message that was there before, if it still is: a copy of it came.
    pub(super) fn write_if_there(
        &self,
        txn: &Connection,
        placement: &Placement,
        message: MessageId,
    ) -> Result<(), StoreError> {
        if !self.concerns(placement) || !is_in(txn, message, placement.folder)? {
            return Ok(());
        }
        let had_rows = has_rows(txn, message)?;
        let was_else = !had_rows && !self.delivery.unclaimed.is_empty();
        self.insert_addresses(txn, message)?;
        if was_else || (had_rows && self.has_else(placement)) {
            self.insert(txn, message, ELSE)?;
        }
        Ok(())
    }

    fn concerns(&self, placement: &Placement) -> bool {
        Some(placement.folder) == self.batch.fallback
    }

    /// Whether something other than an address without a rule led there: somebody's address, more
    /// recipients than a message may have, no recipient at all.
    fn has_else(&self, placement: &Placement) -> bool {
        let unclaimed = &self.delivery.unclaimed;
        let is_unclaimed = |address: &String| {
            let same = |one: &String| one.eq_ignore_ascii_case(address);
            unclaimed.iter().any(same)
        };
        unclaimed.len() > ADDRESSES_MOST
            || placement.recipients.is_empty()
            || placement.why.lines().count() > placement.recipients.len()
            || !placement.recipients.iter().all(is_unclaimed)
    }

    fn insert_addresses(&self, txn: &Connection, message: MessageId) -> Result<(), StoreError> {
        let mut addresses = self.delivery.unclaimed.iter().take(ADDRESSES_MOST);
        addresses.try_for_each(|address| self.insert(txn, message, address))
    }

    fn insert(
        &self,
        txn: &Connection,
        message: MessageId,
        address: &str,
    ) -> Result<(), StoreError> {
        txn.prepare_cached(
            "INSERT OR IGNORE INTO unclaimed (message_id, maildrop_id, address, identity)
             VALUES (?1, ?2, ?3, ?4)",
        )
        .and_then(|mut insert| {
            insert.execute(params![
                message.row(),
                self.batch.maildrop.row(),
                address,
                self.delivery.identity.as_ref().map(|one| one.as_bytes()),
            ])
        })
        .doing(WRITE)?;
        Ok(())
    }
}

fn is_in(txn: &Connection, message: MessageId, folder: FolderId) -> Result<bool, StoreError> {
    txn.prepare_cached("SELECT 1 FROM message WHERE id = ?1 AND folder_id = ?2")
        .and_then(|mut select| select.exists([message.row(), folder.row()]))
        .doing(WRITE)
}

fn has_rows(txn: &Connection, message: MessageId) -> Result<bool, StoreError> {
    txn.prepare_cached("SELECT 1 FROM unclaimed WHERE message_id = ?1")
        .and_then(|mut select| select.exists([message.row()]))
        .doing(WRITE)
}

/// Counts the messages in the fallback by their addresses without a rule.
pub(crate) async fn list(
    readers: &Arc<Readers>,
    id: RetrievalId,
) -> Result<Vec<Unclaimed>, StoreError> {
    let retrieval = readers
        .read(move |conn| retrievals::by_id(conn, id))
        .await?;
    let mut counts: HashMap<String, u64> = HashMap::new();
    each(readers, &retrieval, |row| {
        if row.address != ELSE {
            *counts.entry(row.address.to_lowercase()).or_default() += 1;
        }
    })
    .await?;
    let counted = |(address, messages)| Unclaimed { address, messages };
    let mut unclaimed: Vec<Unclaimed> = counts.into_iter().map(counted).collect();
    unclaimed.sort_by(|a, b| {
        let most_first = b.messages.cmp(&a.messages);
        most_first.then_with(|| a.address.cmp(&b.address))
    });
    unclaimed.truncate(MOST);
    Ok(unclaimed)
}

/// Messages in the fallback for addresses that the pattern covers, ascending.
pub(super) async fn messages(
    readers: &Arc<Readers>,
    retrieval: &Retrieval,
    pattern: &Pattern,
) -> Result<Vec<MessageId>, StoreError> {
    let mut found = Vec::new();
    each(readers, retrieval, |row| {
        if pattern.covers(&row.address) {
            found.push(row.message);
        }
    })
    .await?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// A row whose message is in the fallback.
struct InFallback {
    id: i64,
    address: String,
    message: MessageId,
}

/// Goes through all of them, page by page.
async fn each(
    readers: &Arc<Readers>,
    retrieval: &Retrieval,
    mut see: impl FnMut(InFallback),
) -> Result<(), StoreError> {
    let (maildrop, folder) = (retrieval.maildrop.row(), retrieval.folder.row());
    let mut behind = 0;
    loop {
        let page: Vec<(InFallback, bool)> = readers
            .read(move |conn| {
                conn.prepare_cached(
                    "SELECT u.id, u.address, u.message_id, m.id IS NOT NULL
                     FROM unclaimed u LEFT JOIN message m
                         ON m.id = u.message_id AND m.folder_id = ?3 AND u.maildrop_id = ?2
                     WHERE u.id > ?1 ORDER BY u.id LIMIT ?4",
                )
                .and_then(|mut select| {
                    let key = params![behind, maildrop, folder, PAGE];
                    let rows = select.query_map(key, |row| {
                        let found = InFallback {
                            id: row.get(0)?,
                            address: row.get(1)?,
                            message: MessageId::new(row.get(2)?),
                        };
                        Ok((found, row.get(3)?))
                    })?;
                    rows.collect()
                })
                .doing(READ)
            })
            .await?;
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        behind = last.id;
        let there = page.into_iter().filter(|(_, is_there)| *is_there);
        there.for_each(|(row, _)| see(row));
    }
}

/// The addresses that a rule's address covers: in any case, with any tag, in any other name of its
/// domain.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    local_part: Vec<String>,
    domain: String,
    separators: String,
    /// Other names of domains, each with the domain.
    aliases: Vec<(String, String)>,
}

impl Pattern {
    pub(super) fn new(address: &Address, retrieval: &Retrieval) -> Self {
        let settings = retrieval.routing.catch_all();
        let aliases = settings.map_or(&[][..], |one| &one.domain_aliases);
        let fold = |(alias, of): &(String, String)| (alias.to_lowercase(), of.to_lowercase());
        let local_part = address.local_part().to_lowercase();
        Self {
            local_part: local_part.split('*').map(str::to_owned).collect(),
            domain: address.domain().to_lowercase(),
            separators: settings.map_or_else(String::new, |one| one.separators.clone()),
            aliases: aliases.iter().map(fold).collect(),
        }
    }

    pub(super) fn covers(&self, address: &str) -> bool {
        let address = address.to_lowercase();
        let Some((local_part, domain)) = address.rsplit_once('@') else {
            return false;
        };
        let is_alias = || {
            let mut aliases = self.aliases.iter();
            aliases.any(|(alias, of)| alias == domain && *of == self.domain)
        };
        if self.domain != "*" && self.domain != domain && !is_alias() {
            return false;
        }
        let is_separator = |c: char| self.separators.contains(c);
        let name = local_part.split(is_separator).next();
        self.is_name(local_part) || name.is_some_and(|name| self.is_name(name))
    }

    /// Each star stands for any characters or none.
    fn is_name(&self, local_part: &str) -> bool {
        let (first, others) = self.local_part.split_first().expect("a split has a part");
        let Some(mut rest) = local_part.strip_prefix(first.as_str()) else {
            return false;
        };
        let Some((last, middle)) = others.split_last() else {
            return rest.is_empty();
        };
        for part in middle {
            match rest.split_once(part.as_str()) {
                Some((_, behind)) => rest = behind,
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}

/// The fallback of a catch-all, in the writer's transaction.
pub(super) fn fallback(txn: &Connection, id: RetrievalId) -> Result<(FolderId, i64), StoreError> {
    txn.prepare_cached("SELECT folder_id, maildrop_id FROM retrieval WHERE id = ?1")
        .and_then(|mut select| {
            let columns = |row: &rusqlite::Row<'_>| Ok((FolderId::new(row.get(0)?), row.get(1)?));
            select.query_row([id.row()], columns).optional()
        })
        .doing(READ)?
        .ok_or_else(|| missing("retrieval", id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(address: &str) -> Pattern {
        let (local_part, domain) = address.split_once('@').unwrap();
        Pattern {
            local_part: local_part.split('*').map(str::to_owned).collect(),
            domain: domain.into(),
            separators: "+-".into(),
            aliases: vec![("firm.test".into(), "firm.example".into())],
        }
    }

    #[test]
    fn a_rule_covers_tags_and_other_names_of_its_domain() {
        for (rule, address, covers) in [
            ("infos@firm.example", "Infos@Firm.Example", true),
            ("infos@firm.example", "infos+a-b@firm.test", true),
            ("infos@firm.example", "infos-x@firm.example", true),
            ("infos@firm.example", "info@firm.example", false),
            ("infos@firm.example", "infosx@firm.example", false),
            ("infos@firm.example", "xinfos@firm.example", false),
            ("infos@firm.example", "infos@other.example", false),
            ("infos@firm.test", "infos@firm.example", false),
            ("infos+x@firm.example", "infos@firm.example", false),
            ("*@firm.example", "anybody+x@firm.test", true),
            ("*+news@firm.example", "alice+news@firm.example", true),
            ("*+news@firm.example", "alice@firm.example", false),
            ("a*b*c@firm.example", "a1b2bc@firm.example", true),
            ("a*b*c@firm.example", "acb@firm.example", false),
            ("ab*b@firm.example", "ab@firm.example", false),
            ("sales@*", "sales@other.example", true),
            ("*@*", ELSE, false),
        ] {
            assert_eq!(pattern(rule).covers(address), covers, "{rule} {address}");
        }
    }
}
