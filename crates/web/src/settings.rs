//! How the pages are served; may change while they are.

use std::time::Duration;

use inhaul_types::Network;

/// How the pages are served.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address people type, without a slash at its end; `None` is whatever they typed.
    pub public_url: Option<String>,
    /// Peers in these networks may say in `X-Forwarded-For` and `X-Forwarded-Proto` whom they speak
    /// for.
    pub trusted_proxies: Vec<Network>,
    /// A session without a click is over after this.
    pub idle: Duration,
    /// A session is over after this, however busy it is.
    pub longest: Duration,
    /// Both, where somebody wants to stay signed in on a device.
    pub kept: Duration,
    /// Nothing here is real, and every page says so.
    pub demo: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: None,
            trusted_proxies: Vec::new(),
            idle: Duration::from_secs(30 * 60),
            longest: Duration::from_secs(12 * 60 * 60),
            kept: Duration::from_secs(30 * 24 * 60 * 60),
            demo: false,
        }
    }
}
