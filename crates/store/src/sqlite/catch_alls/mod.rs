//! Catch-alls: how they are set, who can be a recipient, what goes where in a batch, and what of it
//! nobody had claimed.

mod book;
mod settings;

pub(crate) use book::{address_book, rules};
pub(crate) use settings::{COLUMNS, read, write};
