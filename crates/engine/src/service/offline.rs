//! Without a network nothing is started and nothing counts as a failure (UX 2.2, "offline").

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::reach::{Reach, judge};
use inhaul_net::Target;
use tokio::time::sleep;

use super::Service;

/// How often it is looked whether the network is back.
pub(super) const LOOK: Duration = Duration::from_secs(30);
/// How long such a look may take.
const PATIENCE: Duration = Duration::from_secs(10);

impl Service {
    /// While the machine is offline, asks for one remote host's name every 30 seconds; when it is
    /// found, what is overdue is spread out and the schedule goes on.
    pub(super) async fn watch_the_network(self: Arc<Self>) {
        let mut offline = self.engine.offline();
        let mut stopping = self.stopping.subscribe();
        let mut turn = 0;
        loop {
            tokio::select! {
                biased;
                gone = offline.wait_for(Option::is_some) => if gone.is_err() { return },
                _ = stopping.changed() => return,
            }
            tokio::select! {
                biased;
                () = sleep(LOOK) => {}
                _ = stopping.changed() => return,
            }
            turn += 1;
            if self.is_reachable(turn).await {
                // Failures were taken back that had been counted before it was known.
                if let Err(error) = self.reload().await {
                    tracing::warn!(%error, "the retrievals could not be read again");
                }
                self.engine.network.is_back(self.now());
                self.spread_what_is_overdue();
                self.wake.notify_one();
            }
        }
    }

    /// Whether the network answers for one of the hosts, another one in each turn.
    async fn is_reachable(&self, turn: usize) -> bool {
        let found = {
            let table = self.lock();
            let place = turn % table.entries.len().max(1);
            let entry = table.entries.values().nth(place);
            entry.map(|entry| {
                let target = Target {
                    host: entry.row.remote.host.clone(),
                    port: entry.row.remote.port,
                };
                (target, entry.row.confined)
            })
        };
        let Some((target, confined)) = found else {
            return true;
        };
        // Whatever right its group has: another one's turn comes.
        let reach = match confined {
            true => self.engine.public_reach(),
            false => Reach::Anywhere,
        };
        let may = |address| judge(&reach, address).is_ok();
        let dialler = &self.engine.dialler;
        // Where there is no name to look up, an open port has to do.
        match target.host.parse::<IpAddr>() {
            Ok(_) => dialler.connect_if(&target, may, PATIENCE).await.is_ok(),
            Err(_) => dialler.look_up(&target, PATIENCE).await.is_ok(),
        }
    }
}
