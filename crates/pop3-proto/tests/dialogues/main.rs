//! Conversations: written ones replayed against either end, both ends against each other, and
//! answers collected from servers.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

mod answers;
mod described;
mod pair;
mod script;
mod traces;
