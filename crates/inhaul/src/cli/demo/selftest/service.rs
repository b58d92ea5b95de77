//! The steps of the running service: schedule, triggers, failures that pass, time that passes.

use std::time::Duration;

use inhaul_domain::Retention;
use inhaul_domain::standing::Standing;
use inhaul_domain::trigger::RefusalReason;
use inhaul_engine::RunReport;
use inhaul_engine::service::{Answer, Event, EventKind, Force, Trigger, What};
use inhaul_sample::switches::Greeting;
use inhaul_store::{Every, StartedBy};
use inhaul_types::{Activation, ErrorCode, Timestamp};
use tokio::sync::broadcast;
use tokio::time::timeout;

use super::{
    Broken, Held, SelfTest, expect, expect_code, expect_good, expect_same, expect_standing,
};
use crate::cli::demo::installation::{FLOOR, Polled};
use crate::cli::demo::look::how_it_stands;
use crate::cli::demo::samples::{Manner, Sample};

use Sample::{Club, OldIsp, Shop};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Longer than the shop's interval with its jitter, shorter than a jump of the clock.
const NEXT_LOOK: Duration = Duration::from_secs(30);
/// What does not happen in this time does not happen.
const PATIENCE: Duration = Duration::from_secs(20);
/// A greeting that lets two checks meet.
const SLOW: Duration = Duration::from_millis(600);

/// Everything, up to the first step that does not hold.
pub(super) async fn play(test: &mut SelfTest) -> Held {
    let mut events = test.demo.service.subscribe();
    keep_the_schedule(test, &mut events).await?;
    be_asked(test, &mut events).await?;
    fail_and_recover(test, &mut events).await?;
    let_time_pass(test, &mut events).await
}

type Events = broadcast::Receiver<Event>;

async fn keep_the_schedule(test: &mut SelfTest, events: &mut Events) -> Held {
    test.step("a saved retrieval is checked at once", async |test| {
        test.demo.add([Shop], Polled::BySchedule).await?;
        let (activation, report) = test.next_run(events, Shop).await?;
        expect_good(&report)?;
        expect_same("started by", activation.as_str(), "schedule")?;
        expect_standing(&test.stands(Shop, &report)?, Standing::Working)
    })
    .await?;
    test.step("the schedule brings a message by itself", async |test| {
        test.order(1);
        test.skip(NEXT_LOOK);
        let (activation, report) = test.next_run(events, Shop).await?;
        expect_good(&report)?;
        expect_same("started by", activation.as_str(), "schedule")?;
        expect_same("messages stored", report.stored, 1)?;
        test.holds_each_once(Shop).await
    })
    .await
}

/// Somebody presses "Check mail".
async fn be_asked(test: &mut SelfTest, events: &mut Events) -> Held {
    test.step("a check too soon is refused, with its time", async |test| {
        let sign_ins = test.sign_ins(Shop);
        let begun = test.demo.retrieval(Shop).await?.schedule.last_started;
        let Answer::Refused(refusal) = test.check(Shop).await? else {
            return Err(Broken::Expected("expected: a refusal".into()));
        };
        let too_soon = matches!(refusal.reason, RefusalReason::TooSoon { .. });
        expect("it is too soon", too_soon)?;
        let again = begun.map(|begun| begun.plus(FLOOR));
        expect("the time is the floor's", refusal.until == again)?;
        let words = refusal.text(test.demo.clock.now());
        expect(
            "the words say when",
            words.contains("You can check again in "),
        )?;
        expect_same("sign-ins", test.sign_ins(Shop), sign_ins)
    })
    .await?;
    test.step("two checks at a time are one run", async |test| {
        test.order(2);
        // Nothing is due while the two meet.
        test.demo.set_every(Shop, Every::Never).await?;
        test.greet(Greeting::Slow(SLOW));
        test.skip(FLOOR);
        let sign_ins = test.sign_ins(Shop);
        let first = test.check(Shop).await?;
        let second = test.check(Shop).await?;
        expect("the first starts", matches!(first, Answer::Started(_)))?;
        expect("the second joins", matches!(second, Answer::Joined(_)))?;
        let (activation, report) = test.next_run(events, Shop).await?;
        expect_same("started by", activation.as_str(), "button")?;
        expect_same("messages stored", report.stored, 1)?;
        for answer in [first, second] {
            let Some(ticket) = answer.ticket() else {
                continue;
            };
            let same = ticket.ended().await.map(|ended| ended.run) == Some(report.run);
            expect("both see the same run", same)?;
        }
        test.greet(Greeting::Banner);
        expect_same("sign-ins", test.sign_ins(Shop), sign_ins + 1)
    })
    .await?;
    test.step("who waits for a message gets it", async |test| {
        test.skip(FLOOR);
        let id = test.demo.id(Shop);
        test.demo.service.wait_for_message(id, None).await?;
        let (_, report) = test.next_run(events, Shop).await?;
        expect_same("messages stored at first", report.stored, 0)?;
        test.order(3);
        test.skip(FLOOR);
        let (activation, report) = test.next_run(events, Shop).await?;
        expect_same("started by", activation.as_str(), "waiting")?;
        expect_same("messages stored", report.stored, 1)?;
        let waits = test.demo.status(Shop).and_then(|shop| shop.waiting_until);
        expect("nobody waits any more", waits.is_none())?;
        test.holds_each_once(Shop).await
    })
    .await
}

/// A retrieval fails, is left alone for a while, and works again.
async fn fail_and_recover(test: &mut SelfTest, events: &mut Events) -> Held {
    test.step("a refused password needs its owner", async |test| {
        test.demo.add([Club], Polled::BySchedule).await?;
        let (_, report) = test.next_run(events, Club).await?;
        expect_code(&report, ErrorCode::AuthRefused)?;
        expect_standing(&test.stands(Club, &report)?, Standing::NeedsYou)?;
        let wait = test.wait_of(Club)?;
        expect(
            "the next try is in 15 minutes, more or less",
            (13 * MINUTE..=17 * MINUTE).contains(&wait),
        )
    })
    .await?;
    test.step("meanwhile no check offers it again", async |test| {
        test.skip(NEXT_LOOK);
        let sign_ins = test.sign_ins(Club);
        let Answer::Refused(refusal) = test.check(Club).await? else {
            return Err(Broken::Expected("expected: a refusal".into()));
        };
        let reason = refusal.reason.as_str();
        expect_same("refused because", reason, "sign-in-refused")?;
        expect("a time is said", refusal.until.is_some())?;
        expect_same("sign-ins", test.sign_ins(Club), sign_ins)
    })
    .await?;
    test.step("the right password is tried at once", async |test| {
        test.demo.enter_password(Club).await?;
        let (activation, report) = test.next_run(events, Club).await?;
        expect_good(&report)?;
        expect_same("started by", activation.as_str(), "schedule")?;
        expect_standing(&test.stands(Club, &report)?, Standing::Working)?;
        test.demo.set_every(Club, Every::Never).await?;
        Ok(())
    })
    .await?;
    test.step("a cut line is tried again, later each time", async |test| {
        test.demo.set_every(Shop, Shop.every()).await?;
        // It is due at once, but not before the floor.
        test.skip(FLOOR);
        expect_good(&test.next_run(events, Shop).await?.1)?;
        test.order(4);
        test.make(Shop, Manner::Cut);
        let mut wait = Duration::ZERO;
        for _ in 0..2 {
            test.skip(wait.max(NEXT_LOOK));
            let (_, report) = test.next_run(events, Shop).await?;
            expect_code(&report, ErrorCode::CutOff)?;
            expect_standing(&test.stands(Shop, &report)?, Standing::Trying)?;
            let longer = test.wait_of(Shop)?;
            expect("it waits longer than before", longer > wait)?;
            wait = longer;
        }
        test.make(Shop, Manner::Behave);
        test.skip(wait);
        let (_, report) = test.next_run(events, Shop).await?;
        expect_good(&report)?;
        expect_standing(&test.stands(Shop, &report)?, Standing::Working)?;
        test.holds_each_once(Shop).await
    })
    .await
}

/// Days pass; the schedule deletes what it should.
async fn let_time_pass(test: &mut SelfTest, events: &mut Events) -> Held {
    test.step("copies stay for 14 days of the schedule", async |test| {
        test.demo.set_every(Shop, Every::Never).await?;
        test.note_sent(OldIsp, test.there(OldIsp));
        test.demo.add([OldIsp], Polled::BySchedule).await?;
        let retention = Retention::DeleteAfter { days: 14 };
        test.demo.set_retention(OldIsp, retention).await?;
        let (_, report) = test.next_run(events, OldIsp).await?;
        expect_same("messages stored", report.stored, 24)?;
        test.skip(13 * DAY);
        let (_, report) = test.next_run(events, OldIsp).await?;
        expect_good(&report)?;
        expect_same("messages deleted", report.deleted, 0)
    })
    .await?;
    test.step("then the schedule deletes them", async |test| {
        test.skip(DAY);
        let (activation, report) = test.next_run(events, OldIsp).await?;
        expect_good(&report)?;
        expect_same("started by", activation.as_str(), "schedule")?;
        expect_same("messages deleted", report.deleted, 24)?;
        expect_same("messages there", test.there(OldIsp), 0)?;
        test.holds_each_once(OldIsp).await
    })
    .await
}

impl SelfTest {
    /// The end of this mailbox's next run, which may have been told already.
    async fn next_run(&self, events: &mut Events, sample: Sample) -> Held<(Activation, RunReport)> {
        let id = self.demo.id(sample);
        let ended = async {
            loop {
                let event = events.recv().await;
                let Ok(event) = event else {
                    return Err(Broken::Expected("the service tells everything".into()));
                };
                if let EventKind::Ended {
                    activation, report, ..
                } = event.kind
                    && event.retrieval == id
                {
                    return Ok((activation, RunReport::clone(&report)));
                }
            }
        };
        timeout(PATIENCE, ended).await.unwrap_or_else(|_| {
            let name = sample.name();
            Err(Broken::Expected(format!("expected: a run of {name}")))
        })
    }

    /// Presses "Check mail" for one mailbox.
    async fn check(&self, sample: Sample) -> Held<Answer> {
        let trigger = Trigger {
            what: What::Retrievals(vec![self.demo.id(sample)]),
            activation: Activation::Button,
            by: Some(StartedBy {
                account: self.demo.account,
                address: None,
            }),
            force: Force::No,
        };
        let answer = self.demo.service.trigger(&trigger).await?.pop();
        answer
            .map(|(_, answer)| answer)
            .ok_or_else(|| Broken::Expected("expected: an answer".into()))
    }

    /// Its state after this run, in its own words.
    fn stands(&self, sample: Sample, report: &RunReport) -> Held<(Standing, String)> {
        let said = report
            .failure
            .as_ref()
            .and_then(|failure| failure.said.as_ref());
        let said_auth = said.is_some_and(|said| said.contains("[AUTH]"));
        let status = self.demo.status(sample);
        let status = status.ok_or_else(|| Broken::Expected("expected: a retrieval".into()))?;
        Ok(how_it_stands(&self.demo, sample, &status, said_auth))
    }

    /// How long the schedule leaves it alone.
    fn wait_of(&self, sample: Sample) -> Held<Duration> {
        let next = self.demo.status(sample).and_then(|status| status.next);
        let next = next.ok_or_else(|| Broken::Expected("expected: a next check".into()))?;
        Ok(next.since(self.demo.clock.now()))
    }

    fn order(&mut self, number: u64) {
        let at = Timestamp::from_millis(1_773_483_726_000);
        let order = inhaul_sample::shop_message(number, at);
        self.demo.host(Shop).mailbox.append(order);
        self.note_sent(Shop, 1);
    }

    fn greet(&self, greeting: Greeting) {
        let server = &self.demo.host(Shop).server;
        server.set(|switches| switches.greeting = greeting);
    }
}
