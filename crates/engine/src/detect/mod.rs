//! Finds the POP3 server of a mail address: in the list of known providers, else by the usual names.
//!
//! No password is needed for it and none is sent. A server that was guessed counts only if POP3
//! greets there, on a line that is encrypted and whose certificate is good for the name: nobody
//! types a password in for a stranger's machine or for readable lines. Start at [`detect_server`].

mod guess;
mod step;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::providers::{
    self, BadDomain, Encryption, Note, Provider, UserName, ascii_domain,
};
use inhaul_domain::reach::Reach;
use inhaul_net::Dialler;
use inhaul_net::tls::Trust;
use inhaul_store::Security;

use crate::engine::Engine;
use crate::settings::Checks;
use guess::Guesser;
pub use inhaul_domain::providers::Source;
pub use step::{Attempt, Miss, Outcome, Step};

/// How long all of it may take. A person sits in front of it.
pub const DETECT_LIMIT: Duration = Duration::from_secs(10);

/// What was found for an address, and how.
#[derive(Clone, Debug)]
pub struct Detection {
    /// The server, if one was found.
    pub found: Option<ServerSettings>,
    /// The known provider of the address. One without POP3 is here while nothing is found.
    pub provider: Option<&'static Provider>,
    /// What was done, in its order.
    pub steps: Vec<Step>,
}

/// A server as it may be proposed to a person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerSettings {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Always encrypted.
    pub security: Security,
    /// The authority of its certificate, where that is none of the system's.
    pub ca_file: Option<PathBuf>,
    /// The name to sign in with first.
    pub user: String,
    /// What kind of name that is.
    pub user_name: UserName,
    /// Who says so.
    pub origin: Origin,
    /// What one has to know before a sign-in.
    pub notes: &'static [Note],
}

/// Where settings come from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// The list of known providers.
    Table(&'static Provider),
    /// A provider that this installation was told of; its name.
    Told(String),
    /// A usual name, where POP3 answers.
    Guess,
}

impl Origin {
    /// Completes "Where this comes from:".
    pub fn words(&self) -> String {
        match self {
            Self::Table(provider) => format!("the list of known providers: {}", provider.name),
            Self::Told(name) => format!("this installation's own list: {name}"),
            Self::Guess => "a usual name for a mail server, and POP3 answers there".to_owned(),
        }
    }
}

/// A provider that an installation knows besides the built-in ones, as a demonstration does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ToldProvider {
    /// What people call it.
    pub name: String,
    /// What stands behind the `@`.
    pub domain: String,
    /// Its server.
    pub host: String,
    /// Where that is, if no name service is to be asked.
    pub address: Option<IpAddr>,
    /// The server's port.
    pub port: u16,
    /// How the line is protected.
    pub security: Security,
    /// The authority of its certificate, where that is none of the system's.
    pub ca_file: Option<PathBuf>,
}

/// Why something is no mail address.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadAddress {
    /// No `@`, or nothing in front of it.
    #[error("This is no mail address. One looks like alice@example.org.")]
    NoAddress,
    /// What stands behind the `@`.
    #[error("{0}")]
    Domain(#[from] BadDomain),
}

/// Somebody who watches a search. Called from its task: must return at once.
pub trait DetectionObserver: Send + Sync {
    /// A source is asked now.
    fn begins(&self, source: Source);
    /// A source has answered, or a name of a source has.
    fn step(&self, step: &Step);
}

impl Engine {
    /// Finds the server of this address. Names are dialled within `reach`.
    pub async fn detect(
        &self,
        address: &str,
        reach: &Reach,
        observer: &dyn DetectionObserver,
    ) -> Result<Detection, BadAddress> {
        let detector = Detector {
            dialler: &self.dialler,
            checks: &self.checks(),
            trust: trust(&self.checks()),
            told: &self.told(),
            reach,
        };
        detector.detect(address, observer).await
    }

    /// Providers that are known here besides the built-in ones, from now on. They come first.
    pub fn tell_providers(&self, providers: Vec<ToldProvider>) {
        let placed = providers.iter();
        let placed = placed.filter_map(|told| Some((told.host.clone(), told.address?)));
        self.dialler.tell_hosts(placed);
        *self.told_providers() = Arc::from(providers);
    }

    fn told(&self) -> Arc<[ToldProvider]> {
        Arc::clone(&self.told_providers())
    }
}

/// Finds the server of an address where there is no engine.
pub async fn detect_server(
    checks: &Checks,
    address: &str,
    reach: &Reach,
    observer: &dyn DetectionObserver,
) -> Result<Detection, BadAddress> {
    let detector = Detector {
        dialler: &Dialler::new(),
        checks,
        trust: trust(checks),
        told: &[],
        reach,
    };
    detector.detect(address, observer).await
}

/// Whom a server that nobody has named yet has to convince.
fn trust(checks: &Checks) -> Trust {
    let file = checks.ca_file.clone();
    file.map_or(Trust::System, Trust::CaFile)
}

struct Detector<'a> {
    dialler: &'a Dialler,
    checks: &'a Checks,
    trust: Trust,
    told: &'a [ToldProvider],
    reach: &'a Reach,
}

/// Sources that are named to people and not asked yet.
const LATER: [Source; 3] = [
    Source::DnsRecords,
    Source::SettingsFile,
    Source::MozillaList,
];

impl Detector<'_> {
    async fn detect(
        &self,
        address: &str,
        observer: &dyn DetectionObserver,
    ) -> Result<Detection, BadAddress> {
        let address = address.trim();
        let (local, domain) = address.rsplit_once('@').ok_or(BadAddress::NoAddress)?;
        if local.is_empty() || local.contains(char::is_whitespace) {
            return Err(BadAddress::NoAddress);
        }
        let domain = ascii_domain(domain)?;
        let mut report = Report {
            observer,
            steps: Vec::new(),
        };
        report.begins(Source::KnownProviders);
        let (provider, found) = self.known(address, &domain);
        let is_known = provider.is_some() || found.is_some();
        report.tell(Source::KnownProviders, self.known_outcome(provider, &found));
        for source in LATER {
            report.tell(source, later_outcome(is_known));
        }
        if is_known {
            report.tell(Source::UsualNames, Outcome::NotNeeded);
            return Ok(report.conclude(found, provider));
        }
        report.begins(Source::UsualNames);
        let guesser = Guesser {
            dialler: self.dialler,
            checks: self.checks,
            trust: &self.trust,
            reach: self.reach,
        };
        let guessed = guesser
            .guess(&domain, |attempt| {
                report.tell(Source::UsualNames, Outcome::Tried(attempt));
            })
            .await;
        let outcome = match &guessed {
            Some((host, port, _)) => Outcome::Found(format!("{host}, port {port}")),
            None => Outcome::Nothing,
        };
        report.tell(Source::UsualNames, outcome);
        let found = guessed.map(|(host, port, security)| ServerSettings {
            host,
            port,
            security,
            ca_file: None,
            user: address.to_owned(),
            user_name: UserName::Unsaid,
            origin: Origin::Guess,
            notes: &[],
        });
        Ok(report.conclude(found, None))
    }

    fn known(
        &self,
        address: &str,
        domain: &str,
    ) -> (Option<&'static Provider>, Option<ServerSettings>) {
        let told = self
            .told
            .iter()
            .find(|told| ascii_domain(&told.domain).as_deref() == Ok(domain));
        if let Some(told) = told {
            return (None, Some(told.settings(address)));
        }
        let provider = providers::of_domain(domain);
        let found = provider.and_then(|provider| of_table(provider, address));
        (provider, found)
    }

    fn known_outcome(
        &self,
        provider: Option<&'static Provider>,
        found: &Option<ServerSettings>,
    ) -> Outcome {
        match (found, provider) {
            (Some(settings), _) => Outcome::Found(match &settings.origin {
                Origin::Told(name) => name.clone(),
                Origin::Table(provider) => provider.name.to_owned(),
                Origin::Guess => settings.host.clone(),
            }),
            (None, Some(provider)) => Outcome::NoPop3(provider.name),
            (None, None) => Outcome::NotListed,
        }
    }
}

fn later_outcome(is_known: bool) -> Outcome {
    match is_known {
        true => Outcome::NotNeeded,
        false => Outcome::NotAskedYet,
    }
}

fn of_table(provider: &'static Provider, address: &str) -> Option<ServerSettings> {
    let server = provider.server?;
    Some(ServerSettings {
        host: server.host.to_owned(),
        port: server.port,
        security: match server.encryption {
            Encryption::Tls => Security::Tls,
            Encryption::Stls => Security::StartTls,
        },
        ca_file: None,
        user: server.user.of(address).to_owned(),
        user_name: server.user,
        origin: Origin::Table(provider),
        notes: provider.notes,
    })
}

impl ToldProvider {
    fn settings(&self, address: &str) -> ServerSettings {
        ServerSettings {
            host: self.host.clone(),
            port: self.port,
            security: self.security,
            ca_file: self.ca_file.clone(),
            user: address.to_owned(),
            user_name: UserName::Address,
            origin: Origin::Told(self.name.clone()),
            notes: &[],
        }
    }
}

/// Tells whoever watches, and remembers.
struct Report<'a> {
    observer: &'a dyn DetectionObserver,
    steps: Vec<Step>,
}

impl Report<'_> {
    fn begins(&self, source: Source) {
        self.observer.begins(source);
    }

    fn tell(&mut self, source: Source, outcome: Outcome) {
        let step = Step { source, outcome };
        self.observer.step(&step);
        self.steps.push(step);
    }

    fn conclude(
        self,
        found: Option<ServerSettings>,
        provider: Option<&'static Provider>,
    ) -> Detection {
        Detection {
            found,
            provider,
            steps: self.steps,
        }
    }
}
