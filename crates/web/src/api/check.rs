//! "Check mail": all mailboxes at once, and how far that has come.

use axum::routing::on;

use super::retrievals::activations;
use super::route::Verb::{Get, Post};
use super::route::{Reply, Route};
use super::schema::{Kind, Schema, may, must};
use crate::live;

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        Post,
        "/check",
        "Checks all mailboxes that fill your folders, as far as your group's limits let it.",
        Reply::Document(&CHECK),
        |verb| on(verb, live::begin_for_program),
    ),
    Route::new(
        Get,
        "/check/{id}",
        "How a check of yours stands.",
        Reply::Document(&CHECK),
        |verb| on(verb, live::state_for_program),
    )
    .named_by(Kind::Text),
    Route::new(
        Get,
        "/check/{id}/events",
        "What happens to a check of yours, as it happens. `Last-Event-ID` says what was heard already.",
        Reply::Events,
        |verb| on(verb, live::events),
    )
    .named_by(Kind::Text),
];

const WHOLE_OR_NULL: Kind = Kind::Maybe(&Kind::Whole);

const CHECK: Schema = Schema {
    name: "Check",
    about: "A check of several mailboxes.",
    fields: &[
        must("check_id", Kind::Text, "Its number, which is no number."),
        may("joined", Kind::Flag, "It went on already."),
        may("words", Kind::Text, "The same for people."),
        must("activation", Kind::Word(activations), "Why it was begun."),
        must(
            "until",
            Kind::Maybe(&Kind::Time),
            "Until when somebody waits for a message.",
        ),
        must("title", Kind::Text, "How it stands, for people."),
        must("retrievals", Kind::List(&Kind::Of(&LINE)), "Its mailboxes."),
        must(
            "messages",
            Kind::List(&Kind::Of(&MESSAGE)),
            "Messages that came.",
        ),
        must(
            "summary",
            Kind::Maybe(&Kind::Of(&SUMMARY)),
            "How it ended; null while it goes on.",
        ),
        must("finished", Kind::Flag, "It has ended."),
        must(
            "last_event_id",
            Kind::Whole,
            "The last event that was told of it.",
        ),
    ],
};

const LINE: Schema = Schema {
    name: "CheckedRetrieval",
    about: "One mailbox of a check.",
    fields: &[
        must("retrieval", Kind::Text, "Its name."),
        must("run", WHOLE_OR_NULL, "Its run, once it has one."),
        may(
            "stage",
            Kind::Text,
            "What it is doing; absent when it is done.",
        ),
        may("before", Kind::Whole, "So many wait before it."),
        may("n", Kind::Whole, "Messages stored."),
        may("of", Kind::Whole, "Messages to come."),
        may("bytes", Kind::Whole, "Octets that arrived."),
        may("of_bytes", Kind::Whole, "Octets to come."),
        may(
            "result",
            Kind::Text,
            "How it ended: `ok`, `busy`, `needs-you`, `failed`, `stopped`, `refused`, `gone`.",
        ),
        may(
            "code",
            Kind::Text,
            "The error code, or why nothing was begun.",
        ),
        may("new", Kind::Whole, "New messages."),
        may("next", Kind::Time, "When it runs next."),
        may("took_ms", Kind::Whole, "Milliseconds."),
        may("sign", Kind::Text, "The sign that pages show."),
        may("fix", Kind::Text, "The page where it can be put right."),
        must("words", Kind::Text, "The same for people."),
    ],
};

const MESSAGE: Schema = Schema {
    name: "CheckedMessage",
    about: "A message that came with a check.",
    fields: &[
        must("retrieval", Kind::Text, "What brought it."),
        must("folder", Kind::Text, "The folder."),
        must("id", Kind::Whole, "Its number."),
        must("from", Kind::Text, "Its sender."),
        must("subject", Kind::Text, "Its subject."),
        must("open", Kind::Text, "The page that shows it."),
    ],
};

const SUMMARY: Schema = Schema {
    name: "CheckSummary",
    about: "How a check ended.",
    fields: &[
        must("new", Kind::Whole, "New messages."),
        must("mailboxes", Kind::Whole, "Mailboxes that were checked."),
        must("failed", Kind::Whole, "Of them, those that could not be."),
        must(
            "busy",
            Kind::Whole,
            "Of them, those that somebody else had.",
        ),
        must("refused", Kind::Whole, "Mailboxes that were not checked."),
        must("good", Kind::Flag, "All went well."),
        must("words", Kind::Text, "The same for people."),
    ],
};
