//! Bad ground under the real binary: a disk that is full, read-only or damaged, a data directory
//! that is somebody else's, a network that leads nowhere. Whatever it is, no message is lost, none
//! comes twice, and the person reads what is wrong.
//!
//! File systems and networks of their own come from user namespaces (`unshare -rm`), which need no
//! root; system calls that fail or kill come from `strace`.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]
#![allow(clippy::print_stdout, reason = "what was tried belongs to the report")]

#[path = "../installation/mod.rs"]
mod installation;

mod damage;
mod directory;
mod full_disk;
mod injected;
mod mail;
mod namespace;
mod network;
#[path = "../crash/power.rs"]
#[allow(dead_code, reason = "the crash tests use the rest of it")]
mod power;
