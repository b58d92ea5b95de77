//! What people may change and who may: one set of functions for pages, API and commands, each with
//! its rows in the audit.
//!
//! Stands on the store and knows no page, no protocol, no command. Every function begins with an
//! [`Actor`]: an administrator sees and changes everything, a person what is theirs; of what is
//! somebody else's it says that it is not there. Start at [`Manage`].

mod accounts;
mod actor;
mod api_keys;
pub mod audit;
mod catch_alls;
mod groups;
mod manage;
mod names;
mod own_addresses;
mod refused;
mod retrievals;
pub mod sharing;
mod sorting;
pub mod words;

pub use accounts::{AccountForm, NewAccountForm};
pub use actor::{Actor, Authority};
pub use api_keys::LONGEST_KEY_NAME;
pub use catch_alls::{Claim, NewRule, RuleAdded};
pub use groups::{Affected, OverLimit};
pub use manage::Manage;
pub use names::{
    BadName, LONGEST_FOLDER, LONGEST_NAME, LONGEST_PASSWORD, LONGEST_USER, SHORTEST_PASSWORD,
    check_account_name, check_group_name, check_password, check_remote_password, check_text,
};
pub use own_addresses::OwnAddresses;
pub use refused::{Refused, place_words};
pub use retrievals::{Rights, SWITCHED_OFF};
pub use sorting::UnsavedCatchAll;
