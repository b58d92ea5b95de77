//! `[[account]]`: a local person or role.

use inhaul_types::Address;

use super::whereabouts;
use crate::config::reader::Reader;

/// An account written in a file.
#[derive(Debug, PartialEq)]
pub(crate) struct AccountEntry {
    /// Its name.
    pub(crate) name: String,
    /// Its addresses, for catch-alls.
    pub(crate) addresses: Vec<Address>,
    /// Its group's name.
    pub(crate) group: String,
    /// The file and line it stands in.
    pub(crate) written_at: String,
}

impl AccountEntry {
    pub(in crate::config) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let name = reader.required("name", "Add name = \"alice\".");
        let addresses = reader.value("addresses", Vec::new());
        let group = reader.value("group", EVERYONE.to_owned());
        let written_at = whereabouts(reader);
        Some(Self {
            name: name?,
            addresses,
            group,
            written_at,
        })
    }
}

/// The group that every installation has.
const EVERYONE: &str = "Everyone";
