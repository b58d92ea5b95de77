//! Where all mailboxes of a check stand, and what is told of it: values in, values out.

use std::collections::BTreeMap;
use std::time::Duration;

use inhaul_types::{Activation, RetrievalId, Timestamp};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::line::{Done, Line, Outcome, Phase};
use super::log::{EventName, Log};
use super::message::NewMessage;
use super::words;
use crate::runs::{Answer, Come, Ended, Event, EventKind, RunStage, State};

/// Where all mailboxes of a check stand.
#[derive(Debug)]
pub(crate) struct Board {
    pub(super) activation: Activation,
    /// By their names' order of number: the order in which they were made.
    pub(super) lines: BTreeMap<RetrievalId, Line>,
    pub(super) log: Log,
    /// The first of those that came.
    pub(super) messages: Vec<NewMessage>,
    /// Until when somebody waits for a message.
    pub(super) until: Option<Timestamp>,
    /// What happened before is another start's.
    pub(super) asked: Timestamp,
    was_stopped: bool,
    pub(super) over: Option<Over>,
}

/// A check that is over.
#[derive(Clone, Debug)]
pub(crate) struct Over {
    /// Since when.
    pub(crate) at: Timestamp,
    /// What it came to, in a sentence or two.
    pub(crate) words: String,
}

impl Board {
    pub(super) fn new(activation: Activation, asked: Timestamp) -> Self {
        Self {
            activation,
            lines: BTreeMap::new(),
            log: Log::default(),
            messages: Vec::new(),
            until: None,
            asked,
            was_stopped: false,
            over: None,
        }
    }

    /// What became of a start, for one mailbox.
    pub(super) fn answered(&mut self, state: &State, answer: &Answer, now: Timestamp) {
        let id = state.row.id;
        match self.lines.get_mut(&id) {
            Some(line) => line.begins(state, answer),
            None => {
                let mut line = Line::new(state, answer, now);
                if let (true, Some(next)) = (self.until.is_some(), soon(answer)) {
                    line.phase = Phase::Resting { next };
                }
                self.lines.insert(id, line);
            }
        }
        self.tell_line(id, now);
    }

    /// Something happened to some retrieval. `needs_you`: that is how it stands now.
    pub(super) fn hear(&mut self, event: &Event, needs_you: bool, now: Timestamp, at: Instant) {
        let id = event.retrieval;
        let waits = self.until.is_some();
        let was_stopped = self.was_stopped;
        let Some(line) = self.lines.get_mut(&id) else {
            return;
        };
        if event.at < self.asked || self.over.is_some() || line.is_done() {
            return;
        }
        match &event.kind {
            EventKind::Queued { position, .. } => {
                let before = *position;
                line.phase = Phase::Waiting { before };
                self.tell_line(id, now);
            }
            EventKind::Progress { come, .. } => self.comes_further(id, *come, now, at),
            EventKind::Ended { ended, .. } => {
                let outcome = outcome_of(ended, needs_you, was_stopped);
                line.ended(ended, outcome, now);
                if waits && outcome != Outcome::NeedsYou && !was_stopped {
                    // It is asked again; when, the next look says.
                    let next = now.plus(SOON);
                    line.phase = Phase::Resting { next };
                }
                self.tell_line(id, now);
            }
            // What was refused is another start's; a change shows in the next look.
            EventKind::Refused { .. } | EventKind::Changed => {}
        }
    }

    fn comes_further(&mut self, id: RetrievalId, come: Come, now: Timestamp, at: Instant) {
        let Some(line) = self.lines.get_mut(&id) else {
            return;
        };
        if come.stage == RunStage::Ended {
            return;
        }
        line.run = come.run.or(line.run);
        line.phase = Phase::Working(come);
        line.is_untold = true;
        let rested = line.told.is_none_or(|told| at - told >= BETWEEN);
        if rested {
            line.told = Some(at);
            self.tell_line(id, now);
        }
    }

    /// When something is to be told that came too soon after the last.
    pub(super) fn next_flush(&self) -> Option<Instant> {
        let untold = self.lines.values().filter(|line| line.is_untold);
        untold.filter_map(|line| Some(line.told? + BETWEEN)).min()
    }

    /// Tells what came too soon, where it is time now.
    pub(super) fn flush(&mut self, now: Timestamp, at: Instant) {
        let due =
            |line: &&mut Line| line.is_untold && line.told.is_none_or(|told| at - told >= BETWEEN);
        let mut ripe = Vec::new();
        for line in self.lines.values_mut().filter(due) {
            line.told = Some(at);
            ripe.push(line.retrieval);
        }
        for id in ripe {
            self.tell_line(id, now);
        }
    }

    /// How a retrieval stands, in case an event was missed; `None` if it is not there any more.
    pub(super) fn look(&mut self, id: RetrievalId, state: Option<&State>, now: Timestamp) {
        let waits = self.until.is_some();
        let Some(line) = self.lines.get_mut(&id).filter(|line| !line.is_done()) else {
            return;
        };
        let before = line.words(now);
        let is_idle = |state: &State| state.doing.is_none() && state.position.is_none();
        line.was_idle &= state.is_some_and(is_idle);
        match state {
            None => line.phase = Phase::Done(Done::new(Outcome::Gone, words::gone())),
            Some(state) => match (state.doing, state.position) {
                (_, Some(before)) => line.phase = Phase::Waiting { before },
                (Some((_, come)), None) if come.stage != RunStage::Waiting => {
                    line.run = come.run.or(line.run);
                    line.phase = Phase::Working(come);
                }
                (Some(_), None) => {}
                // The word that it has ended may be on its way.
                (None, None) if !std::mem::replace(&mut line.was_idle, true) => {}
                (None, None) if waits => match state.waiting_next {
                    Some(next) => line.phase = Phase::Resting { next },
                    None => line.phase = Phase::Done(recorded(state, line, now)),
                },
                (None, None) => line.phase = Phase::Done(recorded(state, line, now)),
            },
        }
        if line.words(now) != before {
            self.tell_line(id, now);
        }
    }

    /// A message came into this account's folders.
    pub(super) fn came(&mut self, message: NewMessage, now: Timestamp) {
        let Some(line) = self.lines.get_mut(&message.retrieval) else {
            return;
        };
        line.heard += 1;
        if self.over.is_some() || self.messages.len() >= MESSAGES_MOST {
            return;
        }
        let data = message.data(&line.name);
        let of = Some(message.retrieval);
        self.log.tell(EventName::Message, of, data);
        self.messages.push(message);
        if self.until.is_some() {
            self.finish(now);
        }
    }

    /// Somebody wants it to stop: what has not begun ends here, the rest by its run.
    pub(super) fn stop(&mut self, now: Timestamp) {
        self.was_stopped = true;
        let mut ended = Vec::new();
        for line in self.lines.values_mut() {
            line.once_more = None;
            if matches!(line.phase, Phase::Resting { .. }) {
                line.phase = Phase::Done(Done::new(Outcome::Stopped, "stopped".to_owned()));
                ended.push(line.retrieval);
            }
        }
        for id in ended {
            self.tell_line(id, now);
        }
        if self.until.is_some() {
            self.finish(now);
        }
    }

    /// Whether nothing more is to come: then says so once.
    pub(super) fn settle(&mut self, now: Timestamp) {
        let waited_enough = self.until.is_some_and(|until| now >= until);
        if self.lines.values().all(Line::is_done) || waited_enough {
            self.finish(now);
        }
    }

    /// It is over, whatever goes on.
    pub(super) fn finish(&mut self, now: Timestamp) {
        if self.over.is_some() {
            return;
        }
        let lines: Vec<&Line> = self.lines.values().collect();
        let words = match (self.until, self.messages.first()) {
            (Some(_), Some(first)) => words::arrived(first),
            (Some(_), None) if self.was_stopped => words::NOT_WAITING.to_owned(),
            (Some(_), None) if lines.iter().all(|line| line.is_done()) => {
                words::summary(&lines, false, now)
            }
            (Some(_), None) => words::nothing_came(),
            (None, _) => words::summary(&lines, self.was_stopped, now),
        };
        let count = |wanted: &dyn Fn(Outcome) -> bool| {
            let done = lines.iter().filter_map(|line| line.done());
            done.filter(|done| wanted(done.outcome)).count()
        };
        let failed = count(&Outcome::is_failure);
        let refused = count(&|outcome| outcome == Outcome::Refused);
        let busy = count(&|outcome| outcome == Outcome::Busy);
        let mailboxes = lines.len() - refused;
        let new: u64 = lines.iter().map(|line| line.new).sum();
        let is_good = failed == 0 && mailboxes > 0;
        let data = json!({
            "new": new,
            "mailboxes": mailboxes,
            "failed": failed,
            "busy": busy,
            "refused": refused,
            "good": is_good,
            "words": words,
        });
        self.log.tell(EventName::Summary, None, data);
        self.over = Some(Over { at: now, words });
    }

    /// The whole of it, for whoever cannot listen.
    pub(super) fn data(&self, now: Timestamp) -> Value {
        let lines = self.lines.values().map(|line| {
            let mut data = line.data(now);
            data.insert("new".to_owned(), json!(line.new));
            data
        });
        let name = |message: &NewMessage| match self.lines.get(&message.retrieval) {
            Some(line) => message.data(&line.name),
            None => message.data(""),
        };
        let summary = self
            .log
            .behind(0)
            .find(|told| told.event == EventName::Summary);
        json!({
            "activation": self.activation.as_str(),
            "until": self.until.map(|until| until.to_string()),
            "title": self.title(now),
            "retrievals": lines.collect::<Vec<_>>(),
            "messages": self.messages.iter().map(name).collect::<Vec<_>>(),
            "summary": summary.map(|told| &told.data),
            "finished": self.over.is_some(),
            "last_event_id": self.log.last(),
        })
    }

    /// The headline.
    pub(super) fn title(&self, now: Timestamp) -> String {
        if let Some(over) = &self.over {
            return over.words.clone();
        }
        match (self.until, self.activation) {
            (Some(until), _) => {
                let resting = self.lines.values().filter_map(|line| match line.phase {
                    Phase::Resting { next } => Some(next),
                    _ => None,
                });
                let next = resting.min().map(|next| words::resting(next, now));
                let next = next.map(|next| format!(" {next}.")).unwrap_or_default();
                format!(
                    "Waiting for a message.{next} Stops at {}.",
                    until.in_words()
                )
            }
            (None, Activation::WebLogin) => words::SIGNED_IN.to_owned(),
            (None, _) => format!("Checking {}", words::mailboxes(self.under_way())),
        }
    }

    fn under_way(&self) -> usize {
        let refused = |line: &&Line| line.done().is_none_or(|done| done.refusal.is_none());
        self.lines.values().filter(refused).count()
    }

    fn tell_line(&mut self, id: RetrievalId, now: Timestamp) {
        let Some(line) = self.lines.get_mut(&id) else {
            return;
        };
        line.is_untold = false;
        let event = match line.is_done() {
            true => EventName::Done,
            false => EventName::Progress,
        };
        let data = Value::Object(line.data(now));
        self.log.tell(event, Some(id), data);
    }
}

fn outcome_of(ended: &Ended, needs_you: bool, was_stopped: bool) -> Outcome {
    match &ended.card {
        _ if ended.is_stopped => Outcome::Stopped,
        None if was_stopped && ended.remaining > 0 => Outcome::Stopped,
        None => Outcome::Good,
        Some(_) if ended.is_busy => Outcome::Busy,
        Some(_) if needs_you => Outcome::NeedsYou,
        Some(_) => Outcome::Failed,
    }
}

/// What its row says of a run whose end nobody heard.
fn recorded(state: &State, line: &Line, now: Timestamp) -> Done {
    let row = &state.row;
    let ended = Ended {
        run: line.run,
        card: row.card(&[]),
        is_busy: false,
        is_stopped: false,
        stored: line.heard,
        octets: inhaul_types::Octets::ZERO,
        deleted: 0,
        remaining: 0,
        next: state.next,
        took: Duration::ZERO,
    };
    let mut line = line.clone();
    let outcome = outcome_of(&ended, false, false);
    line.ended(&ended, outcome, now);
    match line.phase {
        Phase::Done(done) => done,
        _ => Done::new(outcome, String::new()),
    }
}

/// The moment of the next try of who waits for a message.
fn soon(answer: &Answer) -> Option<Timestamp> {
    match answer {
        Answer::Refused(refusal) => {
            use inhaul_domain::trigger::RefusalReason::{TooSoon, TooSoonAfterStart};
            let is_soon = matches!(refusal.reason, TooSoon { .. } | TooSoonAfterStart);
            refusal.until.filter(|_| is_soon)
        }
        _ => None,
    }
}

/// Between two words about how far a mailbox has come: four a second.
pub(super) const BETWEEN: Duration = Duration::from_millis(250);

/// Until the next look says more.
const SOON: Duration = Duration::from_secs(60);

/// Messages that are told by name.
pub(super) const MESSAGES_MOST: usize = 200;
