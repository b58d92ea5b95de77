//! `inhaul status`: one screen that says what works and what does not, and a probe for monitoring.

mod nagios;

use std::time::Duration;

use clap::Args;
use inhaul_domain::spans::{passed, to_wait_briefly};
use inhaul_domain::standing::{Alarm, Standing};
use inhaul_engine::service::Status as ServiceStatus;
use inhaul_store::{RunFilter, SqliteStore, Store};
use inhaul_types::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Globals;
use super::output::{complain, count, counted, plain, print, print_json, table};
use super::restore::CONFIRM;
use super::standing::{self, Stand};
use super::trigger::no_server;
use crate::config::Config;
use crate::exit::{Exit, Failure};

pub(super) use nagios::unknown;

#[derive(Args, Debug)]
pub(crate) struct Status {
    /// One line with performance data; ends with 0, 1, 2 or 3 as monitoring plug-ins do
    #[arg(long, conflicts_with_all = ["server_only", "json"])]
    nagios: bool,
    /// Only whether the server answers, for container health checks
    #[arg(long)]
    server_only: bool,
}

/// Lines about retrievals on one screen.
const SCREEN: usize = 20;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Status {
    /// Whether a failure has to be told as a probe's answer.
    pub(crate) fn is_for_nagios(&self) -> bool {
        self.nagios
    }

    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        if self.server_only {
            return answers(globals);
        }
        let found = globals
            .with_store(async |store, config| Overview::of(globals, &store, config).await)
            .await;
        if self.nagios {
            return match found {
                Ok(overview) => overview.tell_nagios(),
                Err(failure) => unknown(&failure),
            };
        }
        let overview = found?;
        if globals.json {
            print_json(&overview.document())?;
        } else {
            overview.tell(globals)?;
        }
        Ok(
            match overview.attention.is_empty() && overview.offline().is_none() {
                true => Exit::OK,
                false => Exit::PROBLEMS,
            },
        )
    }
}

/// Whether the server answers: it does, if this is carried out there.
fn answers(globals: &Globals) -> Result<Exit, Failure> {
    let Some(service) = globals.service() else {
        let config = globals.load_config()?;
        return Err(no_server(&config.data));
    };
    let up = service.status().started;
    if globals.json {
        print_json(&serde_json::json!({ "server": true, "started": up.to_string() }))?;
    } else if !globals.quiet {
        let up = crate::clock::clock()().since(up);
        print(&format!("The server answers, up {}.\n", passed(up)))?;
    }
    Ok(Exit::OK)
}

/// Everything that is told.
struct Overview {
    now: Timestamp,
    /// What the server says of itself; `None` where none runs.
    service: Option<ServiceStatus>,
    /// How many stand how.
    counts: Vec<(Standing, usize)>,
    /// Those that somebody should look at, those with the gravest trouble first.
    attention: Vec<Trouble>,
    /// When the schedule runs one next.
    next: Option<Timestamp>,
    /// Messages stored in the last 24 hours, counted by whole hours.
    messages: u64,
    /// When the last run ended.
    last_checked: Option<Timestamp>,
    deletion_paused: bool,
}

/// A retrieval that somebody should look at.
struct Trouble {
    stand: Stand,
    standing: Standing,
}

#[derive(Serialize)]
struct TroubleDocument<'a> {
    name: &'a str,
    account: &'a str,
    state: &'static str,
    code: Option<&'static str>,
    since: Option<String>,
    tries: u32,
    next: Option<String>,
    sentence: String,
}

impl Overview {
    async fn of(globals: &Globals, store: &SqliteStore, config: &Config) -> Result<Self, Failure> {
        let now = crate::clock::clock()();
        let service = globals.service().map(|service| service.status());
        let stands = standing::all(globals, store, config).await?;
        let next = stands.iter().filter_map(Stand::next).min();
        let mut counts: Vec<_> = Standing::ALL.map(|standing| (standing, 0)).into();
        let mut attention = Vec::new();
        for stand in stands {
            let standing = stand.standing();
            let place = counts.iter_mut().find(|(one, _)| *one == standing);
            place.expect("all ten are there").1 += 1;
            // Being offline is one trouble of the machine's, not one of each retrieval.
            if standing.alarm() != Alarm::None && standing != Standing::Offline {
                attention.push(Trouble { stand, standing });
            }
        }
        attention.sort_by_key(|trouble| (trouble.gravity(), trouble.stand.row.name.clone()));
        let records = store.records();
        let hours = records.counts_since(now.minus(DAY)).await?;
        let last = records.run_page(RunFilter::default(), None, 1).await?;
        Ok(Self {
            now,
            next: match &service {
                Some(service) => service.next.or(next),
                None => next,
            },
            service,
            counts,
            attention,
            messages: hours.iter().map(|hour| hour.messages).sum(),
            last_checked: last
                .rows
                .first()
                .map(|run| run.ended.unwrap_or(run.started)),
            deletion_paused: !records.deletion_confirmed().await?,
        })
    }

    fn count(&self, standings: &[Standing]) -> usize {
        let counts = self.counts.iter();
        let of_these = counts.filter(|(standing, _)| standings.contains(standing));
        of_these.map(|(_, count)| count).sum()
    }

    /// Those that are meant to run.
    fn meant(&self) -> usize {
        let all: usize = self.counts.iter().map(|(_, count)| count).sum();
        all - self.count(&[Standing::Paused])
    }

    fn working(&self) -> usize {
        self.count(&[Standing::Working, Standing::Checking, Standing::Busy])
    }

    fn offline(&self) -> Option<Timestamp> {
        self.service.as_ref()?.offline_since
    }

    fn up(&self) -> Option<Duration> {
        Some(self.now.since(self.service.as_ref()?.started))
    }

    /// `46 of 49 working, 3 need attention, next check in 12 s, 1,318 messages in 24 h, up 12 days`.
    fn headline(&self) -> String {
        let (working, meant) = (self.working() as u64, self.meant() as u64);
        let mut parts = vec![format!("{} of {} working", count(working), count(meant))];
        for (number, what) in [
            (self.count(&[Standing::New]), "not checked yet"),
            (self.count(&[Standing::Trying]), "trying again"),
            (self.count(&[Standing::Offline]), "offline"),
            (self.count(&[Standing::Paused]), "paused"),
        ] {
            if number > 0 {
                parts.push(format!("{} {what}", count(number as u64)));
            }
        }
        match self.attention.len() {
            0 => {}
            1 => parts.push("1 needs attention".to_owned()),
            several => parts.push(format!("{} need attention", count(several as u64))),
        }
        if let (Some(next), Some(_)) = (self.next, &self.service) {
            parts.push(match next > self.now {
                true => format!("next check in {}", to_wait_briefly(next.since(self.now))),
                false => "next check now".to_owned(),
            });
        }
        parts.push(format!("{} in 24 h", counted(self.messages, "message")));
        parts.extend(self.up().map(|up| format!("up {}", passed(up))));
        parts.join(", ")
    }

    fn tell(&self, globals: &Globals) -> Result<(), Failure> {
        let is_good = self.attention.is_empty() && self.offline().is_none();
        if globals.quiet && is_good {
            return Ok(());
        }
        let mut text = format!("{}\n", self.headline());
        if let Some(since) = self.offline() {
            let since = since.in_words();
            text.push_str(&format!(
                "This server has no internet connection since {since}. Checks continue when it is back.\n"
            ));
        }
        if self.deletion_paused {
            text.push_str(&format!(
                "Nothing is deleted on remote servers since a restore. To allow it: {CONFIRM}\n"
            ));
        }
        let shown = self.attention.iter().take(SCREEN);
        let rows: Vec<Vec<String>> = shown.map(Trouble::row).collect();
        // A table without its headings: the first line says what follows.
        let table = table(&[""; 4], &rows);
        text.push_str(table.split_once('\n').map_or("", |(_, rows)| rows));
        let more = self.attention.len().saturating_sub(SCREEN);
        if more > 0 {
            text.push_str(&format!(
                "and {} more: inhaul retrieval list --state failing,needs-you,overdue\n",
                count(more as u64)
            ));
        }
        print(&text)?;
        if self.service.is_none() {
            complain(&match self.last_checked {
                Some(last) => format!("No server runs. Nothing was checked since {last}.\n"),
                None => "No server runs. Nothing was ever checked.\n".to_owned(),
            });
        }
        Ok(())
    }

    fn document(&self) -> Value {
        let service = self.service.as_ref();
        let counts = self.counts.iter();
        let standing: Map<String, Value> = counts
            .map(|(standing, count)| (standing.to_string(), (*count).into()))
            .collect();
        let failing = self.attention.iter().map(Trouble::document);
        serde_json::json!({
            "server": service.is_some(),
            "started": service.map(|service| service.started.to_string()),
            "up_s": self.up().map(|up| up.as_secs()),
            "retrievals": self.counts.iter().map(|(_, count)| count).sum::<usize>(),
            "standing": standing,
            "working": self.working(),
            "attention": self.attention.len(),
            "running": service.map(|service| service.running),
            "waiting": service.map(|service| service.waiting),
            "lateness_ms": service.map(|service| serde_json::json!({
                "median": millis(service.lateness.median),
                "p99": millis(service.lateness.p99),
                "worst": millis(service.lateness.worst),
            })),
            "next": self.next.map(|next| next.to_string()),
            "offline_since": self.offline().map(|since| since.to_string()),
            "messages_24h": self.messages,
            "last_checked": self.last_checked.map(|last| last.to_string()),
            "deletion_paused": self.deletion_paused,
            "failing": failing.collect::<Vec<_>>(),
        })
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

impl Trouble {
    fn gravity(&self) -> u8 {
        match self.standing {
            Standing::NeedsYou => 0,
            Standing::Failing => 1,
            _ => 2,
        }
    }

    /// `X Club   alice   auth-refused     since Tue 09:12`.
    fn row(&self) -> Vec<String> {
        let row = &self.stand.row;
        // As `pull` marks what failed.
        let sign = match self.standing {
            Standing::NeedsYou => "X",
            other => other.glyph(),
        };
        let code = match self.standing {
            Standing::Overdue => "overdue".to_owned(),
            _ => row
                .last_error
                .map(|code| code.to_string())
                .unwrap_or_default(),
        };
        let mut since = match (self.standing, row.failing_since) {
            (Standing::Overdue, _) => self.stand.sentence(),
            (_, Some(since)) => format!("since {}", since.in_words()),
            (_, None) => String::new(),
        };
        if self.standing == Standing::Failing {
            since.push_str(&format!(", {} tries", row.failures));
        }
        vec![
            format!("{sign} {}", plain(&row.name)),
            super::retrieval::account_words(row),
            code,
            since,
        ]
    }

    fn document(&self) -> TroubleDocument<'_> {
        let row = &self.stand.row;
        TroubleDocument {
            name: &row.name,
            account: &row.account_name,
            state: self.standing.as_str(),
            code: row.last_error.map(inhaul_types::ErrorCode::as_str),
            since: row.failing_since.map(|since| since.to_string()),
            tries: row.failures,
            next: self.stand.next().map(|next| next.to_string()),
            sentence: self.stand.sentence(),
        }
    }
}
