//! `inhaul serve`: one installation, running.
//!
//! [`Running`] is everything that runs, made in one order and stopped in the other. The data
//! directory comes first, because its lock is what makes this the only one; what takes orders from
//! outside comes last and is the first to stop.

mod ready;
mod stop;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use inhaul_store::{SqliteStore, Store};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::caller::Stop;
use crate::cli::output::{complain, print, print_json};
use crate::cli::{Context, Globals};
use crate::config::addresses::ListenAddress;
use crate::control::{Control, Stopped};
use crate::exit::{Exit, Failure};
use ready::ReadyFile;
use stop::{Signals, Wish};

/// How this start differs from the configuration.
#[derive(Debug)]
pub(crate) struct Options {
    /// Where the pages are served instead.
    pub(crate) listen: Vec<ListenAddress>,
    /// Where the addresses are written once it is ready.
    pub(crate) ready_file: Option<PathBuf>,
}

/// Runs the server until a signal stops it.
pub(crate) async fn run(globals: &Globals, options: Options) -> Result<Exit, Failure> {
    // Before anything is opened: from then on no signal simply ends the process.
    let mut signals = Signals::new()?;
    let running = Running::start(globals, &options).await?;
    let told = running.tell_ready(globals, options.ready_file.as_deref());
    let ready = match told {
        Ok(ready) => ready,
        Err(failure) => {
            running.stop().await?;
            return Err(failure);
        }
    };
    let how = loop {
        match signals.next().await {
            Wish::Reload => running.reload(globals),
            Wish::Stop(how) => break how,
        }
    };
    drop(ready);
    let stopped = tokio::select! {
        stopped = running.stop() => stopped?,
        // Asked twice, it waits for nobody.
        how = signals.stop() => return Ok(how.exit()),
    };
    Ok(match (how, stopped) {
        // A supervisor asked for it and got it: nothing failed.
        (Stop::Terminate, Stopped::InTime) => Exit::OK,
        (Stop::Interrupt, Stopped::InTime) => how.exit(),
        (how, Stopped::CutOff) => {
            complain("inhaul: some commands were cut off, they took too long to stop\n");
            how.exit()
        }
    })
}

/// What the stop may take in all. Systemd waits for 90 s, Docker for 10 s and then kills, which
/// loses nothing either.
const STOP_MOST: Duration = Duration::from_secs(20);

/// What of it is for closing the store: it writes out what it holds.
const CLOSE_MOST: Duration = Duration::from_secs(3);

/// A running installation.
#[derive(Debug)]
struct Running {
    store: Arc<SqliteStore>,
    /// What commands work on; a reload puts another one there.
    context: watch::Sender<Context>,
    control: Control,
}

impl Running {
    /// Opens the data directory, then what works on it, then what takes orders.
    async fn start(globals: &Globals, options: &Options) -> Result<Self, Failure> {
        let mut config = globals.read_config()?;
        if !options.listen.is_empty() {
            config.server.listen.clone_from(&options.listen);
        }
        if let Some(path) = &options.ready_file {
            ready::clear(path, &config.server.control)?;
        }
        let store = globals.open(&config).await?;
        match Self::start_on(globals, config.into(), Arc::clone(&store)) {
            Ok((context, control)) => Ok(Self {
                store,
                context,
                control,
            }),
            Err(failure) => {
                store.close().await?;
                Err(failure)
            }
        }
    }

    /// What stands on an open data directory.
    fn start_on(
        globals: &Globals,
        config: Arc<crate::config::Config>,
        store: Arc<SqliteStore>,
    ) -> Result<(watch::Sender<Context>, Control), Failure> {
        let engine = globals.engine(&store, &config)?;
        let path = config.server.control.clone();
        let (context, lent) = watch::channel(Context {
            config,
            store,
            engine,
        });
        let control = Control::start(&path, lent)?;
        Ok((context, control))
    }

    /// Each address it listens at: what is there, and where.
    fn addresses(&self) -> Vec<(&'static str, String)> {
        vec![("control", self.control.path().display().to_string())]
    }

    /// Says that it is ready, to people and to programs.
    fn tell_ready(
        &self,
        globals: &Globals,
        file: Option<&Path>,
    ) -> Result<Option<ReadyFile>, Failure> {
        let addresses = self.addresses();
        let lines = addresses.iter().map(|(what, at)| format!("{what} {at}\n"));
        let lines: String = lines.collect();
        if globals.json {
            let addresses = addresses.iter();
            let addresses = addresses.map(|(what, at)| json!({ "what": what, "at": at }));
            let addresses: Vec<_> = addresses.collect();
            print_json(&json!({ "addresses": addresses }))?;
        } else if !globals.quiet {
            print(&lines)?;
        }
        file.map(|path| ReadyFile::write(path, &lines)).transpose()
    }

    /// Reads the configuration again. The one that runs stays where the new one is broken.
    fn reload(&self, globals: &Globals) {
        let running = Arc::clone(&self.context.borrow().config);
        match globals.read_config() {
            Err(failure) => complain(&format!(
                "{}\ninhaul: nothing is changed: the configuration is broken\n",
                failure.what
            )),
            Ok(new) if new == *running => {}
            Ok(_) => complain("inhaul: the configuration has changed; start the server again\n"),
        }
    }

    /// Stops what takes orders, then what works, then closes the data directory.
    async fn stop(self) -> Result<Stopped, Failure> {
        let Self {
            store,
            context,
            control,
        } = self;
        let commands = control.stop(STOP_MOST - CLOSE_MOST).await;
        drop(context);
        match timeout(CLOSE_MOST, store.close()).await {
            Ok(closed) => closed?,
            Err(_) => return Ok(Stopped::CutOff),
        }
        Ok(commands)
    }
}
