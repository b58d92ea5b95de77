//! Who may come in: passwords of local accounts, for every protocol.

mod denied;

pub use denied::Denied;
