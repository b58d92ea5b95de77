//! `[metrics]`: numbers for a monitoring system.

use super::THIS_MACHINE;
use crate::config::addresses::Network;
use crate::config::reader::Reader;

/// Numbers for a monitoring system.
#[derive(Debug, PartialEq)]
pub(crate) struct Metrics {
    /// Whether `/metrics` answers.
    pub(crate) enabled: bool,
    /// Who may ask.
    pub(crate) allow: Vec<Network>,
}

impl Metrics {
    pub(in crate::config) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            enabled: reader.value("enabled", ENABLED),
            allow: reader.value("allow", vec![THIS_MACHINE]),
        }
    }
}

/// How much mail comes and goes is nobody's business until someone asks for it.
const ENABLED: bool = false;
