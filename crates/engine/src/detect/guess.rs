//! Tries the names that POP3 servers usually have: all names at once, each at the port for TLS and
//! then at the one for STLS.
//!
//! The first names count most. Once a server is found, those before it have [`GRACE`] left to
//! answer; so a firewall that swallows one name's packets costs moments, not the whole limit. At
//! most one connection to a name is open at a time.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use inhaul_domain::reach::{Reach, judge};
use inhaul_net::tls::Trust;
use inhaul_net::{Dialler, Target};
use inhaul_pop3_proto::client::{Command, Event};
use inhaul_store::Security;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until, timeout};

use super::{Attempt, DETECT_LIMIT, Miss};
use crate::failure::RunError;
use crate::session::Wire;
use crate::session::learned::Learned;
use crate::session::open::{ask_for_tls, greeting};
use crate::settings::Checks;

/// How long one name at one port may take to answer; two of them fit the limit for all.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long the look-up of one name may take.
const LOOK_UP: Duration = Duration::from_millis(1800);
/// How much longer better names are waited for when a server is found.
const GRACE: Duration = Duration::from_secs(2);
/// How long a server that is the right one may take to say goodbye.
const FAREWELL: Duration = Duration::from_secs(1);

const WAYS: [(u16, Security); 2] = [(995, Security::Tls), (110, Security::StartTls)];

/// Names in the order in which they count.
pub(crate) fn usual_names(domain: &str) -> [String; 4] {
    [
        format!("pop.{domain}"),
        format!("pop3.{domain}"),
        format!("mail.{domain}"),
        domain.to_owned(),
    ]
}

pub(super) struct Guesser<'a> {
    pub(super) dialler: &'a Dialler,
    pub(super) checks: &'a Checks,
    pub(super) trust: &'a Trust,
    pub(super) reach: &'a Reach,
}

/// A server: its name, its port, how the line is encrypted.
pub(super) type Guessed = (String, u16, Security);

impl Guesser<'_> {
    /// The server of this domain, if it has a usual name. Each attempt is told as it ends.
    pub(super) async fn guess(
        &self,
        domain: &str,
        mut told: impl FnMut(Attempt),
    ) -> Option<Guessed> {
        let names = usual_names(domain);
        let (tell, mut attempts) = unbounded_channel();
        let mut trying: FuturesUnordered<_> = names
            .iter()
            .enumerate()
            .map(|(rank, name)| {
                let tell = tell.clone();
                async move { (rank, self.try_name(name, &tell).await) }
            })
            .collect();
        let mut waiting = Waiting::new(names.len());
        loop {
            let ended = tokio::select! {
                // What was tried is told before what follows from it.
                biased;
                Some(attempt) = attempts.recv() => {
                    told(attempt);
                    continue;
                }
                () = sleep_until(waiting.until) => None,
                ended = trying.next() => ended,
            };
            let Some((rank, found)) = ended else {
                break;
            };
            if waiting.ended(rank, found) {
                break;
            }
        }
        while let Ok(attempt) = attempts.try_recv() {
            told(attempt);
        }
        waiting.best()
    }

    async fn try_name(&self, name: &str, tell: &UnboundedSender<Attempt>) -> Option<Guessed> {
        for (port, security) in WAYS {
            let target = Target {
                host: name.to_owned(),
                port,
            };
            let missed = self.try_port(&target, security).await.err();
            let attempt = Attempt {
                host: target.host,
                port,
                missed,
            };
            // Nobody listens any more where the search has ended.
            tell.send(attempt).ok();
            match missed {
                None => return Some((name.to_owned(), port, security)),
                // The other port has the same addresses.
                Some(Miss::NoSuchName | Miss::NotLookedUp | Miss::NotAllowed) => return None,
                Some(_) => {}
            }
        }
        None
    }

    async fn try_port(&self, target: &Target, security: Security) -> Result<(), Miss> {
        let may = |address: SocketAddr| judge(self.reach, address).is_ok();
        let limit = LOOK_UP.min(self.checks.connect_timeout);
        let addresses = self.dialler.look_up_if(target, may, limit).await;
        let addresses = addresses.map_err(|error| match Miss::of_dial(&error) {
            // Whoever does not answer here is the resolver.
            Miss::NoAnswer => Miss::NotLookedUp,
            miss => miss,
        })?;
        let greets = self.greets(target, &addresses, security);
        match timeout(self.patience(), greets).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Miss::of(&error)),
            Err(_) => Err(Miss::NoAnswer),
        }
    }

    fn patience(&self) -> Duration {
        PATIENCE.min(self.checks.connect_timeout)
    }

    /// Whether POP3 greets there on a line that is, or becomes, encrypted for this name.
    async fn greets(
        &self,
        target: &Target,
        addresses: &[SocketAddr],
        security: Security,
    ) -> Result<(), RunError> {
        let limit = self.patience();
        let secure = |line| self.dialler.secure(line, target, self.trust, limit);
        let mut line = self.dialler.connect_to(target, addresses, limit).await?;
        if security == Security::Tls {
            line = secure(line).await?;
        }
        let mut wire = Wire::new(line, limit);
        greeting(&mut wire).await?;
        if security == Security::StartTls {
            ask_for_tls(&mut wire, &mut Learned::default()).await?;
            let line = secure(wire.take_line()).await?;
            wire.put_encrypted(line);
        }
        // It is the one; how it says goodbye changes nothing.
        if wire.send(Command::Quit).is_ok() {
            let bye = wire.until(|event| matches!(event, Event::Bye).then_some(()));
            drop(timeout(FAREWELL, bye).await);
        }
        Ok(())
    }
}

/// What is known of each name, by rank, and how long the rest is worth waiting for.
struct Waiting {
    ended: Vec<Option<Option<Guessed>>>,
    until: Instant,
}

impl Waiting {
    fn new(names: usize) -> Self {
        Self {
            ended: vec![None; names],
            until: Instant::now() + DETECT_LIMIT,
        }
    }

    /// Takes the end of one name in. Whether nothing that is still to come could change the answer.
    fn ended(&mut self, rank: usize, found: Option<Guessed>) -> bool {
        if found.is_some() {
            self.until = self.until.min(Instant::now() + GRACE);
        }
        self.ended[rank] = Some(found);
        let first_open = self.ended.iter().position(Option::is_none);
        let best = self
            .ended
            .iter()
            .position(|end| matches!(end, Some(Some(_))));
        match (best, first_open) {
            (_, None) => true,
            (Some(best), Some(open)) => best < open,
            (None, Some(_)) => false,
        }
    }

    fn best(self) -> Option<Guessed> {
        self.ended.into_iter().flatten().flatten().next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(host: &str) -> Option<Guessed> {
        Some((host.to_owned(), 995, Security::Tls))
    }

    #[tokio::test(start_paused = true)]
    async fn better_names_have_a_moment_left_when_a_server_is_found() {
        let mut waiting = Waiting::new(4);
        let limit = Instant::now() + DETECT_LIMIT;
        assert!(!waiting.ended(3, None));
        assert_eq!(waiting.until, limit);
        assert!(!waiting.ended(2, found("mail")));
        assert_eq!(waiting.until, Instant::now() + GRACE);
        assert!(!waiting.ended(1, found("pop3")));
        assert!(waiting.ended(0, None), "nothing better is to come");
        assert_eq!(waiting.best(), found("pop3"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_find_at_the_end_makes_the_limit_no_longer() {
        let mut waiting = Waiting::new(2);
        let limit = waiting.until;
        tokio::time::advance(DETECT_LIMIT - Duration::from_millis(1)).await;
        assert!(!waiting.ended(1, found("mail")));
        assert_eq!(waiting.until, limit);
        assert_eq!(waiting.best(), found("mail"));
    }
}
