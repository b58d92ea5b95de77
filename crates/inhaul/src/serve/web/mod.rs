//! The side of a server that people see: the pages and the API.

mod detect;
mod door;
mod install;
mod places;
mod runs;
pub(crate) mod set_up;
mod survey;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use inhaul_access::doorkeeper::Doorkeeper;
use inhaul_manage::{Manage, OwnAddresses};
use inhaul_net::{
    Admission, ConnectionLimits, Door, Patience, ServerTls, Trouble, listen, stopped,
};
use inhaul_store::{Clock, Store};
use inhaul_web::demo::Controls;
use inhaul_web::{App, Settings, Web};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::listeners::page_listeners;
use super::sample::{OfSample, Sample};
use crate::cli::{Context, Globals};
use crate::clock::clock;
use crate::config::Config;
use crate::exit::Failure;
use crate::ops::systemd::Opened;

/// What runs for people.
pub(crate) struct Pages {
    addresses: Vec<String>,
    /// `None` in a demo.
    installation: Option<Arc<install::Served>>,
    web: Web,
    stop: watch::Sender<bool>,
    listeners: JoinSet<usize>,
}

impl Pages {
    /// Opens the ports, or takes those that the service manager opened.
    pub(super) async fn start(
        context: &Context,
        globals: &Globals,
        doorkeeper: Arc<Doorkeeper>,
        tls: &Arc<ServerTls>,
        own: OwnAddresses,
        sample: Arc<Sample>,
        opened: &mut Opened,
    ) -> Result<Self, Failure> {
        let config = &context.config;
        let (ports, files) = page_listeners(opened, &config.server.listen).await?;
        let settings = settings(config, false);
        let app = app(context, doorkeeper, own, clock(), settings);
        let service = Arc::clone(&context.service);
        app.set_sample(Arc::new(OfSample { sample, service }));
        let installation = Arc::new(install::Served::new(context, globals));
        let mut pages = Self {
            installation: Some(Arc::clone(&installation)),
            ..Self::over(app.with_installation(installation))
        };
        let tls = config.server.certificate.is_some().then_some(tls);
        let admission = Admission::new(LIMITS);
        for listener in ports {
            pages.serve(listener, tls, &admission)?;
        }
        for listener in files {
            pages.serve_file(listener)?;
        }
        Ok(pages)
    }

    /// The pages of a demo, where this listener is and by the demo's clock.
    pub(crate) fn start_demo(
        context: &Context,
        doorkeeper: Arc<Doorkeeper>,
        clock: Clock,
        controls: Option<Arc<dyn Controls>>,
        listener: TcpListener,
    ) -> io::Result<Self> {
        // This machine's configuration is about its real installation.
        let settings = Settings {
            demo: true,
            idle: DEMO_SESSION,
            longest: DEMO_SESSION,
            kept: DEMO_SESSION,
            ..Settings::default()
        };
        let own = OwnAddresses::default();
        let app = app(context, doorkeeper, own, clock, settings);
        if let Some(controls) = controls {
            app.set_demo(controls);
        }
        let mut pages = Self::over(app);
        pages.serve(listener, None, &Admission::new(LIMITS))?;
        Ok(pages)
    }

    fn over(app: App) -> Self {
        let (stop, _) = watch::channel(false);
        Self {
            addresses: Vec::new(),
            installation: None,
            web: Web::new(app),
            stop,
            listeners: JoinSet::new(),
        }
    }

    fn serve(
        &mut self,
        listener: TcpListener,
        tls: Option<&Arc<ServerTls>>,
        admission: &Arc<Admission>,
    ) -> io::Result<()> {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let address = listener.local_addr()?;
        self.addresses.push(format!("{scheme}://{address}"));
        let door = Door {
            admission: Arc::clone(admission),
            tls: tls.cloned(),
            proxies: Vec::new().into(),
            patience: Patience::default(),
            stop: self.stop.subscribe(),
        };
        let web = self.web.clone();
        let session = move |accepted| web.clone().serve(accepted);
        let web = self.web.clone();
        let refuse = move |refused| web.clone().refuse(refused);
        self.listeners
            .spawn(listen(listener, door, session, refuse, tell_trouble));
        Ok(())
    }

    fn serve_file(&mut self, listener: UnixListener) -> io::Result<()> {
        let address = listener.local_addr()?;
        if let Some(file) = address.as_pathname() {
            self.addresses.push(format!("unix:{}", file.display()));
        }
        let (web, mut stop) = (self.web.clone(), self.stop.subscribe());
        self.listeners.spawn(async move {
            let mut sessions = JoinSet::new();
            loop {
                tokio::select! {
                    () = stopped(&mut stop) => return 0,
                    Some(_) = sessions.join_next() => {}
                    // A proxy waits for a place; it has all of them.
                    accepted = listener.accept(), if sessions.len() < LIMITS.in_all => match accepted {
                        Ok((line, _)) => {
                            sessions.spawn(web.clone().serve_local(line, stop.clone()));
                        }
                        Err(error) => {
                            tracing::warn!(%error, "the pages' socket takes no connection");
                            tokio::time::sleep(BREATH).await;
                        }
                    },
                }
            }
        });
        Ok(())
    }

    /// Where people find it.
    pub(super) fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// The address people type.
    pub(super) fn shown_address(&self, config: &Config) -> Option<String> {
        if let Some(url) = &config.server.public_url {
            return Some(url.trim_end_matches('/').to_owned());
        }
        let mut addresses = self.addresses.iter();
        let address = addresses.find(|address| address.starts_with("http"))?;
        // All addresses of this machine: this machine is one of them.
        let address = address.replacen("//0.0.0.0:", "//localhost:", 1);
        Some(address.replacen("//[::]:", "//localhost:", 1))
    }

    /// From now on as the configuration says.
    pub(super) fn configure(&self, config: &Arc<Config>) {
        if let Some(installation) = &self.installation {
            installation.configure(config);
        }
        let demo = self.web.app().settings().demo;
        self.web.app().set_settings(settings(config, demo));
    }

    /// Lets go of everybody.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.listeners.join_next().await.is_some() {}
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}

fn app(
    context: &Context,
    doorkeeper: Arc<Doorkeeper>,
    own: OwnAddresses,
    clock: Clock,
    settings: Settings,
) -> App {
    let store: Arc<dyn Store> = Arc::clone(&context.store) as _;
    let manage = Manage::new(Arc::clone(&store), Arc::clone(&clock), own);
    App::new(
        store,
        manage,
        Arc::new(runs::OfEngine::new(context, Arc::clone(&clock))),
        Arc::new(door::OfDoorkeeper(doorkeeper)),
        clock,
        settings,
    )
}

fn settings(config: &Config, demo: bool) -> Settings {
    let url = config.server.public_url.as_ref();
    Settings {
        public_url: url.map(|url| url.trim_end_matches('/').to_owned()),
        trusted_proxies: config.server.trusted_proxies.clone(),
        demo,
        ..Settings::default()
    }
}

fn tell_trouble(trouble: Trouble) {
    let error = &trouble as &dyn std::error::Error;
    match &trouble {
        Trouble::Accept(_) | Trouble::Session(_) => tracing::error!(error, "web"),
        Trouble::Proxy { .. } => tracing::warn!(error, "web"),
        // Scanners do it all day.
        Trouble::Handshake { .. } => tracing::debug!(error, "web"),
    }
}

/// A browser opens six connections; a reverse proxy has all of them from one address.
const LIMITS: ConnectionLimits = ConnectionLimits {
    in_all: 2_000,
    per_address: 500,
};

/// Nobody is to sign in again because a demo's clock was set ahead by weeks.
const DEMO_SESSION: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// How long we wait where no connection can be taken.
const BREATH: Duration = Duration::from_millis(100);
