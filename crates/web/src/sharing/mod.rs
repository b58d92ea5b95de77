//! How catch-alls share out, before anything is brought: what was typed is read, and real headers are
//! looked at. Pages and programs do it by the same functions.
//!
//! Whose an address is is decided by `domain::route`, as for a run; who may look by the management
//! room.

mod look;
mod meant;
pub(crate) mod places;

pub(crate) use look::{Maildrop, NEWEST_MOST, blocks, look, measuring};
pub(crate) use meant::{At, Meant, Misread};
