//! `inhaul serve`: one installation, running.
//!
//! [`Running`] is everything that runs, made in one order and stopped in the other. The data
//! directory comes first, because its lock is what makes this the only one; what takes orders from
//! outside comes last and is the first to stop.

mod access;
mod attended;
mod indexing;
mod listeners;
pub(crate) mod notices;
pub(crate) mod pace;
mod pulse;
mod ready;
mod reload;
mod sample;
mod standings;
mod stop;
mod upkeep;
mod vitals;
pub(crate) mod web;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use inhaul_access::doorkeeper::Doorkeeper;
use inhaul_engine::service::Service;
use inhaul_manage::OwnAddresses;
use inhaul_net::ServerTls;
use inhaul_store::{SqliteStore, Store};
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::caller::Stop;
use crate::cli::output::{complain, print, print_json};
use crate::cli::{Context, Globals, checks};
use crate::clock::clock;
use crate::config::addresses::ListenAddress;
use crate::config::sections::log::LogLevel;
use crate::config::{Config, ConfigProblems};
use crate::control::{Control, Stopped};
use crate::declared::{self, Authority, Told};
use crate::exit::{Exit, Failure};
use crate::ops::log::{Log, reopen_on_signal};
use crate::ops::systemd::{self, Opened};
use access::{Access, open_certificate};
use attended::Attended;
use indexing::Indexing;
use notices::{Condition, Notices};
use ready::ReadyFile;
use reload::Changed;
use sample::Sample;
use stop::{Signals, Wish};
use upkeep::Upkeep;
use web::Pages;

/// How this start differs from the configuration.
#[derive(Debug)]
pub(crate) struct Options {
    /// Where the pages are served instead.
    pub(crate) listen: Vec<ListenAddress>,
    /// Where the addresses are written once it is ready.
    pub(crate) ready_file: Option<PathBuf>,
    /// With the sample mailbox.
    pub(crate) demo_mailbox: bool,
}

/// Runs the server until a signal stops it.
pub(crate) async fn run(globals: &Globals, options: Options) -> Result<Exit, Failure> {
    let log = Log::install(log_level(globals.verbose), clock());
    let ended = run_logged(globals, options, &log).await;
    log.flush();
    ended
}

async fn run_logged(globals: &Globals, options: Options, log: &Log) -> Result<Exit, Failure> {
    open_many_files();
    // Before anything is opened: from then on no signal simply ends the process.
    let mut signals = Signals::new()?;
    let running = Running::start(globals, &options, log).await?;
    let told = running
        .tell_ready(globals, options.ready_file.as_deref())
        .await;
    let ready = match told {
        Ok(ready) => ready,
        Err(failure) => {
            running.stop().await?;
            return Err(failure);
        }
    };
    let _reopening = AbortOnDrop(tokio::spawn(reopen_on_signal(log.clone())));
    let how = loop {
        match signals.next().await {
            Wish::Reload => running.reload(globals).await,
            Wish::Stop(how) => break how,
        }
    };
    systemd::stopping();
    drop(ready);
    let stopped = tokio::select! {
        stopped = running.stop() => stopped?,
        // Asked twice, it waits for nobody.
        how = signals.stop() => return Ok(how.exit()),
    };
    Ok(match (how, stopped) {
        // A supervisor asked for it and got it: nothing failed.
        (Stop::Terminate, Stopped::InTime) => Exit::OK,
        (how, Stopped::InTime) => how.exit(),
        (how, Stopped::CutOff) => {
            complain("inhaul: some commands were cut off, they took too long to stop\n");
            how.exit()
        }
    })
}

/// Each session and each run holds a connection. What a shell allows at first is for programs that
/// might still use `select`; the system lets every program have as many as its hard limit says.
fn open_many_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "no more files may be open at once than before");
    }
}

/// What a new installation says on the terminal (UX 3.2).
fn invitation(link: &str) -> String {
    let lines = [
        "Not set up yet. Open this link within 60 minutes:",
        "",
        link,
        "",
        "It works once. A new one: inhaul setup-link",
    ];
    let width = lines.iter().map(|line| line.len()).max().unwrap_or(0) + 4;
    let rule = format!("  +{}+\n", "-".repeat(width));
    let body: String = lines
        .iter()
        .map(|line| format!("  |  {line:<width$}|\n", width = width - 2))
        .collect();
    format!("\n{rule}{body}{rule}\n")
}

fn tell_broken(problems: &ConfigProblems) {
    for problem in problems.problems() {
        match (problem.line(), problem.help()) {
            (line, "") => tracing::error!("{line}"),
            (line, help) => tracing::error!("{line}. {help}"),
        }
    }
    tracing::error!("the configuration is broken, so nothing is changed: inhaul config check");
}

fn tell_changed(changed: &Changed) {
    let now = match changed.now.as_slice() {
        [] => "no other value for what can change now".to_owned(),
        keys => format!("in force now: {}", keys.join(", ")),
    };
    tracing::info!("configuration read again; {now}");
    if !changed.at_start.is_empty() {
        let keys = changed.at_start.join(", ");
        tracing::warn!("needs a restart: {keys}");
    }
}

/// Ends a task with its owner.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Until the configuration is read: `-v` says more.
fn log_level(verbose: u8) -> LogLevel {
    match verbose {
        0 => LogLevel::Warn,
        1 => LogLevel::Info,
        _ => LogLevel::Debug,
    }
}

/// What the stop may take in all. Systemd waits for 90 s, Docker for 10 s and then kills, which
/// loses nothing either.
const STOP_MOST: Duration = Duration::from_secs(20);

/// What of it is for closing the store: it writes out what it holds.
const CLOSE_MOST: Duration = Duration::from_secs(3);

/// What stands on an open data directory.
type Standing = (
    watch::Sender<Context>,
    Control,
    Attended,
    Access,
    Pages,
    Notices,
    Upkeep,
    Indexing,
);

/// Opens what is asked over the network: by operators, then by mail programs, then by people.
async fn open_doors(
    context: &Context,
    globals: &Globals,
    condition: Condition,
    sample: Arc<Sample>,
    log: &Log,
) -> Result<(Attended, Access, Pages), Failure> {
    let mut opened = systemd::listeners_from_systemd().map_err(|error| {
        let what = format!("the service manager's sockets: {error}");
        Failure::new(Exit::CONFIG, what)
    })?;
    let attended = Attended::start(context, condition, log, &mut opened).await?;
    let access = match open_access(context, &mut opened).await {
        Ok(access) => access,
        Err(failure) => {
            attended.stop().await;
            return Err(failure);
        }
    };
    let (access, doorkeeper, tls) = access;
    let own = own_addresses(&context.config, &access);
    let pages = Pages::start(context, globals, doorkeeper, &tls, own, sample, &mut opened).await;
    let pages = match pages {
        Ok(pages) => pages,
        Err(failure) => {
            access.stop().await;
            attended.stop().await;
            return Err(failure);
        }
    };
    for name in opened.left() {
        tracing::warn!(name, "nobody serves this socket");
    }
    Ok((attended, access, pages))
}

/// Where this very server is reached by POP3.
fn own_addresses(config: &Config, access: &Access) -> OwnAddresses {
    let listeners = access.addresses().iter().map(|(_, address)| *address);
    let url = config.server.public_url.as_deref().unwrap_or_default();
    let host = url.split("://").nth(1).unwrap_or_default();
    let host = host.split(['/', ':']).next().unwrap_or_default();
    OwnAddresses::new(listeners, [host.to_owned()])
}

/// What mail programs find, and what the pages share with it: who may come in, the certificate.
async fn open_access(
    context: &Context,
    opened: &mut Opened,
) -> Result<(Access, Arc<Doorkeeper>, Arc<ServerTls>), Failure> {
    let tls = open_certificate(&context.config).await?;
    let doorkeeper = Doorkeeper::new(Arc::clone(&context.store) as _, clock())?;
    let (keeper, certificate) = (Arc::clone(&doorkeeper), Arc::clone(&tls));
    let access = Access::start(context, keeper, certificate, opened).await?;
    Ok((access, doorkeeper, tls))
}

/// A running installation.
#[derive(Debug)]
struct Running {
    store: Arc<SqliteStore>,
    /// What commands work on; a reload puts another one there.
    context: watch::Sender<Context>,
    control: Control,
    attended: Attended,
    access: Access,
    pages: Pages,
    notices: Notices,
    upkeep: Upkeep,
    indexing: Indexing,
    log: Log,
}

impl Running {
    /// Opens the data directory, then what works on it, then what takes orders.
    async fn start(globals: &Globals, options: &Options, log: &Log) -> Result<Self, Failure> {
        let mut config = globals.read_config()?;
        log.configure(&config.log);
        if !options.listen.is_empty() {
            config.server.listen.clone_from(&options.listen);
        }
        if let Some(path) = &options.ready_file {
            ready::clear(path, &config.server.control)?;
        }
        let store = globals.open(&config).await?;
        // Before anything runs: what is declared runs with the rest.
        Told::log(&declared::apply(&*store, &config, Authority::Server).await);
        match Self::start_on(globals, options, config.into(), Arc::clone(&store), log).await {
            Ok(standing) => {
                let (context, control, attended, access, pages, notices, upkeep, indexing) =
                    standing;
                Ok(Self {
                    store,
                    context,
                    control,
                    attended,
                    access,
                    pages,
                    notices,
                    upkeep,
                    indexing,
                    log: log.clone(),
                })
            }
            Err(failure) => {
                store.close().await?;
                Err(failure)
            }
        }
    }

    /// What stands on an open data directory.
    async fn start_on(
        globals: &Globals,
        options: &Options,
        config: Arc<Config>,
        store: Arc<SqliteStore>,
        log: &Log,
    ) -> Result<Standing, Failure> {
        // Before anything runs: its retrieval is told where it is.
        let sample = Sample::open(&store, &config.data).await;
        if options.demo_mailbox
            && let Err(error) = sample.add_for_administrator().await
        {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "no sample mailbox");
        }
        let engine = globals.engine(&store, &config)?;
        engine.set_pace(pace::pace(&config.checks));
        let settings = pace::service_settings(&config.checks);
        let service = Service::start(Arc::clone(&engine), settings).await?;
        let path = config.server.control.clone();
        let (context, lent) = watch::channel(Context {
            config,
            store,
            engine,
            service,
            ring: Arc::clone(log.ring()),
            pages: Arc::default(),
        });
        let lends = context.borrow().clone();
        let notices = Notices::start(&lends).await?;
        let control = Control::start(&path, lent)?;
        let doors = open_doors(&lends, globals, notices.condition(), sample, log).await;
        match doors {
            Ok((attended, access, pages)) => {
                if let Some(address) = pages.shown_address(&lends.config) {
                    lends.pages.set(address).ok();
                }
                let upkeep = Upkeep::start(context.subscribe());
                let indexing = Indexing::start(&lends.store);
                Ok((
                    context, control, attended, access, pages, notices, upkeep, indexing,
                ))
            }
            Err(failure) => {
                notices.stop().await;
                control.stop(STOP_MOST - CLOSE_MOST).await;
                Err(failure)
            }
        }
    }

    /// Each address it listens at: what is there, and where.
    fn addresses(&self) -> Vec<(&'static str, String)> {
        let control = ("control", self.control.path().display().to_string());
        let access = self.access.addresses().iter();
        let access = access.map(|(name, address)| (*name, address.to_string()));
        let ops = self.attended.addresses().iter();
        let ops = ops.map(|address| ("ops", address.to_string()));
        let web = self.pages.addresses().iter();
        let web = web.map(|address| ("web", address.clone()));
        [control]
            .into_iter()
            .chain(web)
            .chain(access)
            .chain(ops)
            .collect()
    }

    /// Says that it is ready, to people and to programs.
    async fn tell_ready(
        &self,
        globals: &Globals,
        file: Option<&Path>,
    ) -> Result<Option<ReadyFile>, Failure> {
        let addresses = self.addresses();
        let link = self.set_up_link().await?;
        let lines = addresses.iter().map(|(what, at)| format!("{what} {at}\n"));
        let lines: String = lines.collect();
        if globals.json {
            let addresses = addresses.iter();
            let addresses = addresses.map(|(what, at)| json!({ "what": what, "at": at }));
            let addresses: Vec<_> = addresses.collect();
            print_json(&json!({ "addresses": addresses }))?;
        } else if !globals.quiet {
            print(&lines)?;
            // The journal keeps what it is told: there the file says it.
            if let Some(link) = link.filter(|_| !systemd::keeps_a_journal()) {
                print(&invitation(&link))?;
            }
        }
        let file = file
            .map(|path| ReadyFile::write(path, &lines))
            .transpose()?;
        let context = self.context.borrow();
        let stands = standings::at_start(&context.service, clock()());
        tracing::info!("inhaul {} ready. {stands}.", env!("CARGO_PKG_VERSION"));
        systemd::ready(&stands);
        Ok(file)
    }

    /// Where nobody manages this installation yet, the link for whoever is to: in a file for whoever
    /// may read the data directory.
    async fn set_up_link(&self) -> Result<Option<String>, Failure> {
        let context = self.context.borrow().clone();
        let data = &context.config.data;
        let Some(address) = context.pages.get() else {
            return Ok(None);
        };
        let link = web::set_up::make_link(&*self.store, address, clock()()).await?;
        match &link {
            Some(link) => {
                web::set_up::leave(data, link)?;
                let store = Arc::clone(&self.store) as _;
                tokio::spawn(web::set_up::forget_when_set_up(store, data.clone()));
            }
            None => web::set_up::forget(data)?,
        }
        Ok(link)
    }

    /// Reads the configuration again. The one that runs stays where the new one is broken.
    async fn reload(&self, globals: &Globals) {
        systemd::reloading();
        match Config::load(&globals.sources()) {
            Ok(read) => self.take_over(read).await,
            Err(problems) => tell_broken(&problems),
        }
        systemd::ready("ready");
    }

    /// Puts in force what does not need another start, and says which key does.
    async fn take_over(&self, read: Config) {
        let context = self.context.borrow().clone();
        let changed = Changed::between(&context.config, &read);
        let config = Arc::new(reload::in_force(read, &context.config));
        self.log.configure(&config.log);
        self.attended.configure(&config.metrics);
        context.engine.set_pace(pace::pace(&config.checks));
        context.engine.set_checks(checks(&config));
        let settings = pace::service_settings(&config.checks);
        context.service.set_settings(settings);
        self.notices.reconfigure(&config);
        self.access.configure(&config.pop3).await;
        self.pages.configure(&config);
        self.context
            .send_modify(|context| context.config = Arc::clone(&config));
        tell_changed(&changed);
        // A secret's file may hold something new although no line has changed.
        let told = declared::apply(&*context.store, &config, Authority::Server).await;
        Told::log(&told);
    }

    /// Stops what takes orders, then what works, then closes the data directory.
    async fn stop(self) -> Result<Stopped, Failure> {
        let Self {
            store,
            context,
            control,
            attended,
            access,
            pages,
            notices,
            upkeep,
            indexing,
            log: _,
        } = self;
        let service = Arc::clone(&context.borrow().service);
        let most = STOP_MOST - CLOSE_MOST;
        let (commands, runs_ended, (), ()) = tokio::join!(
            control.stop(most),
            service.stop(most),
            access.stop(),
            pages.stop()
        );
        notices.stop().await;
        upkeep.stop().await;
        indexing.stop().await;
        attended.stop().await;
        drop(context);
        match timeout(CLOSE_MOST, store.close()).await {
            Ok(closed) => closed?,
            Err(_) => return Ok(Stopped::CutOff),
        }
        Ok(if runs_ended {
            commands
        } else {
            Stopped::CutOff
        })
    }
}
