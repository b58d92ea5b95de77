//! `[[group]]`: what starts runs for its accounts, their limits and what they may decide.

use std::collections::BTreeMap;
use std::time::Duration;

use inhaul_types::Activation;

use super::whereabouts;
use crate::config::reader::{KeyPath, Reader, Session, Setting};
use crate::config::sizes::Size;
use crate::config::tree::{Node, Placed, Table};
use crate::config::words::Words;

/// A group written in a file.
#[derive(Debug, PartialEq)]
pub(crate) struct GroupEntry {
    /// Its name.
    pub(crate) name: String,
    /// What starts a run, and not more often than this. What is absent here is off; `None` leaves
    /// the built-in switches.
    pub(crate) triggers: Option<BTreeMap<Activation, Duration>>,
    /// Limits of each account in it.
    pub(crate) limits: GroupLimits,
    /// What its accounts may decide.
    pub(crate) users_may: Vec<Right>,
    /// How long after storing people may have the remote copy deleted, at the earliest.
    pub(crate) delete_after_min: Duration,
    /// The file and line it stands in.
    pub(crate) written_at: String,
}

/// Limits of each account in a group. `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct GroupLimits {
    /// Retrievals.
    pub(crate) retrievals: Option<u32>,
    /// Octets of mail here.
    pub(crate) mailbox: Option<u64>,
    /// Octets of one message.
    pub(crate) message: Option<u64>,
    /// Messages one run brings.
    pub(crate) messages_per_run: Option<u32>,
    /// Octets one run brings.
    pub(crate) octets_per_run: Option<u64>,
    /// Runs at the same time.
    pub(crate) at_once: Option<u32>,
    /// Accounts that a catch-all gives one message to.
    pub(crate) recipients: Option<u32>,
    /// Runs an account may start in a day.
    pub(crate) started_per_day: Option<u32>,
    /// Runs that may be started in a day from one network address.
    pub(crate) started_per_day_address: Option<u32>,
}

/// Something people may decide for themselves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Right {
    /// Add and change their own retrievals.
    Edit,
    /// Have mail deleted from remote servers.
    DeleteRemote,
    /// Use connections without encryption.
    Plain,
    /// Trust a certificate by its fingerprint.
    PinCertificate,
    /// Name servers with private addresses.
    PrivateNetworks,
}

/// The `triggers` table.
struct Triggers(BTreeMap<Activation, Duration>);

impl GroupEntry {
    pub(in crate::config) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let name = reader.required("name", "Add name = \"Staff\".");
        let triggers = reader
            .optional::<Triggers>("triggers")
            .map(|triggers| triggers.0);
        let limits = reader.value("limits", GroupLimits::default());
        let users_may = reader.value("users_may", USERS_MAY.to_vec());
        // Storing is proof enough unless the group asks for a safety margin.
        let delete_after_min = reader.value("delete_after_min", Duration::ZERO);
        let written_at = whereabouts(reader);
        Some(Self {
            name: name?,
            triggers,
            limits,
            users_may,
            delete_after_min,
            written_at,
        })
    }
}

impl Setting for Triggers {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let mut reader = inner(
            from,
            path,
            session,
            "{ schedule = \"5m\", button = \"1m\" }",
        )?;
        let intervals = Activation::ALL
            .into_iter()
            .filter_map(|activation| Some((activation, reader.optional(activation.as_str())?)))
            .collect();
        reader.finish();
        Some(Self(intervals))
    }

    fn show(&self) -> String {
        let triggers: Vec<String> = self
            .0
            .iter()
            .map(|(name, interval)| format!("{name} = {}", interval.show()))
            .collect();
        show_table(&triggers)
    }
}

impl Setting for GroupLimits {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let mut reader = inner(
            from,
            path,
            session,
            "{ retrievals = 10, mailbox = \"5GB\" }",
        )?;
        let limits = Self {
            retrievals: reader.optional("retrievals"),
            mailbox: reader.optional::<Size>("mailbox").map(|size| size.0),
            message: reader.optional::<Size>("message").map(|size| size.0),
            messages_per_run: reader.optional("messages_per_run"),
            octets_per_run: reader.optional::<Size>("octets_per_run").map(|size| size.0),
            at_once: reader.optional("at_once"),
            recipients: reader.optional("recipients"),
            started_per_day: reader.optional("started_per_day"),
            started_per_day_address: reader.optional("started_per_day_address"),
        };
        reader.finish();
        Some(limits)
    }

    fn show(&self) -> String {
        let count = |key: &str, value: Option<u32>| value.map(|value| format!("{key} = {value}"));
        let size = |key: &str, value: Option<u64>| {
            value.map(|value| format!("{key} = {}", Size(value).show()))
        };
        let limits = [
            count("retrievals", self.retrievals),
            size("mailbox", self.mailbox),
            size("message", self.message),
            count("messages_per_run", self.messages_per_run),
            size("octets_per_run", self.octets_per_run),
            count("at_once", self.at_once),
            count("recipients", self.recipients),
            count("started_per_day", self.started_per_day),
            count("started_per_day_address", self.started_per_day_address),
        ];
        show_table(&limits.into_iter().flatten().collect::<Vec<_>>())
    }
}

impl Words for Right {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("edit", Self::Edit),
        ("delete-remote", Self::DeleteRemote),
        ("plain", Self::Plain),
        ("pin-certificate", Self::PinCertificate),
        ("private-networks", Self::PrivateNetworks),
    ];
}

/// Their own retrievals, and what becomes of their own mail: as in a group that a command makes.
const USERS_MAY: [Right; 2] = [Right::Edit, Right::DeleteRemote];

/// A reader of the table in a value; anything else is reported.
pub(super) fn inner<'a>(
    from: &Placed,
    path: &KeyPath,
    session: &'a mut Session,
    example: &str,
) -> Option<Reader<'a>> {
    match &from.node {
        Node::Table(Table(keys)) => {
            let table = Table(keys.clone());
            Some(Reader::table(
                session,
                path.clone(),
                from.place.clone(),
                table,
            ))
        }
        node => {
            let what = format!("expected a table, found {}", node.describe());
            session.refuse(&from.place, path, what, &format!("Write {example}."));
            None
        }
    }
}

pub(super) fn show_table(parts: &[String]) -> String {
    if parts.is_empty() {
        "{}".to_owned()
    } else {
        format!("{{ {} }}", parts.join(", "))
    }
}
