//! What operates a server: its log, its health and numbers, and its service manager.
//!
//! Owns no mail and decides nothing about it. What it tells, it asks a [`health::Source`] for or
//! hears through `tracing`; whoever serves builds the parts and wires them:
//!
//! - [`log::Log::install`], then [`log::Log::configure`] with `[log]`: lines, and the
//!   [`log::ring::Ring`] of the newest ones;
//! - [`listener::bind`] and [`listener::serve`]: `/metrics`, `/healthz`, `/readyz` on the addresses
//!   of `[ops]`;
//! - [`systemd`]: readiness, watchdog, and sockets that were opened for us.

#![allow(
    dead_code,
    reason = "the log's page and `inhaul log`, the scheduler and the notices are being built"
)]

pub(crate) mod health;
pub(crate) mod listener;
pub(crate) mod log;
pub(crate) mod metrics;
pub(crate) mod systemd;
