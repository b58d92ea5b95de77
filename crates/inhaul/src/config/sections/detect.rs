//! `[detect]`: whom to ask for the settings of an address.

use crate::config::reader::Reader;

/// Whom to ask for the settings of an address.
#[derive(Debug, PartialEq)]
pub(crate) struct Detect {
    /// The domain's DNS service records.
    pub(crate) srv: bool,
    /// The domain's own settings file.
    pub(crate) autoconfig: bool,
    /// Mozilla's list, which learns the domain and never the address.
    pub(crate) mozilla: bool,
}

impl Detect {
    pub(in crate::config) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            srv: reader.value("srv", ASK),
            autoconfig: reader.value("autoconfig", ASK),
            mozilla: reader.value("mozilla", ASK),
        }
    }
}

/// Finding the server is what people cannot do, and none of the three learns who asks.
const ASK: bool = true;
