//! What must hold for any octets whatever: one function for each target, which panics if it does
//! not hold.
//!
//! Knows nothing of where the octets come from: the stable driver in `main.rs` and libFuzzer in
//! `fuzz_targets/` call the same functions. The names in [`TARGETS`] are those that
//! `cargo xtask fuzz` takes.

mod addresses;
mod choices;
mod message;
mod pop3_client;
mod pop3_server;
mod pop3_service;

pub use addresses::addresses_and_received;
pub use message::message;
pub use pop3_client::pop3_client;
pub use pop3_server::pop3_server;
pub use pop3_service::pop3_service;

/// A target.
pub type Target = fn(&[u8]);

/// All targets by name.
pub const TARGETS: [(&str, Target); 5] = [
    ("pop3_client", pop3_client),
    ("pop3_server", pop3_server),
    ("pop3_service", pop3_service),
    ("message", message),
    ("addresses", addresses_and_received),
];
