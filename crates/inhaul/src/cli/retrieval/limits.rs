//! The limits of one retrieval's runs as data.

use inhaul_store::RetrievalLimits;
use inhaul_types::Octets;
use serde_json::{Value, json};

/// All of them as data; null is no limit.
pub(super) fn limits_document(limits: &RetrievalLimits) -> Value {
    json!({
        "max-messages": limits.max_messages,
        "max-octets": limits.max_octets.map(Octets::count),
        "largest": limits.largest.map(Octets::count),
        "reconnect": limits.reconnect,
    })
}
