//! The side of a server that operators see: the ops listener and the service manager's watchdog.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::listeners::listeners;
use super::notices::Condition;
use super::pulse::feel;
use super::vitals::Vitals;
use crate::cli::Context;
use crate::config::sections::metrics::Metrics;
use crate::exit::Failure;
use crate::ops::health::Source;
use crate::ops::listener::{Desk, Limits, serve};
use crate::ops::log::Log;
use crate::ops::systemd::{Opened, watchdog};

/// What runs for operators.
pub(super) struct Attended {
    addresses: Vec<SocketAddr>,
    desk: Arc<Desk>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Attended {
    /// Listens, and begins to tell the service manager that all is well.
    pub(super) async fn start(
        context: &Context,
        notices: Condition,
        log: &Log,
        opened: &mut Opened,
    ) -> Result<Self, Failure> {
        let listeners = listeners(opened, "ops", &context.config.ops.listen).await?;
        let addresses = listeners.iter().map(TcpListener::local_addr);
        let addresses = addresses.collect::<io::Result<_>>()?;
        let counters = notices.counters();
        let vitals = Arc::new(Vitals {
            context: context.clone(),
            notices,
        });
        let source: Arc<dyn Source> = Arc::<Vitals>::clone(&vitals);
        let desk = Desk::new(
            Arc::clone(&source),
            counters,
            log.clone(),
            &context.config.metrics,
        );
        let (stop, stopping) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let limits = Limits::default();
        tasks.spawn(serve(
            listeners,
            Arc::clone(&desk),
            limits,
            stopping.clone(),
        ));
        tasks.spawn(feel(vitals, stopping.clone()));
        tasks.spawn(watchdog(source, stopping));
        Ok(Self {
            addresses,
            desk,
            stop,
            tasks,
        })
    }

    /// Where health is told.
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// From now on as `[metrics]` says.
    pub(super) fn configure(&self, metrics: &Metrics) {
        self.desk.configure(metrics);
    }

    /// Lets go of everybody.
    pub(super) async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

impl std::fmt::Debug for Attended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attended")
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}
