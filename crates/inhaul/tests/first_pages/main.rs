//! The first pages somebody sees, in a browser at a running server: set-up, sign-in, inbox,
//! preferences.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod browser;
#[path = "../installation/mod.rs"]
mod installation;
