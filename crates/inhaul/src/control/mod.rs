//! The control socket: a running server carries commands out for those who type them.
//!
//! `server` listens, `connection` is one client there, `client` the other end; `frame` and
//! `messages` are what goes over the line. A client sends its command line and becomes the streams
//! of the command: it writes what it is told to, answers questions, reads and writes the files that
//! its command line names, forwards signals, draws bars, and ends with the exit code it is told.
//! [`Caller`](crate::caller::Caller) is the same seen from the command.

mod client;
mod connection;
mod files;
mod frame;
mod greeting;
mod look;
mod messages;
mod server;
mod socket;

pub(crate) use client::{Typed, connect};
pub(crate) use frame::{Frame, OUTPUT_MOST, Octets};
pub(crate) use look::{Looked, look};
pub(crate) use messages::{BarStep, ToClient};
pub(crate) use server::{Control, Stopped};
