//! Whom to tell, and how: the `[notify]` section, resolved.

use std::time::Duration;

use inhaul_domain::notices::Manner;
use inhaul_net::tls::Trust;
use inhaul_types::Secret;

use crate::desk::Person;
use crate::url::WebUrl;

/// Whom to tell, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// This server's name, for `From` and `Message-ID` of its messages.
    pub server: String,
    /// Whether owners get a message in their inbox here.
    pub owner_inbox: bool,
    /// The administrator who gets one in theirs.
    pub admin: Option<Person>,
    /// An address that takes JSON.
    pub webhook: Option<WebhookSettings>,
    /// A program and its arguments; empty is none.
    pub program: Vec<String>,
    /// An address to visit while all is well.
    pub heartbeat: Option<WebUrl>,
    /// Whose word counts for the names of those addresses.
    pub trust: Trust,
    /// How often a trouble that lasts is told again.
    pub manner: Manner,
}

/// An address that takes JSON.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// The address.
    pub url: WebUrl,
    /// What signs the JSON.
    pub secret: Option<Secret>,
}

impl Settings {
    /// The built-in values: owners are told in their inbox, nobody else is.
    pub fn of_server(server: String) -> Self {
        Self {
            server,
            owner_inbox: true,
            admin: None,
            webhook: None,
            program: Vec::new(),
            heartbeat: None,
            trust: Trust::System,
            manner: Manner::default(),
        }
    }
}

/// How long one delivery by network or program may take: a receiver that needs longer has hung.
pub(crate) const DELIVERY: Duration = Duration::from_secs(30);
