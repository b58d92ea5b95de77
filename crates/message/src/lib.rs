#![doc = include_str!("../README.md")]
//!
//! # Inside
//!
//! Grammar: octets in, values out. No clock, no socket, no file, no log; nothing here edits an
//! octet of a message. Every function takes any octets at all, in one pass over at most
//! [`HEADER_MOST`] of header and a few KiB of body. Start at [`HeaderBlock`].

mod addresses;
mod attachment;
mod fingerprint;
mod header;
mod identity;
mod summary;
mod text;

pub use addresses::{ADDRESS_MOST, AddrSpec, RECIPIENTS_MOST, Received, addresses, received};
pub use fingerprint::fingerprint;
pub use header::{Field, HEADER_MOST, HeaderBlock, header_end};
pub use identity::identity;
pub use summary::{Summary, arrived, summarize};
