//! How a retrieval shares its messages out, as rows.

use inhaul_domain::route::RecipientSource;
use inhaul_types::{AccountId, RetrievalId};
use rusqlite::{Connection, Row, params};

use crate::sqlite::accounts::folder_or_new;
use crate::sqlite::errors::{Doing, damaged};
use crate::sqlite::words::from_word;
use crate::sqlite::writer::Surroundings;
use crate::{CatchAllSettings, Routing, RuleSetting, StoreError};

const WRITE: &str = "write a catch-all";
const READ: &str = "read the catch-alls";

const AUTO: &str = "auto";
const TO_CC: &str = "to-cc";

/// What [`read`] reads, of the table `retrieval` as `r`.
pub(crate) const COLUMNS: &str = "
    r.routing, r.evidence, r.evidence_index, r.evidence_strip, r.evidence_headers, r.separators,
    r.max_recipients";

/// Makes this the way in which a retrieval's messages go, and forgets the one before.
pub(crate) fn write(
    txn: &Connection,
    around: &Surroundings,
    id: RetrievalId,
    routing: &Routing,
) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM retrieval_domain WHERE retrieval_id = ?1",
        "DELETE FROM retrieval_rule WHERE retrieval_id = ?1",
        "UPDATE retrieval SET routing = 'single', evidence = NULL, evidence_index = NULL,
             evidence_strip = NULL, evidence_headers = NULL
         WHERE id = ?1",
    ] {
        txn.execute(sql, [id.row()]).doing(WRITE)?;
    }
    let Routing::CatchAll(settings) = routing else {
        return Ok(());
    };
    write_source(txn, id, settings)?;
    write_domains(txn, id, settings)?;
    write_rules(txn, around, id, settings)
}

fn write_source(
    txn: &Connection,
    id: RetrievalId,
    settings: &CatchAllSettings,
) -> Result<(), StoreError> {
    // An index tells a header's name from a word of ours.
    let (evidence, index, strip, headers) = match &settings.source {
        RecipientSource::Auto { evidence } => (AUTO, None, None, Some(evidence.join("\n"))),
        RecipientSource::Header { name, index, strip } => {
            (name.as_str(), Some(*index), Some(strip.as_str()), None)
        }
        RecipientSource::ToCc => (TO_CC, None, None, None),
    };
    txn.execute(
        "UPDATE retrieval SET routing = 'catch-all', evidence = ?2, evidence_index = ?3,
             evidence_strip = ?4, evidence_headers = ?5, separators = ?6, max_recipients = ?7
         WHERE id = ?1",
        params![
            id.row(),
            evidence,
            index,
            strip,
            headers,
            settings.separators,
            settings.max_recipients,
        ],
    )
    .doing(WRITE)?;
    Ok(())
}

fn write_domains(
    txn: &Connection,
    id: RetrievalId,
    settings: &CatchAllSettings,
) -> Result<(), StoreError> {
    let own = settings.domains.iter().map(|domain| (domain, None));
    let aliases = settings.domain_aliases.iter();
    let aliases = aliases.map(|(domain, of)| (domain, Some(of)));
    let mut insert = txn
        .prepare_cached(
            "INSERT INTO retrieval_domain (retrieval_id, position, domain, alias_of)
             VALUES (?1, ?2, ?3, ?4)",
        )
        .doing(WRITE)?;
    for (position, (domain, alias_of)) in (0_i64..).zip(own.chain(aliases)) {
        insert
            .execute(params![id.row(), position, domain, alias_of])
            .doing(WRITE)?;
    }
    Ok(())
}

fn write_rules(
    txn: &Connection,
    around: &Surroundings,
    id: RetrievalId,
    settings: &CatchAllSettings,
) -> Result<(), StoreError> {
    for (position, rule) in (0_i64..).zip(&settings.rules) {
        let folder = folder_or_new(txn, around, rule.account, &rule.folder)?;
        txn.prepare_cached(
            "INSERT INTO retrieval_rule (retrieval_id, position, address, folder_id)
             VALUES (?1, ?2, ?3, ?4)",
        )
        .and_then(|mut insert| {
            insert.execute(params![
                id.row(),
                position,
                rule.address.as_str(),
                folder.row()
            ])
        })
        .doing(WRITE)?;
    }
    Ok(())
}

/// How a retrieval's messages go, from the [`COLUMNS`] that begin at `first`.
pub(crate) fn read(
    conn: &Connection,
    id: RetrievalId,
    row: &Row<'_>,
    first: usize,
) -> Result<Routing, StoreError> {
    let text = |column: usize| row.get::<_, Option<String>>(first + column).doing(READ);
    if text(0)?.as_deref() == Some("single") {
        return Ok(Routing::Single);
    }
    let evidence = text(1)?.ok_or_else(|| damaged(format!("catch-all {id} has no source")))?;
    let index: Option<u32> = row.get(first + 2).doing(READ)?;
    let source = match (evidence, index) {
        (name, Some(index)) => RecipientSource::Header {
            name,
            index,
            strip: text(3)?.unwrap_or_default(),
        },
        (word, None) if word == AUTO => RecipientSource::Auto {
            evidence: text(4)?
                .unwrap_or_default()
                .lines()
                .map(str::to_owned)
                .collect(),
        },
        (word, None) if word == TO_CC => RecipientSource::ToCc,
        (word, None) => return Err(damaged(format!("catch-all {id} asks {word:?}"))),
    };
    let (domains, domain_aliases) = read_domains(conn, id)?;
    Ok(Routing::CatchAll(CatchAllSettings {
        source,
        domains,
        domain_aliases,
        separators: text(5)?.unwrap_or_default(),
        max_recipients: row.get(first + 6).doing(READ)?,
        rules: read_rules(conn, id)?,
    }))
}

/// Domains, and those that stand for another one.
type Domains = (Vec<String>, Vec<(String, String)>);

fn read_domains(conn: &Connection, id: RetrievalId) -> Result<Domains, StoreError> {
    let mut select = conn
        .prepare_cached(
            "SELECT domain, alias_of FROM retrieval_domain WHERE retrieval_id = ?1
             ORDER BY position",
        )
        .doing(READ)?;
    let mut rows = select.query([id.row()]).doing(READ)?;
    let (mut domains, mut aliases) = Domains::default();
    while let Some(row) = rows.next().doing(READ)? {
        let domain = row.get(0).doing(READ)?;
        match row.get(1).doing(READ)? {
            None => domains.push(domain),
            Some(of) => aliases.push((domain, of)),
        }
    }
    Ok((domains, aliases))
}

fn read_rules(conn: &Connection, id: RetrievalId) -> Result<Vec<RuleSetting>, StoreError> {
    let mut select = conn
        .prepare_cached(
            "SELECT u.address, a.id, a.name, f.name
             FROM retrieval_rule u JOIN folder f ON f.id = u.folder_id
                 JOIN account a ON a.id = f.account_id
             WHERE u.retrieval_id = ?1 ORDER BY u.position",
        )
        .doing(READ)?;
    let mut rows = select.query([id.row()]).doing(READ)?;
    let mut rules = Vec::new();
    while let Some(row) = rows.next().doing(READ)? {
        let address: String = row.get(0).doing(READ)?;
        rules.push(RuleSetting {
            address: from_word(&address)?,
            account: AccountId::new(row.get(1).doing(READ)?),
            account_name: row.get(2).doing(READ)?,
            folder: row.get(3).doing(READ)?,
        });
    }
    Ok(rules)
}
