//! Names to addresses to lines.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use inhaul_types::KeyPin;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use crate::tls::{Configurations, Trust, handshake_error, server_name};
use crate::{CertificateFault, DialError, Line};

/// Where to dial.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// Name or address, as configured.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// Makes lines to remote servers.
#[derive(Debug, Default)]
pub struct Dialler {
    configurations: Configurations,
    /// Names in lower case that nobody is asked for.
    hosts: RwLock<BTreeMap<String, IpAddr>>,
    /// Who is asked for names; the system if `None`.
    #[cfg(feature = "simulation")]
    names: Option<std::sync::Arc<dyn crate::Network>>,
    /// Who makes lines; the system if `None`.
    #[cfg(feature = "simulation")]
    network: Option<std::sync::Arc<dyn crate::Network>>,
}

impl Dialler {
    /// A dialler that has dialled nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where these names are, as a hosts file says it: nobody else is asked for them from now on.
    pub fn tell_hosts(&self, hosts: impl IntoIterator<Item = (String, IpAddr)>) {
        let hosts = hosts.into_iter();
        let hosts = hosts.map(|(name, address)| (name.to_lowercase(), address));
        *self.hosts.write().unwrap_or_else(PoisonError::into_inner) = hosts.collect();
    }

    fn told(&self, name: &str) -> Option<IpAddr> {
        let hosts = self.hosts.read().unwrap_or_else(PoisonError::into_inner);
        hosts.get(&name.to_lowercase()).copied()
    }

    /// A dialler in a network other than the system's. Its lines take no TLS.
    #[cfg(feature = "simulation")]
    pub fn within(network: std::sync::Arc<dyn crate::Network>) -> Self {
        Self {
            names: Some(std::sync::Arc::clone(&network)),
            network: Some(network),
            ..Self::default()
        }
    }

    /// A dialler that asks `network` for names and makes its lines by the system.
    #[cfg(feature = "simulation")]
    pub fn with_names_of(network: std::sync::Arc<dyn crate::Network>) -> Self {
        Self {
            names: Some(network),
            ..Self::default()
        }
    }

    /// Looks the name up and connects to the first address that answers. All of it within
    /// `limit`; each address but the last gets half of what is left, so that one dead address
    /// does not use up the time of the others.
    pub async fn connect(&self, target: &Target, limit: Duration) -> Result<Line, DialError> {
        self.connect_if(target, |_| true, limit).await
    }

    /// The same for a caller who may not go everywhere: every address of the name has to be one it
    /// may dial, and those that were judged are the ones that are dialled. Nothing is sent to any
    /// of them before.
    pub async fn connect_if(
        &self,
        target: &Target,
        may: impl Fn(SocketAddr) -> bool,
        limit: Duration,
    ) -> Result<Line, DialError> {
        let deadline = Instant::now() + limit;
        let addresses = self.look_up_if(target, may, limit).await?;
        self.connect_to(
            target,
            &addresses,
            deadline.saturating_duration_since(Instant::now()),
        )
        .await
    }

    /// The addresses of a name, in the order in which they are to be tried.
    pub async fn look_up(
        &self,
        target: &Target,
        limit: Duration,
    ) -> Result<Vec<SocketAddr>, DialError> {
        timeout(limit, self.ask_for(target))
            .await
            .map_err(|_| no_answer(target, limit))?
    }

    /// The same for a caller who may not go everywhere: every one of them has to be an address it
    /// may dial. Whoever dials these and no others is safe from a name that leads elsewhere a moment
    /// later.
    pub async fn look_up_if(
        &self,
        target: &Target,
        may: impl Fn(SocketAddr) -> bool,
        limit: Duration,
    ) -> Result<Vec<SocketAddr>, DialError> {
        let addresses = self.look_up(target, limit).await?;
        all_allowed(target, addresses, may)
    }

    /// Connects to the first of these addresses of `target` that answers. Its name is not looked up
    /// again.
    pub async fn connect_to(
        &self,
        target: &Target,
        addresses: &[SocketAddr],
        limit: Duration,
    ) -> Result<Line, DialError> {
        let deadline = Instant::now() + limit;
        let mut outcome = Err(DialError::NameNotFound(target.host.clone()));
        for (index, address) in addresses.iter().enumerate() {
            let now = Instant::now();
            let share = if index + 1 == addresses.len() { 1 } else { 2 };
            let until = now + deadline.saturating_duration_since(now) / share;
            outcome = match timeout_at(until, self.line_to(*address)).await {
                Ok(Ok(line)) => return Ok(line),
                Ok(Err(error)) => Err(connect_error(target, error)),
                Err(_) => Err(no_answer(target, limit)),
            };
        }
        outcome
    }

    async fn ask_for(&self, target: &Target) -> Result<Vec<SocketAddr>, DialError> {
        let bare = target.host.trim_start_matches('[').trim_end_matches(']');
        if let Some(address) = bare.parse().ok().or_else(|| self.told(bare)) {
            return Ok(vec![SocketAddr::new(address, target.port)]);
        }
        #[cfg(feature = "simulation")]
        if let Some(network) = &self.names {
            return answered(target, network.look_up(bare, target.port).await);
        }
        let found = tokio::net::lookup_host((bare, target.port)).await;
        answered(target, found.map(Iterator::collect))
    }

    async fn line_to(&self, address: SocketAddr) -> io::Result<Line> {
        #[cfg(feature = "simulation")]
        if let Some(network) = &self.network {
            return network.connect(address).await.map(Line::Simulated);
        }
        let stream = TcpStream::connect(address).await?;
        // A command and its answer are far smaller than a segment.
        stream.set_nodelay(true).ok();
        Ok(Line::Plain(stream))
    }

    /// Does the TLS handshake on a plain line, as a client that was told `target`'s name.
    ///
    /// # Panics
    /// If the line is encrypted already.
    pub async fn secure(
        &self,
        line: Line,
        target: &Target,
        trust: &Trust,
        limit: Duration,
    ) -> Result<Line, DialError> {
        let Line::Plain(stream) = line else {
            panic!("TLS inside TLS was asked for")
        };
        let name = server_name(&target.host)?;
        let connector = TlsConnector::from(self.configurations.for_trust(trust)?);
        match timeout(limit, connector.connect(name, stream)).await {
            Ok(Ok(stream)) => Ok(Line::Tls(Box::new(stream))),
            Ok(Err(error)) => Err(handshake_error(&target.host, target.port, error)),
            Err(_) => Err(no_answer(target, limit)),
        }
    }

    /// Begins a handshake on a plain line to see the server's key, and ends it there: nothing is
    /// said to a server that nobody has decided to trust.
    ///
    /// # Panics
    /// If the line is encrypted already.
    pub async fn shown_key(
        &self,
        line: Line,
        target: &Target,
        limit: Duration,
    ) -> Result<KeyPin, DialError> {
        match self.secure(line, target, &Trust::Nobody, limit).await {
            Err(DialError::Certificate {
                shown: Some(shown), ..
            }) => Ok(*shown),
            Err(error) => Err(error),
            Ok(_) => Err(DialError::Certificate {
                host: target.host.clone(),
                fault: CertificateFault::Other("it was not shown".into()),
                shown: None,
            }),
        }
    }
}

fn all_allowed(
    target: &Target,
    addresses: Vec<SocketAddr>,
    may: impl Fn(SocketAddr) -> bool,
) -> Result<Vec<SocketAddr>, DialError> {
    match addresses.iter().all(|address| may(*address)) {
        true => Ok(addresses),
        false => Err(DialError::NotAllowed(target.host.clone())),
    }
}

fn no_answer(target: &Target, limit: Duration) -> DialError {
    DialError::NoAnswer {
        host: target.host.clone(),
        port: target.port,
        // Of a limit shared with an earlier step some milliseconds are gone.
        seconds: limit
            .as_millis()
            .div_ceil(1000)
            .try_into()
            .unwrap_or(u64::MAX),
    }
}

fn answered(
    target: &Target,
    found: io::Result<Vec<SocketAddr>>,
) -> Result<Vec<SocketAddr>, DialError> {
    match found {
        Ok(addresses) if addresses.is_empty() => Err(DialError::NameNotFound(target.host.clone())),
        Ok(addresses) => Ok(addresses),
        Err(error) if asked_in_vain(&error) => Err(DialError::LookUp {
            name: target.host.clone(),
            source: error,
        }),
        Err(_) => Err(DialError::NameNotFound(target.host.clone())),
    }
}

/// Whether nobody could be asked, or nobody knew. The system's resolver tells that from "there is no
/// such name" in words only: glibc's for EAI_AGAIN and EAI_FAIL, musl's for the same, and those for
/// an error of the system itself.
fn asked_in_vain(error: &io::Error) -> bool {
    let said = error.to_string();
    [
        "Temporary failure",
        "Non-recoverable failure",
        "Try again",
        "Non-recoverable error",
        "System error",
        "Too many open files",
        "Memory allocation failure",
    ]
    .iter()
    .any(|words| said.contains(words))
}

fn connect_error(target: &Target, error: io::Error) -> DialError {
    let (host, port) = (target.host.clone(), target.port);
    match error.kind() {
        io::ErrorKind::ConnectionRefused => DialError::Refused { host, port },
        io::ErrorKind::TimedOut => DialError::NoAnswer {
            host,
            port,
            seconds: 0,
        },
        _ => DialError::Unreachable {
            host,
            port,
            source: error,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_closed_port_refuses() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let target = Target {
            host: "127.0.0.1".into(),
            port,
        };
        let error = Dialler::new()
            .connect(&target, Duration::from_secs(5))
            .await
            .unwrap_err();
        assert!(matches!(error, DialError::Refused { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_name_that_was_told_is_dialled_where_it_is() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target {
            host: "Pop.Old-ISP.example".into(),
            port: listener.local_addr().unwrap().port(),
        };
        let dialler = Dialler::new();
        let here = IpAddr::from([127, 0, 0, 1]);
        dialler.tell_hosts([("pop.old-isp.example".to_owned(), here)]);
        let limit = Duration::from_secs(5);
        dialler.connect(&target, limit).await.unwrap();
        // It is judged like any other.
        let nowhere = dialler.connect_if(&target, |_| false, limit).await;
        assert!(
            matches!(nowhere, Err(DialError::NotAllowed(_))),
            "{nowhere:?}"
        );
    }

    #[tokio::test]
    async fn nobody_is_dialled_who_may_not_be() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target {
            host: "localhost".into(),
            port: listener.local_addr().unwrap().port(),
        };
        let public = |address: SocketAddr| !address.ip().is_loopback();
        let error = Dialler::new()
            .connect_if(&target, public, Duration::from_secs(5))
            .await
            .unwrap_err();
        assert!(matches!(error, DialError::NotAllowed(_)), "{error}");
        let knock = timeout(Duration::ZERO, listener.accept());
        assert!(knock.await.is_err(), "it knocked");
    }

    #[test]
    fn one_address_that_may_not_be_dialled_bars_the_name() {
        let public = |address: SocketAddr| !address.ip().is_loopback();
        for (addresses, allowed) in [
            (&["192.0.2.1:995"][..], true),
            (&["192.0.2.1:995", "192.0.2.2:995"], true),
            (&["127.0.0.1:995", "192.0.2.1:995"], false),
            (&["192.0.2.1:995", "127.0.0.1:995"], false),
            (&["192.0.2.1:995", "[::1]:995"], false),
        ] {
            let target = Target {
                host: "pop.example.org".into(),
                port: 995,
            };
            let addresses: Vec<_> = addresses.iter().map(|text| text.parse().unwrap()).collect();
            let verdict = all_allowed(&target, addresses.clone(), public);
            match verdict {
                Ok(judged) => assert!(allowed && judged == addresses, "{addresses:?}"),
                Err(error) => {
                    assert!(matches!(error, DialError::NotAllowed(_)), "{error}");
                    assert!(!allowed, "{addresses:?}");
                }
            }
        }
    }

    #[tokio::test]
    async fn what_was_judged_is_dialled_and_its_name_is_not_looked_up_again() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // A second look-up would say that there is no such name.
        let target = Target {
            host: "no such name.invalid".into(),
            port: address.port(),
        };
        let patience = Duration::from_secs(5);
        let dialler = Dialler::new();
        let line = dialler.connect_to(&target, &[address], patience).await;
        assert_eq!(line.unwrap().peer(), Some(address));
    }

    #[tokio::test]
    async fn a_name_that_cannot_be_is_not_found() {
        let target = Target {
            host: "no such name.invalid".into(),
            port: 995,
        };
        let error = Dialler::new()
            .connect(&target, Duration::from_secs(5))
            .await
            .unwrap_err();
        assert!(matches!(error, DialError::NameNotFound(_)), "{error}");
    }
}
