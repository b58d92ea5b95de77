//! The steps of mail that is shared out: each person's, what is for two, what is for nobody.

use inhaul_store::Message;

use super::{Held, SelfTest, expect, expect_good, expect_same};
use crate::cli::demo::samples::Sample;
use crate::cli::demo::scenes::Scene;

use Sample::Firm;

/// How many of the firm's 20 messages each folder gets: one of them is for two.
const SHARED: [(&str, usize); 8] = [
    ("Firm", 2),
    ("anna/INBOX", 4),
    ("ben/INBOX", 3),
    ("ben/Shop", 2),
    ("clara/INBOX", 2),
    ("david/INBOX", 2),
    ("emma/INBOX", 3),
    ("frank/INBOX", 3),
];

/// Where a message lies, and why there.
#[derive(Debug)]
pub(super) struct Found {
    place: String,
    why: String,
}

pub(super) async fn be_shared_out(test: &mut SelfTest) -> Held {
    test.step(
        "the firm's mail is shared out among its people",
        async |test| {
            let report = test.pull(Firm).await?;
            expect_good(&report)?;
            expect_same("messages stored", report.stored, 20)?;
            for (place, messages) in SHARED {
                let there = test.lying(|_, in_place| in_place == place).await?;
                expect_same(&format!("messages in {place}"), there.len(), messages)?;
            }
            test.holds_each_once(Firm).await
        },
    )
    .await?;
    test.step("a message for two people lies in both", async |test| {
        let there = test.play(Scene::TwoPeople, 1).await?;
        expect_places(&there, &["anna/INBOX", "ben/INBOX"])?;
        test.holds_each_once(Firm).await
    })
    .await?;
    test.step("of a copy for each, each gets their own", async |test| {
        let there = test.play(Scene::Copies, 3).await?;
        expect_places(&there, &["clara/INBOX", "david/INBOX", "emma/INBOX"])?;
        test.holds_each_once(Firm).await
    })
    .await?;
    test.step(
        "a message for nobody is in the fallback, with the reason",
        async |test| {
            let there = test.play(Scene::Nobody, 1).await?;
            expect_places(&there, &["Firm"])?;
            let why = "Delivered-To no. 1 = infos@firm.example, no rule, fallback you/Firm";
            let told = there.iter().all(|found| found.why == why);
            expect(&format!("the reason {why:?}"), told)?;
            test.holds_each_once(Firm).await
        },
    )
    .await
}

fn expect_places(there: &[Found], places: &[&str]) -> Held {
    let mut is: Vec<&str> = there.iter().map(|found| found.place.as_str()).collect();
    is.sort_unstable();
    expect_same("where it lies", is.join(", "), places.join(", "))
}

impl SelfTest {
    /// Sends these letters to the firm and brings them; where they lie.
    async fn play(&mut self, scene: Scene, letters: u64) -> Held<Vec<Found>> {
        self.numbered += 1;
        let (host, now) = (self.demo.host(Firm), self.demo.clock.now());
        host.play(scene, self.numbered, now);
        self.note_sent(Firm, usize::try_from(letters).unwrap_or(usize::MAX));
        let report = self.pull(Firm).await?;
        expect_good(&report)?;
        expect_same("messages stored", report.stored, letters)?;
        let subject = format!("Letter {} to ", self.numbered);
        self.lying(|message, _| message.summary.subject.starts_with(&subject))
            .await
    }

    /// The firm's messages that are like this, by message and place.
    pub(super) async fn lying(
        &self,
        is_meant: impl Fn(&Message, &str) -> bool,
    ) -> Held<Vec<Found>> {
        let mut found = Vec::new();
        let look = async |place: &str, message: Message| {
            if is_meant(&message, place) {
                let place = place.to_owned();
                found.push(Found {
                    place,
                    why: message.why,
                });
            }
            Ok(())
        };
        self.demo.each_message(Firm, look).await?;
        Ok(found)
    }
}
