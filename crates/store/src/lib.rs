//! Memory: durable messages, the identities of what we hold, accounts, retrievals, runs.
//!
//! The traits here are the seam behind which SQLite serves now and PostgreSQL can serve later.
//! The store owns the transaction in which bytes, placement and ledger row become visible together.

mod card;
mod folder_name;
pub mod mail;
pub mod model;
mod password;
pub mod records;
mod seal;
pub mod search;
mod sqlite;
mod traits;
pub mod views;
pub mod visitors;

pub use folder_name::{BadFolderName, FolderName};
pub use inhaul_domain::Security;
pub use inhaul_domain::limits::Limits;
pub use inhaul_domain::schedule::Every;
pub use mail::{ActedOn, FlagChange, Flags, LARGE, Mail, Marked, Shown, Usage};
pub use model::*;
pub use records::*;
pub use search::*;
#[cfg(feature = "simulation")]
pub use sqlite::Crash;
pub use sqlite::{
    Clock, Examination, Integrity, SealedSecret, SqliteStore, StoreOptions, Threads, is_held,
    leftovers, log_length,
};
pub use traits::{BodyReader, Store, StoreError};
pub use views::*;
pub use visitors::*;
