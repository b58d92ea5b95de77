//! A message as a person reads it.
//!
//! Everything in it is a stranger's: text comes out escaped, formatted text as a document of its own
//! that is sanitised here and then shown in a frame that may run no script and reach nothing (UX
//! 2.6). Start at [`Letter::open`].

mod formatted;
mod links;
mod opened;
mod plain;
pub(crate) mod saved;

pub(crate) use formatted::{Formatted, Pictures};
pub(crate) use opened::{Letter, PartReader};
pub(crate) use plain::plain;
