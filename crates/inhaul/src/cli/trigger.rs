//! `inhaul trigger`: asks the running server to check, within its limits.
//!
//! For hooks of other servers, scripts and mail programs' wake-ups. What is refused says why and
//! when it is possible again; nothing is forced but by `--force`. A hook holds somebody's sign-in
//! up, so the command ends in time whatever happens: the server keeps to `--wait`, and the client
//! leaves a server that does not ([`Trigger::patience`]). `waiting` is the wait, `told` what became of
//! it.

mod told;
mod waiting;

use std::net::IpAddr;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use inhaul_engine::service::{Answer, Force, Trigger as Asked, What};
use inhaul_store::{StartedBy, Store, StoreError};
use inhaul_types::{Activation, Timestamp};
use tokio::time::Instant;

use super::Globals;
use super::names::{account_meant, retrievals_named};
use super::output::{complain, plain, print, print_json};
use crate::config::parse_duration;
use crate::exit::{Exit, Failure};
use told::{Told, exit_of};
use waiting::{NUMBERS_MOST, TO_THE_END, Wait, number, parse_wait, wait};

#[derive(Args, Debug)]
#[command(after_help = AS_A_HOOK)]
pub(crate) struct Trigger {
    /// Retrievals to check: names, account/name, numbers, or globs in quotes
    #[arg(required_unless_present = "account")]
    names: Vec<String>,
    /// The retrievals of this account, by its name or one of its addresses: after a sign-in those it
    /// owns, else all that fill its folders
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Why, as the group's switches call it
    #[arg(long, value_name = "WORD", default_value = "cli", value_parser = activation_words())]
    activation: Activation,
    /// The network address of whoever signed in, for the number of checks a day
    #[arg(long, value_name = "ADDRESS", requires = "account")]
    client_address: Option<IpAddr>,
    /// Wait until the checks have ended, or for this long; with --account, --wait 8s is --wait=8s
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true,
        default_missing_value = TO_THE_END, value_parser = parse_wait)]
    wait: Option<Wait>,
    /// Pass over the group's intervals and numbers, for administrators
    #[arg(long)]
    force: bool,
}

const AS_A_HOOK: &str = "\
As a hook of another mail server, run when somebody has signed in there (docs/hooks.md):
  inhaul trigger --account NAME --activation imap-login --client-address ADDRESS --wait 8s

It ends when the checks have ended or the time is over, and a second later at the latest where the
server hangs. A hook lets people in whatever the exit code is: 0 done, or nothing to check; 67 no
such account here; 69 no server runs; 75 the time is over and the checks go on, or it is too soon
for another one; 77 the group does not allow it; any other: a check failed, and its owner is told
without the hook.";

/// What somebody else may say has happened. The schedule and a wait are the server's own.
fn activation_words() -> impl TypedValueParser<Value = Activation> {
    let words = Activation::ALL
        .into_iter()
        .filter(|word| !matches!(word, Activation::Schedule | Activation::Waiting));
    PossibleValuesParser::new(words.map(Activation::as_str))
        .map(|word| word.parse().expect("the parser lets no other word through"))
}

/// How much longer than it should a server may take to answer before its client goes.
const LATE: Duration = Duration::from_secs(1);

/// How long a server may take to answer where nobody waits for the checks.
const ANSWER_MOST: Duration = Duration::from_secs(10);

impl Trigger {
    /// How long the whole command may take, seen from the client: a server that hangs must not hold
    /// up whoever signs in elsewhere. `None` where somebody wants to see the end.
    pub(super) fn patience(&self) -> Option<Duration> {
        match self.waits() {
            None => Some(ANSWER_MOST),
            Some(Wait::ToTheEnd) => None,
            Some(Wait::AtMost(most)) => Some(most.saturating_add(LATE)),
        }
    }

    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        self.check()?;
        let Some(service) = globals.service() else {
            let config = globals.load_config()?;
            return Err(no_server(&config.data));
        };
        let until = match self.waits() {
            Some(Wait::AtMost(most)) => Instant::now().checked_add(most),
            _ => None,
        };
        let now = crate::clock::clock()();
        let told = globals
            .with_store(async |store, _| {
                let asked = self.asked(&*store).await?;
                let numbers = Instant::now() + NUMBERS_MOST;
                let numbers = until.map_or(numbers, |until| until.min(numbers));
                let mut told = Vec::new();
                for (id, answer) in service.trigger(&asked).await? {
                    let retrieval = match store.retrieval_by_id(id).await {
                        Ok(retrieval) => retrieval,
                        // Removed between the two.
                        Err(StoreError::Missing { .. }) => continue,
                        Err(error) => return Err(error.into()),
                    };
                    let run = number(&answer, numbers).await;
                    told.push(Told {
                        retrieval,
                        answer,
                        run,
                        ended: None,
                    });
                }
                Ok(told)
            })
            .await?;
        self.conclude(globals, told, now, until).await
    }

    /// The time that stands behind `--wait` without an `=`: beside `--account` no name can stand
    /// there.
    fn lone_time(&self) -> Option<Duration> {
        match (&self.account, self.wait, &self.names[..]) {
            (Some(_), Some(Wait::ToTheEnd), [word]) => parse_duration(word).ok(),
            _ => None,
        }
    }

    fn waits(&self) -> Option<Wait> {
        self.lone_time().map(Wait::AtMost).or(self.wait)
    }

    /// Names beside `--account` would mean two things at once.
    fn check(&self) -> Result<(), Failure> {
        let Some(word) = self.names.first() else {
            return Ok(());
        };
        if self.account.is_none() || self.lone_time().is_some() {
            return Ok(());
        }
        let what = format!("{} cannot stand beside --account", plain(word));
        Err(Failure::usage(what).hint(match self.wait {
            Some(Wait::ToTheEnd) => {
                "Write a time such as --wait=8s, or name retrievals without --account."
            }
            _ => "Name retrievals, or an account.",
        }))
    }

    async fn asked(&self, store: &dyn Store) -> Result<Asked, Failure> {
        let (what, by) = match &self.account {
            Some(name) => {
                let account = account_meant(store, name).await?.id;
                let by = StartedBy {
                    account,
                    // Some servers write an IPv4 address as one of IPv6.
                    address: self.client_address.map(|address| address.to_canonical()),
                };
                let is_sign_in = matches!(
                    self.activation,
                    Activation::Pop3Login | Activation::ImapLogin | Activation::WebLogin
                );
                let what = match is_sign_in {
                    true => What::OwnedBy(account),
                    false => What::FillingAccount(account),
                };
                (what, Some(by))
            }
            None => {
                let chosen = retrievals_named(store, &self.names).await;
                let chosen = chosen.map_err(|failure| self.with_time_hint(failure))?;
                let ids = chosen.into_iter().map(|retrieval| retrieval.id);
                (What::Retrievals(ids.collect()), None)
            }
        };
        Ok(Asked {
            what,
            activation: self.activation,
            by,
            force: match (self.force, self.activation) {
                (true, _) => Force::Administrator,
                (false, Activation::Cli) => Force::TryAgain,
                (false, _) => Force::No,
            },
        })
    }

    /// A name that is not there may have been meant as the time to wait.
    fn with_time_hint(&self, failure: Failure) -> Failure {
        let mut times = self
            .names
            .iter()
            .filter(|name| parse_duration(name).is_ok());
        match (failure.exit, self.wait, times.next()) {
            (Exit::NO_USER, Some(Wait::ToTheEnd), Some(time)) => {
                failure.hint(format!("If {time} is how long to wait: --wait={time}"))
            }
            _ => failure,
        }
    }

    async fn conclude(
        &self,
        globals: &Globals,
        mut told: Vec<Told>,
        now: Timestamp,
        until: Option<Instant>,
    ) -> Result<Exit, Failure> {
        if told.is_empty() && !globals.json && !globals.quiet {
            print("There is nothing to check.\n")?;
        }
        let several = told.len() > 1;
        if !globals.json {
            for one in &told {
                let name = match several {
                    true => format!("{}: ", plain(&one.retrieval.name)),
                    false => String::new(),
                };
                let line = format!("{name}{}\n", one.words(now));
                match one.answer {
                    Answer::Refused(_) => complain(&line),
                    _ if globals.quiet => {}
                    _ => print(&line)?,
                }
            }
        }
        let waited = match self.wait {
            Some(_) => wait(globals, &mut told, until).await?,
            None => Exit::OK,
        };
        if globals.json {
            let documents: Vec<_> = told.iter().map(|one| one.document(now)).collect();
            print_json(&serde_json::json!({ "retrievals": documents }))?;
        }
        let refused = told.iter().filter_map(|one| match &one.answer {
            Answer::Refused(refusal) => Some(exit_of(refusal)),
            _ => None,
        });
        let refused = refused.max_by_key(|exit| *exit == Exit::NO_PERM);
        Ok(match (waited, refused) {
            (Exit::OK, Some(refused)) => refused,
            (waited, _) => waited,
        })
    }
}

/// Nobody is there to be asked.
pub(super) fn no_server(data: &std::path::Path) -> Failure {
    let what = format!("no server runs for {}", data.display());
    Failure::new(Exit::UNAVAILABLE, what).hint(
        "Start it: inhaul serve (or: systemctl start inhaul). Without one, inhaul pull brings mail at once.",
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Typed {
        #[command(flatten)]
        trigger: Trigger,
    }

    /// What was typed behind `inhaul trigger`.
    fn typed(line: &str) -> Trigger {
        let words = std::iter::once("trigger").chain(line.split(' '));
        Typed::try_parse_from(words)
            .unwrap_or_else(|error| panic!("{line}: {error}"))
            .trigger
    }

    #[test]
    fn a_wait_may_have_a_time_and_beside_an_account_no_sign_in_front_of_it() {
        let seconds = |seconds| Some(Wait::AtMost(Duration::from_secs(seconds)));
        for (line, wait, names) in [
            ("isp", None, 1),
            ("isp --wait", Some(Wait::ToTheEnd), 1),
            ("--wait isp", Some(Wait::ToTheEnd), 1),
            ("isp --wait=8s", seconds(8), 1),
            ("--account anna", None, 0),
            ("--account anna --wait", Some(Wait::ToTheEnd), 0),
            ("--account anna --wait=8s", seconds(8), 0),
            ("--account anna --wait 8s", seconds(8), 1),
            ("--wait 2m --account anna", seconds(120), 1),
            ("--wait 0s --account anna", seconds(0), 1),
        ] {
            let trigger = typed(line);
            assert!(trigger.check().is_ok(), "{line}");
            assert_eq!(trigger.waits(), wait, "{line}");
            assert_eq!(trigger.names.len(), names, "{line}");
        }
    }

    #[test]
    fn a_name_or_a_second_time_beside_an_account_is_refused() {
        for (line, hint) in [
            ("isp --account anna", "or an account"),
            ("isp --account anna --wait", "--wait=8s"),
            ("--account anna --wait 8", "--wait=8s"),
            ("--account anna --wait soon", "--wait=8s"),
            ("--account anna --wait 8s isp", "--wait=8s"),
            ("--account anna --wait=8s 9s", "or an account"),
            ("--account anna 8s", "or an account"),
        ] {
            let failure = typed(line).check().unwrap_err();
            assert_eq!(failure.exit, Exit::USAGE, "{line}");
            let hints = failure.hint.unwrap();
            assert!(hints.contains(hint), "{line}: {hints}");
        }
        for line in ["--wait=8", "--account anna --wait=soon", "--wait"] {
            let words = std::iter::once("trigger").chain(line.split(' '));
            assert!(Typed::try_parse_from(words).is_err(), "{line}");
        }
    }

    #[test]
    fn a_client_goes_a_second_after_the_time_that_it_was_given() {
        let most = |line: &str| typed(line).patience();
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(most("--account anna --wait 8s"), seconds(9));
        assert_eq!(most("isp --wait=0s"), seconds(1));
        assert_eq!(most("isp"), seconds(10));
        assert_eq!(most("isp --wait"), None);
    }
}
