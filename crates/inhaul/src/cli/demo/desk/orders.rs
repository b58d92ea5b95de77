//! Carries out what is typed.

use std::sync::Arc;
use std::time::Duration;

use inhaul_engine::service::{Answer, Force, Ticket, Trigger, What};
use inhaul_engine::{RunOptions, Unobserved};
use inhaul_store::StartedBy;
use inhaul_types::{Activation, MessageId};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Desk, Flow};
use crate::cli::demo::command::{Command, HELP};
use crate::cli::demo::look;
use crate::cli::demo::samples::Sample;
use crate::cli::demo::scenes::Scene;
use crate::cli::message::print_message;
use crate::cli::retrieval::retention_words;
use crate::exit::{Exit, Failure};

impl Desk<'_> {
    pub(super) async fn carry_out(&mut self, line: &str) -> Result<Flow, Failure> {
        let command = Command::parse(line)
            .map_err(|why| Failure::usage(format!("{why} Type help for what there is.")))?;
        let Some(command) = command else {
            return Ok(Flow::Continue(()));
        };
        match command {
            Command::Help => self.say(HELP)?,
            Command::Send(count) => {
                let did = self.put(count);
                self.say(&format!("{did}\n"))?;
            }
            Command::Firm(scene) => {
                let did = self.play(scene);
                self.say(&format!("{did}\n"))?;
            }
            Command::Make(sample, manner) => {
                let did = self.demo.host_mut(sample).make(manner);
                self.show_switches();
                self.say(&format!("{did}\n"))?;
            }
            Command::Skip(time) => return self.skip(time).await,
            Command::Check(sample) => return self.check(sample).await,
            Command::Pull(sample) => return self.pull(sample).await,
            Command::Wait(sample) => self.wait(sample).await?,
            Command::Password(sample) => return self.password(sample).await,
            Command::List(sample) => self.say(&look::list(&self.demo, sample).await?)?,
            Command::Show(id) => self.show(id).await?,
            Command::DeleteAfter(sample, retention) => {
                self.demo.set_retention(sample, retention).await?;
                let did = retention_words(retention, sample.domain());
                self.say(&format!("{did}\n"))?;
            }
            Command::Conversation(sample) => {
                self.say(&look::conversation(&self.demo, sample).await?)?;
            }
            Command::Status => {
                let said_auth = |sample: Sample| self.results[sample as usize].said_auth;
                self.say(&look::status(&self.demo, said_auth).await?)?;
            }
            Command::Open => self.open_again().await?,
            Command::Quit => return Ok(Flow::Break(Exit::OK)),
        }
        Ok(Flow::Continue(()))
    }

    /// A link works once.
    async fn open_again(&mut self) -> Result<(), Failure> {
        if let Some(link) = self.demo.sign_in_link().await? {
            self.say(&format!("{link}\n"))?;
            self.front.browse(&link, self.input.typed);
        }
        Ok(())
    }

    /// Puts new messages into the mailbox; what there is now.
    pub(super) fn put(&mut self, count: u64) -> String {
        let host = self.demo.host(Sample::OldIsp);
        host.send(self.sent + 1, count, self.demo.clock.now());
        self.sent += count;
        let messages = if count == 1 {
            "message lies"
        } else {
            "messages lie"
        };
        format!("{count} new {messages} in {}.", Sample::OldIsp.user())
    }

    /// Puts a letter into the firm's mailbox; what there is now.
    pub(super) fn play(&mut self, scene: Scene) -> String {
        self.sent += 1;
        let host = self.demo.host(Sample::Firm);
        host.play(scene, self.sent, self.demo.clock.now())
    }

    /// What becomes due is begun by the service as after any jump of the clock: a little apart.
    async fn skip(&mut self, time: Duration) -> Result<Flow, Failure> {
        let (did, due) = self.set_ahead(time);
        self.say(&format!("{did}\n"))?;
        self.until_ended(due).await
    }

    /// What the time is now, and whose runs are due by it: how many each has had.
    pub(super) fn set_ahead(&mut self, time: Duration) -> (String, Vec<(Sample, u64)>) {
        let then = self.demo.clock.now().plus(time);
        let due = self.due_by(then);
        self.demo.skip(time);
        let checked = match due.len() {
            0 => "No check is due".to_owned(),
            1 => "1 check is due and begins".to_owned(),
            many => format!("{many} checks are due and begin"),
        };
        let did = format!("It is {then} for the demo now. {checked}.");
        (did, due)
    }

    /// Presses "Check mail".
    async fn check(&mut self, sample: Option<Sample>) -> Result<Flow, Failure> {
        let account = self.demo.account;
        let trigger = Trigger {
            what: match sample {
                Some(sample) => What::Retrievals(vec![self.demo.id(sample)]),
                None => What::FillingAccount(account),
            },
            activation: Activation::Button,
            by: Some(StartedBy {
                account,
                address: None,
            }),
            force: Force::No,
        };
        let service = Arc::clone(&self.demo.service);
        let answers = service.trigger(&trigger).await?;
        // Who is refused is among what the service tells.
        self.catch_up().await?;
        let mut tickets: Vec<Ticket> = Vec::new();
        for (id, answer) in answers {
            if let Some(sample) = self.demo.sample(id)
                && let Some(words) = self.answer_words(&answer)
            {
                self.say(&format!("  {}   {words}\n", sample.name()))?;
            }
            tickets.extend(answer.ticket().cloned());
        }
        let ended = async {
            let mut reports = Vec::new();
            for ticket in &tickets {
                reports.extend(ticket.ended().await);
            }
            reports
        };
        let reports = match self.meanwhile(ended).await? {
            Flow::Continue(reports) => reports,
            Flow::Break(exit) => return Ok(Flow::Break(exit)),
        };
        if sample.is_none() && !reports.is_empty() {
            let results = reports
                .iter()
                .map(|report| (report.stored, report.failure.is_some()));
            self.say(&format!("{}\n", summary(&results.collect::<Vec<_>>())))?;
        }
        Ok(Flow::Continue(()))
    }

    /// What the button answers before the run ends; a refusal is told by an event.
    fn answer_words(&self, answer: &Answer) -> Option<String> {
        match answer {
            Answer::Joined(_) => Some("Already checking. Showing progress.".to_owned()),
            Answer::Behind(then, _) => {
                let wait = look::in_words(then.since(self.demo.clock.now()));
                Some(format!("Checking now. One more check follows {wait}."))
            }
            Answer::Started(_) | Answer::Queued(..) | Answer::Refused(_) => None,
        }
    }

    /// What an administrator types: now, whatever limits say.
    async fn pull(&mut self, sample: Option<Sample>) -> Result<Flow, Failure> {
        let samples = sample.map_or_else(|| Sample::ALL.to_vec(), |sample| vec![sample]);
        let (_stop, stopping) = watch::channel(false);
        let mut runs = JoinSet::new();
        for sample in samples {
            let retrieval = self.demo.retrieval(sample).await?;
            let service = Arc::clone(&self.demo.service);
            let stopping = stopping.clone();
            runs.spawn(async move {
                let options = RunOptions::default();
                let observer = Arc::new(Unobserved);
                let run = service.run_now(&retrieval, options, observer, stopping);
                drop(run.await);
            });
        }
        // The service tells how each ends.
        let all = async { while runs.join_next().await.is_some() {} };
        self.meanwhile(all).await
    }

    /// "I am waiting for a message": commands go on meanwhile.
    async fn wait(&mut self, sample: Sample) -> Result<(), Failure> {
        let by = StartedBy {
            account: self.demo.account,
            address: None,
        };
        let service = Arc::clone(&self.demo.service);
        let (until, answer) = service
            .wait_for_message(self.demo.id(sample), Some(by))
            .await?;
        let now = self.demo.clock.now();
        let waits = self
            .demo
            .status(sample)
            .is_some_and(|status| status.waiting_until.is_some());
        let next = match &answer {
            Answer::Refused(refusal) if !waits => {
                return self.say(&format!("  {}   {}\n", sample.name(), refusal.text(now)));
            }
            Answer::Refused(refusal) => refusal.until,
            Answer::Behind(then, _) => Some(*then),
            Answer::Started(_) | Answer::Joined(_) | Answer::Queued(..) => None,
        };
        let next = next.map_or_else(
            || "Checking now".to_owned(),
            |next| format!("Next try {}", look::in_words(next.since(now))),
        );
        self.waited_for.insert(sample);
        self.say(&format!(
            "Waiting for a message in {}. {next}. Stops at {}.\n",
            sample.name(),
            until.in_words()
        ))
    }

    /// Enters the right password: the retrieval is due as soon as it may be.
    async fn password(&mut self, sample: Sample) -> Result<Flow, Failure> {
        let runs = self.results[sample as usize].runs;
        self.demo.enter_password(sample).await?;
        self.say(&format!("The password of {} is entered.\n", sample.user()))?;
        let soon = self.soon();
        let next = self.demo.status(sample).and_then(|status| status.next);
        match next.filter(|next| *next > soon) {
            None => self.until_ended(vec![(sample, runs)]).await,
            Some(next) => {
                let wait = look::in_words(next.since(self.demo.clock.now()));
                self.say(&format!("  {}   next check {wait}\n", sample.name()))?;
                Ok(Flow::Continue(()))
            }
        }
    }

    async fn show(&self, id: MessageId) -> Result<(), Failure> {
        // It is printed in pieces; bars of runs under way come back below it.
        self.picture.clear();
        print_message(&*self.demo.store, id, false).await
    }
}

/// What checking several mailboxes came to: of each how many messages, and whether it failed.
fn summary(results: &[(u64, bool)]) -> String {
    let mailboxes = |count: usize| match count {
        1 => "1 mailbox".to_owned(),
        count => format!("{count} mailboxes"),
    };
    let failed = results.iter().filter(|(_, failed)| *failed).count();
    let brought = results.iter().filter(|(stored, _)| *stored > 0).count();
    let mut text = match results.iter().map(|(stored, _)| stored).sum() {
        0 => format!(
            "No new mail. {} checked.",
            mailboxes(results.len() - failed)
        ),
        1 => "1 new message.".to_owned(),
        stored => format!("{stored} new messages from {}.", mailboxes(brought)),
    };
    if failed > 0 {
        text.push_str(&format!(" {} could not be checked.", mailboxes(failed)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_of_several_mailboxes_is_summed_up() {
        for (results, text) in [
            (&[(0, false); 4][..], "No new mail. 4 mailboxes checked."),
            (&[(1, false), (0, false)], "1 new message."),
            (
                &[(5, false), (7, false), (0, true)],
                "12 new messages from 2 mailboxes. 1 mailbox could not be checked.",
            ),
            (
                &[(0, true), (0, true), (0, false)],
                "No new mail. 1 mailbox checked. 2 mailboxes could not be checked.",
            ),
        ] {
            assert_eq!(summary(results), text);
        }
    }
}
