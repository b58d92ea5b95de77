//! Local accounts read their mail: POP3 now, IMAP next.
//!
//! A shell: sockets, tasks and the clock are here, decisions in `inhaul-domain`, grammars in the
//! grammar rooms, messages in the store. Who may come in is one question with one place that
//! answers it, whatever the protocol: [`doorkeeper`].

pub mod doorkeeper;
pub mod hook;
pub mod pop3;
