//! Which pages are asked for, and by whom.

use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::year::{ADMINISTRATOR, CATCH_ALL};
use crate::field;

/// A page: what it is called in the table, and its address in this field.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) path: String,
}

/// The pages of a person, and those of the administrator.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) person: Vec<Place>,
    pub(super) administrator: Vec<Place>,
}

fn place(name: &'static str, path: impl Into<String>) -> Place {
    let path = path.into();
    Place { name, path }
}

impl Places {
    /// The pages of the account of this name, and of the installation.
    pub(super) fn of(data: &Path, account: &str) -> Result<Self> {
        let database = data.join("inhaul.db");
        let conn = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let number = |sql: &str, name: &str| -> Result<i64> {
            let found = conn.query_row(sql, [name], |row| row.get(0)).optional()?;
            found.ok_or_else(|| anyhow::anyhow!("{name} is not in this field: {sql}"))
        };
        let id = number("SELECT id FROM account WHERE name = ?1", account)?;
        let group = number("SELECT id FROM account_group WHERE name = ?1", "Scale")?;
        let folder = number(
            "SELECT id FROM folder WHERE name = 'INBOX' AND account_id =
                 (SELECT id FROM account WHERE name = ?1)",
            account,
        )?;
        let own = number(
            "SELECT r.id FROM retrieval r JOIN account a ON a.id = r.owner_id
             WHERE a.name = ?1 ORDER BY r.last_error IS NOT NULL, r.id LIMIT 1",
            account,
        )?;
        let bad = number(
            "SELECT min(id) FROM retrieval WHERE last_error = ?1",
            "auth-refused",
        )?;
        let run = number(
            "SELECT max(id) FROM run WHERE retrieval_id = ?1",
            &own.to_string(),
        )?;
        let catch_all = number("SELECT id FROM retrieval WHERE name = ?1", CATCH_ALL)?;
        let older: i64 = conn.query_row(
            "SELECT id FROM run WHERE retrieval_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET 1000",
            [own],
            |row| row.get(0),
        )?;
        Ok(Self {
            person: vec![
                place("/", "/"),
                place("/folder/ID", format!("/folder/{folder}")),
                place("/retrievals", "/retrievals"),
                place("/retrievals?rows", "/retrievals?rows=1"),
                place("/retrievals/ID", format!("/retrievals/{own}")),
                place(
                    "/retrievals/ID?range=7d",
                    format!("/retrievals/{own}?range=7d"),
                ),
                place(
                    "/retrievals/ID?range=30d",
                    format!("/retrievals/{own}?range=30d"),
                ),
                place(
                    "/retrievals/ID?before",
                    format!("/retrievals/{own}?before={older}"),
                ),
                place("/retrievals/ID/edit", format!("/retrievals/{own}/edit")),
                place("/retrievals/ID/remove", format!("/retrievals/{own}/remove")),
                place(
                    "/retrievals/ID/runs/RUN",
                    format!("/retrievals/{own}/runs/{run}"),
                ),
                place("/retrievals/add", "/retrievals/add"),
                place("/where", "/where"),
                place("/where?words", "/where?words=Message+12&days=7"),
                place("/where?words, a year", "/where?words=Message+12&days=365"),
                place("/preferences", "/preferences"),
                place("/help/CODE", "/help/auth-refused"),
                place("/api/v1/status", "/api/v1/status"),
                place("/api/v1/retrievals", "/api/v1/retrievals"),
            ],
            administrator: vec![
                place("/ (a fallback's)", "/"),
                place("/retrievals", "/retrievals"),
                place("/manage", "/manage"),
                place("/manage/accounts", "/manage/accounts"),
                place("/manage/accounts?find", "/manage/accounts?find=a09"),
                place("/manage/accounts/ID", format!("/manage/accounts/{id}")),
                place(
                    "/manage/accounts/ID/remove",
                    format!("/manage/accounts/{id}/remove"),
                ),
                place("/manage/accounts/add", "/manage/accounts/add"),
                place("/manage/groups", "/manage/groups"),
                place("/manage/groups/ID", format!("/manage/groups/{group}")),
                place("/manage/retrievals", "/manage/retrievals"),
                place("/manage/retrievals?page=150", "/manage/retrievals?page=150"),
                place(
                    "/manage/retrievals?state",
                    "/manage/retrievals?state=attention",
                ),
                place("/manage/retrievals?find", "/manage/retrievals?find=r0123"),
                place("/manage/retrievals?group", "/manage/retrievals?group=Scale"),
                place(
                    "/manage/retrievals?server",
                    "/manage/retrievals?server=127.0.1.7",
                ),
                place("/manage/retrievals/ID", format!("/manage/retrievals/{own}")),
                place(
                    "/manage/retrievals/ID, failing",
                    format!("/manage/retrievals/{bad}"),
                ),
                place(
                    "/manage/retrievals/ID/rules",
                    format!("/manage/retrievals/{catch_all}/rules"),
                ),
                place("/manage/catch-all/add", "/manage/catch-all/add"),
                place("/manage/log", "/manage/log"),
                place("/manage/audit", "/manage/audit"),
                place("/manage/audit?who", "/manage/audit?who=a042"),
                place("/manage/audit?what", "/manage/audit?what=r00001"),
                place("/manage/settings", "/manage/settings"),
                place("/where?all", "/where?words=Message+12&days=7&all=1"),
                place("/api/v1/status", "/api/v1/status"),
                place("/api/v1/retrievals", "/api/v1/retrievals"),
                place("/api/v1/accounts", "/api/v1/accounts"),
                place("/api/v1/audit", "/api/v1/audit"),
            ],
        })
    }

    /// The same of many people, for a crowd.
    pub(super) fn of_crowd(folder: &Path, people: u32) -> Result<Vec<(String, Vec<Place>)>> {
        let data = field::data(folder);
        let mut crowd = Vec::new();
        for person in 0..people {
            // Every tenth manages.
            if person % 10 == 9 {
                let places = Self::of(&data, "a000")?.administrator;
                crowd.push((ADMINISTRATOR.to_owned(), places));
            } else {
                let name = format!("a{person:03}");
                let places = Self::of(&data, &name)?.person;
                crowd.push((name, places));
            }
        }
        Ok(crowd)
    }
}
