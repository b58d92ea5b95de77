//! Those who ask for mail now: sign-ins, buttons, somebody who waits, also while a run goes on.
//!
//! Knows the service and nothing of the world's secrets. Holds the service to its word: whoever is
//! promised a run hears of its end, and a refusal is told to all who watch.

use std::sync::Arc;
use std::time::Duration;

use inhaul_engine::service::{Answer, Event, EventKind, Force, Service, Ticket, Trigger, What};
use inhaul_store::StartedBy;
use inhaul_types::{AccountId, Activation, RetrievalId};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::dice::Dice;
use crate::world::World;

/// A run waits as long as its server wants and then for its turn, has half an hour, and ends.
const END: Duration = Duration::from_secs(2 * 60 * 60);
/// Between two looks at the service.
const LOOKS: Duration = Duration::from_secs(60);

/// One retrieval as people know it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) retrieval: RetrievalId,
    pub(crate) account: AccountId,
}

/// Begins to ask this service, until it is dropped.
pub(crate) fn begin(
    world: &Arc<World>,
    service: &Arc<Service>,
    places: Vec<Place>,
    dice: Dice,
) -> JoinSet<()> {
    let mut people = JoinSet::new();
    let crowd = People {
        world: Arc::clone(world),
        service: Arc::clone(service),
        places,
        dice,
        waiting: JoinSet::new(),
    };
    if world.is_stormy() {
        people.spawn(crowd.ask());
    }
    people.spawn(look(Arc::clone(world), Arc::clone(service)));
    people
}

/// Asks the service now and then whether it believes that there is a network.
async fn look(world: Arc<World>, service: Arc<Service>) {
    loop {
        if service.status().offline_since.is_some() {
            world.witness.offline();
        }
        sleep(LOOKS).await;
    }
}

struct People {
    world: Arc<World>,
    service: Arc<Service>,
    places: Vec<Place>,
    dice: Dice,
    /// For the ends of their runs.
    waiting: JoinSet<()>,
}

impl People {
    async fn ask(mut self) {
        let mut events = self.service.subscribe();
        let mut next = Instant::now() + self.dice.seconds(10, 1200);
        loop {
            let mailbox = tokio::select! {
                biased;
                event = events.recv() => match event {
                    Ok(event) => self.pressing_at(&event),
                    Err(RecvError::Lagged(_)) => None,
                    Err(RecvError::Closed) => return,
                },
                () = sleep_until(next) => {
                    next = Instant::now() + self.dice.seconds(10, 1200);
                    let places = self.places.len() as u64;
                    usize::try_from(self.dice.below(places)).ok()
                }
            };
            while self.waiting.try_join_next().is_some() {}
            if let Some(mailbox) = mailbox {
                self.want(mailbox, &mut events).await;
            }
        }
    }

    /// Somebody cannot wait: presses while the run goes on.
    fn pressing_at(&mut self, event: &Event) -> Option<usize> {
        let goes_on = matches!(event.kind, EventKind::Progress { .. });
        let here = |place: &Place| place.retrieval == event.retrieval;
        (goes_on && self.dice.once_in(150))
            .then(|| self.places.iter().position(here))
            .flatten()
    }

    async fn want(&mut self, mailbox: usize, events: &mut Receiver<Event>) {
        let Place { retrieval, account } = self.places[mailbox];
        let by = StartedBy {
            account,
            address: None,
        };
        let by = self.dice.once_in(2).then_some(by);
        let these = What::Retrievals(vec![retrieval]);
        let (what, activation, force) = match self.dice.below(12) {
            0 | 1 => (What::OwnedBy(account), Activation::Pop3Login, Force::No),
            2 => (What::OwnedBy(account), Activation::WebLogin, Force::No),
            3 => (What::FillingAccount(account), Activation::Button, Force::No),
            4 => (these, Activation::Api, Force::No),
            5 => (these, Activation::Cli, Force::Administrator),
            6 => (these, Activation::Button, Force::TryAgain),
            7 => {
                if let Ok((_, answer)) = self.service.wait_for_message(retrieval, by).await {
                    self.heard(mailbox, retrieval, Force::No, &answer, events);
                }
                return;
            }
            _ => (these, Activation::Button, Force::No),
        };
        let trigger = Trigger {
            what,
            activation,
            by,
            force,
        };
        if force != Force::No {
            self.world.witness.tries_again(mailbox);
        }
        // A store in trouble does not say who may.
        for (retrieval, answer) in self.service.trigger(&trigger).await.unwrap_or_default() {
            self.heard(mailbox, retrieval, force, &answer, events);
        }
    }

    fn heard(
        &mut self,
        mailbox: usize,
        retrieval: RetrievalId,
        force: Force,
        answer: &Answer,
        events: &mut Receiver<Event>,
    ) {
        let (world, kind) = (&self.world, word(answer));
        world.story.tell(format_args!(
            "somebody wants mailbox {mailbox} ({force:?}): {kind}"
        ));
        match answer.ticket() {
            Some(ticket) => {
                let (world, ticket) = (Arc::clone(world), ticket.clone());
                self.waiting.spawn(wait_for_the_end(world, mailbox, ticket));
            }
            None if !is_told(events, retrieval) => {
                let text = format!("a refusal for mailbox {mailbox} is told to nobody");
                world.story.breach(6, text);
            }
            None => {}
        }
    }
}

fn word(answer: &Answer) -> String {
    match answer {
        Answer::Started(_) => "started".into(),
        Answer::Joined(_) => "joined".into(),
        Answer::Queued(position, _) => format!("queued behind {position}"),
        Answer::Behind(then, _) => format!("behind, at {}", then.millis()),
        Answer::Refused(refusal) => format!("refused, {}", refusal.reason.as_str()),
    }
}

/// Promise 6: who was promised a run hears of its end.
async fn wait_for_the_end(world: Arc<World>, mailbox: usize, ticket: Ticket) {
    if ticket.ended_within(END).await.is_none() {
        let text = format!("a run of mailbox {mailbox} that was promised never ended");
        world.story.breach(6, text);
    }
}

/// Promise 6: whether those who watch were told of a refusal just now.
fn is_told(events: &mut Receiver<Event>, retrieval: RetrievalId) -> bool {
    let mut is_told = false;
    while let Ok(event) = events.try_recv() {
        let refused = matches!(event.kind, EventKind::Refused { .. });
        is_told |= refused && event.retrieval == retrieval;
    }
    is_told
}
