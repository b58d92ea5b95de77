//! Hears what the program tells through `tracing` and makes lines of it.
//!
//! Only our own rooms are heard below a warning: what libraries tell in passing may be what a peer
//! sent.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::bounded::Bounded;
use super::line::{Draft, MESSAGE_MOST, VALUE_MOST, Value};
use super::{Heard, Shared};
use crate::config::sections::log::LogLevel;

/// The ear of a [`Log`](super::Log).
#[derive(Debug)]
pub(super) struct Ear(pub(super) Arc<Shared>);

impl<S: Subscriber> Layer<S> for Ear {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let least = if metadata.target().starts_with("inhaul") {
            filter(self.0.level())
        } else {
            filter(self.0.level()).min(LevelFilter::WARN)
        };
        metadata.is_event() && *metadata.level() <= least
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(filter(self.0.level()))
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut draft = Draft::default();
        event.record(&mut draft);
        let metadata = event.metadata();
        self.0.hear(Heard {
            level: level_of(*metadata.level()),
            target: metadata.target(),
            draft,
        });
    }
}

impl Visit for Draft {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let most = if field.name() == "message" {
            MESSAGE_MOST
        } else {
            VALUE_MOST
        };
        let mut text = Bounded::new(most);
        // An error is the bound speaking.
        write!(text, "{value:?}").ok();
        self.take(field.name(), Value::Text(text.into_text()));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field.name(), Value::Text(Bounded::of(VALUE_MOST, &value)));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.take(field.name(), Value::Unsigned(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.take(field.name(), Value::Signed(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.take(field.name(), Value::Float(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.take(field.name(), Value::Bool(value));
    }
}

fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

fn level_of(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE => LogLevel::Trace,
    }
}
