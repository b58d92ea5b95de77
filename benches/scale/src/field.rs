//! The field: which maildrops there are, at which hosts, and what everybody calls them.
//!
//! Farm, seed and measurement are processes of their own; all they share is this shape, kept as
//! `field.json` beside the data directory.

use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use serde::{Deserialize, Serialize};

/// How many of everything.
#[derive(Args, Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Field {
    /// Remote hosts: 127.0.1.1, 127.0.1.2 and so on
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u8).range(1..=250))]
    pub(crate) hosts: u8,
    /// Maildrops, and retrievals, dealt out to the hosts in turn
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) maildrops: u32,
    /// Messages each maildrop holds from the beginning
    #[arg(long, default_value_t = 20)]
    pub(crate) kept: u32,
    /// Local accounts, to which the maildrops are dealt out in turn
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) accounts: u32,
    /// The port of every host
    #[arg(long, default_value_t = 11_110)]
    pub(crate) port: u16,
}

impl Field {
    /// Reads the shape of what `seed` made in this folder.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let file = folder.join("field.json");
        let text = fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is no field", file.display()))
    }

    /// Writes it there.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        Ok(fs::write(folder.join("field.json"), text)?)
    }

    /// Where a host listens, counted from 0.
    pub(crate) fn host(&self, host: u8) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::new(127, 0, 1, host + 1), self.port)
    }

    /// Where a maildrop is.
    pub(crate) fn host_of(&self, maildrop: u32) -> u8 {
        u8::try_from(maildrop % u32::from(self.hosts))
            .expect("a remainder is less than the divisor")
    }

    /// The maildrop of this name at this host.
    pub(crate) fn maildrop(&self, host: u8, user: &[u8]) -> Option<u32> {
        let digits = std::str::from_utf8(user.strip_prefix(b"u")?).ok()?;
        let number = digits.parse().ok().filter(|&n| n < self.maildrops)?;
        (self.host_of(number) == host).then_some(number)
    }
}

/// The sign-in name of a maildrop.
pub(crate) fn user(maildrop: u32) -> String {
    format!("u{maildrop:05}")
}

/// The name of its retrieval.
pub(crate) fn retrieval(maildrop: u32) -> String {
    format!("r{maildrop:05}")
}

/// The data directory in a seeded folder.
pub(crate) fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELD: Field = Field {
        hosts: 100,
        maildrops: 10_000,
        kept: 20,
        accounts: 100,
        port: 11_110,
    };

    #[test]
    fn a_maildrop_is_at_one_host_only() {
        for number in [0, 1, 99, 100, 9_999] {
            let at = FIELD.host_of(number);
            assert_eq!(FIELD.maildrop(at, user(number).as_bytes()), Some(number));
            assert_eq!(
                FIELD.maildrop((at + 1) % 100, user(number).as_bytes()),
                None
            );
        }
    }

    #[test]
    fn no_other_name_is_a_maildrop() {
        for name in ["u10000", "u-1", "x00001", "", "u"] {
            assert_eq!(FIELD.maildrop(0, name.as_bytes()), None, "{name:?}");
        }
    }
}
