//! `inhaul-scale pages`: what the web pages of `inhaul serve` cost with 10,000 retrievals and a
//! year behind them.
//!
//! Lets a year pass over the field where that has not been done, starts the release program, signs
//! in and asks for each page many times over one connection. Processor time is the server's, by the
//! clocks of its threads, and says the same on a busy machine; wall time does not. Then, if asked,
//! a crowd clicks.

pub(crate) mod browser;
mod clicking;
mod places;
mod year;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use serde::Serialize;
use tokio::time::sleep;

use crate::figures::Spread;
use crate::process::{Holding, Process};
use crate::server::{Server, free_ports};
use crate::{Ground, field};
use browser::Browser;
use clicking::Clicked;
use places::{Place, Places};
use year::{ADMINISTRATOR, PASSWORD};

/// `inhaul-scale pages`
#[derive(clap::Args, Debug)]
pub(crate) struct Pages {
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
    /// How often each page is asked for
    #[arg(long, value_name = "TIMES", default_value_t = 20)]
    times: u32,
    /// Only pages whose name has this in it
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// The runs of so many days are there; what `[storage] keep_history` leaves of a year
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    days: u16,
    /// Then so many people click, while runs go on
    #[arg(long, value_name = "PEOPLE")]
    clicking: Option<u32>,
    /// For so long
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    seconds: u64,
    /// Leave the server running and print its process number and address
    #[arg(long)]
    leave_running: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What one page costs.
#[derive(Debug, Serialize)]
struct Cost {
    who: &'static str,
    page: &'static str,
    /// Of the server, for one.
    cpu_ms: f64,
    wall_ms: Spread,
    /// Head and body, as they crossed the line.
    octets: usize,
}

#[derive(Debug, Serialize)]
struct Figures {
    pages: Vec<Cost>,
    clicked: Option<Clicked>,
    holding_before: Holding,
    holding: Holding,
}

impl Pages {
    pub(crate) async fn run(self) -> Result<()> {
        let folder = &self.ground.field;
        year::pass(folder, self.days).await?;
        let data = field::data(folder);
        let server = Server::start(&self.program, &data, &free_ports()).await?;
        let measured = self.measure(&server).await;
        if self.leave_running {
            let address = server.address("web")?.to_owned();
            println!("the server is process {} at {address}", server.leave());
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

    async fn measure(&self, server: &Server) -> Result<Figures> {
        let (process, address) = (server.process(), server.address("web")?);
        rest(process).await?;
        let holding_before = process.holding()?;
        let places = Places::of(&field::data(&self.ground.field), "a042")?;
        let mut pages = Vec::new();
        if !self.json {
            println!(
                "{:<8}{:<32}{:>8}{:>9}{:>9}{:>10}",
                "who", "page", "CPU ms", "wall ms", "p95 ms", "octets"
            );
        }
        for (who, name, places) in [
            ("person", "a042", &places.person),
            ("manager", ADMINISTRATOR, &places.administrator),
        ] {
            let mut browser = Browser::open(address).await?;
            browser.sign_in(name, PASSWORD).await?;
            rest(process).await?;
            for place in places
                .iter()
                .filter(|place| place.name.contains(&self.only))
            {
                let cost = self.cost(who, place, &mut browser, process).await?;
                if !self.json {
                    cost.tell();
                }
                pages.push(cost);
            }
        }
        let clicked = match self.clicking {
            None => None,
            Some(people) => {
                let span = Duration::from_secs(self.seconds);
                Some(clicking::click(&self.ground, address, people, span).await?)
            }
        };
        Ok(Figures {
            pages,
            clicked,
            holding_before,
            holding: process.holding()?,
        })
    }

    async fn cost(
        &self,
        who: &'static str,
        place: &Place,
        browser: &mut Browser,
        process: Process,
    ) -> Result<Cost> {
        // The first one opens files and makes plans.
        let first = browser.get(&place.path).await?;
        if first.status != 200 {
            let to = first.location.unwrap_or_default();
            bail!("{} is answered with {} {to}", place.path, first.status);
        }
        let (mut octets, mut walls) = (first.octets, Vec::new());
        let before = process.usage()?;
        for _ in 0..self.times {
            let answer = browser.get(&place.path).await?;
            octets = octets.max(answer.octets);
            walls.push(answer.took.as_secs_f64() * 1e3);
        }
        let used = process.usage()?.since(&before);
        Ok(Cost {
            who,
            page: place.name,
            cpu_ms: used.thread_seconds() * 1e3 / f64::from(self.times.max(1)),
            wall_ms: Spread::of(walls),
            octets,
        })
    }
}

/// Waits until the server has nothing to do.
pub(crate) async fn rest(process: Process) -> Result<()> {
    for _ in 0..MOST_WAITS {
        let before = process.usage()?;
        sleep(Duration::from_secs(1)).await;
        if process.usage()?.since(&before).thread_seconds() < IDLE {
            return Ok(());
        }
    }
    bail!("the server does not come to rest")
}

/// Processor time of a second in which nothing happens.
const IDLE: f64 = 0.01;
const MOST_WAITS: u32 = 300;

impl Cost {
    fn tell(&self) {
        let Self {
            who,
            page,
            cpu_ms,
            wall_ms: Spread { median, p95, .. },
            octets,
        } = self;
        println!("{who:<8}{page:<32}{cpu_ms:>8.1}{median:>9.1}{p95:>9.1}{octets:>10}");
    }
}

impl Figures {
    fn tell(&self) {
        if let Some(clicked) = &self.clicked {
            clicked.tell();
        }
        let mib = |kib: u64| kib as f64 / 1024.0;
        println!(
            "memory at the start, MiB {:.1}",
            mib(self.holding_before.rss_kib)
        );
        println!("memory at the end, MiB {:.1}", mib(self.holding.rss_kib));
        println!("memory at most, MiB {:.1}", mib(self.holding.rss_most_kib));
    }
}
