//! Retrievals: a person's list, and the page of one, which the manager shows as well.
//!
//! Every page of one retrieval is written once, for whoever looks ([`looker::Looks`]): the person
//! whose mailbox it is, below `/retrievals`, or whoever manages the installation. Of what is
//! somebody else's all of them say that it is not there. Start at [`of_one`].

mod actions;
mod add;
mod conversation;
mod detail;
mod edit;
mod facts;
mod follow;
mod history;
mod list;
pub(crate) mod looker;
mod remove;
mod trial;
pub(crate) mod words;

#[cfg(test)]
pub(crate) mod tests;

use axum::Router;
use axum::routing::{get, post};

use super::whereabouts;
use crate::app::App;
use looker::{Looks, Managed, Own};

pub(crate) use add::Drafts;

/// A person's own retrievals, and the page of each for whoever manages them.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/retrievals", get(list::page))
        .merge(add::routes())
        .merge(edit::routes())
        .merge(of_one::<Own>())
        .merge(of_one::<Managed>())
        .merge(whereabouts::routes())
}

/// The pages of one retrieval, below the address from which `L` looks.
pub(crate) fn of_one<L: Looks>() -> Router<App> {
    let at = |behind: &str| format!("{}/{{id}}{behind}", L::BASE);
    Router::new()
        .route(&at(""), get(detail::page::<L>))
        .route(&at("/check"), post(actions::check::<L>))
        .route(&at("/try-again"), post(actions::try_again::<L>))
        .route(&at("/pause"), post(actions::pause::<L>))
        .route(&at("/resume"), post(actions::resume::<L>))
        .route(&at("/let-delete"), post(actions::let_delete::<L>))
        .route(&at("/test"), post(trial::page::<L>))
        .route(
            &at("/remove"),
            get(remove::question::<L>).post(remove::remove::<L>),
        )
        .route(&at("/bring"), post(actions::bring::<L>))
        .route(&at("/said"), get(follow::said::<L>))
        .route(&at("/runs/{run}"), get(conversation::page::<L>))
}
