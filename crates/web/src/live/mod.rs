//! Checks that somebody watches, and the streams that tell of them (UX 2.7).
//!
//! A press, a sign-in or an opened folder begins a [`check::Check`] (`begin`): a start of runs and a
//! board that says where each mailbox stands. One task follows what happens (`follow`); pages, streams
//! and polls read the board. In memory only: [`Checks`] has the newest thousand.

mod begin;
mod button;
mod check;
mod data;
mod follow;
mod page;
mod registry;
mod stream;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

pub(crate) use begin::{Asker, added, folder_opened, signed_in};
pub(crate) use button::{CheckButton, button};
pub(crate) use data::{begin as begin_for_program, state as state_for_program};
pub(crate) use registry::Checks;
pub(crate) use stream::events;

/// `/check` and below. The same as data is in the table of the API.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/check", post(page::press))
        .route("/check/waiting", get(page::waiting).post(page::wait))
        .route("/check/{id}", get(page::show))
        .route("/check/{id}/stop", post(page::stop))
        .route("/api/v1/check/current", get(data::current))
}
