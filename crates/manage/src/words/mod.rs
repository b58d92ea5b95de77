//! The words of settings, sizes and times, the same on pages, in the API, on command lines and in the
//! audit: what is shown is what may be typed.

mod catch_alls;
mod counts;
mod durations;
mod groups;
mod notes;
mod retrieval_limits;
mod retrievals;
mod sizes;
mod stories;

pub use catch_alls::{domains_words, rules_words, source_words};
pub use counts::{count, counted, size};
pub use durations::{format_duration, parse_duration};
pub use groups::{
    LIMITS, Limit, LimitWord, TriggerWord, every_words, limits_words, parse_users_may,
    users_may_words,
};
pub use notes::note_words;
pub use retrieval_limits::{RetrievalLimitWord, retrieval_limits_words};
pub use retrievals::{
    after_storing_words, every_word, retention_words, security_word, sign_in_word,
};
pub use sizes::{format_size, parse_size};
pub use stories::{StoryEvent, StoryEventKind, may_go_at, search_word, search_words, story_events};
