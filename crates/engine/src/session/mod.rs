//! One visit to a maildrop: the conversation, carried out over a line.
//!
//! `wire` moves octets, `open` gets to the sign-in, `peer` says who greets, `secret` has what it needs and `sign_in` does
//! it, `learned` is what one session tells the next, `listing` learns what is there, `headers` reads
//! headers and `probe` judges by them, `retrieve` brings bodies and asks for deletions:
//! `delivery` makes each ready for the store and `batch` makes them durable. The order of effects is in `retrieve`
//! and in [`crate::run`].

pub(crate) mod batch;
pub(crate) mod delivery;
pub(crate) mod headers;
pub(crate) mod learned;
pub(crate) mod listing;
pub(crate) mod open;
pub(crate) mod peer;
pub(crate) mod probe;
pub(crate) mod retrieve;
pub(crate) mod secret;
mod sign_in;
pub(crate) mod tally;
pub(crate) mod wire;

pub(crate) use wire::Wire;
