//! The sample mailbox of a real installation: a trait for whoever holds its server.

use std::io;

use async_trait::async_trait;
use inhaul_manage::{Actor, Refused};
use inhaul_types::RetrievalId;

/// Has a sample mailbox for whoever wants to see how this works.
#[async_trait]
pub trait SampleMailbox: Send + Sync + 'static {
    /// Adds a retrieval of it for an administrator's own account, or finds the one there is. Returns
    /// when its first message has come, or after some seconds.
    async fn add(&self, actor: &Actor) -> Result<RetrievalId, NotAdded>;
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum NotAdded {
    /// The retrieval cannot be added.
    #[error("the sample's retrieval is refused")]
    Refused(#[from] Refused),
    /// Its server does not start.
    #[error("the sample's server does not start")]
    NoServer(#[from] io::Error),
}
