//! A firm with some people, a provider with its mail, and an administrator's browser. The provider
//! is a script; everything else is real.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION};
use axum::http::{Method, Request, StatusCode};
use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;
use inhaul_manage::{Manage, OwnAddresses};
use inhaul_store::*;
use inhaul_testkit::{ManualClock, TestDir};
use inhaul_types::{AccountId, Card, MessageNumber, Octets, RetrievalId, Secret, Timestamp};
use tower_service::Service as _;

use crate::app::App;
use crate::door::{Denied, Door};
use crate::request::Token;
use crate::router::router;
use crate::runs::*;
use crate::settings::Settings;

/// The moment at which tests begin.
const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// The installation.
pub(super) struct House {
    pub(super) store: Arc<SqliteStore>,
    pub(super) provider: Arc<Provider>,
    pub(super) clock: ManualClock,
    router: Router,
    _dir: TestDir,
}

/// What a provider says, and how often it was asked.
#[derive(Debug, Default)]
pub(super) struct Provider {
    /// The headers, the newest first.
    pub(super) headers: Mutex<Vec<String>>,
    /// In place of a test that goes well.
    pub(super) failure: Mutex<Option<InspectionFailure>>,
    /// In place of headers.
    pub(super) no_headers: Mutex<Option<Card>>,
    /// How many headers each look asked for.
    pub(super) looks: Mutex<Vec<u32>>,
    /// With what was signed in.
    pub(super) sign_ins: Mutex<Vec<(Remote, RemoteSecret)>>,
    states: Mutex<Vec<State>>,
}

/// Somebody's browser.
pub(super) struct Browser {
    router: Router,
    cookie: String,
}

/// What a browser shows.
#[derive(Debug)]
pub(super) struct Shown {
    /// The address, after all redirections.
    pub(super) path: String,
    pub(super) status: StatusCode,
    pub(super) text: String,
}

impl House {
    /// root manages it; alice, petr and unclaimed have accounts, alice and petr with addresses.
    pub(super) async fn new() -> Self {
        let dir = TestDir::new("catch-all").unwrap();
        let clock = ManualClock::at(NOW);
        let shown = clock.clone();
        let now: Clock = Arc::new(move || shown.now());
        let store = SqliteStore::open(dir.path(), StoreOptions::default());
        let store = Arc::new(store.await.unwrap());
        for (name, addresses) in [
            ("root", &[][..]),
            ("alice", &["alice@firm.example", "alice@home.example"]),
            ("petr", &["petr@firm.example"]),
            ("unclaimed", &[]),
        ] {
            let account = NewAccount {
                name: name.into(),
                addresses: addresses.iter().map(|one| one.parse().unwrap()).collect(),
                group: None,
                admin: name == "root",
                password: None,
            };
            store.account_create(account).await.unwrap();
        }
        let provider = Arc::new(Provider::default());
        let app = App::new(
            Arc::clone(&store) as _,
            Manage::new(
                Arc::clone(&store) as _,
                Arc::clone(&now),
                OwnAddresses::default(),
            ),
            Arc::clone(&provider) as _,
            Arc::new(Shut),
            now,
            Settings::default(),
        );
        Self {
            router: router(app),
            _dir: dir,
            provider,
            clock,
            store,
        }
    }

    /// Their browser, signed in.
    pub(super) async fn browser(&self, name: &str) -> Browser {
        let token = Token::new().unwrap();
        let session = NewSession {
            token: token.hash(),
            account: self.store.account_by_name(name).await.unwrap().id,
            at: self.clock.now(),
            kept: true,
            address: None,
            agent: String::new(),
        };
        self.store.visitors().session_begin(session).await.unwrap();
        Browser {
            router: self.router.clone(),
            cookie: format!("inhaul={}", token.reveal()),
        }
    }

    /// The audit, oldest first: `ACTION OBJECT`.
    pub(super) async fn audit(&self) -> Vec<String> {
        let records = self.store.records();
        let page = records.audit_page(AuditFilter::default(), None, 100);
        let rows = page.await.unwrap().rows.into_iter().rev();
        rows.map(|row| format!("{} {}", row.change.action, row.change.object))
            .collect()
    }

    /// That the engine knows of it, as it does of every saved retrieval.
    pub(super) async fn tell_engine(&self, id: RetrievalId) {
        let row = self.store.retrieval_by_id(id).await.unwrap();
        self.provider.states.lock().unwrap().push(State {
            row: Arc::new(row),
            next: None,
            doing: None,
            position: None,
            waiting_until: None,
            waiting_next: None,
            follows: None,
            interval: None,
            offline_since: None,
        });
    }

    /// The one retrieval there is.
    pub(super) async fn only_retrieval(&self) -> Retrieval {
        let mut all = self.store.retrieval_list().await.unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }
}

impl Provider {
    /// Messages for these addresses, the newest first, noted in `Delivered-To`.
    pub(super) fn has(&self, recipients: &[&str]) {
        let headers = recipients.iter().enumerate().map(|(number, recipient)| {
            format!(
                "Delivered-To: {recipient}\r\nFrom: Jana Novak <jana@example.org>\r\nTo: \
                 {recipient}\r\nDate: Mon, 16 Mar 2026 08:{number:02}:00 +0000\r\nSubject: Letter \
                 {number}\r\nMessage-ID: <{number}@example.org>\r\n\r\n"
            )
        });
        *self.headers.lock().unwrap() = headers.collect();
    }

    pub(super) fn looks(&self) -> Vec<u32> {
        self.looks.lock().unwrap().clone()
    }
}

#[async_trait]
impl Runs for Provider {
    async fn start(&self, _: Start) -> Result<Vec<(RetrievalId, Answer)>, StoreError> {
        Ok(Vec::new())
    }

    async fn wait_for_message(
        &self,
        _: RetrievalId,
        _: Option<StartedBy>,
    ) -> Result<(Timestamp, Answer), StoreError> {
        Ok((NOW, Answer::Joined))
    }

    fn stop_waiting(&self, _: RetrievalId) {}

    fn stop(&self, _: RetrievalId) {}

    fn states(&self) -> Vec<State> {
        self.states.lock().unwrap().clone()
    }

    fn state(&self, id: RetrievalId) -> Option<State> {
        self.states().into_iter().find(|state| state.row.id == id)
    }

    fn overall(&self) -> Overall {
        Overall {
            started: NOW,
            running: 0,
            at_once: 200,
            waiting: 0,
            offline_since: None,
            stopping: false,
        }
    }

    fn subscribe(&self) -> Events {
        futures_util::stream::pending().boxed()
    }

    async fn inspect(
        &self,
        remote: Remote,
        secret: RemoteSecret,
        for_person: Option<AccountId>,
        look: &dyn Look,
    ) -> Result<Inspection, InspectionFailure> {
        assert_eq!(for_person, None, "an administrator reaches everything");
        self.sign_ins.lock().unwrap().push((remote, secret));
        let server = Found::Server(vec!["192.0.2.20:995".parse().unwrap()]);
        look.found(Stage::FindServer, &server, Duration::from_millis(12));
        if let Some(failure) = self.failure.lock().unwrap().clone() {
            return Err(failure);
        }
        Ok(Inspection {
            messages: 412,
            octets: Octets::new(1_300_000_000),
            names_messages: true,
            sign_in_memory: None,
        })
    }

    async fn survey(
        &self,
        _: Remote,
        _: RemoteSecret,
        _: Option<SignInMemory>,
        newest: u32,
    ) -> Result<Survey, Card> {
        self.looks.lock().unwrap().push(newest);
        if let Some(card) = self.no_headers.lock().unwrap().clone() {
            return Err(card);
        }
        let headers = self.headers.lock().unwrap();
        let headers = headers.iter().zip(1..=newest);
        Ok(Survey {
            at: NOW,
            listed: 412,
            headers: headers
                .map(|(header, number)| Surveyed {
                    number: MessageNumber::new(number).unwrap(),
                    size: None,
                    header: header.clone().into_bytes(),
                })
                .collect(),
        })
    }

    async fn detect(
        &self,
        address: &str,
        _: Option<AccountId>,
        _: &(dyn Fn(DetectionStep) + Send + Sync),
    ) -> Result<Detection, DetectionFailure> {
        match address {
            "postmaster@firm.example" => Ok(Detection {
                host: "pop.isp.example".into(),
                port: 110,
                security: Security::StartTls,
                ca_file: None,
                user: address.into(),
                other_user: None,
                origin: Origin::Guess,
                notes: vec!["Switch POP on first.".into()],
                not_possible: None,
            }),
            _ => Err(DetectionFailure::NothingFound(vec!["pop.x.example".into()])),
        }
    }
}

/// Nobody comes in by a password.
struct Shut;

#[async_trait]
impl Door for Shut {
    async fn admit(&self, _: &str, _: &Secret, _: IpAddr) -> Result<Account, Denied> {
        Err(Denied::Wrong)
    }
}

impl std::fmt::Debug for Shut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shut")
    }
}

impl Browser {
    pub(super) async fn get(&self, path: &str) -> Shown {
        self.ask(Method::GET, path.to_owned(), String::new()).await
    }

    /// Sends a form and follows where it leads.
    pub(super) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Shown {
        let body = serde_urlencoded::to_string(fields).unwrap();
        self.ask(Method::POST, path.to_owned(), body).await
    }

    async fn ask(&self, mut method: Method, mut path: String, mut body: String) -> Shown {
        loop {
            let request = Request::builder()
                .method(&method)
                .uri(&path)
                .header(HOST, "127.0.0.1:8110")
                .header("sec-fetch-site", "same-origin")
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(COOKIE, &self.cookie)
                .body(Body::from(body))
                .unwrap();
            let response = self.router.clone().call(request).await.unwrap();
            let (parts, answer) = response.into_parts();
            if let Some(to) = parts.headers.get(LOCATION) {
                let to = to.to_str().unwrap();
                let to = to.split_once('#').map_or(to, |(to, _)| to);
                (method, path, body) = (Method::GET, to.to_owned(), String::new());
                continue;
            }
            let octets = answer.collect().await.unwrap().to_bytes();
            return Shown {
                path,
                status: parts.status,
                text: String::from_utf8(octets.to_vec()).unwrap(),
            };
        }
    }
}

impl Shown {
    /// Whether a person reads this in it: text without its HTML, blanks as one.
    pub(super) fn says(&self, words: &str) -> bool {
        self.words().contains(words)
    }

    pub(super) fn words(&self) -> String {
        let mut text = String::new();
        let mut rest = self.text.as_str();
        while let Some((before, behind)) = rest.split_once('<') {
            text.push_str(before);
            text.push(' ');
            rest = behind.split_once('>').map_or("", |(_, behind)| behind);
        }
        text.push_str(rest);
        let text = text.replace("&#39;", "'").replace("&#34;", "\"");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The words of every error.
    pub(super) fn errors(&self) -> Vec<String> {
        let parts = self.text.split("<p class=\"error\"").skip(1);
        let errors = parts.map(|part| {
            let (_, behind) = part.split_once('>').unwrap();
            let (what, _) = behind.split_once("</p>").unwrap();
            what.replace("&#39;", "'").replace("&#34;", "\"")
        });
        errors.collect()
    }
}
