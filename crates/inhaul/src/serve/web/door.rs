//! Passwords for the pages: the same doorkeeper as for mail programs.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use inhaul_access::doorkeeper::{self, Doorkeeper};
use inhaul_store::Account;
use inhaul_types::Secret;
use inhaul_web::door::{Denied, Door};

/// Asks the doorkeeper.
pub(super) struct OfDoorkeeper(pub(super) Arc<Doorkeeper>);

#[async_trait]
impl Door for OfDoorkeeper {
    async fn admit(&self, name: &str, password: &Secret, from: IpAddr) -> Result<Account, Denied> {
        let admitted = self.0.admit(name, password, from).await;
        admitted.map_err(|denied| match denied {
            doorkeeper::Denied::Wrong => Denied::Wrong,
            doorkeeper::Denied::TooManyTries { until } => Denied::TooManyTries { until },
            doorkeeper::Denied::SwitchedOff { by_group } => Denied::SwitchedOff { by_group },
            doorkeeper::Denied::Store(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "a password could not be looked at");
                Denied::Unavailable
            }
        })
    }
}
