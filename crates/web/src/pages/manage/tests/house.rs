//! An installation with its manager and a person, and browsers for both.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use http_body_util::BodyExt as _;
use inhaul_domain::{Retention, StartPoint};
use inhaul_manage::{Manage, OwnAddresses};
use inhaul_store::{
    Account, AuditFilter, Every, NewAccount, NewRetrieval, NewSession, Remote, RemoteSecret,
    Retrieval, RetrievalLimits, Routing, Security, SqliteStore, StartedBy, Store, StoreError,
    StoreOptions,
};
use inhaul_testkit::ManualClock;
use inhaul_types::{AccountId, ErrorCode, RetrievalId, Secret, Timestamp};
use tempfile::TempDir;
use tower_service::Service as _;

use crate::app::App;
use crate::door::{Denied, Door};
use crate::install::{
    Facts, Finding, Grade, Installation, Level, LogFilter, LogLine, LogNews, LogPage, Section,
    Setting, SettingFrom, TestNotice,
};
use crate::request::{Peer, Token};
use crate::router::router;
use crate::runs::{
    Answer, Detection, DetectionFailure, DetectionStep, Events, Inspection, InspectionFailure,
    Look, Overall, Runs, Start, State,
};
use crate::settings::Settings;

/// Tue 14 Nov 2023, 22:13:20 UTC.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

pub(crate) struct House {
    _dir: TempDir,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) runs: Arc<Told>,
    pub(crate) clock: ManualClock,
    router: Router,
}

/// Somebody's browser.
pub(crate) struct Browser {
    router: Router,
    cookie: String,
}

/// A page that came.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) place: String,
    pub(crate) kind: String,
    pub(crate) file: String,
    pub(crate) text: String,
}

impl House {
    /// root manages it, alice is a person.
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(dir.path(), StoreOptions::default());
        let store = Arc::new(store.await.unwrap());
        let clock = ManualClock::at(NOW);
        let now = {
            let clock = clock.clone();
            Arc::new(move || clock.now())
        };
        let runs = Arc::new(Told::default());
        let manage = Manage::new(
            Arc::clone(&store) as Arc<dyn Store>,
            now.clone(),
            OwnAddresses::default(),
        );
        let app = App::new(
            Arc::clone(&store) as _,
            manage,
            Arc::clone(&runs) as _,
            Arc::new(Closed),
            now,
            Settings::default(),
        );
        let app = app.with_installation(Arc::new(Example));
        let house = Self {
            _dir: dir,
            store,
            runs,
            clock,
            router: router(app),
        };
        house.account("root", true).await;
        house.account("alice", false).await;
        house
    }

    pub(crate) async fn account(&self, name: &str, admin: bool) -> AccountId {
        let account = NewAccount {
            name: name.to_owned(),
            addresses: Vec::new(),
            group: None,
            admin,
            password: None,
        };
        self.store.account_create(account).await.unwrap()
    }

    pub(crate) async fn named(&self, name: &str) -> Account {
        self.store.account_by_name(name).await.unwrap()
    }

    pub(crate) async fn names(&self) -> Vec<String> {
        let accounts = self.store.account_list().await.unwrap();
        accounts.into_iter().map(|account| account.name).collect()
    }

    /// A browser in which somebody is signed in.
    pub(crate) async fn browser(&self, name: &str) -> Browser {
        let token = Token::new().unwrap();
        let session = NewSession {
            token: token.hash(),
            account: self.named(name).await.id,
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

    /// A browser in which nobody is.
    pub(crate) fn stranger(&self) -> Browser {
        Browser {
            router: self.router.clone(),
            cookie: String::new(),
        }
    }

    /// A retrieval that fills alice's INBOX from this server.
    pub(crate) async fn retrieval(&self, name: &str, host: &str) -> RetrievalId {
        let new = NewRetrieval {
            name: name.to_owned(),
            remote: Remote {
                host: host.to_owned(),
                port: 995,
                security: Security::Tls,
                ca_file: None,
                pin: None,
                user: name.to_owned(),
                sign_in: None,
            },
            secret: RemoteSecret::Stored(Secret::new("secret".to_owned())),
            account: self.named("alice").await.id,
            owner: None,
            folder: "INBOX".to_owned(),
            routing: Routing::Single,
            every: Every::Auto,
            retention: Retention::Keep,
            start: StartPoint::Everything,
            first_run_keeps: false,
            paused: false,
            sign_in_memory: None,
            limits: RetrievalLimits::default(),
            confined: false,
            written_at: None,
        };
        let id = self.store.retrieval_create(new).await.unwrap();
        let row = self.store.retrieval_by_id(id).await.unwrap();
        self.runs.states.lock().unwrap().push(state(row));
        id
    }

    /// It fails with this since two hours.
    pub(crate) fn fails(&self, id: RetrievalId, code: ErrorCode) {
        self.runs.change(id, |row| {
            row.last_error = Some(code);
            row.failures = 6;
            row.failing_since = Some(NOW.minus(Duration::from_secs(2 * 60 * 60)));
        });
    }

    /// The newest changes in the audit, oldest first: `ACTOR: ACTION OBJECT`.
    pub(crate) async fn audit(&self) -> Vec<String> {
        let records = self.store.records();
        let page = records.audit_page(AuditFilter::default(), None, 100);
        let rows = page.await.unwrap().rows.into_iter().rev();
        rows.map(|row| {
            let change = row.change;
            format!("{}: {} {}", change.actor, change.action, change.object)
        })
        .collect()
    }
}

impl Browser {
    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.ask("GET", path, Body::empty()).await
    }

    /// A page that must be there.
    pub(crate) async fn page(&self, path: &str) -> String {
        let answered = self.get(path).await;
        assert_eq!(answered.status, StatusCode::OK, "{path}: {}", answered.text);
        assert_eq!(answered.kind, "text/html; charset=utf-8", "{path}");
        answered.text
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answered {
        let form = serde_urlencoded::to_string(form).unwrap();
        self.ask("POST", path, Body::from(form)).await
    }

    /// The same, and where it leads.
    pub(crate) async fn goes_on(&self, path: &str, form: &[(&str, &str)]) -> String {
        let answered = self.post(path, form).await;
        assert_eq!(
            answered.status,
            StatusCode::SEE_OTHER,
            "{path}: {}",
            answered.text
        );
        answered.place
    }

    async fn ask(&self, method: &str, path: &str, body: Body) -> Answered {
        let response = self.response(method, path, body).await;
        let header = |name: &str| {
            let value = response.headers().get(name);
            value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
        };
        let (place, kind) = (header("location"), header("content-type"));
        let file = header("content-disposition");
        let status = response.status();
        let octets = response.into_body().collect().await.unwrap().to_bytes();
        Answered {
            status,
            place,
            kind,
            file,
            text: String::from_utf8(octets.to_vec()).unwrap(),
        }
    }

    /// The response as it comes: a stream may have no end.
    pub(crate) async fn response(
        &self,
        method: &str,
        path: &str,
        body: Body,
    ) -> axum::response::Response {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "mail.example.org")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", &self.cookie)
            .body(body)
            .unwrap();
        request.extensions_mut().insert(Peer {
            address: IpAddr::from([192, 0, 2, 7]),
            is_encrypted: false,
        });
        let mut router = self.router.clone();
        router.call(request).await.unwrap()
    }
}

/// Runs nothing, says what it was told, and takes down what it was asked for.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) states: Mutex<Vec<State>>,
    pub(crate) starts: Mutex<Vec<Start>>,
}

impl Told {
    pub(crate) fn change(&self, id: RetrievalId, change: impl FnOnce(&mut Retrieval)) {
        let mut states = self.states.lock().unwrap();
        let state = states.iter_mut().find(|state| state.row.id == id).unwrap();
        change(Arc::make_mut(&mut state.row));
    }
}

pub(crate) fn state(row: Retrieval) -> State {
    State {
        row: Arc::new(row),
        next: Some(NOW.plus(Duration::from_secs(40))),
        doing: None,
        position: None,
        waiting_until: None,
        waiting_next: None,
        follows: None,
        interval: Some(Duration::from_secs(600)),
        offline_since: None,
    }
}

#[async_trait]
impl Runs for Told {
    async fn start(&self, start: Start) -> Result<Vec<(RetrievalId, Answer)>, StoreError> {
        let crate::runs::What::Retrievals(ids) = &start.what else {
            return Ok(Vec::new());
        };
        let answers = ids.iter().map(|id| (*id, Answer::Started)).collect();
        self.starts.lock().unwrap().push(start);
        Ok(answers)
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
        self.states.lock().unwrap().clone()
    }

    fn state(&self, retrieval: RetrievalId) -> Option<State> {
        let states = self.states().into_iter();
        states.into_iter().find(|state| state.row.id == retrieval)
    }

    fn overall(&self) -> Overall {
        Overall {
            started: NOW.minus(Duration::from_secs(12 * 24 * 60 * 60)),
            running: 2,
            at_once: 16,
            waiting: 0,
            offline_since: None,
            stopping: false,
        }
    }

    fn subscribe(&self) -> Events {
        stream::pending().boxed()
    }

    async fn survey(
        &self,
        _: Remote,
        _: RemoteSecret,
        _: Option<inhaul_store::SignInMemory>,
        _: u32,
    ) -> Result<crate::runs::Survey, inhaul_types::Card> {
        unreachable!("nobody asks for headers here")
    }

    async fn inspect(
        &self,
        _: Remote,
        _: RemoteSecret,
        _: Option<AccountId>,
        _: &dyn Look,
    ) -> Result<Inspection, InspectionFailure> {
        unimplemented!("no page of the manager tests a mailbox")
    }

    async fn detect(
        &self,
        _: &str,
        _: Option<AccountId>,
        _: &(dyn Fn(DetectionStep) + Send + Sync),
    ) -> Result<Detection, DetectionFailure> {
        unimplemented!("no page of the manager looks for a server")
    }
}

/// Lets nobody in.
struct Closed;

#[async_trait]
impl Door for Closed {
    async fn admit(&self, _: &str, _: &Secret, _: IpAddr) -> Result<Account, Denied> {
        Err(Denied::Wrong)
    }
}

/// An installation with a file of settings and a short log.
struct Example;

fn line(seq: u64, level: Level, message: &str, retrieval: Option<&str>) -> LogLine {
    LogLine {
        seq,
        at: NOW,
        level,
        message: message.to_owned(),
        retrieval: retrieval.map(str::to_owned),
        run: retrieval.map(|_| inhaul_types::RunId::new(4711)),
        rest: "new=12".to_owned(),
        text: format!("2023-11-14T22:13:20Z {message}"),
        json: format!("{{\"message\":\"{message}\"}}"),
    }
}

#[async_trait]
impl Installation for Example {
    fn facts(&self) -> Facts {
        Facts {
            version: "1.2.0".to_owned(),
            serves_pop3: true,
            ..Facts::default()
        }
    }

    fn settings(&self) -> Vec<Section> {
        let row = |key: &str, value: &str, from| Setting {
            key: key.to_owned(),
            value: Some(value.to_owned()),
            from,
        };
        let file = SettingFrom::Written("/etc/inhaul/inhaul.toml, line 12".to_owned());
        vec![Section {
            name: "checks".to_owned(),
            rows: vec![
                row("every", "\"<5m>\"", file),
                row("at_once", "200", SettingFrom::BuiltIn),
            ],
        }]
    }

    fn log(&self, filter: &LogFilter, most: usize) -> LogPage {
        let lines = [
            line(1, Level::Info, "run finished", Some("Club")),
            line(2, Level::Warn, "<b>odd</b>", None),
        ];
        let wanted = |line: &LogLine| {
            filter.level.is_none_or(|level| line.level <= level)
                && (filter.run.is_none() || line.run == filter.run)
                && (filter.retrieval.is_none() || line.retrieval == filter.retrieval)
                && filter
                    .text
                    .as_ref()
                    .is_none_or(|text| line.text.contains(text.as_str()))
        };
        LogPage {
            lines: lines.into_iter().filter(wanted).take(most).collect(),
            has_older: false,
        }
    }

    fn follow_log(&self, _: LogFilter, after: Option<u64>) -> BoxStream<'static, LogNews> {
        let news = [
            LogNews::Missed(3),
            LogNews::Line(line(after.unwrap_or(0) + 1, Level::Info, "a\nb", None)),
        ];
        stream::iter(news).boxed()
    }

    async fn examine(&self) -> Vec<Finding> {
        vec![Finding {
            group: "Storage".to_owned(),
            grade: Grade::Warning,
            what: "the disk is <nearly> full".to_owned(),
            fix: Some("make room".to_owned()),
        }]
    }

    async fn send_test_notice(&self) -> Result<Vec<TestNotice>, String> {
        Ok(vec![
            TestNotice {
                to: "the inbox of root".to_owned(),
                why_not: None,
            },
            TestNotice {
                to: "the web address".to_owned(),
                why_not: Some("no answer".to_owned()),
            },
        ])
    }
}
