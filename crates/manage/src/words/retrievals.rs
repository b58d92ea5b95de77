//! How a retrieval's settings are typed and shown: `tls`, `10m`, `auto`, `delete after 14 days`.

use inhaul_domain::Retention;
use inhaul_store::{Every, Security};
use inhaul_types::Mechanism;

/// Protection of the line.
pub fn security_word(security: Security) -> &'static str {
    match security {
        Security::Tls => "tls",
        Security::StartTls => "starttls",
        Security::None => "none",
    }
}

/// How often.
pub fn every_word(every: Every) -> String {
    match every {
        Every::Auto => "auto".into(),
        Every::Never => "never".into(),
        Every::Seconds(seconds) if seconds % 60 == 0 => format!("{}m", seconds / 60),
        Every::Seconds(seconds) => format!("{seconds}s"),
    }
}

/// A way to sign in; the best that the server offers is `auto`.
pub fn sign_in_word(way: Option<Mechanism>) -> &'static str {
    way.map_or(AUTO, Mechanism::as_str)
}

const AUTO: &str = "auto";

/// What happens to the remote copy.
pub fn after_storing_words(retention: Retention) -> String {
    match retention {
        Retention::Keep => "keep".to_owned(),
        Retention::Delete => "delete".to_owned(),
        Retention::DeleteAfter { days } => format!("delete after {days} days"),
    }
}

/// What happens to remote copies, in a sentence.
pub fn retention_words(retention: Retention, host: &str) -> String {
    match retention {
        Retention::Keep => format!("Copies stay on {host}."),
        Retention::Delete => format!("Copies on {host} are deleted once they are stored here."),
        Retention::DeleteAfter { days } => {
            format!("Copies on {host} are deleted {days} days after they were stored here.")
        }
    }
}
