//! Feels this server's pulse now and then: the heartbeat goes on while it is well, and the service
//! manager shows how it stands.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::standings::in_one_line;
use super::vitals::Vitals;
use crate::clock::clock;
use crate::ops::health::{Source as _, within_patience};
use crate::ops::systemd;

/// Looks until `stop` turns true.
pub(super) async fn feel(vitals: Arc<Vitals>, mut stop: watch::Receiver<bool>) {
    let mut ticks = interval(BETWEEN);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // What is told when the server is ready stands for a while.
    ticks.tick().await;
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = ticks.tick() => {}
        }
        let checks = within_patience(vitals.alive()).await;
        if !checks.all_good() {
            tracing::error!(faults = checks.faults(), "not well");
        }
        vitals.notices.set_well(checks.all_good());
        let context = &vitals.context;
        let pace = context.engine.pace();
        systemd::status(&in_one_line(&context.service, clock()(), &pace));
    }
}

/// Between two looks: a few of them in each minute of the heartbeat.
const BETWEEN: Duration = Duration::from_secs(15);
