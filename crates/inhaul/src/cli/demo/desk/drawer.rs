//! What is pressed in the drawer of the pages: carried out at the desk, like what is typed.

use std::time::Duration;

use async_trait::async_trait;
use inhaul_web::demo::{self, Controls, DemoState, NotDone, OpenMailbox};
use tokio::sync::{mpsc, oneshot, watch};

use super::Desk;
use crate::cli::demo::look;
use crate::cli::demo::samples::{MANNERS, Manner, Sample};
use crate::cli::demo::scenes::{SCENES, Scene};
use crate::exit::Failure;

/// Takes what is pressed to the desk.
pub(super) struct Panel {
    presses: mpsc::Sender<Press>,
    state: watch::Sender<DemoState>,
}

/// A button that was pressed.
pub(super) struct Press {
    what: What,
    done: oneshot::Sender<()>,
}

enum What {
    Send(u64),
    Play(Scene),
    Make(Manner),
    Skip(Duration),
}

impl Panel {
    /// A panel, and what comes from it.
    pub(super) fn new() -> (Self, mpsc::Receiver<Press>) {
        let (presses, pressed) = mpsc::channel(1);
        let state = watch::Sender::new(DemoState {
            provider: Sample::OldIsp.domain().to_owned(),
            name: Sample::OldIsp.name().to_owned(),
            manners: MANNERS.map(|(word, manner)| labelled(word, manner)).into(),
            domain: Sample::Firm.domain().to_owned(),
            scenes: SCENES
                .map(|(word, scene)| demo::Scene {
                    word,
                    label: scene.label(),
                })
                .into(),
            ..DemoState::default()
        });
        (Self { presses, state }, pressed)
    }

    async fn press(&self, what: What) -> Result<(), NotDone> {
        let (done, ended) = oneshot::channel();
        let sent = self.presses.send(Press { what, done }).await;
        sent.map_err(|_| NotDone::Ending)?;
        ended.await.map_err(|_| NotDone::Ending)
    }
}

#[async_trait]
impl Controls for Panel {
    fn now(&self) -> DemoState {
        self.state.borrow().clone()
    }

    async fn send(&self, count: u64) -> Result<(), NotDone> {
        self.press(What::Send(count)).await
    }

    async fn play(&self, scene: &str) -> Result<(), NotDone> {
        let known = SCENES.iter().find(|(word, _)| *word == scene);
        let (_, scene) = known.ok_or(NotDone::NoSuchScene)?;
        self.press(What::Play(*scene)).await
    }

    async fn make(&self, manner: &str) -> Result<(), NotDone> {
        let known = MANNERS.iter().find(|(word, _)| *word == manner);
        let (_, manner) = known.ok_or(NotDone::NoSuchManner)?;
        self.press(What::Make(*manner)).await
    }

    async fn skip(&self, time: Duration) -> Result<(), NotDone> {
        self.press(What::Skip(time)).await
    }
}

impl Desk<'_> {
    /// Does what was pressed, and tells it on the terminal too. What it has the service do goes on
    /// behind it.
    pub(super) fn obey(&mut self, press: Press) -> Result<(), Failure> {
        let mut did = match press.what {
            What::Send(count) => self.put(count),
            What::Play(scene) => self.play(scene),
            What::Make(manner) => self.demo.host_mut(Sample::OldIsp).make(manner),
            What::Skip(time) => self.set_ahead(time).0,
        };
        self.say(&format!("{did}\n"))?;
        match press.what {
            What::Send(_) => did.push_str(&self.when_it_comes(Sample::OldIsp)),
            What::Play(_) => did.push_str(&self.when_it_comes(Sample::Firm)),
            What::Make(_) | What::Skip(_) => {}
        }
        let said = Some((self.demo.clock.now(), did));
        self.panel.state.send_modify(|state| state.said = said);
        self.show_switches();
        // Whoever pressed it may have gone.
        press.done.send(()).ok();
        Ok(())
    }

    /// The drawer shows what the server does now.
    pub(super) fn show_switches(&self) {
        let manner = self.demo.host(Sample::OldIsp).manner();
        let retrieval = self.demo.added(Sample::OldIsp);
        let firm = self.demo.host(Sample::Firm);
        let (user, password) = (firm.sample.user().to_owned(), firm.password().to_owned());
        let catch_all = self.demo.added(Sample::Firm);
        let open = OpenMailbox {
            address: Sample::Club.user().to_owned(),
            password: self.demo.host(Sample::Club).password_taken().to_owned(),
        };
        self.panel.state.send_modify(|state| {
            state.manner = manner;
            state.retrieval = retrieval;
            state.catch_all = catch_all;
            (state.user, state.password) = (user, password);
            state.open = Some(open);
        });
    }

    fn when_it_comes(&self, sample: Sample) -> String {
        let next = self.demo.status(sample).and_then(|it| it.next);
        let next = next.map(|next| next.since(self.demo.clock.now()));
        match next {
            Some(wait) => format!(
                " The next check is {}; Check mail asks at once.",
                look::in_words(wait)
            ),
            None => " Check mail asks for it.".to_owned(),
        }
    }
}

/// As people read it behind "Make old-isp.example".
fn labelled(word: &'static str, manner: Manner) -> demo::Manner {
    let label = match manner {
        Manner::OwnWay | Manner::Behave => "behave",
        Manner::RefusePassword => "refuse the password",
        Manner::NotAnswer => "not answer",
        Manner::Cut => "cut the line in the middle of a message",
        Manner::Renumber => "renumber its mailbox (all IDs change)",
        Manner::TooOften => "say \"too often\"",
        Manner::BadCertificate => "show a bad certificate",
        Manner::ForgetToDelete => "forget to delete (DELE answers +OK, message stays)",
    };
    demo::Manner { word, label }
}
