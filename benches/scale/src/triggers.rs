//! `inhaul-scale triggers`: how soon a check that somebody asks for begins, and how soon the other
//! answers come.
//!
//! The server under measurement is one that `service --leave-running` started, or any that holds
//! the seeded data directory. The time of a start is from the moment the command is written on a
//! connection that is there already to the moment the farm takes the connection, both by the
//! system's clock. A check that is asked for while it runs is joined, one that is asked for right
//! behind it is refused: those answers are timed whole.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};
use serde::Serialize;
use tokio::time::sleep;

use crate::control::{CarriedOut, ControlSocket};
use crate::farm_line::FarmLine;
use crate::figures::Spread;
use crate::{Ground, field};

/// `inhaul-scale triggers`
#[derive(clap::Args, Debug)]
pub(crate) struct Triggers {
    #[command(flatten)]
    ground: Ground,
    /// How many checks are asked for, each of another retrieval
    #[arg(long, default_value_t = 50)]
    count: u32,
    /// The first of those retrievals
    #[arg(long, default_value_t = 0)]
    first: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Figures {
    /// From the request to the connection at the farm.
    start_ms: Spread,
    /// From the request for a check that runs to its answer.
    join_ms: Spread,
    /// From the request for a check that may not run yet to its answer.
    refuse_ms: Spread,
}

/// The exit of a trigger that may not start a check yet (sysexits' EX_TEMPFAIL).
const REFUSED: u64 = 75;

/// A farm that answers a sign-in so late leaves time to join the check.
const HOLD: Duration = Duration::from_millis(500);

impl Triggers {
    pub(crate) async fn run(self) -> Result<()> {
        let shape = self.ground.read()?;
        let mut farm = FarmLine::open(&self.ground.farm).await?;
        let server = ControlSocket::of(&field::data(&self.ground.field));
        let (mut starts, mut joins, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
        farm.hold(millis(HOLD)).await?;
        'retrievals: for maildrop in (0..shape.maildrops).skip(self.first as usize) {
            if starts.len() >= self.count as usize {
                break;
            }
            let (name, host) = (field::retrieval(maildrop), shape.host_of(maildrop));
            let trigger = ["trigger", name.as_str()];
            // Both connections are there before anything is asked.
            let (first, second) = (server.connect().await?, server.connect().await?);
            let asked = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros();
            let waits = name.clone();
            let begun = tokio::spawn(async move {
                let trigger = ["trigger", waits.as_str(), "--wait"];
                first.carry_out(&trigger).await
            });
            let came = loop {
                sleep(Duration::from_millis(1)).await;
                let came = u128::from(farm.came(host).await?);
                if came >= asked {
                    break came;
                }
                if begun.is_finished() {
                    let answered = begun.await??;
                    if answered.code == REFUSED {
                        // The schedule has checked it within the last minute.
                        continue 'retrievals;
                    }
                    bail!("no check began: {}", said(&answered));
                }
            };
            starts.push(micros_to_ms(came - asked));
            let (joined, took) = timed(second.carry_out(&trigger)).await?;
            expect(&joined, 0)?;
            joins.push(took);
            expect(&begun.await??, 0)?;
            let ready = server.connect().await?;
            let (refused, took) = timed(ready.carry_out(&trigger)).await?;
            expect(&refused, REFUSED)?;
            refusals.push(took);
        }
        farm.hold(0).await?;
        let figures = Figures {
            start_ms: Spread::of(starts),
            join_ms: Spread::of(joins),
            refuse_ms: Spread::of(refusals),
        };
        if self.json {
            println!("{}", serde_json::to_string_pretty(&figures)?);
        } else {
            for (name, spread) in [
                ("start", figures.start_ms),
                ("join", figures.join_ms),
                ("refuse", figures.refuse_ms),
            ] {
                let Spread {
                    median, p99, worst, ..
                } = spread;
                println!(
                    "{name:<8} ms  {median:>8.2} {p99:>8.2} {worst:>8.2}  median, 99 %, worst"
                );
            }
        }
        Ok(())
    }
}

async fn timed(command: impl Future<Output = Result<CarriedOut>>) -> Result<(CarriedOut, f64)> {
    let begun = Instant::now();
    let carried_out = command.await?;
    Ok((carried_out, begun.elapsed().as_secs_f64() * 1e3))
}

fn expect(carried_out: &CarriedOut, code: u64) -> Result<()> {
    if carried_out.code == code {
        return Ok(());
    }
    bail!("exit {code} was expected: {}", said(carried_out))
}

fn said(carried_out: &CarriedOut) -> String {
    let CarriedOut { code, out, err } = carried_out;
    format!("exit {code}, {:?}", format!("{out}{err}"))
}

fn micros_to_ms(micros: u128) -> f64 {
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX)).as_secs_f64() * 1e3
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
