//! An installation with an administrator and two people, and programs of theirs with keys.

use std::ops::Deref;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use inhaul_domain::LedgerState;
use inhaul_store::{
    Batch, Body as Stored, Delivery, IfHeld, NewApiKey, NewRun, Placement, RunEnd, Store as _,
    Summary, TokenHash,
};
use inhaul_types::{
    AccountId, Activation, ApiKeyId, Digest, Fingerprint, FolderId, MessageId, Octets, RetrievalId,
    RunId, Timestamp, UniqueId,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tower_service::Service as _;

use super::documents::check_answer;
use crate::request::Token;
use crate::testing;

pub(super) struct House {
    house: testing::House,
    pub(super) boss: Owner,
    pub(super) alice: Owner,
    pub(super) bob: Owner,
}

impl Deref for House {
    type Target = testing::House;

    fn deref(&self) -> &testing::House {
        &self.house
    }
}

/// Somebody whose program has a key.
#[derive(Clone)]
pub(super) struct Owner {
    pub(super) id: AccountId,
    pub(super) key: String,
    pub(super) key_id: ApiKeyId,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) octets: Bytes,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.octets);
        serde_json::from_slice(&self.octets).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// It is this status, and a document.
    #[track_caller]
    pub(super) fn is(&self, status: u16) -> Value {
        let text = String::from_utf8_lossy(&self.octets);
        assert_eq!(self.status.as_u16(), status, "{text}");
        match self.octets.is_empty() {
            true => Value::Null,
            false => self.json(),
        }
    }

    /// It is this refusal of this field.
    #[track_caller]
    pub(super) fn refuses(&self, status: u16, code: &str, field: Option<&str>) {
        let problem = self.is(status);
        let has = (problem["code"].as_str(), problem["field"].as_str());
        assert_eq!(has, (Some(code), field), "{problem}");
    }
}

/// The passwords of all tests. No answer ever contains one.
pub(super) const PASSWORD: &str = "correct horse battery";
pub(super) const OTHER_PASSWORD: &str = "wrong horse battery";

const BEGIN: Timestamp = Timestamp::from_millis(1_773_483_726_000);

impl House {
    pub(super) async fn new() -> Self {
        let house = testing::House::at(BEGIN).await;
        Self {
            boss: owner(&house, "boss", true).await,
            alice: owner(&house, "alice", false).await,
            bob: owner(&house, "bob", false).await,
            house,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn wait(&self, span: Duration) {
        self.clock.advance(span);
    }

    /// A program of `who` asks. What it gets is checked against the table of routes.
    pub(super) async fn ask(&self, who: &Owner, line: &str, body: &str) -> Answer {
        let mut headers = vec![(AUTHORIZATION.as_str(), format!("Bearer {}", who.key))];
        if !body.is_empty() {
            headers.push((CONTENT_TYPE.as_str(), "application/json".to_owned()));
        }
        self.send(line, &headers, body).await
    }

    /// The same with these headers: `line` is `GET /retrievals`, or has a whole address.
    pub(super) async fn send(&self, line: &str, headers: &[(&str, String)], body: &str) -> Answer {
        let (method, path) = line.split_once(' ').unwrap();
        let method: Method = method.parse().unwrap();
        let address = match path.starts_with("/api/") {
            true => path.to_owned(),
            false => format!("/api/v1{path}"),
        };
        let mut request = Request::builder().method(method.clone()).uri(&address);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().call(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            octets: body.collect().await.unwrap().to_bytes(),
        };
        let text = String::from_utf8_lossy(&answer.octets);
        for password in [PASSWORD, OTHER_PASSWORD] {
            assert!(!text.contains(password), "{line}: {text}");
        }
        check_answer(method.as_str(), &address, &answer);
        answer
    }

    /// A retrieval that somebody made by the API, paused or not.
    pub(super) async fn retrieval(&self, who: &Owner, name: &str) -> RetrievalId {
        let body = format!(
            r#"{{"name":"{name}","server":"pop.example.org","user":"jane","password":"{PASSWORD}"}}"#
        );
        let made = self.ask(who, "POST /retrievals", &body).await.is(201);
        RetrievalId::new(made["id"].as_i64().unwrap())
    }

    /// A run of it that ended well and brought one message of these octets.
    pub(super) async fn run(&self, id: RetrievalId, octets: &[u8]) -> (RunId, MessageId) {
        let row = self.store.retrieval_by_id(id).await.unwrap();
        let now = self.now();
        let new = NewRun {
            retrieval: id,
            activation: Activation::Api,
            started: now,
            started_by: None,
        };
        let run = self.store.run_begin(new).await.unwrap();
        let delivery = Delivery {
            digest: Digest::new(Sha256::digest(octets).into()),
            header_size: Octets::of_len(octets.len()),
            summary: Summary {
                subject: "Your invoice".into(),
                from: "Old ISP <billing@old-isp.example>".into(),
                ..Summary::default()
            },
            placements: vec![placement(row.folder)],
            internal_date: now,
            fingerprint: Fingerprint::new([0; 32]),
            unique_id: Some(UniqueId::parse(format!("u{run}").as_bytes()).unwrap()),
            listed_size: Some(Octets::of_len(octets.len())),
            state: LedgerState::Stored,
            if_held: IfHeld::Store,
            identity: None,
            unclaimed: Vec::new(),
            body: Stored::Memory(octets.to_vec()),
        };
        let batch = Batch {
            run,
            retrieval: id,
            maildrop: row.maildrop,
            fallback: None,
            deliveries: vec![delivery],
        };
        let committed = self.store.commit_batch(batch).await.unwrap();
        let end = RunEnd {
            run,
            ended: now.plus(Duration::from_millis(640)),
            code: None,
            listed: 1,
            stored: 1,
            octets: Octets::of_len(octets.len()),
            deleted: 0,
            left: 0,
            notes: Vec::new(),
            said: None,
            detail: None,
            conversation: "S: +OK\nC: QUIT".into(),
            capabilities: None,
            sign_in_memory: None,
            stopped: false,
            schedule: None,
            due_before: None,
            counts: true,
        };
        let ended = self.store.run_finish(row.maildrop, end, Vec::new());
        ended.await.unwrap();
        (run, committed[0].messages[0])
    }
}

fn placement(folder: FolderId) -> Placement {
    Placement {
        folder,
        why: "All of it goes there.".into(),
        recipients: Vec::new(),
    }
}

async fn owner(house: &testing::House, name: &str, admin: bool) -> Owner {
    let address = format!("{name}@example.org");
    let id = house.account_with(name, admin, &[&address]).await;
    let key = format!("key-of-{name}");
    let new = NewApiKey {
        token: hash(&key),
        account: id,
        name: "test".into(),
        at: BEGIN,
    };
    let key_id = house.store.visitors().api_key_make(new).await.unwrap();
    Owner { id, key, key_id }
}

fn hash(key: &str) -> TokenHash {
    Token::shown(key).hash()
}
