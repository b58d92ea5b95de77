//! The other end of the farm's questions.

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::figures::Spread;

/// Where a farm answers if nobody says otherwise.
pub(crate) const ADDRESS: &str = "127.0.1.251:11111";

/// What the farm counted since it was told to begin again.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Standing {
    /// For so long.
    pub(crate) seconds: f64,
    /// Connections taken.
    pub(crate) connections: u64,
    /// Connections open now.
    pub(crate) now: u32,
    /// The most that were open at once.
    pub(crate) most: u32,
    /// The most at one host.
    pub(crate) most_per_host: u32,
    /// Commands answered.
    pub(crate) commands: u64,
    /// Sign-ins that succeeded.
    pub(crate) sign_ins: u64,
    /// Maildrops nobody has signed in to since the farm started.
    pub(crate) unvisited: usize,
}

/// The time between two visits to the same maildrop.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Gaps {
    /// By how much it was more than the interval; less than zero was too early.
    pub(crate) beyond_ms: Spread,
    /// The shortest.
    pub(crate) shortest_ms: u32,
}

/// A line to a running farm.
#[derive(Debug)]
pub(crate) struct FarmLine(BufReader<TcpStream>);

impl FarmLine {
    pub(crate) async fn open(address: &str) -> Result<Self> {
        let line = TcpStream::connect(address)
            .await
            .with_context(|| format!("no farm answers at {address}; start `inhaul-scale farm`"))?;
        line.set_nodelay(true)?;
        Ok(Self(BufReader::new(line)))
    }

    pub(crate) async fn status(&mut self) -> Result<Standing> {
        self.ask("status").await
    }

    pub(crate) async fn gaps(&mut self, interval_ms: u32) -> Result<Gaps> {
        self.ask(&format!("gaps {interval_ms}")).await
    }

    /// When somebody last came to this host, in microseconds of the system's clock.
    pub(crate) async fn came(&mut self, host: u8) -> Result<u64> {
        self.ask(&format!("came {host}")).await
    }

    /// Counts from here on.
    pub(crate) async fn reset(&mut self) -> Result<()> {
        self.tell("reset").await
    }

    /// How long the answer to a sign-in takes from now on.
    pub(crate) async fn hold(&mut self, millis: u64) -> Result<()> {
        self.tell(&format!("hold {millis}")).await
    }

    async fn tell(&mut self, what: &str) -> Result<()> {
        self.ask::<Value>(what).await.map(drop)
    }

    async fn ask<T: DeserializeOwned>(&mut self, what: &str) -> Result<T> {
        self.0.write_all(format!("{what}\n").as_bytes()).await?;
        let mut told = String::new();
        if self.0.read_line(&mut told).await? == 0 {
            bail!("the farm has stopped");
        }
        serde_json::from_str(&told).with_context(|| format!("to {what:?} the farm said {told:?}"))
    }
}
