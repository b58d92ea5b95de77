//! People with mailboxes in a real store, pages over it, and a service that says what a test wants.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures_util::{StreamExt as _, stream};
use http_body_util::BodyExt as _;
use inhaul_domain::schedule::ScheduleState;
use inhaul_domain::{Retention, StartPoint};
use inhaul_manage::{Manage, OwnAddresses};
use inhaul_store::*;
use inhaul_testkit::TestDir;
use inhaul_types::{
    AccountId, Activation, Card, ErrorCode, Octets, RetrievalId, RunId, Secret, Timestamp,
};
use tower_service::Service as _;

use crate::app::App;
use crate::door::{Denied, Door};
use crate::request::Token;
use crate::router::router;
use crate::runs::*;
use crate::settings::Settings;

/// Sat 14 Mar 2026, 10:22:06 UTC.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_773_483_726_000);

/// A service that does nothing but answer.
#[derive(Debug, Default)]
pub(crate) struct Service {
    /// How retrievals stand; of any other it has not heard yet.
    pub(crate) states: Mutex<BTreeMap<RetrievalId, State>>,
    /// What every start is answered.
    pub(crate) answer: Mutex<Option<Answer>>,
    /// What was started.
    pub(crate) started: Mutex<Vec<Start>>,
    /// The card that a test of a mailbox ends with, if it does not end well.
    pub(crate) failure: Mutex<Option<Card>>,
}

#[async_trait]
impl Runs for Service {
    async fn start(&self, start: Start) -> Result<Vec<(RetrievalId, Answer)>, StoreError> {
        let What::Retrievals(ids) = start.what.clone() else {
            return Ok(Vec::new());
        };
        self.started.lock().unwrap().push(start);
        let answer = self.answer.lock().unwrap().unwrap_or(Answer::Started);
        Ok(ids.into_iter().map(|id| (id, answer)).collect())
    }

    async fn wait_for_message(
        &self,
        _: RetrievalId,
        _: Option<StartedBy>,
    ) -> Result<(Timestamp, Answer), StoreError> {
        Ok((NOW, Answer::Started))
    }

    fn stop_waiting(&self, _: RetrievalId) {}

    fn stop(&self, _: RetrievalId) {}

    fn states(&self) -> Vec<State> {
        self.states.lock().unwrap().values().cloned().collect()
    }

    fn state(&self, retrieval: RetrievalId) -> Option<State> {
        self.states.lock().unwrap().get(&retrieval).cloned()
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
        stream::empty().boxed()
    }

    async fn survey(
        &self,
        _: Remote,
        _: RemoteSecret,
        _: Option<SignInMemory>,
        _: u32,
    ) -> Result<Survey, Card> {
        unreachable!("nobody asks for headers here")
    }

    async fn inspect(
        &self,
        _: Remote,
        _: RemoteSecret,
        _: Option<AccountId>,
        look: &dyn Look,
    ) -> Result<Inspection, InspectionFailure> {
        let took = Duration::from_millis(12);
        let address = SocketAddr::from(([203, 0, 113, 20], 995));
        look.found(Stage::FindServer, &Found::Server(vec![address]), took);
        look.found(Stage::Connect, &Found::Connection(995), took);
        if let Some(card) = self.failure.lock().unwrap().clone() {
            return Err(InspectionFailure {
                stage: Stage::SignIn,
                took,
                card,
                shown_key: None,
                sign_ins: 1,
            });
        }
        let octets = Octets::new(1_300_000_000);
        look.found(Stage::LookInside, &Found::Inside(412, octets), took);
        Ok(Inspection {
            messages: 412,
            octets,
            names_messages: true,
            sign_in_memory: None,
        })
    }

    async fn detect(
        &self,
        _: &str,
        _: Option<AccountId>,
        _: &(dyn Fn(DetectionStep) + Send + Sync),
    ) -> Result<Detection, DetectionFailure> {
        Err(DetectionFailure::NothingFound(Vec::new()))
    }
}

#[derive(Debug)]
struct Shut;

#[async_trait]
impl Door for Shut {
    async fn admit(&self, _: &str, _: &Secret, _: IpAddr) -> Result<Account, Denied> {
        Err(Denied::Wrong)
    }
}

/// People with mailboxes, and pages for them.
pub(crate) struct Scene {
    pub(crate) app: App,
    pub(crate) service: Arc<Service>,
    pub(crate) store: Arc<SqliteStore>,
    _dir: TestDir,
}

/// Somebody's browser.
pub(crate) struct Browser {
    app: App,
    pub(crate) account: AccountId,
    cookie: String,
}

/// What a browser got.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) place: Option<String>,
    pub(crate) page: String,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let dir = TestDir::new("retrievals").unwrap();
        let store = SqliteStore::open(dir.path(), StoreOptions::default());
        let store = Arc::new(store.await.unwrap());
        let service = Arc::new(Service::default());
        let clock: Clock = Arc::new(|| NOW);
        let manage = Manage::new(
            Arc::clone(&store) as _,
            Arc::clone(&clock),
            OwnAddresses::default(),
        );
        let app = App::new(
            Arc::clone(&store) as _,
            manage,
            Arc::clone(&service) as _,
            Arc::new(Shut),
            clock,
            Settings::default(),
        );
        Self {
            app,
            service,
            store,
            _dir: dir,
        }
    }

    /// Somebody signed in.
    pub(crate) async fn person(&self, name: &str) -> Browser {
        self.account(name, false).await
    }

    /// Somebody who manages it, signed in.
    pub(crate) async fn administrator(&self, name: &str) -> Browser {
        self.account(name, true).await
    }

    async fn account(&self, name: &str, admin: bool) -> Browser {
        let account = NewAccount {
            name: name.into(),
            addresses: Vec::new(),
            group: None,
            admin,
            password: None,
        };
        let account = self.store.account_create(account).await.unwrap();
        let token = Token::new().unwrap();
        let session = NewSession {
            token: token.hash(),
            account,
            at: NOW,
            kept: false,
            address: None,
            agent: String::new(),
        };
        self.store.visitors().session_begin(session).await.unwrap();
        Browser {
            app: self.app.clone(),
            account,
            cookie: format!("inhaul={}", token.reveal()),
        }
    }

    /// A mailbox `alice@club.example` of somebody's own, that is checked every ten minutes.
    pub(crate) async fn mailbox(&self, name: &str, owner: &Browser) -> RetrievalId {
        let new = new_retrieval(name, owner.account);
        self.store.retrieval_create(new).await.unwrap()
    }

    pub(crate) async fn row(&self, id: RetrievalId) -> Retrieval {
        self.store.retrieval_by_id(id).await.unwrap()
    }

    /// Has the service know it as it is kept; `change` is what the service knows beside that.
    pub(crate) async fn stands(&self, id: RetrievalId, change: impl FnOnce(&mut State)) {
        let mut state = State::of_new(self.row(id).await);
        change(&mut state);
        self.service.states.lock().unwrap().insert(id, state);
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

pub(crate) fn new_retrieval(name: &str, owner: AccountId) -> NewRetrieval {
    NewRetrieval {
        name: name.into(),
        remote: Remote {
            host: "pop.club.example".into(),
            port: 995,
            security: Security::Tls,
            ca_file: None,
            pin: None,
            sign_in: None,
            user: "alice@club.example".into(),
        },
        secret: RemoteSecret::Stored(Secret::new("seven".to_owned())),
        account: owner,
        owner: Some(owner),
        folder: "INBOX".into(),
        routing: Routing::Single,
        every: Every::Seconds(600),
        retention: Retention::Keep,
        first_run_keeps: false,
        start: StartPoint::Everything,
        paused: false,
        sign_in_memory: None,
        limits: RetrievalLimits::default(),
        confined: false,
        written_at: None,
    }
}

impl Browser {
    pub(crate) async fn get(&self, path: &str) -> Got {
        self.send("GET", path, "").await
    }

    pub(crate) async fn post(&self, path: &str, form: &str) -> Got {
        self.send("POST", path, form).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, form: &str) -> Got {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1:8110")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", &self.cookie)
            .body(Body::from(form.to_owned()));
        let response = router(self.app.clone()).call(request.unwrap()).await;
        let (head, body) = response.unwrap().into_parts();
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
