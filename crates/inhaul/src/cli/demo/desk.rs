//! The demo as a person has it: the service checks by itself, and commands make things happen.
//!
//! One loop waits for whatever comes first: a signal, something the service tells, a delivery, a
//! line. A command that checks is done when its runs are, so that lines from a pipe happen in
//! order. Start at [`Desk::hold`]; `orders` carries commands out, `telling` says what happened.

mod drawer;
mod orders;
mod telling;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use inhaul_engine::service::{Event, RetrievalStatus};
use inhaul_types::Timestamp;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio::time::{Interval, interval_at};

use self::drawer::{Panel, Press};
use self::telling::{FirstMinute, Results};
use super::front::Front;
use super::installation::{FLOOR, Installation, Polled};
use super::look;
use super::picture::Picture;
use super::samples::Sample;
use super::signals::Signals;
use crate::cli::Globals;
use crate::cli::output::{complain, print};
use crate::exit::{Exit, Failure};

/// A new order comes to the shop so often.
const ORDERS_EVERY: Duration = Duration::from_secs(20);
/// At the end, what does not stop in this time is cut off. Nothing is kept anyway.
const GRACE: Duration = Duration::from_millis(500);

pub(super) struct Desk<'a> {
    demo: Installation,
    globals: &'a Globals,
    front: Front,
    panel: Arc<Panel>,
    pressed: mpsc::Receiver<Press>,
    input: Input,
    picture: Picture,
    events: broadcast::Receiver<Event>,
    results: [Results; Sample::ALL.len()],
    signals: Signals,
    orders: Interval,
    ordered: u64,
    sent: u64,
    first_minute: Option<FirstMinute>,
    /// Somebody waits for a message of these.
    waited_for: HashSet<Sample>,
}

/// Where commands come from.
pub(super) struct Input {
    pub(super) lines: mpsc::Receiver<String>,
    pub(super) typed: Typed,
}

/// By whom.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Typed {
    /// A person, at a terminal.
    ByHand,
    /// A pipe or a file, which ends.
    ByScript,
}

/// Something happened.
enum Happening {
    Event(Event),
    Order,
    /// In the drawer of the pages.
    Pressed(Press),
    /// A line, or the end of them.
    Line(Option<String>),
    Signal(Exit),
}

/// Whether commands are taken now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Listening {
    Yes,
    No,
}

type Flow<T = ()> = ControlFlow<Exit, T>;

impl<'a> Desk<'a> {
    pub(super) fn new(
        demo: Installation,
        globals: &'a Globals,
        front: Front,
        input: Input,
        signals: Signals,
    ) -> Self {
        let first_order = tokio::time::Instant::now() + ORDERS_EVERY;
        let (panel, pressed) = Panel::new();
        let mut desk = Self {
            events: demo.service.subscribe(),
            demo,
            globals,
            front,
            panel: Arc::new(panel),
            pressed,
            input,
            picture: Picture::new(globals.draws_bars()),
            results: Default::default(),
            signals,
            orders: interval_at(first_order, ORDERS_EVERY),
            ordered: 0,
            sent: 0,
            first_minute: Some(FirstMinute::default()),
            waited_for: HashSet::new(),
        };
        desk.order();
        desk
    }

    /// Brings what is there, then takes commands until it is told to end.
    pub(super) async fn hold(mut self) -> Result<Exit, Failure> {
        let ended = self.talk().await;
        let closed = self.close().await;
        let exit = ended?;
        closed?;
        Ok(exit)
    }

    async fn talk(&mut self) -> Result<Exit, Failure> {
        if let Flow::Break(exit) = self.open().await? {
            return Ok(exit);
        }
        let mut exit = Exit::OK;
        let mut commands = 0_u64;
        loop {
            let line = match self.next(Listening::Yes).await {
                Happening::Signal(exit) => return Ok(exit),
                Happening::Line(Some(line)) => line,
                Happening::Line(None) => break,
                Happening::Event(event) => {
                    self.take(event).await?;
                    continue;
                }
                Happening::Order => {
                    self.order();
                    continue;
                }
                Happening::Pressed(press) => {
                    self.obey(press)?;
                    continue;
                }
            };
            commands += 1;
            match self.carry_out(&line).await {
                Ok(Flow::Continue(())) => {}
                Ok(Flow::Break(exit)) => return Ok(exit),
                // A slip is told, and the demo goes on; a script's exit shows that there was one.
                Err(failure) if is_slip(&failure) => {
                    self.complain(&format!("{}\n", failure.what));
                    if self.input.typed == Typed::ByScript {
                        exit = failure.exit;
                    }
                }
                Err(failure) => return Err(failure),
            }
        }
        if commands == 0 && self.input.typed == Typed::ByScript {
            // Nobody is there to ask for it.
            let list = look::list(&self.demo, Some(Sample::OldIsp)).await?;
            self.say(&format!("\n{list}\n"))?;
        }
        Ok(exit)
    }

    /// The first minute: all six at once, the large one on its own time.
    async fn open(&mut self) -> Result<Flow, Failure> {
        let listener = self.front.bind().await?;
        let controls = Arc::clone(&self.panel) as _;
        self.demo.open_pages(listener, Some(controls))?;
        let link = self.demo.sign_in_link().await?.unwrap_or_default();
        let commands = match self.demo.take_commands() {
            Some(data) => format!(
                "  In another window      inhaul --data {} retrieval list\n",
                data.display()
            ),
            None => String::new(),
        };
        self.say(&format!(
            "Demo. Nothing here is real, nothing is kept. Stop with Ctrl-C.\n\n  \
             Sample remote server   {} (POP3), {} mailboxes\n  \
             Web                    {link}\n{commands}\n",
            self.demo.host(Sample::OldIsp).server.address(),
            Sample::ALL.len(),
        ))?;
        self.front.browse(&link, self.input.typed);
        self.demo.add(Sample::ALL, Polled::BySchedule).await?;
        self.show_switches();
        let all = Sample::ALL.into_iter();
        let quick = all.filter(|sample| *sample != Sample::Big);
        let flow = self
            .until_ended(quick.map(|sample| (sample, 0)).collect())
            .await?;
        if flow.is_continue() && self.input.typed == Typed::ByHand && !self.globals.quiet {
            self.say(
                "\nMail is checked by itself from here on. Type help for what else can happen.\n",
            )?;
        }
        Ok(flow)
    }

    async fn next(&mut self, listening: Listening) -> Happening {
        loop {
            tokio::select! {
                biased;
                exit = self.signals.next() => return Happening::Signal(exit),
                event = self.events.recv() => match event {
                    Ok(event) => return Happening::Event(event),
                    Err(RecvError::Lagged(_)) => {}
                    // The service is this desk's: it lives as long.
                    Err(RecvError::Closed) => return Happening::Line(None),
                },
                _ = self.orders.tick() => return Happening::Order,
                // The panel is the desk's, too: it is always there.
                Some(press) = self.pressed.recv() => return Happening::Pressed(press),
                line = self.input.lines.recv(), if listening == Listening::Yes => {
                    return Happening::Line(line);
                }
            }
        }
    }

    /// Goes on, without taking commands, until this work is done.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> Result<Flow<T>, Failure> {
        let mut work = std::pin::pin!(work);
        loop {
            let happening = tokio::select! {
                happening = self.next(Listening::No) => happening,
                done = &mut work => {
                    self.catch_up().await?;
                    return Ok(Flow::Continue(done));
                }
            };
            if let Flow::Break(exit) = self.note(happening).await? {
                return Ok(Flow::Break(exit));
            }
        }
    }

    /// Goes on, without taking commands, until each of these has had more runs than that.
    async fn until_ended(&mut self, mut awaited: Vec<(Sample, u64)>) -> Result<Flow, Failure> {
        loop {
            awaited.retain(|(sample, before)| self.results[*sample as usize].runs <= *before);
            if awaited.is_empty() {
                return Ok(Flow::Continue(()));
            }
            let happening = self.next(Listening::No).await;
            if let Flow::Break(exit) = self.note(happening).await? {
                return Ok(Flow::Break(exit));
            }
        }
    }

    async fn note(&mut self, happening: Happening) -> Result<Flow, Failure> {
        match happening {
            Happening::Signal(exit) => return Ok(Flow::Break(exit)),
            Happening::Event(event) => self.take(event).await?,
            Happening::Order => self.order(),
            Happening::Pressed(press) => self.obey(press)?,
            Happening::Line(_) => {}
        }
        Ok(Flow::Continue(()))
    }

    /// Tells what has happened up to now.
    async fn catch_up(&mut self) -> Result<(), Failure> {
        loop {
            match self.events.try_recv() {
                Ok(event) => self.take(event).await?,
                Err(broadcast::error::TryRecvError::Lagged(_)) => {}
                Err(_) => return Ok(()),
            }
        }
    }

    /// What the schedule runs up to then, and how many runs each has had.
    fn due_by(&self, then: Timestamp) -> Vec<(Sample, u64)> {
        let is_due = |status: &RetrievalStatus| status.next.is_some_and(|next| next <= then);
        let due = Sample::ALL.into_iter();
        let due = due.filter(|sample| self.demo.status(*sample).as_ref().is_some_and(is_due));
        due.map(|sample| (sample, self.results[sample as usize].runs))
            .collect()
    }

    /// So soon that a command waits for it.
    fn soon(&self) -> Timestamp {
        self.demo.clock.now().plus(FLOOR)
    }

    /// Somebody orders something in the shop.
    fn order(&mut self) {
        self.ordered += 1;
        let message = inhaul_sample::shop_message(self.ordered, self.demo.clock.now());
        self.demo.host(Sample::Shop).mailbox.append(message);
    }

    fn say(&self, text: &str) -> Result<(), Failure> {
        self.picture.aside(|| print(text))
    }

    fn complain(&self, text: &str) {
        self.picture.aside(|| complain(text));
    }

    async fn close(self) -> Result<(), Failure> {
        let Self {
            mut demo,
            picture,
            pressed,
            ..
        } = self;
        // Whoever pressed something last is told that nothing is done any more.
        drop(pressed);
        let left = demo.stop(GRACE).await;
        picture.clear();
        for sample in left {
            print(&format!("  {}   was still on its way\n", sample.name()))?;
        }
        demo.end().await
    }
}

/// Whether a person made a mistake, and not the demo.
fn is_slip(failure: &Failure) -> bool {
    [Exit::USAGE, Exit::NO_USER].contains(&failure.exit)
}
