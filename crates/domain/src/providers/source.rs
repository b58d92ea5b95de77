//! Who knows the server of a mail address.

/// Who is asked for the server of an address, in this order.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Source {
    /// The built-in list, and this installation's own.
    KnownProviders,
    /// The domain's SRV records (RFC 6186).
    DnsRecords,
    /// The file that the domain publishes for mail programs.
    SettingsFile,
    /// The list that Mozilla publishes.
    MozillaList,
    /// Names that POP3 servers usually have, by trying them.
    UsualNames,
}

impl Source {
    /// All, in order.
    pub const ALL: [Self; 5] = [
        Self::KnownProviders,
        Self::DnsRecords,
        Self::SettingsFile,
        Self::MozillaList,
        Self::UsualNames,
    ];

    /// What a line about it begins with.
    pub fn label(self) -> &'static str {
        match self {
            Self::KnownProviders => "Known providers",
            Self::DnsRecords => "Provider's DNS records",
            Self::SettingsFile => "Provider's settings file",
            Self::MozillaList => "Mozilla's public list",
            Self::UsualNames => "Usual names",
        }
    }
}
