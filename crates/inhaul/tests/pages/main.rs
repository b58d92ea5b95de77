//! The pages of a running server as a browser asks for them, with and without script.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod browser;
mod check;
#[path = "../installation/mod.rs"]
mod installation;
