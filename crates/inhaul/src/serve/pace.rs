//! What `[checks]` means to the schedule.

use inhaul_domain::limits::Limits;
use inhaul_domain::schedule::{Pace, QuietHours};
use inhaul_engine::service::ServiceSettings;
use inhaul_types::Timestamp;
use jiff::tz::TimeZone;

use crate::config::sections::checks::Checks;

/// How runs are timed.
pub(crate) fn pace(checks: &Checks) -> Pace {
    let quiet = checks.quiet_hours.iter().map(|part| QuietHours {
        from_minute: part.from,
        to_minute: part.until,
    });
    Pace {
        every_min: checks.every_min,
        every_max: checks.every_max,
        floor: checks.floor,
        backoff_max: checks.backoff_max,
        jitter_percent: checks.jitter.0,
        quiet_hours: quiet.collect(),
    }
}

/// How many runs go on, and how many wait.
pub(super) fn service_settings(checks: &Checks) -> ServiceSettings {
    ServiceSettings {
        queue: checks.queue,
        at_once: checks.at_once,
        at_once_per_server: checks.at_once_per_server,
        limits: Limits::default(),
        local_minute,
    }
}

/// The minute of the day on the clock at the wall.
fn local_minute(moment: Timestamp) -> u16 {
    let minute = |seconds: i64| {
        let minute = seconds.div_euclid(60).rem_euclid(24 * 60);
        u16::try_from(minute).unwrap_or_default()
    };
    let Ok(then) = jiff::Timestamp::from_second(moment.seconds()) else {
        return minute(moment.seconds());
    };
    let offset = TimeZone::system().to_offset(then).seconds();
    minute(moment.seconds() + i64::from(offset))
}
