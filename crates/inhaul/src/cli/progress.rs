//! Bars on a terminal, one for each retrieval.
//!
//! Where the command is carried out for a caller elsewhere, what the bars show is sent there and
//! drawn there. A picture never holds a run up: what the caller is too slow for is left out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use inhaul_engine::{Observer, Progress};

use crate::caller::{self, Caller, Remote};
use crate::control::{BarStep, Frame, ToClient};

/// All bars of a command; draws nothing where there is no terminal.
#[derive(Debug)]
pub(crate) struct Bars(Canvas);

#[derive(Debug)]
enum Canvas {
    None,
    Terminal(MultiProgress),
    Remote(Arc<Remote>, AtomicU32),
}

/// One retrieval's bar.
#[derive(Debug)]
pub(crate) struct Bar(Stroke);

#[derive(Debug)]
enum Stroke {
    None,
    Terminal(ProgressBar),
    Remote {
        caller: Arc<Remote>,
        bar: u32,
        /// Octets that arrived and were not told yet.
        untold: AtomicU64,
    },
}

impl Bars {
    /// Bars on the caller's terminal.
    pub(crate) fn new(draws: bool) -> Self {
        Self(match caller::current() {
            _ if !draws => Canvas::None,
            Caller::Local => Canvas::Terminal(MultiProgress::new()),
            Caller::Remote(remote) => Canvas::Remote(remote, AtomicU32::new(0)),
        })
    }

    pub(crate) fn add(&self, name: &str) -> Bar {
        Bar(match &self.0 {
            Canvas::None => Stroke::None,
            Canvas::Terminal(bars) => {
                let bar = bars.add(ProgressBar::new_spinner());
                bar.set_style(style("{prefix}   {msg}"));
                bar.set_prefix(super::output::shorten(name, 24));
                bar.set_message("waiting");
                Stroke::Terminal(bar)
            }
            Canvas::Remote(remote, bars) => {
                let bar = bars.fetch_add(1, Ordering::Relaxed);
                remote.show(Frame::with(ToClient::NewBar { bar }, name.as_bytes()));
                Stroke::Remote {
                    caller: Arc::clone(remote),
                    bar,
                    untold: AtomicU64::new(0),
                }
            }
        })
    }

    /// Writes to the terminal while the bars step aside.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.0 {
            Canvas::Terminal(bars) => bars.suspend(write),
            // The client lets its bars step aside for whatever it writes.
            Canvas::None | Canvas::Remote(..) => write(),
        }
    }

    pub(crate) fn clear(&self) {
        match &self.0 {
            Canvas::None => {}
            // A terminal that cannot be cleared keeps its bars; the results follow all the same.
            Canvas::Terminal(bars) => drop(bars.clear()),
            Canvas::Remote(remote, _) => drop(remote.send(Frame::of(ToClient::ClearBars))),
        }
    }
}

impl Bar {
    /// Shows what happened.
    pub(crate) fn show(&self, step: &BarStep) {
        match &self.0 {
            Stroke::None => {}
            Stroke::Terminal(bar) => draw(bar, step),
            Stroke::Remote {
                caller,
                bar,
                untold,
            } => {
                let mut step = step.clone();
                if let BarStep::Received { octets } = &mut step {
                    *octets += untold.swap(0, Ordering::Relaxed);
                }
                let octets = match step {
                    BarStep::Received { octets } => octets,
                    _ => 0,
                };
                if !caller.show(Frame::of(ToClient::Bar { bar: *bar, step })) {
                    untold.fetch_add(octets, Ordering::Relaxed);
                }
            }
        }
    }

    pub(crate) fn done(&self) {
        self.show(&BarStep::Done);
    }
}

impl Observer for Bar {
    fn progress(&self, progress: &Progress) {
        if !matches!(self.0, Stroke::None) {
            self.show(&progress.into());
        }
    }
}

fn draw(bar: &ProgressBar, step: &BarStep) {
    match step {
        BarStep::Started => bar.set_message("connecting"),
        BarStep::Connected => bar.set_message("signing in"),
        BarStep::SignedIn => bar.set_message("looking"),
        BarStep::Listed { wanted: 0, .. } => bar.set_message("nothing new"),
        BarStep::Listed { wanted, octets } => {
            bar.set_style(style("{prefix}   [{bar:34}] {msg}  {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  {eta} left"));
            bar.set_length(*octets);
            bar.set_message(format!("0/{wanted}"));
        }
        BarStep::Received { octets } => bar.inc(*octets),
        BarStep::Stored { messages } => {
            let message = bar.message();
            let wanted = message.rsplit('/').next().unwrap_or_default();
            bar.set_message(format!("{messages}/{wanted}"));
        }
        BarStep::Step { label } => {
            bar.set_style(style("{spinner} {msg}"));
            bar.set_message(label.clone());
            bar.enable_steady_tick(TICK);
        }
        BarStep::Done => bar.finish_and_clear(),
    }
}

/// A spinner turns so often.
const TICK: Duration = Duration::from_millis(100);

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .expect("the templates of this file are well formed")
        .progress_chars("#>-")
}
