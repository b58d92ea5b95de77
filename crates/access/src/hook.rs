//! What a sign-in sets off elsewhere: a trait for whoever starts runs.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use inhaul_types::{AccountId, Activation};

/// Starts what a sign-in is to start.
#[async_trait]
pub trait SignInHook: Send + Sync + 'static {
    /// Somebody signed in from this address. Comes back when what that started has ended, at the
    /// latest after `most`; what goes on then goes on without anybody waiting. What is refused
    /// there is nothing to whoever signs in.
    async fn signed_in(
        &self,
        account: AccountId,
        activation: Activation,
        from: IpAddr,
        most: Duration,
    );
}

/// Starts nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoHook;

#[async_trait]
impl SignInHook for NoHook {
    async fn signed_in(&self, _: AccountId, _: Activation, _: IpAddr, _: Duration) {}
}
