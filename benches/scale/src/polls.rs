//! `inhaul-scale polls`: what a check that finds nothing new costs, without a service.
//!
//! Begins checks at the rate of the field's interval and counts this process's own processor time:
//! everything a service does for a check but choosing its time.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use inhaul_store::{SqliteStore, Store, StoreOptions};
use serde::Serialize;

use crate::farm_line::FarmLine;
use crate::figures::Spread;
use crate::process::{Holding, Process, Used};
use crate::{Ground, drive, field};

/// `inhaul-scale polls`
#[derive(clap::Args, Debug)]
pub(crate) struct Polls {
    #[command(flatten)]
    ground: Ground,
    /// Checks a second: 33.3 is 10,000 in 5 minutes
    #[arg(long, default_value_t = 33.3)]
    rate: f64,
    /// How long before it is measured
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    warm_up: u64,
    /// How long it is measured
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    seconds: u64,
    /// Keep the answers to sign-ins back until about so many sessions go on at once
    #[arg(long, value_name = "SESSIONS")]
    at_once: Option<u32>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// As `[checks]` is built in.
const AT_ONCE: usize = 200;
const AT_ONCE_PER_SERVER: usize = 2;

#[derive(Debug, Serialize)]
struct Figures {
    polls: u64,
    failures: u64,
    stored: u64,
    cpu_ms_a_poll: f64,
    user_ms_a_poll: f64,
    system_ms_a_poll: f64,
    switches_a_poll: f64,
    threads_ms_a_poll: Vec<(String, f64)>,
    core_percent: f64,
    took_ms: Spread,
    farm_sessions_most: u32,
    /// Before the first check.
    rest_rss_kib: u64,
    holding: Holding,
    used: Used,
}

impl Polls {
    pub(crate) async fn run(self) -> Result<()> {
        let shape = self.ground.read()?;
        let mut farm = FarmLine::open(&self.ground.farm).await?;
        let data = field::data(&self.ground.field);
        let store = Arc::new(SqliteStore::open(&data, StoreOptions::default()).await?);
        let (at_once, per_server) = match self.at_once {
            None => (AT_ONCE, AT_ONCE_PER_SERVER),
            Some(sessions) => {
                // As many begin in this time as are to go on at once.
                let hold = Duration::from_secs_f64(f64::from(sessions) / self.rate);
                farm.hold(u64::try_from(hold.as_millis())?).await?;
                let per_server = sessions.div_ceil(u32::from(shape.hosts)) + 1;
                (sessions as usize, per_server as usize)
            }
        };
        let engine = drive::engine(&self.ground.field, &store, at_once, per_server)?;
        let retrievals = store.retrieval_list().await?;
        let warm_up = Duration::from_secs(self.warm_up);
        let half = retrievals.len() / 2;
        let rest = Process::own().holding()?;
        drive::steadily(&engine, &retrievals[half..], self.rate, warm_up)
            .await?
            .all_good()?;
        farm.reset().await?;
        let before = Process::own().usage()?;
        let span = Duration::from_secs(self.seconds);
        let driven = drive::steadily(&engine, &retrievals, self.rate, span).await?;
        farm.hold(0).await?;
        let used = Process::own().usage()?.since(&before);
        let holding = Process::own().holding()?;
        let each = |seconds: f64| seconds * 1e3 / driven.runs as f64;
        let figures = Figures {
            polls: driven.runs,
            failures: driven.failures,
            stored: driven.stored,
            cpu_ms_a_poll: each(used.cpu_seconds()),
            user_ms_a_poll: each(used.user_seconds),
            system_ms_a_poll: each(used.system_seconds),
            switches_a_poll: used.switches as f64 / driven.runs as f64,
            threads_ms_a_poll: used
                .threads
                .iter()
                .map(|(name, seconds)| (name.clone(), each(*seconds)))
                .collect(),
            core_percent: used.core_percent,
            took_ms: driven.took(),
            farm_sessions_most: farm.status().await?.most,
            rest_rss_kib: rest.rss_kib,
            holding,
            used,
        };
        drop(engine);
        store.close().await?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&figures)?);
        } else {
            figures.tell();
        }
        driven.all_good()
    }
}

impl Figures {
    fn tell(&self) {
        println!("checks                 {:>10}", self.polls);
        println!("  that stored          {:>10}", self.stored);
        println!("  that failed          {:>10}", self.failures);
        println!("CPU a check, ms        {:>10.3}", self.cpu_ms_a_poll);
        println!("  in the program       {:>10.3}", self.user_ms_a_poll);
        println!("  in the kernel        {:>10.3}", self.system_ms_a_poll);
        for (name, millis) in &self.threads_ms_a_poll {
            println!("  thread {name:<15} {millis:>8.3}");
        }
        println!("switches a check       {:>10.1}", self.switches_a_poll);
        println!("CPU, % of one core     {:>10.1}", self.core_percent);
        let Spread {
            median, p99, worst, ..
        } = self.took_ms;
        println!(
            "a check takes, ms      {median:>10.1} {p99:>10.1} {worst:>10.1}  median, 99 %, worst"
        );
        println!("memory at rest, KiB    {:>10}", self.rest_rss_kib);
        println!("  at most              {:>10}", self.holding.rss_most_kib);
        println!("threads                {:>10}", self.holding.threads);
        println!("sessions at once       {:>10}", self.farm_sessions_most);
    }
}
