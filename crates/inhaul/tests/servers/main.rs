//! The real binary against POP3 servers of other makes than Dovecot: each shows something that no
//! other does, and mail comes from all of them once and as it is.
//!
//! Takes root and overlayfs (`cargo xtask peers` says what is missing). 150 messages of the
//! collection from each, and all of it with `INHAUL_FULL=1`.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]
#![allow(clippy::print_stdout, reason = "what was tried belongs to the report")]

#[path = "../installation/mod.rs"]
mod installation;
// The name under which `cargo xtask test` leaves these tests out where they cannot be run.
mod makes;
