//! An error card as data (UX 6.1).

use inhaul_types::Card;
use serde::Serialize;

use crate::api::schema::{Kind, Schema, may, must};

pub(super) const CARD: Schema = Schema {
    name: "Card",
    about: "Why a retrieval fails, as people are told it.",
    fields: &[
        must("code", Kind::Text, "The error code."),
        must("title", Kind::Text, "Its headline."),
        must("what", Kind::Text, "What happened, in sentences."),
        must(
            "do",
            Kind::List(&Kind::Text),
            "What to do, the first thing first.",
        ),
        must("next", Kind::Text, "What inhaul does, in sentences."),
        may("said", Kind::Text, "The server's own words."),
    ],
};

/// A card as data.
#[derive(Serialize)]
pub(in crate::api) struct CardDocument {
    code: &'static str,
    title: String,
    what: String,
    r#do: Vec<String>,
    next: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<String>,
}

impl From<Card> for CardDocument {
    fn from(card: Card) -> Self {
        Self {
            code: card.code.as_str(),
            title: card.title,
            what: card.what,
            r#do: card.todo,
            next: card.next,
            said: card.said,
        }
    }
}
