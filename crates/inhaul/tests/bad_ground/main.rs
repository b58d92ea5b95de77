//! Bad ground under the real binary: a disk that is full, read-only or damaged, a data directory
//! that is somebody else's, a network that leads nowhere. Whatever it is, no message is lost, none
//! comes twice, and the person reads what is wrong.
//!
//! File systems and networks of their own come from user namespaces (`unshare -rm`), which need no
//! root; `INHAUL_DATA` and everything else is as in an installation.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

#[path = "../installation/mod.rs"]
mod installation;

mod full_disk;
mod mail;
mod namespace;
