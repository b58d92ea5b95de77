//! The tests of the command line once more, with a running server in front: the same results.
//!
//! `Installation` starts `inhaul serve` for the tests of this file as soon as there is a data
//! directory; see there.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]
#![allow(clippy::duplicate_mod, reason = "each file of tests brings its own")]

#[path = "cards.rs"]
mod cards;
#[path = "command_line.rs"]
mod command_line;
#[path = "importing.rs"]
mod importing;
#[path = "looking.rs"]
mod looking;
#[path = "managing.rs"]
mod managing;
