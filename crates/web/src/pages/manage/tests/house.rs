//! An installation with its manager and a person, and browsers for both.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::StatusCode;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use http_body_util::BodyExt as _;
use inhaul_store::{Every, NewRetrieval, Remote, Retrieval, Store as _};
use inhaul_types::{ErrorCode, RetrievalId, Timestamp};

use crate::install::{
    Facts, Finding, Grade, Installation, Level, Licence, LogFilter, LogLine, LogNews, LogPage,
    Section, Setting, SettingFrom, TestNotice,
};
use crate::runs::State;
use crate::testing::{self, new_retrieval};

/// Tue 14 Nov 2023, 22:13:20 UTC.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

pub(crate) struct House(testing::House);

/// Somebody's browser.
pub(crate) struct Browser(testing::Browser);

/// A page that came.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) place: String,
    pub(crate) kind: String,
    pub(crate) file: String,
    pub(crate) text: String,
}

impl Deref for House {
    type Target = testing::House;

    fn deref(&self) -> &testing::House {
        &self.0
    }
}

impl House {
    /// root manages it, alice is a person.
    pub(crate) async fn new() -> Self {
        let house = testing::House::at(NOW).await;
        house.account("root", true).await;
        house.account("alice", false).await;
        let mut overall = house.runs.overall.lock().unwrap();
        overall.started = NOW.minus(Duration::from_secs(12 * 24 * 60 * 60));
        overall.running = 2;
        overall.at_once = 16;
        drop(overall);
        let app = house.app.clone();
        drop(app.with_installation(Arc::new(Example)));
        Self(house)
    }

    pub(crate) async fn names(&self) -> Vec<String> {
        let accounts = self.store.account_list().await.unwrap();
        accounts.into_iter().map(|account| account.name).collect()
    }

    /// A browser in which somebody is signed in.
    pub(crate) async fn browser(&self, name: &str) -> Browser {
        Browser(self.0.browser(name).await)
    }

    /// A browser in which nobody is.
    pub(crate) fn stranger(&self) -> Browser {
        Browser(self.0.stranger())
    }

    /// A retrieval that fills alice's INBOX from this server.
    pub(crate) async fn retrieval(&self, name: &str, host: &str) -> RetrievalId {
        let new = new_retrieval(name, self.named("alice").await.id);
        let new = NewRetrieval {
            remote: Remote {
                host: host.to_owned(),
                user: name.to_owned(),
                ..new.remote
            },
            owner: None,
            every: Every::Auto,
            ..new
        };
        let id = self.store.retrieval_create(new).await.unwrap();
        let state = state(self.row(id).await);
        self.runs.states.lock().unwrap().insert(id, state);
        id
    }

    /// It fails with this since two hours.
    pub(crate) fn fails(&self, id: RetrievalId, code: ErrorCode) {
        self.runs.change_row(id, |row| {
            row.last_error = Some(code);
            row.failures = 6;
            row.failing_since = Some(NOW.minus(Duration::from_secs(2 * 60 * 60)));
        });
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

    /// The octets of a page's body as they cross the line.
    pub(crate) async fn packed(&self, path: &str) -> usize {
        let takes = [("accept-encoding", "gzip, deflate, br")];
        let response = self.0.send("GET", path, &takes, Body::empty()).await;
        assert_eq!(response.headers()["content-encoding"], "gzip");
        response
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
            .len()
    }

    /// The response as it comes: a stream may have no end.
    pub(crate) async fn response(
        &self,
        method: &str,
        path: &str,
        body: Body,
    ) -> axum::response::Response {
        self.0.send(method, path, &[], body).await
    }
}

/// It runs every ten minutes, next in 40 seconds.
pub(crate) fn state(row: Retrieval) -> State {
    State {
        next: Some(NOW.plus(Duration::from_secs(40))),
        interval: Some(Duration::from_secs(600)),
        ..State::of_new(row)
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
        let notify = Section {
            name: "notify".to_owned(),
            rows: vec![row("admin", "\"root\"", SettingFrom::BuiltIn)],
        };
        let checks = Section {
            name: "checks".to_owned(),
            rows: vec![
                row("every", "\"<5m>\"", file),
                row("at_once", "200", SettingFrom::BuiltIn),
            ],
        };
        vec![notify, checks]
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

    async fn visit(&self, path: &str) -> Result<String, String> {
        Err(format!("https://mail.example.org has no <b>{path}."))
    }

    fn licences(&self) -> Vec<Licence> {
        vec![Licence {
            name: "an-example".to_owned(),
            version: "1.2.3".to_owned(),
            licence: "MIT OR <Apache>".to_owned(),
        }]
    }
}
