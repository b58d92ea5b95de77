//! The inboxes of accounts here, as this room needs them.

use async_trait::async_trait;
use inhaul_types::AccountId;

/// Puts a message by inhaul itself into an account's INBOX.
#[async_trait]
pub trait Inbox: Send + Sync + 'static {
    /// Returns when it is durable. `octets` is a whole message with CRLF line ends (RFC 5322).
    async fn deliver(
        &self,
        account: AccountId,
        octets: Vec<u8>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}
