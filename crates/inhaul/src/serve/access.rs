//! The side of a server that mail programs see: POP3, its certificate, and the runs that a sign-in
//! starts.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use inhaul_access::doorkeeper::Doorkeeper;
use inhaul_access::hook::SignInHook;
use inhaul_access::pop3;
use inhaul_engine::service::{Answer, Force, Service, Ticket, Trigger, What};
use inhaul_net::{
    Admission, CertificateProblem, CertificateSource, ConnectionLimits, Door, MinimumTls, Patience,
    Renewal, ServerTls, Trouble, listen,
};
use inhaul_store::StartedBy;
use inhaul_types::{AccountId, Activation};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;

use super::AbortOnDrop;
use super::listeners::listeners;
use crate::cli::Context;
use crate::clock::clock;
use crate::config::Config;
use crate::config::sections::pop3::Pop3;
use crate::config::sections::tls::TlsVersion;
use crate::exit::{Exit, Failure};
use crate::ops::systemd::Opened;

/// What runs for mail programs.
pub(super) struct Access {
    addresses: Vec<(&'static str, SocketAddr)>,
    pop3: Arc<pop3::Service>,
    tls: Arc<ServerTls>,
    admission: Arc<Admission>,
    stop: watch::Sender<bool>,
    listeners: JoinSet<usize>,
    _renewal: AbortOnDrop<()>,
}

/// What `CAPA` says of the program, for people who look into a trace.
const IMPLEMENTATION: &str = concat!("inhaul-", env!("CARGO_PKG_VERSION"));

impl Access {
    /// Opens the ports, or takes those that the service manager opened.
    pub(super) async fn start(
        context: &Context,
        doorkeeper: Arc<Doorkeeper>,
        tls: Arc<ServerTls>,
        opened: &mut Opened,
    ) -> Result<Self, Failure> {
        let config = &context.config;
        let plain = listeners(opened, "pop3", &config.pop3.listen).await?;
        let encrypted = listeners(opened, "pop3s", &config.pop3.listen_tls).await?;
        let hook = Arc::new(SignIns(Arc::clone(&context.service)));
        let pop3 = pop3::Service::new(
            Arc::clone(&context.store) as _,
            doorkeeper,
            hook,
            Some(Arc::clone(&tls)),
            settings(&config.pop3),
        );
        let (stop, _) = watch::channel(false);
        let renewal = tokio::spawn(Arc::clone(&tls).watch(tell_renewal));
        let mut access = Self {
            addresses: Vec::new(),
            pop3,
            tls,
            admission: Admission::new(limits(&config.pop3)),
            stop,
            listeners: JoinSet::new(),
            _renewal: AbortOnDrop(renewal),
        };
        for listener in plain {
            access.serve("pop3", listener, None, &config.pop3)?;
        }
        for listener in encrypted {
            let tls = Arc::clone(&access.tls);
            access.serve("pop3s", listener, Some(tls), &config.pop3)?;
        }
        Ok(access)
    }

    fn serve(
        &mut self,
        name: &'static str,
        listener: TcpListener,
        tls: Option<Arc<ServerTls>>,
        config: &Pop3,
    ) -> io::Result<()> {
        self.addresses.push((name, listener.local_addr()?));
        let door = Door {
            admission: Arc::clone(&self.admission),
            tls,
            proxies: config.proxy_protocol.clone().into(),
            patience: Patience::default(),
            stop: self.stop.subscribe(),
        };
        let pop3 = Arc::clone(&self.pop3);
        let session = move |accepted| Arc::clone(&pop3).serve(accepted);
        self.listeners.spawn(listen(
            listener,
            door,
            session,
            pop3::Service::refuse,
            tell_trouble,
        ));
        Ok(())
    }

    /// Where mail programs find it: the service's name and the address.
    pub(super) fn addresses(&self) -> &[(&'static str, SocketAddr)] {
        &self.addresses
    }

    /// From now on as `[pop3]` says, and with the certificate that is in the files now.
    pub(super) async fn configure(&self, config: &Pop3) {
        self.pop3.set_settings(settings(config));
        self.admission.change(limits(config));
        let tls = Arc::clone(&self.tls);
        if let Ok(Err(problem)) = spawn_blocking(move || tls.reload()).await {
            tell_renewal(Renewal::Broken(problem));
        }
    }

    /// Lets go of everybody, in the middle of nothing where that takes less than a moment.
    pub(super) async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.listeners.join_next().await.is_some() {}
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}

fn settings(config: &Pop3) -> pop3::Settings {
    pop3::Settings {
        login_wait: config.login_wait,
        idle: config.idle,
        implementation: IMPLEMENTATION.to_owned(),
    }
}

fn limits(config: &Pop3) -> ConnectionLimits {
    let count = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    ConnectionLimits {
        in_all: count(config.connections),
        per_address: count(config.connections_per_address),
    }
}

/// The configured certificate, or the one that is made here.
pub(super) async fn open_certificate(config: &Config) -> Result<Arc<ServerTls>, Failure> {
    let source = source(config, &config.data);
    let minimum = match config.tls.minimum {
        TlsVersion::V1_2 => MinimumTls::Tls12,
        TlsVersion::V1_3 => MinimumTls::Tls13,
    };
    let opened = spawn_blocking(move || ServerTls::open(source, minimum, clock())).await;
    let tls = opened
        .map_err(|error| Failure::new(Exit::SOFTWARE, error.to_string()))?
        .map_err(|problem| unusable(&problem))?;
    tell_certificate(&tls);
    Ok(tls)
}

fn source(config: &Config, data: &Path) -> CertificateSource {
    match &config.server.certificate {
        Some(certificate) => CertificateSource::Files {
            chain: certificate.chain.clone(),
            key: certificate.key.clone(),
        },
        None => CertificateSource::SelfMade {
            dir: data.to_owned(),
        },
    }
}

fn unusable(problem: &CertificateProblem) -> Failure {
    Failure::new(Exit::CONFIG, problem.to_string()).hint(problem.advice())
}

fn tell_certificate(tls: &ServerTls) {
    let until = tls.not_after().map(|until| until.to_string());
    let until = until.unwrap_or_else(|| "unknown".to_owned());
    let fingerprint = tls.fingerprint();
    match tls.is_self_made() {
        true => tracing::info!(until, fingerprint, "certificate made here"),
        false => tracing::info!(until, fingerprint, "certificate read"),
    }
    if let Some(key) = tls.open_key() {
        tracing::warn!("{}", key.advice());
    }
}

fn tell_renewal(renewal: Renewal) {
    match renewal {
        Renewal::Unchanged => {}
        Renewal::Renewed => tracing::info!("another certificate is in force"),
        Renewal::Broken(problem) => tracing::error!(
            "{problem}; the one before stays in force. {}",
            problem.advice()
        ),
    }
}

fn tell_trouble(trouble: Trouble) {
    let error = &trouble as &dyn std::error::Error;
    match &trouble {
        Trouble::Accept(_) | Trouble::Session(_) => tracing::error!(error, "pop3"),
        Trouble::Proxy { .. } => tracing::warn!(error, "pop3"),
        // Scanners do it all day.
        Trouble::Handshake { .. } => tracing::debug!(error, "pop3"),
    }
}

/// What a sign-in starts: the account's own retrievals, within the limits.
struct SignIns(Arc<Service>);

#[async_trait]
impl SignInHook for SignIns {
    async fn signed_in(
        &self,
        account: AccountId,
        activation: Activation,
        from: IpAddr,
        most: Duration,
    ) {
        let trigger = Trigger {
            what: What::OwnedBy(account),
            activation,
            by: Some(StartedBy {
                account,
                address: Some(from),
            }),
            force: Force::No,
        };
        let answers = match self.0.trigger(&trigger).await {
            Ok(answers) => answers,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                return tracing::error!(error, "a sign-in starts nothing");
            }
        };
        let patience = clock()().plus(most);
        let comes_in_time = |answer: &&Answer| match answer {
            Answer::Behind(not_before, _) => *not_before < patience,
            _ => true,
        };
        let runs = answers
            .iter()
            .map(|(_, answer)| answer)
            .filter(comes_in_time)
            .filter_map(Answer::ticket)
            .map(Ticket::ended);
        drop(timeout(most, join_all(runs)).await);
    }
}
