//! Catch-alls: how they are set, who can be a recipient, what goes where in a batch, and what of it
//! nobody had claimed.

mod book;
mod claim;
mod giving;
mod settings;
mod sharing;
mod unclaimed;

pub(crate) use book::{address_book, instance, rules};
pub(crate) use claim::{Claim, find as find_unclaimed};
pub(crate) use settings::{COLUMNS, read, write};
pub(crate) use sharing::{Made, Sharing};
pub(crate) use unclaimed::list as unclaimed;
