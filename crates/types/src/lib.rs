//! The words every room of inhaul shares: values that are valid once they exist.
//!
//! Touches nothing. A value is built by parsing or by a constructor that cannot fail; the field
//! stays private, so holding one is the proof that it was checked.

mod activation;
mod address;
pub mod card;
mod digest;
mod error_code;
mod ids;
mod key_pin;
mod mechanism;
mod message_number;
mod network;
mod octets;
mod secret;
mod timestamp;
mod unique_id;

pub use activation::{Activation, UnknownActivation};
pub use address::{Address, AddressError};
pub use card::{Card, Facts};
pub use digest::{Digest, Fingerprint, Identity};
pub use error_code::{ErrorCode, UnknownErrorCode};
pub use ids::{
    AccountId, ApiKeyId, AuditId, BodyId, FolderId, GroupId, LedgerId, MaildropId, MessageId,
    NoticeId, RetrievalId, RunId, Uid, UidValidity,
};
pub use key_pin::{BadPin, KeyPin};
pub use mechanism::{Mechanism, UnknownMechanism};
pub use message_number::MessageNumber;
pub use network::{Network, NetworkError};
pub use octets::Octets;
pub use secret::Secret;
pub use timestamp::Timestamp;
pub use unique_id::{UniqueId, UniqueIdError};
