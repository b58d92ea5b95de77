//! `[tls]`: which encryption counts, for remote servers and for our own.

use std::path::PathBuf;

use crate::config::reader::Reader;
use crate::config::words::Words;

/// Which encryption counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tls {
    /// The oldest version spoken.
    pub(crate) minimum: TlsVersion,
    /// The authorities to trust; `None` is what the machine trusts.
    pub(crate) ca_file: Option<PathBuf>,
}

/// A version of TLS that is still safe.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TlsVersion {
    /// TLS 1.2.
    V1_2,
    /// TLS 1.3.
    V1_3,
}

impl Tls {
    pub(in crate::config) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            minimum: reader.value("minimum", MINIMUM),
            ca_file: reader.optional("ca_file"),
        }
    }
}

impl Words for TlsVersion {
    const WORDS: &'static [(&'static str, Self)] = &[("1.2", Self::V1_2), ("1.3", Self::V1_3)];
}

/// Older mail servers stop here, and nothing below is safe (RFC 8996).
const MINIMUM: TlsVersion = TlsVersion::V1_2;
