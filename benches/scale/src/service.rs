//! `inhaul-scale service`: what `inhaul serve` costs over minutes, and how late its checks are.
//!
//! Starts the release program on the seeded data directory, lets it settle for one interval and
//! then watches that one process. Lateness is told twice: by the server's own word, where
//! `status --json` has it, and by the farm, as what the time between two visits to a maildrop
//! exceeds the interval by. The service runs without jitter for that, so that a gap is the interval,
//! the check itself and the lateness.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};
use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use crate::control::ControlSocket;
use crate::farm_line::{FarmLine, Gaps, Standing};
use crate::figures::Spread;
use crate::process::{Holding, Used};
use crate::server::{Server, free_ports};
use crate::{Ground, field};

/// `inhaul-scale service`
#[derive(clap::Args, Debug)]
pub(crate) struct Service {
    #[command(flatten)]
    ground: Ground,
    /// The program
    #[arg(
        long,
        env = "INHAUL_BIN",
        value_name = "FILE",
        default_value = "target/release/inhaul"
    )]
    program: PathBuf,
    /// The interval that the retrievals were seeded with
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    every: u32,
    /// How long before it is measured; one interval if nothing is said
    #[arg(long, value_name = "SECONDS")]
    warm_up: Option<u64>,
    /// How long it is measured
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    seconds: u64,
    /// Keep the answers to sign-ins back until about so many sessions go on at once
    #[arg(long, value_name = "SESSIONS")]
    at_once: Option<u32>,
    /// Leave the server running and print its process number
    #[arg(long)]
    leave_running: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Figures {
    polls: u64,
    polls_a_second: f64,
    cpu_ms_a_poll: f64,
    core_percent: f64,
    used: Used,
    holding_before: Holding,
    holding: Holding,
    /// By the farm: the time between two visits, less the interval.
    gaps: Gaps,
    farm: Standing,
    /// By the server, before the measurement and behind it.
    lateness_ms: Option<Value>,
    running: Option<Value>,
    waiting: Option<Value>,
    failing: Option<Value>,
}

/// How often memory is looked at.
const LOOK: Duration = Duration::from_secs(5);

impl Service {
    pub(crate) async fn run(self) -> Result<()> {
        let shape = self.ground.read()?;
        let mut farm = FarmLine::open(&self.ground.farm).await?;
        let settings = self.settings(shape.maildrops, shape.hosts);
        let data = field::data(&self.ground.field);
        let server = Server::start(&self.program, &data, &settings).await?;
        let measured = self.measure(&server, &data, &mut farm).await;
        farm.hold(0).await?;
        if self.leave_running {
            println!("the server is process {}", server.leave());
        } else {
            server.stop().await?;
        }
        let figures = measured?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&figures)?);
        } else {
            figures.tell();
        }
        Ok(())
    }

    /// How this server differs from a fresh one.
    fn settings(&self, maildrops: u32, hosts: u8) -> Vec<(&'static str, String)> {
        let mut settings = free_ports();
        settings.push(("INHAUL_CHECKS__JITTER", "0%".to_owned()));
        if let Some(at_once) = self.at_once {
            let per_server = at_once.div_ceil(u32::from(hosts)).max(2);
            settings.push(("INHAUL_CHECKS__AT_ONCE", at_once.min(maildrops).to_string()));
            settings.push(("INHAUL_CHECKS__AT_ONCE_PER_SERVER", per_server.to_string()));
        }
        settings
    }

    async fn measure(&self, server: &Server, data: &Path, farm: &mut FarmLine) -> Result<Figures> {
        let started = Instant::now();
        let process = server.process();
        let holding_before = process.holding()?;
        if let Some(at_once) = self.at_once {
            // As many begin in this time as are to go on at once.
            let shape = self.ground.read()?;
            let rate = f64::from(shape.maildrops) / f64::from(self.every);
            let seconds = Duration::from_secs_f64(f64::from(at_once) / rate);
            farm.hold(u64::try_from(seconds.as_millis())?).await?;
        }
        let warm_up = self.warm_up.unwrap_or_else(|| self.every.into());
        sleep_until(started + Duration::from_secs(warm_up)).await;
        farm.reset().await?;
        let begun = Instant::now();
        let before = process.usage()?;
        let end = begun + Duration::from_secs(self.seconds);
        let mut holding = process.holding()?;
        while Instant::now() < end {
            sleep_until(end.min(Instant::now() + LOOK)).await;
            holding = holding.most(process.holding()?);
        }
        let used = process.usage()?.since(&before);
        let standing = farm.status().await?;
        let gaps = farm.gaps(self.every * 1000).await?;
        if standing.sign_ins == 0 {
            bail!("the server signed in nowhere");
        }
        let status = status(data).await;
        let told = |name: &str| status.as_ref().and_then(|status| status.get(name)).cloned();
        Ok(Figures {
            polls: standing.sign_ins,
            polls_a_second: standing.sign_ins as f64 / used.seconds,
            cpu_ms_a_poll: used.cpu_seconds() * 1e3 / standing.sign_ins as f64,
            core_percent: used.core_percent,
            used,
            holding_before,
            holding,
            gaps,
            farm: standing,
            lateness_ms: told("lateness_ms"),
            running: told("running"),
            waiting: told("waiting"),
            failing: told("failing"),
        })
    }
}

/// What the server says of itself; `None` of one that cannot be asked.
async fn status(data: &Path) -> Option<Value> {
    let server = ControlSocket::of(data);
    let told = server.carry_out(&["status", "--json"]).await.ok()?;
    serde_json::from_str(&told.out).ok()
}

impl Figures {
    fn tell(&self) {
        let line = |name: &str, figure: f64| println!("{name:<34}{figure:>12.2}");
        line("checks", self.polls as f64);
        line("checks a second", self.polls_a_second);
        line("CPU a check, ms", self.cpu_ms_a_poll);
        line("CPU, % of one core", self.core_percent);
        line("  in the program, s", self.used.user_seconds);
        line("  in the kernel, s", self.used.system_seconds);
        let mib = |kib: u64| kib as f64 / 1024.0;
        line("memory at the start, MiB", mib(self.holding_before.rss_kib));
        line("memory at most, MiB", mib(self.holding.rss_kib));
        line("  shared out among users, MiB", mib(self.holding.pss_kib));
        line("  its own, MiB", mib(self.holding.anonymous_kib));
        line("threads", self.holding.threads as f64);
        line("open files", self.holding.files as f64);
        line("sessions at once", self.farm.most.into());
        line("  at one host", self.farm.most_per_host.into());
        line("maildrops never visited", self.farm.unvisited as f64);
        let Spread {
            median, p99, worst, ..
        } = self.gaps.beyond_ms;
        line("gap beyond the interval, ms", median);
        line("  of 99 %", p99);
        line("  of the worst", worst);
        for (name, told) in [
            ("lateness", &self.lateness_ms),
            ("running", &self.running),
            ("waiting", &self.waiting),
            ("failing", &self.failing),
        ] {
            let told = told
                .as_ref()
                .map_or_else(|| "not told".to_owned(), Value::to_string);
            println!("{name:<34}{told:>12}");
        }
    }
}
