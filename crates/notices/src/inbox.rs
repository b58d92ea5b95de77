//! The inboxes of accounts here, as this room needs them.

use async_trait::async_trait;
use inhaul_types::AccountId;

use crate::memory::LetterId;

/// Puts a message by inhaul itself into an account's INBOX.
#[async_trait]
pub trait Inbox: Send + Sync + 'static {
    /// Returns when it is durable. `message` is whole, with CRLF line ends (RFC 5322). Where it is a
    /// letter of the outbox, that is settled in the same transaction, or a kill in between would
    /// deliver it twice; a letter that waits no longer was delivered, and that is no error.
    async fn deliver(
        &self,
        account: AccountId,
        message: String,
        settles: Option<LetterId>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}
