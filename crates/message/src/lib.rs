#![doc = include_str!("../README.md")]
//!
//! # Inside
//!
//! Grammar: octets in, values out. No clock, no socket, no file, no log; nothing here edits an
//! octet of a message. Every function takes any octets at all, in one pass over at most
//! [`HEADER_MOST`] of header and a few KiB of body, but for [`Structure`] and what reads its parts,
//! which take as much as they are given, each octet once. Start at [`HeaderBlock`].

mod addresses;
mod attachment;
mod body_text;
mod fingerprint;
mod header;
mod identity;
mod mime;
mod reading;
mod searched;
mod summary;
mod text;
mod unpack;

pub use addresses::{ADDRESS_MOST, AddrSpec, RECIPIENTS_MOST, Received, addresses, received};
pub use body_text::{body_text, words_of_html};
pub use fingerprint::fingerprint;
pub use header::{Field, HEADER_MOST, HeaderBlock, header_end};
pub use identity::identity;
pub use mime::{
    DEPTH_MOST, Described, Disposition, Holds, PARTS_MOST, Part, Scanner, Structure,
    TransferEncoding,
};
pub use reading::{Prefer, Reading};
pub use searched::{TextPieces, whole_field};
pub use summary::{Summary, arrived, shown, summarize};
pub use unpack::Unpacker;
