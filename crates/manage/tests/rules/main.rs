//! What people and administrators may change, against a store in a directory of its own.
#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod accounts;
mod api_keys;
mod auditing;
mod catch_alls;
mod groups;
mod house;
mod people;
mod seeing;
mod settings;
mod written;
