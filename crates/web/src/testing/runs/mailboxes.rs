//! What remote mailboxes say: searches of servers, tests of sign-ins, looks at headers.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use inhaul_store::Security;
use inhaul_types::card::{Facts, Occasion};
use inhaul_types::{Card, ErrorCode, MessageNumber, Octets, Timestamp};

use super::Scripted;
use crate::runs::{
    Detection, DetectionFailure, DetectionStep, Found, Inspection, InspectionFailure, Look, Origin,
    Source, Stage, StepResult, Survey, Surveyed,
};

/// What remote mailboxes say.
#[derive(Debug, Default)]
pub(crate) struct Mailboxes {
    /// What is found of these addresses, however often it is asked.
    known: Mutex<BTreeMap<String, Detection>>,
    /// What the next searches of other addresses come to; nothing is found behind them.
    detections: Mutex<VecDeque<Result<Detection, DetectionFailure>>>,
    /// What the next tests come to; they go well behind them.
    inspections: Mutex<VecDeque<Result<Inspection, InspectionFailure>>>,
    /// The headers of a mailbox, the newest first.
    pub(crate) headers: Mutex<Vec<String>>,
    /// In place of headers.
    pub(crate) no_headers: Mutex<Option<Card>>,
    /// How many headers each look asked for.
    looks: Mutex<Vec<u32>>,
}

impl Scripted {
    /// What the next search comes to.
    pub(crate) fn will_find(&self, detected: Result<Detection, DetectionFailure>) {
        self.mailboxes
            .detections
            .lock()
            .unwrap()
            .push_back(detected);
    }

    /// What every search of this address comes to.
    pub(crate) fn always_finds(&self, address: &str, detected: Detection) {
        let mut known = self.mailboxes.known.lock().unwrap();
        known.insert(address.to_owned(), detected);
    }

    /// What the next test comes to.
    pub(crate) fn will_test(&self, inspected: Result<Inspection, InspectionFailure>) {
        self.mailboxes
            .inspections
            .lock()
            .unwrap()
            .push_back(inspected);
    }

    /// Names that sign-ins were tried with.
    pub(crate) fn names_tried(&self) -> Vec<String> {
        let inspected = self.inspected.lock().unwrap();
        inspected
            .iter()
            .map(|(remote, ..)| remote.user.clone())
            .collect()
    }

    /// The mailbox has messages for these addresses, the newest first, noted in `Delivered-To`.
    pub(crate) fn has(&self, recipients: &[&str]) {
        let headers = recipients.iter().enumerate().map(|(number, recipient)| {
            format!(
                "Delivered-To: {recipient}\r\nFrom: Jana Novak <jana@example.org>\r\nTo: \
                 {recipient}\r\nDate: Mon, 16 Mar 2026 08:{number:02}:00 +0000\r\nSubject: Letter \
                 {number}\r\nMessage-ID: <{number}@example.org>\r\n\r\n"
            )
        });
        *self.mailboxes.headers.lock().unwrap() = headers.collect();
    }

    /// How many headers each look asked for.
    pub(crate) fn looks(&self) -> Vec<u32> {
        self.mailboxes.looks.lock().unwrap().clone()
    }
}

impl Mailboxes {
    pub(super) fn detect(
        &self,
        address: &str,
        step: &(dyn Fn(DetectionStep) + Send + Sync),
    ) -> Result<Detection, DetectionFailure> {
        let known = self.known.lock().unwrap().get(address).cloned();
        let next = known
            .map(Ok)
            .or_else(|| self.detections.lock().unwrap().pop_front());
        let nothing = || DetectionFailure::NothingFound(vec!["pop.x.example".into()]);
        let outcome = next.unwrap_or_else(|| Err(nothing()));
        let result = match &outcome {
            Ok(_) => StepResult::Found("Old ISP".into()),
            Err(_) => StepResult::Nothing("not in the list".into()),
        };
        for result in [StepResult::Begins, result] {
            let source = Source::KnownProviders;
            step(DetectionStep { source, result });
        }
        outcome
    }

    pub(super) async fn inspect(&self, look: &dyn Look) -> Result<Inspection, InspectionFailure> {
        let next = self.inspections.lock().unwrap().pop_front();
        let outcome = next.unwrap_or(Ok(INSIDE));
        let end = outcome.as_ref().err().map(|failure| failure.stage);
        for stage in Stage::ALL {
            look.begins(stage);
            if end == Some(stage) {
                break;
            }
            let found = match stage {
                Stage::FindServer => Found::Server(vec!["203.0.113.20:995".parse().unwrap()]),
                Stage::Connect => Found::Connection(995),
                Stage::Secure => Found::Encryption(None),
                Stage::SignIn => Found::SignedIn,
                Stage::LookInside => Found::Inside(INSIDE.messages, INSIDE.octets),
                Stage::LeaveCopies => Found::Names(true),
            };
            look.found(stage, &found, Duration::from_millis(12));
        }
        outcome
    }

    pub(super) async fn survey(&self, newest: u32, now: Timestamp) -> Result<Survey, Card> {
        self.looks.lock().unwrap().push(newest);
        if let Some(card) = self.no_headers.lock().unwrap().clone() {
            return Err(card);
        }
        let headers = self.headers.lock().unwrap();
        let headers = headers.iter().zip(1..=newest);
        Ok(Survey {
            at: now,
            listed: INSIDE.messages,
            headers: headers
                .map(|(header, number)| Surveyed {
                    number: MessageNumber::new(number).unwrap(),
                    size: None,
                    header: header.clone().into_bytes(),
                })
                .collect(),
        })
    }
}

/// A server of the table, at `pop.old-isp.example`.
pub(crate) fn detection(user: &str) -> Detection {
    Detection {
        host: "pop.old-isp.example".into(),
        port: 995,
        security: Security::Tls,
        ca_file: None,
        user: user.into(),
        other_user: None,
        origin: Origin::Table("Old ISP".into()),
        notes: vec!["Switch POP on first.".into()],
        not_possible: None,
    }
}

/// 412 messages of 1.3 GB.
const INSIDE: Inspection = Inspection {
    messages: 412,
    octets: Octets::new(1_300_000_000),
    names_messages: true,
    sign_in_memory: None,
};

/// A test that ends in this card at the sign-in.
pub(crate) fn failure(card: Card) -> InspectionFailure {
    InspectionFailure {
        stage: Stage::SignIn,
        took: Duration::from_millis(12),
        card,
        shown_key: None,
        sign_ins: 1,
    }
}

/// The card of a trial.
pub(crate) fn card(code: ErrorCode) -> Card {
    let facts = Facts {
        server: Some("pop.old-isp.example".into()),
        occasion: Occasion::Trial,
        ..Facts::default()
    };
    Card::of(code, &facts)
}
