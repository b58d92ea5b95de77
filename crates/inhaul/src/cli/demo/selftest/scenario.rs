//! The steps of the self-test, in their order.

use std::time::{Duration, Instant};

use inhaul_domain::Retention;
use inhaul_store::Store;
use inhaul_types::{ErrorCode, Timestamp};
use tokio::sync::watch;

use super::{FirstReadable, Held, SelfTest, expect, expect_code, expect_good, expect_same, firm};
use crate::cli::demo::samples::{Manner, Sample};
use crate::exit::Exit;

use Sample::{Big, Club, OldIsp, Shop, Work};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// A retrieval that was refused is tried again after so long.
const LATER: Duration = Duration::from_secs(15 * 60);

/// Everything, up to the first step that does not hold.
pub(super) async fn play(test: &mut SelfTest) -> Held {
    for sample in Sample::ALL {
        let there = test.there(sample);
        test.note_sent(sample, there);
    }
    bring(test).await?;
    be_refused(test).await?;
    be_cut(test).await?;
    misbehave_and_recover(test).await?;
    be_renumbered(test).await?;
    delete(test).await?;
    test.step("all of it is here once, octet for octet", async |test| {
        for sample in Sample::ALL {
            test.holds_each_once(sample).await?;
        }
        Ok(())
    })
    .await
}

/// The mailboxes that work.
async fn bring(test: &mut SelfTest) -> Held {
    test.step("24 messages come, octet for octet", async |test| {
        let (after, first) = watch::channel(None);
        let begun = Instant::now();
        let report = test
            .pull_watched(OldIsp, FirstReadable { begun, after })
            .await?;
        test.first_readable = *first.borrow();
        expect_good(&report)?;
        expect_same("messages stored", report.stored, 24)?;
        test.holds_each_once(OldIsp).await
    })
    .await?;
    test.step("a second look brings nothing", async |test| {
        let report = test.pull(OldIsp).await?;
        expect_good(&report)?;
        expect_same("messages listed", report.listed, 24)?;
        expect_same("messages stored", report.stored, 0)
    })
    .await?;
    test.step("a new message of the shop comes by itself", async |test| {
        expect_good(&test.pull(Shop).await?)?;
        let order = inhaul_sample::shop_message(1, Timestamp::from_millis(1_773_483_726_000));
        test.demo.host(Shop).mailbox.append(order);
        test.note_sent(Shop, 1);
        let report = test.pull(Shop).await?;
        expect_good(&report)?;
        expect_same("messages stored", report.stored, 1)?;
        test.holds_each_once(Shop).await
    })
    .await?;
    test.step("a message of 8 MB comes, octet for octet", async |test| {
        let report = test.pull(Big).await?;
        expect_good(&report)?;
        expect("8 MB are stored", report.octets.count() > 7_900_000)?;
        test.holds_each_once(Big).await
    })
    .await?;
    firm::be_shared_out(test).await
}

/// Mailboxes that do not let us in.
async fn be_refused(test: &mut SelfTest) -> Held {
    test.step(
        "a wrong password is refused, and tried once",
        async |test| {
            let report = test.pull(Club).await?;
            expect_code(&report, ErrorCode::AuthRefused)?;
            expect_same("refused sign-ins", test.refused_sign_ins(Club), 1)?;
            expect_same("sign-ins", test.sign_ins(Club), 1)
        },
    )
    .await?;
    test.step("the right password brings what waits there", async |test| {
        test.demo.enter_password(Club).await?;
        let report = test.pull(Club).await?;
        expect_good(&report)?;
        expect_same("messages stored", report.stored, 2)?;
        test.holds_each_once(Club).await
    })
    .await?;
    test.step("a mailbox in use is no failure", async |test| {
        expect_good(&test.pull(Work).await?)?;
        expect_good(&test.pull(Work).await?)?;
        let report = test.pull(Work).await?;
        expect_code(&report, ErrorCode::MailboxInUse)?;
        let exit = Exit::of_codes([ErrorCode::MailboxInUse]);
        expect("the exit code would be 0", exit == Exit::OK)?;
        let failures = test.demo.retrieval(Work).await?.failures;
        expect_same("failures on record", failures, 0)?;
        expect_good(&test.pull(Work).await?)?;
        test.holds_each_once(Work).await
    })
    .await
}

/// The line is cut.
async fn be_cut(test: &mut SelfTest) -> Held {
    test.step("the line is cut in the middle of a message", async |test| {
        test.send(OldIsp, 6);
        test.make(OldIsp, Manner::Cut);
        let report = test.pull(OldIsp).await?;
        expect_code(&report, ErrorCode::CutOff)?;
        // What came whole is kept; of the one that was cut, nothing.
        expect_same("messages stored", report.stored, 3)
    })
    .await?;
    test.step("the rest comes, nothing is lost or doubled", async |test| {
        test.make(OldIsp, Manner::Behave);
        let stored = test.pull_rest(OldIsp).await?;
        expect_same("messages stored", stored, 3)?;
        test.holds_each_once(OldIsp).await
    })
    .await
}

/// Old ISP does what it should not, and stops doing it.
async fn misbehave_and_recover(test: &mut SelfTest) -> Held {
    test.step("a password that worked is refused", async |test| {
        test.make(OldIsp, Manner::RefusePassword);
        let before = test.refused_sign_ins(OldIsp);
        let report = test.pull(OldIsp).await?;
        expect_code(&report, ErrorCode::AuthRefused)?;
        let refused = test.refused_sign_ins(OldIsp) - before;
        expect_same("refused sign-ins", refused, 1)
    })
    .await?;
    recovers(test, "it is taken again, and new mail comes").await?;
    test.step("the server says that we come too often", async |test| {
        test.make(OldIsp, Manner::TooOften);
        expect_code(&test.pull(OldIsp).await?, ErrorCode::TooOften)
    })
    .await?;
    recovers(test, "it lets us in again").await?;
    test.step("a bad certificate gets no password", async |test| {
        test.make(OldIsp, Manner::BadCertificate);
        let before = test.sign_ins(OldIsp);
        let report = test.pull(OldIsp).await?;
        expect_code(&report, ErrorCode::Certificate)?;
        expect_same("sign-ins", test.sign_ins(OldIsp), before)?;
        let said = match report.run {
            Some(run) => test.demo.store.run_conversation(run).await?,
            None => None,
        };
        let said = said.unwrap_or_default();
        let password = ["PASS", "AUTH", "USER"].into_iter().find(|word| {
            said.lines()
                .any(|line| line.contains(&format!("C: {word}")))
        });
        expect("nothing was said to it that signs in", password.is_none())
    })
    .await?;
    recovers(test, "a good certificate is trusted again").await?;
    test.step("a server that says nothing is left in time", async |test| {
        test.make(OldIsp, Manner::NotAnswer);
        expect_code(&test.pull(OldIsp).await?, ErrorCode::NoAnswer)
    })
    .await?;
    recovers(test, "it answers again").await
}

/// Old ISP behaves, after a while, and a new message comes once.
async fn recovers(test: &mut SelfTest, step: &'static str) -> Held {
    test.step(step, async |test| {
        test.make(OldIsp, Manner::Behave);
        test.skip(LATER);
        test.send(OldIsp, 1);
        let report = test.pull(OldIsp).await?;
        expect_good(&report)?;
        expect_same("messages stored", report.stored, 1)?;
        test.holds_each_once(OldIsp).await
    })
    .await
}

/// All unique-ids change while copies are to be deleted.
async fn be_renumbered(test: &mut SelfTest) -> Held {
    test.step("all unique-ids change, nothing comes twice", async |test| {
        test.make(OldIsp, Manner::Renumber);
        test.demo.set_retention(OldIsp, Retention::Delete).await?;
        let there = test.there(OldIsp);
        let report = test.pull(OldIsp).await?;
        expect_good(&report)?;
        expect_same("messages stored", report.stored, 0)?;
        expect_same("messages there", test.there(OldIsp), there)?;
        test.holds_each_once(OldIsp).await
    })
    .await?;
    test.step("for 24 hours nothing of it is deleted", async |test| {
        test.skip(23 * HOUR);
        let report = test.pull(OldIsp).await?;
        expect_good(&report)?;
        expect_same("messages deleted", report.deleted, 0)
    })
    .await?;
    test.step("then its copies go", async |test| {
        let there = test.there(OldIsp);
        test.skip(HOUR);
        let report = test.pull(OldIsp).await?;
        expect_good(&report)?;
        expect_same("messages deleted", report.deleted, there as u64)?;
        expect_same("messages there", test.there(OldIsp), 0)
    })
    .await
}

/// Copies go when they should, also where the server would rather keep them.
async fn delete(test: &mut SelfTest) -> Held {
    test.step("copies stay for 14 days", async |test| {
        let retention = Retention::DeleteAfter { days: 14 };
        test.demo.set_retention(OldIsp, retention).await?;
        test.send(OldIsp, 6);
        for (wait, stored) in [(Duration::ZERO, 6), (13 * DAY, 0)] {
            test.skip(wait);
            let report = test.pull(OldIsp).await?;
            expect_good(&report)?;
            expect_same("messages stored", report.stored, stored)?;
            expect_same("messages deleted", report.deleted, 0)?;
        }
        expect_same("messages there", test.there(OldIsp), 6)
    })
    .await?;
    test.step("then the maildrop is empty", async |test| {
        test.skip(DAY);
        let report = test.pull(OldIsp).await?;
        expect_good(&report)?;
        expect_same("messages deleted", report.deleted, 6)?;
        expect_same("messages there", test.there(OldIsp), 0)
    })
    .await?;
    test.step(
        "a server that keeps what it deletes is asked again",
        async |test| {
            test.demo.set_retention(OldIsp, Retention::Delete).await?;
            test.make(OldIsp, Manner::ForgetToDelete);
            test.send(OldIsp, 2);
            for (wait, stored, asked) in [
                (Duration::ZERO, 2, 2),
                (Duration::ZERO, 0, 2),
                (Duration::ZERO, 0, 2),
                // From here on once a day.
                (Duration::ZERO, 0, 0),
                (DAY, 0, 2),
            ] {
                test.skip(wait);
                let before = test.count(OldIsp, "DELE");
                let report = test.pull(OldIsp).await?;
                expect_good(&report)?;
                expect_same("messages stored", report.stored, stored)?;
                let asked_now = test.count(OldIsp, "DELE") - before;
                expect_same("deletions asked for", asked_now, asked)?;
            }
            expect_same("messages there", test.there(OldIsp), 2)
        },
    )
    .await?;
    test.step("once it deletes, they go", async |test| {
        test.make(OldIsp, Manner::Behave);
        test.skip(DAY);
        expect_good(&test.pull(OldIsp).await?)?;
        expect_same("messages there", test.there(OldIsp), 0)
    })
    .await
}
