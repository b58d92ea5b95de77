//! Catch-alls before they bring anything (UX 2.17): which header says whom a message was for, and
//! where the newest messages would go. Headers alone are read (TOP); nothing is stored or deleted.
//!
//! A catch-all is made as any retrieval is, with `catch_all` in it ([`settings`]).

mod headers;
mod mailbox;
mod preview;
mod settings;

use axum::routing::on;

use super::route::Verb::Post;
use super::route::{Reply, Route, Who};

pub(super) use settings::{CatchAllSent, SETTINGS};

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        Post,
        "/catch-all/headers",
        "Which header of a mailbox's newest messages says whom each was for.",
        Reply::Document(&headers::HEADERS),
        |verb| on(verb, headers::measure),
    )
    .of(Who::Administrator)
    .sent::<headers::AskedDocument>(&headers::ASKED, headers::EXAMPLE),
    Route::new(
        Post,
        "/catch-all/preview",
        "Where a mailbox's newest messages would go, and why. Nothing is stored or deleted.",
        Reply::Document(&preview::PREVIEW),
        |verb| on(verb, preview::preview),
    )
    .of(Who::Administrator)
    .sent::<preview::AskedDocument>(&preview::ASKED, preview::EXAMPLE),
];
