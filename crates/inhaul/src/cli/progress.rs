//! Bars on a terminal, one for each retrieval.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use inhaul_engine::{Observer, Progress};

/// All bars of a pull; draws nothing where there is no terminal.
#[derive(Debug)]
pub(crate) struct Bars(Option<MultiProgress>);

/// One retrieval's bar.
#[derive(Debug)]
pub(crate) struct Bar(Option<ProgressBar>);

impl Bars {
    pub(crate) fn new(draws: bool) -> Self {
        Self(draws.then(MultiProgress::new))
    }

    pub(crate) fn add(&self, name: &str) -> Bar {
        Bar(self.0.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new_spinner());
            bar.set_style(style("{prefix}   {msg}"));
            bar.set_prefix(super::output::shorten(name, 24));
            bar.set_message("waiting");
            bar
        }))
    }

    /// Writes to the terminal while the bars step aside.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }

    pub(crate) fn clear(&self) {
        if let Some(bars) = &self.0 {
            // A terminal that cannot be cleared keeps its bars; the results follow all the same.
            bars.clear().ok();
        }
    }
}

impl Bar {
    pub(crate) fn done(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Bar {
    fn progress(&self, progress: &Progress) {
        let Some(bar) = &self.0 else { return };
        match progress {
            Progress::Started(_) => bar.set_message("connecting"),
            Progress::Connected => bar.set_message("signing in"),
            Progress::SignedIn => bar.set_message("looking"),
            Progress::Listed { wanted: 0, .. } => bar.set_message("nothing new"),
            Progress::Listed { wanted, octets, .. } => {
                bar.set_style(style("{prefix}   [{bar:34}] {msg}  {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  {eta} left"));
                bar.set_length(octets.count());
                bar.set_message(format!("0/{wanted}"));
            }
            Progress::Received(octets) => bar.inc(octets.count()),
            Progress::Stored(stored) => {
                let message = bar.message();
                let wanted = message.rsplit('/').next().unwrap_or_default();
                bar.set_message(format!("{stored}/{wanted}"));
            }
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .expect("the templates of this file are well formed")
        .progress_chars("#>-")
}
