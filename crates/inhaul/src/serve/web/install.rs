//! What the manager's pages show of the installation: its configuration, its log, the doctor.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use inhaul_net::Dialler;
use inhaul_net::tls::Trust;
use inhaul_notices::{Heartbeat, Poster, WebUrl};
use inhaul_types::{Octets, RunId};
use inhaul_web::install::{
    Disk, Facts, Finding, Grade, Installation, Level, Licence, LogFilter, LogLine, LogNews,
    LogPage, Section, Setting, SettingFrom, TestNotice,
};

use crate::cli::{Context, Globals, doctor, notice};
use crate::config::Config;
use crate::config::sections::log::LogLevel;
use crate::config::show::Line as ConfigLine;
use crate::ops::log::line::{Line, Stamp};
use crate::ops::log::ring::{Filter, Followed};

/// The installation that this process serves.
pub(super) struct Served {
    context: Context,
    globals: Globals,
    /// The context's is the one it started with.
    config: RwLock<Arc<Config>>,
}

impl Served {
    pub(super) fn new(context: &Context, globals: &Globals) -> Self {
        Self {
            context: context.clone(),
            globals: globals.clone(),
            config: RwLock::new(Arc::clone(&context.config)),
        }
    }

    /// From now on as this configuration says.
    pub(super) fn configure(&self, config: &Arc<Config>) {
        let present = self.config.write();
        *present.unwrap_or_else(PoisonError::into_inner) = Arc::clone(config);
    }

    fn config(&self) -> Arc<Config> {
        let present = self.config.read();
        Arc::clone(&present.unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Installation for Served {
    fn facts(&self) -> Facts {
        let config = self.config();
        Facts {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            disk: disk(&config.data),
            serves_pop3: !config.pop3.listen.is_empty() || !config.pop3.listen_tls.is_empty(),
            serves_imap: !config.imap.listen.is_empty() || !config.imap.listen_tls.is_empty(),
            data: config.data.clone(),
        }
    }

    fn settings(&self) -> Vec<Section> {
        let mut sections: Vec<Section> = Vec::new();
        for line in self.config().lines() {
            let row = setting(line);
            match sections.last_mut() {
                Some(section) if section.name == line.section => section.rows.push(row),
                _ => sections.push(Section {
                    name: line.section.clone(),
                    rows: vec![row],
                }),
            }
        }
        sections
    }

    fn log(&self, filter: &LogFilter, most: usize) -> LogPage {
        let page = self.context.ring.page(&wanted(filter), None, most);
        LogPage {
            lines: page.lines.iter().map(|line| shown(line)).collect(),
            has_older: page.has_older,
        }
    }

    fn follow_log(&self, filter: LogFilter, after: Option<u64>) -> BoxStream<'static, LogNews> {
        let follower = self.context.ring.follow(wanted(&filter), after);
        let news = stream::unfold(follower, async |mut follower| {
            let news = match follower.next().await {
                Followed::Line(line) => LogNews::Line(shown(&line)),
                Followed::Missed(missed) => LogNews::Missed(missed),
            };
            Some((news, follower))
        });
        news.boxed()
    }

    async fn examine(&self) -> Vec<Finding> {
        let found = match doctor::look(&self.globals).await {
            Ok(found) => found,
            Err(failure) => {
                return vec![Finding {
                    group: "Server".to_owned(),
                    grade: Grade::Problem,
                    what: failure.what,
                    fix: failure.hint,
                }];
            }
        };
        let found = found.into_iter().map(|(group, finding)| Finding {
            group: group.label().to_owned(),
            grade: match finding.level {
                doctor::Level::Ok => Grade::Ok,
                doctor::Level::Warn => Grade::Warning,
                doctor::Level::Fail => Grade::Problem,
            },
            what: finding.what,
            fix: finding.fix,
        });
        found.collect()
    }

    async fn send_test_notice(&self) -> Result<Vec<TestNotice>, String> {
        let sent = notice::send(&self.context.store, &self.config()).await;
        let sent = sent.map_err(|failure| match failure.hint {
            Some(hint) => format!("{}. {hint}", failure.what),
            None => failure.what,
        })?;
        let sent = sent.into_iter().map(|one| TestNotice {
            to: one.to,
            why_not: one.why,
        });
        Ok(sent.collect())
    }

    async fn visit(&self, path: &str) -> Result<String, String> {
        let config = self.config();
        let Some(public) = &config.server.public_url else {
            return Err(
                "No public address is set. Write public_url below [server] in the \
                        configuration file, and reload."
                    .to_owned(),
            );
        };
        let url = format!("{}{path}", public.trim_end_matches('/'));
        let url: WebUrl = url.parse().map_err(|why| format!("{public} {why}."))?;
        let trust = config.tls.ca_file.clone();
        let trust = trust.map_or(Trust::System, Trust::CaFile);
        let is_encrypted = url.is_encrypted();
        let poster = Poster::new(Arc::new(Dialler::new()), trust, VISIT);
        // A heartbeat is a visit that looks whether the answer is good.
        match Heartbeat::new(url, poster).beat().await {
            Ok(()) if is_encrypted => {
                Ok(format!("{public} leads here, and its certificate is good."))
            }
            Ok(()) => Ok(format!("{public} leads here, without encryption.")),
            Err(why) => Err(format!("{public} does not lead here: {why}.")),
        }
    }

    fn licences(&self) -> Vec<Licence> {
        licences(include_str!(concat!(env!("OUT_DIR"), "/licences.tsv")))
    }
}

/// How long a visit to our own address may take.
const VISIT: Duration = Duration::from_secs(10);

/// The list that `build.rs` made.
fn licences(list: &str) -> Vec<Licence> {
    let lines = list.lines().filter_map(|line| {
        let mut parts = line.split('\t').map(str::to_owned);
        Some(Licence {
            name: parts.next()?,
            version: parts.next()?,
            licence: parts.next()?,
        })
    });
    lines.collect()
}

fn disk(data: &std::path::Path) -> Option<Disk> {
    let system = rustix::fs::statvfs(data).ok()?;
    let octets = |blocks: u64| Octets::new(blocks.saturating_mul(system.f_frsize));
    // As `df` and the doctor count: what is kept for root is neither used nor free.
    let used = system.f_blocks.saturating_sub(system.f_bfree);
    Some(Disk {
        free: octets(system.f_bavail),
        size: octets(used.saturating_add(system.f_bavail)),
    })
}

fn setting(line: &ConfigLine) -> Setting {
    Setting {
        key: line.key.to_owned(),
        value: line.value.clone(),
        from: match line.is_written() {
            true => SettingFrom::Written(inhaul_manage::place_words(&line.origin.to_string())),
            false => SettingFrom::BuiltIn,
        },
    }
}

fn wanted(filter: &LogFilter) -> Filter {
    Filter {
        level: filter.level.map(|level| match level {
            Level::Error => LogLevel::Error,
            Level::Warn => LogLevel::Warn,
            Level::Info => LogLevel::Info,
            Level::Debug => LogLevel::Debug,
            Level::Trace => LogLevel::Trace,
        }),
        run: filter.run.map(RunId::row),
        retrieval: filter.retrieval.clone(),
        text: filter.text.clone(),
    }
}

fn shown(line: &Line) -> LogLine {
    let rest = line
        .fields
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    LogLine {
        seq: line.seq,
        at: line.at,
        level: match line.level {
            LogLevel::Error => Level::Error,
            LogLevel::Warn => Level::Warn,
            LogLevel::Info => Level::Info,
            LogLevel::Debug => Level::Debug,
            LogLevel::Trace => Level::Trace,
        },
        message: line.message.clone(),
        retrieval: line.retrieval.clone(),
        run: line.run.map(RunId::new),
        rest: rest.collect::<Vec<_>>().join(" "),
        text: line.text(Stamp::Time),
        json: line.json(Stamp::Time),
    }
}
