//! "This server": how long it runs, its disk, its checks.

use inhaul_domain::spans;
use inhaul_store::{AuditFilter, HourCounts, StoreError};
use inhaul_types::{Octets, Timestamp};

use crate::app::App;
use crate::look::size;
use crate::look::time::{When, at};

/// What is said of it.
pub(super) struct Server {
    pub(super) up: String,
    pub(super) version: String,
    pub(super) disk: Option<String>,
    pub(super) came: String,
    pub(super) checks: String,
    pub(super) backup: Option<When>,
}

impl Server {
    pub(super) async fn of(app: &App, counts: &[HourCounts]) -> Result<Self, StoreError> {
        let (now, overall) = (app.now(), app.runs().overall());
        let facts = app.installation().facts();
        let octets = counts.iter().fold(0_u64, |octets, hour| {
            octets.saturating_add(hour.octets.count())
        });
        let mut checks = format!("{} of {} checks running", overall.running, overall.at_once);
        match overall.waiting {
            0 => {}
            1 => checks.push_str(", 1 waits"),
            more => checks.push_str(&format!(", {more} wait")),
        }
        let backup = last_backup(app).await?;
        Ok(Self {
            up: spans::passed(now.since(overall.started)),
            version: facts.version,
            disk: facts.disk.map(|disk| {
                let used = disk.size.count().saturating_sub(disk.free.count());
                format!(
                    "{} of {} used",
                    Octets::new(used).in_words(),
                    size(disk.size)
                )
            }),
            came: Octets::new(octets).in_words(),
            checks,
            backup: backup.map(|then| at(then, now)),
        })
    }
}

/// When a backup was made last, as far as a look at the newest part of the audit shows.
async fn last_backup(app: &App) -> Result<Option<Timestamp>, StoreError> {
    let filter = AuditFilter {
        what: Some("backup".to_owned()),
        ..AuditFilter::default()
    };
    let page = app.store().records().audit_page(filter, None, 10).await?;
    let mut changes = page.rows.into_iter().map(|row| row.change);
    let made = changes.find(|change| change.action == "made" && change.object == "backup");
    Ok(made.map(|change| change.at))
}

/// Messages of each of the last 24 hours, the present one last.
pub(super) fn by_hour(counts: &[HourCounts], now: Timestamp) -> [u64; 24] {
    let hour = |at: Timestamp| at.millis().div_euclid(HOUR);
    let first = hour(now) - 23;
    let mut messages = [0; 24];
    for count in counts {
        let place = usize::try_from(hour(count.hour) - first).ok();
        if let Some(sum) = place.and_then(|place| messages.get_mut(place)) {
            *sum += count.messages;
        }
    }
    messages
}

const HOUR: i64 = 60 * 60 * 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hour_has_its_place_and_the_present_one_is_the_last() {
        let count = |hour: i64, messages| HourCounts {
            hour: Timestamp::from_millis(hour * HOUR),
            runs: 1,
            messages,
            octets: Octets::ZERO,
        };
        let now = Timestamp::from_millis(100 * HOUR + 59 * 60 * 1_000);
        let counts = [count(76, 9), count(77, 1), count(99, 2), count(100, 3)];
        let by_hour = by_hour(&counts, now);
        assert_eq!((by_hour[0], by_hour[22], by_hour[23]), (1, 2, 3));
        assert_eq!(by_hour.iter().sum::<u64>(), 6, "what is older is not shown");
    }
}
