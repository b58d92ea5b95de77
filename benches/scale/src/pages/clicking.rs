//! A crowd: people with sessions of their own, who click through their pages with short pauses while
//! runs go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::browser::Browser;
use super::places::{Place, Places};
use super::year::PASSWORD;
use crate::control::ControlSocket;
use crate::farm_line::FarmLine;
use crate::field;
use crate::figures::Spread;
use crate::{Ground, field::Field};

/// What a crowd met.
#[derive(Debug, Serialize)]
pub(super) struct Clicked {
    people: u32,
    clicks_a_second: f64,
    /// From a click to the last octet of its page.
    wall_ms: Spread,
    /// Runs that ended meanwhile.
    runs: usize,
    /// The pages of which clicks took longest, with the 95th percentile of each.
    slowest: Vec<(&'static str, f64)>,
}

/// Runs that go on at any moment.
const RUNS: u32 = 5;
/// How long the farm keeps a sign-in's answer back: a run takes so long.
const HOLD: Duration = Duration::from_secs(5);
/// From a page to the next click, on average.
const PAUSE: Duration = Duration::from_secs(2);

/// Lets people click.
pub(super) async fn click(
    ground: &Ground,
    address: &str,
    people: u32,
    span: Duration,
) -> Result<Clicked> {
    let crowd = Places::of_crowd(&ground.field, people)?;
    let mut browsers = Vec::new();
    for (name, places) in crowd {
        let mut browser = Browser::open(address).await?;
        browser.sign_in(&name, PASSWORD).await?;
        browsers.push((browser, places));
    }
    let mut farm = FarmLine::open(&ground.farm).await?;
    farm.hold(u64::try_from(HOLD.as_millis())?).await?;
    let over = Arc::new(AtomicBool::new(false));
    let shape = ground.read()?;
    let mut runs: JoinSet<Result<usize>> = JoinSet::new();
    for number in 0..RUNS {
        let (over, server) = (
            Arc::clone(&over),
            ControlSocket::of(&field::data(&ground.field)),
        );
        runs.spawn(run(number, server, over, shape.clone()));
    }
    let begun = Instant::now();
    let mut sessions: JoinSet<Result<Vec<(&'static str, f64)>>> = JoinSet::new();
    for (seed, (browser, places)) in (1..).zip(browsers) {
        sessions.spawn(session(browser, places, seed, begun + span));
    }
    let mut clicks = Vec::new();
    while let Some(ended) = sessions.join_next().await {
        clicks.extend(ended??);
    }
    let seconds = begun.elapsed().as_secs_f64();
    over.store(true, Ordering::Relaxed);
    farm.hold(0).await?;
    let mut ended = 0;
    while let Some(run) = runs.join_next().await {
        ended += run??;
    }
    if ended < RUNS as usize {
        bail!("{ended} runs went on, not {RUNS}");
    }
    Ok(Clicked {
        people,
        clicks_a_second: clicks.len() as f64 / seconds,
        wall_ms: Spread::of(clicks.iter().map(|(_, took)| *took)),
        runs: ended,
        slowest: slowest(&clicks),
    })
}

/// One run behind the other, each of another mailbox.
async fn run(
    number: u32,
    server: ControlSocket,
    over: Arc<AtomicBool>,
    shape: Field,
) -> Result<usize> {
    let mut ended = 0;
    let mut maildrop = shape.maildrops / RUNS * number;
    while !over.load(Ordering::Relaxed) {
        let name = field::retrieval(maildrop % shape.maildrops);
        server.carry_out(&["trigger", &name, "--wait"]).await?;
        maildrop += 1;
        ended += 1;
    }
    Ok(ended)
}

/// Clicks until then; what each click took in milliseconds.
async fn session(
    mut browser: Browser,
    places: Vec<Place>,
    seed: u64,
    until: Instant,
) -> Result<Vec<(&'static str, f64)>> {
    let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut clicks = Vec::new();
    // They did not come all at the same moment.
    sleep(PAUSE.mul_f64(2.0 * chance.part())).await;
    while Instant::now() < until {
        let place = &places[usize::try_from(chance.next())? % places.len()];
        let answer = browser.get(&place.path).await?;
        if answer.status != 200 {
            bail!("{} is answered with {}", place.path, answer.status);
        }
        clicks.push((place.name, answer.took.as_secs_f64() * 1e3));
        sleep(PAUSE.mul_f64(2.0 * chance.part())).await;
    }
    Ok(clicks)
}

fn slowest(clicks: &[(&'static str, f64)]) -> Vec<(&'static str, f64)> {
    let mut names: Vec<_> = clicks.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    let spread = |wanted: &str| {
        let of_page = clicks.iter().filter(|(name, _)| *name == wanted);
        Spread::of(of_page.map(|(_, took)| *took))
    };
    let mut pages: Vec<_> = names.iter().map(|name| (*name, spread(name).p95)).collect();
    pages.sort_by(|one, other| other.1.total_cmp(&one.1));
    pages.truncate(5);
    pages
}

/// The same clicks every time (xorshift64*).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33
    }

    /// From nothing to the whole.
    fn part(&mut self) -> f64 {
        self.next() as f64 / f64::from(u32::MAX >> 1)
    }
}

impl Clicked {
    pub(super) fn tell(&self) {
        let Spread {
            median,
            p95,
            p99,
            worst,
            count,
        } = self.wall_ms;
        println!(
            "{} people, {count} clicks, {:.1} a second, while {} runs ended and {RUNS} went on:",
            self.people, self.clicks_a_second, self.runs
        );
        println!("  ms {median:.1} {p95:.1} {p99:.1} {worst:.1}  median, 95 %, 99 %, worst");
        for (page, p95) in &self.slowest {
            println!("  {page:<32}{p95:>8.1}  95 %");
        }
    }
}
