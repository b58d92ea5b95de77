//! What a request is answered with.

pub(crate) mod packing;
mod page;
mod problem;
mod shell;

pub(crate) use page::{Page, see_other};
pub(crate) use problem::{Problem, Reason, Why};
pub(crate) use shell::{Place, Shell};
