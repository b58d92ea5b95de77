//! People with mailboxes in a real store, and pages over it.

use std::ops::Deref;
use std::time::Duration;

use axum::http::StatusCode;
use http_body_util::BodyExt as _;
use inhaul_domain::schedule::ScheduleState;
use inhaul_store::*;
use inhaul_types::{AccountId, Activation, ErrorCode, Octets, RetrievalId, RunId, Timestamp};

pub(crate) use crate::testing::new_retrieval;
use crate::testing::{self, House};

/// Sat 14 Mar 2026, 10:22:06 UTC.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_773_483_726_000);

/// People with mailboxes, and pages for them.
pub(crate) struct Scene(House);

/// Somebody's browser.
pub(crate) struct Browser {
    browser: testing::Browser,
    pub(crate) account: AccountId,
}

/// What a browser got.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) place: Option<String>,
    pub(crate) page: String,
}

impl Deref for Scene {
    type Target = House;

    fn deref(&self) -> &House {
        &self.0
    }
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self(House::at(NOW).await)
    }

    /// Somebody signed in.
    pub(crate) async fn person(&self, name: &str) -> Browser {
        self.person_who(name, false).await
    }

    /// Somebody who manages it, signed in.
    pub(crate) async fn administrator(&self, name: &str) -> Browser {
        self.person_who(name, true).await
    }

    async fn person_who(&self, name: &str, admin: bool) -> Browser {
        let account = self.account(name, admin).await;
        let browser = self.signed_in(account).await;
        Browser { browser, account }
    }

    /// A mailbox `alice@club.example` of somebody's own, that is checked every ten minutes.
    pub(crate) async fn mailbox(&self, name: &str, owner: &Browser) -> RetrievalId {
        let new = new_retrieval(name, owner.account);
        self.store.retrieval_create(new).await.unwrap()
    }

    /// A run that began so many minutes ago.
    pub(crate) async fn run(&self, id: RetrievalId, minutes_ago: u64, end: End<'_>) -> RunId {
        let row = self.row(id).await;
        let started = NOW.minus(Duration::from_secs(minutes_ago * 60));
        let run = NewRun {
            retrieval: id,
            activation: Activation::Schedule,
            started,
            started_by: None,
        };
        let run = self.store.run_begin(run).await.unwrap();
        let schedule = ScheduleState {
            next_due: Some(NOW.plus(Duration::from_secs(180))),
            ..row.schedule
        };
        let ended = RunEnd {
            run,
            ended: started.plus(Duration::from_millis(8_200)),
            code: end.code,
            listed: end.stored,
            stored: end.stored,
            octets: Octets::new(end.stored * 800_000),
            deleted: 0,
            left: 0,
            notes: end.notes,
            said: end.said.map(Into::into),
            detail: None,
            conversation: end.conversation.into(),
            capabilities: None,
            sign_in_memory: None,
            stopped: false,
            schedule: Some(schedule),
            due_before: row.schedule.next_due,
            counts: true,
        };
        let finish = self.store.run_finish(row.maildrop, ended, Vec::new());
        finish.await.unwrap();
        run
    }
}

/// How a run ended.
#[derive(Default)]
pub(crate) struct End<'a> {
    pub(crate) code: Option<ErrorCode>,
    pub(crate) stored: u64,
    pub(crate) said: Option<&'a str>,
    pub(crate) conversation: &'a str,
    pub(crate) notes: Vec<RunNote>,
}

impl Browser {
    /// The same, with another cookie.
    pub(crate) fn remembering(&self, cookie: &str) -> Self {
        Self {
            browser: self.browser.remembering(cookie),
            account: self.account,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Got {
        self.send("GET", path, "").await
    }

    pub(crate) async fn post(&self, path: &str, form: &str) -> Got {
        self.send("POST", path, form).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, form: &str) -> Got {
        let response = self.browser.send(method, path, &[], form.to_owned()).await;
        let (head, body) = response.into_parts();
        let page = body.collect().await.unwrap().to_bytes();
        let place = head.headers.get("location");
        Got {
            status: head.status,
            place: place.map(|place| place.to_str().unwrap().to_owned()),
            page: String::from_utf8(page.to_vec()).unwrap(),
        }
    }
}

impl Got {
    /// The text of the page without its tags, with single spaces between words.
    pub(crate) fn text(&self) -> String {
        let pieces = self.page.split('<');
        let texts = pieces.map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
        let text = texts.collect::<Vec<_>>().join(" ");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Whether all of these stand in the text in this order.
    #[track_caller]
    pub(crate) fn says(&self, words: &[&str]) {
        let text = self.text();
        let mut rest = text.as_str();
        for words in words {
            let place = rest.find(words);
            let place = place.unwrap_or_else(|| panic!("{words:?} is not said there: {text}"));
            rest = &rest[place + words.len()..];
        }
    }

    #[track_caller]
    pub(crate) fn leads_to(&self, place: &str) {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.page);
        assert_eq!(self.place.as_deref(), Some(place));
    }
}
