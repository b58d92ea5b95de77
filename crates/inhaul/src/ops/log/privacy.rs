//! What the log of real runs may not hold, at any level: the real engine, a real store and a server
//! that says the worst it can, with words planted everywhere that nothing else in the world uses.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::{Retention, StartPoint};
use inhaul_engine::{Checks, Engine, RunOptions, Unobserved};
use inhaul_sample::switches::{Fault, Greeting, MailboxSwitches, Refusal, SignIn, Times};
use inhaul_sample::{Mailbox, SampleConfig, SampleServer};
use inhaul_store::{
    Every, NewAccount, NewRetrieval, Remote, RemoteSecret, Security, SqliteStore, Store as _,
    StoreOptions,
};
use inhaul_testkit::TestDir;
use inhaul_types::{Activation, Secret, Timestamp};
use tokio::sync::watch;

use super::*;
use crate::config::sections::log::Facility;

const PASSWORD: &str = "five-loud-herons-2093";
/// `\0anna\0five-loud-herons-2093` in base64, as AUTH PLAIN says it.
const PLAIN: &str = "AGFubmEAZml2ZS1sb3VkLWhlcm9ucy0yMDkz";
const NAME: &str = "Old ISP";

/// Words that stand in messages and in a server's mouth only.
const PLANTED: [&str; 8] = [
    PASSWORD,
    PLAIN,
    "subject-quokka",
    "sender-quokka",
    "reader-quokka",
    "body-quokka",
    "server-quokka",
    "id-quokka",
];

fn message(number: u32) -> Vec<u8> {
    format!(
        "From: sender-quokka@example.org\r\nTo: reader-quokka@example.net\r\n\
         Delivered-To: reader-quokka@example.net\r\nSubject: subject-quokka {number}\r\n\
         Message-ID: <id-quokka-{number}@example.org>\r\n\r\nbody-quokka {number}\r\n"
    )
    .into_bytes()
}

/// An installation with one retrieval, and the server it reads.
struct World {
    server: SampleServer,
    mailbox: Mailbox,
    store: Arc<SqliteStore>,
    engine: Arc<Engine>,
    _dir: TestDir,
}

impl World {
    async fn start() -> Self {
        let dir = TestDir::new("privacy").unwrap();
        fs::create_dir(dir.join("spool")).unwrap();
        let config = SampleConfig {
            password: PASSWORD.into(),
            ..SampleConfig::default()
        };
        let server = SampleServer::start(config).await.unwrap();
        let options = StoreOptions::default();
        let store = Arc::new(SqliteStore::open(dir.path(), options).await.unwrap());
        let account = NewAccount {
            name: "anna".into(),
            addresses: Vec::new(),
            group: None,
            admin: false,
            password: None,
        };
        let account = store.account_create(account).await.unwrap();
        let remote = Remote {
            host: server.address().ip().to_string(),
            port: server.address().port(),
            security: Security::None,
            ca_file: None,
            pin: None,
            sign_in: None,
            user: "anna".into(),
        };
        let retrieval = NewRetrieval {
            name: NAME.into(),
            remote,
            secret: RemoteSecret::Stored(Secret::new(PASSWORD.to_owned())),
            account,
            owner: None,
            folder: "INBOX".into(),
            routing: inhaul_store::Routing::Single,
            every: Every::Never,
            retention: Retention::Delete,
            first_run_keeps: false,
            start: StartPoint::Everything,
            paused: false,
            sign_in_memory: None,
            limits: inhaul_store::RetrievalLimits::default(),
            confined: false,
            written_at: None,
        };
        store.retrieval_create(retrieval).await.unwrap();
        let checks = Checks {
            read_timeout: Duration::from_millis(400),
            ..Checks::with_spool(dir.join("spool"))
        };
        let engine = Engine::new(Arc::clone(&store) as _, checks, None, clock());
        let mailbox = server.mailbox("anna");
        Self {
            server,
            mailbox,
            store,
            engine,
            _dir: dir,
        }
    }

    async fn run(&self) {
        let retrieval = self.store.retrieval_by_name(NAME).await.unwrap();
        let (_stop, stopping) = watch::channel(false);
        self.engine
            .run(
                &retrieval,
                Activation::Button,
                RunOptions::default(),
                &Unobserved,
                stopping,
            )
            .await;
        self.mailbox.idle().await;
    }

    /// One run with mail, and one for each way a server can say what it should not.
    async fn live_through_everything(&self) {
        self.mailbox.append(message(1));
        self.run().await;
        let words = format!("server-quokka subject-quokka {PASSWORD} {PLAIN} reader-quokka");
        for greeting in [
            Greeting::Refused(words.clone()),
            Greeting::Other(words.clone()),
            Greeting::HangUp,
        ] {
            self.server.set(|switches| switches.greeting = greeting);
            self.run().await;
            self.server.behave();
        }
        for sign_in in [
            SignIn::Refused(Refusal::Text(words.clone())),
            SignIn::Refused(Refusal::Auth),
            SignIn::Refused(Refusal::HangUp),
        ] {
            let refuse = |switches: &mut MailboxSwitches| switches.sign_in = sign_in;
            self.mailbox.set(refuse);
            self.run().await;
            self.mailbox.behave();
        }
        for (number, fault) in [
            (2, Fault::Refused(words)),
            (3, Fault::Empty),
            (4, Fault::CutAfter(100)),
            (5, Fault::Vanished),
        ] {
            let id = self.mailbox.append(message(number));
            self.mailbox.fault(id, fault, Times::Always);
            self.run().await;
            self.mailbox.behave();
        }
    }
}

fn clock() -> Clock {
    Arc::new(|| Timestamp::from_millis(1_772_360_532_000))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_level_tells_secrets_subjects_addresses_or_what_a_server_said() {
    // The store's writer is a thread of its own: the whole process has to be heard.
    let log = Log::install(LogLevel::Info, clock());
    for format in [LogFormat::Text, LogFormat::Json] {
        for level in [LogLevel::Info, LogLevel::Debug, LogLevel::Trace] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("inhaul.log");
            log.configure(&section::Log {
                level,
                format,
                output: LogOutput::File(file.clone()),
                facility: Facility::Mail,
            });
            let world = World::start().await;
            world.live_through_everything().await;
            world.store.close().await.unwrap();
            log.flush();
            let text = fs::read_to_string(&file).unwrap();
            for planted in PLANTED {
                assert!(
                    !text.contains(planted),
                    "{level:?} {format:?} {planted}: {text}"
                );
            }
            // It is no proof if nothing was told.
            for told in [
                "run finished",
                "run failed",
                "auth-refused",
                "not-pop3",
                NAME,
            ] {
                assert!(text.contains(told), "{level:?} {format:?} {told}: {text}");
            }
            let runs = text.matches("run finished").count() + text.matches("run failed").count();
            assert_eq!(runs, 11, "{text}");
            if level == LogLevel::Info {
                let lines = text.lines().filter(|line| line.contains("run")).count();
                assert_eq!(lines, runs, "one line for a run: {text}");
            }
        }
    }
}
