//! A firm's catch-all from end to end with the real binary: a provider's Postfix puts the mail of a
//! whole domain into one maildrop, and each person has what was for them, as often as it must be.
//!
//! A sample of the letters, and all 5,000 with `INHAUL_FULL=1`.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]
#![allow(clippy::print_stdout, reason = "what was tried belongs to the report")]

mod dovecot;
mod home;
#[path = "../installation/mod.rs"]
mod installation;
mod postfix;
mod router;

/// How many letters a test sends.
fn letters() -> usize {
    if std::env::var("INHAUL_FULL").is_ok_and(|value| value == "1") {
        5000
    } else {
        300
    }
}
