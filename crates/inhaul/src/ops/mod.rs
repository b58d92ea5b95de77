//! What operates a server: its log, its health and numbers, and its service manager.
//!
//! Owns no mail and decides nothing about it. What it tells, it asks a a source for or
//! hears through `tracing`; whoever serves builds the parts and wires them:
//!
//! - [`log::Log::install`], then [`log::Log::configure`] with `[log]`: lines and the [`log::ring::Ring`];

#![allow(dead_code, reason = "`serve`, which calls all of it, is being built")]

pub(crate) mod log;
