//! A provider with all mail of firm.example in one mailbox, and an installation with some of its
//! people.

use inhaul_sample::{Mailbox, SampleConfig, SampleServer};
use inhaul_testkit::Finished;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::installation::Installation;

pub(crate) const PASSWORD: &str = "nine-slow-badgers-7714";

/// Messages in the mailbox: two each for anna, ben, clara and david, one each for emma, frank, info
/// and george.
pub(crate) const MESSAGES: u64 = 12;

pub(crate) struct House {
    pub(crate) home: Installation,
    pub(crate) mailbox: Mailbox,
    pub(crate) remote: SampleServer,
    _runtime: Runtime,
}

/// Where commands are carried out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// In their own process.
    Alone,
    /// In a running server.
    Served,
}

pub(crate) const BOTH: [Kind; 2] = [Kind::Alone, Kind::Served];

/// What makes `firm` a catch-all.
pub(crate) const SHARED: [&str; 3] = [
    "--catch-all=Delivered-To",
    "--domain=firm.example",
    "--fallback=unclaimed",
];

impl House {
    /// Accounts of anna, ben and clara with their addresses, and of nobody.
    pub(crate) fn new(kind: Kind) -> Self {
        let runtime = Runtime::new().unwrap();
        let config = SampleConfig {
            password: PASSWORD.into(),
            ..SampleConfig::default()
        };
        let remote = runtime.block_on(SampleServer::start(config)).unwrap();
        let mailbox = remote.mailbox("catchall");
        for message in inhaul_sample::catch_all_messages() {
            mailbox.append(message);
        }
        let mut home = Installation::alone();
        if kind == Kind::Served {
            home.inhaul = home.inhaul.served();
        }
        let house = Self {
            home,
            mailbox,
            remote,
            _runtime: runtime,
        };
        for name in ["anna", "ben", "clara"] {
            let address = format!("--address={name}@firm.example");
            house.ok(&["account", "add", name, "--no-password", &address]);
        }
        house.ok(&["account", "add", "unclaimed", "--no-password"]);
        house
    }

    /// With the catch-all `firm`, and nobody has signed in to its mailbox yet.
    pub(crate) fn with_firm(kind: Kind) -> Self {
        let house = Self::new(kind);
        let added = house.add("firm", &[&SHARED[..], &["--no-test"]].concat());
        assert!(added.status.success(), "{added:?}");
        house
    }

    /// Adds a retrieval of the mailbox that runs when it is asked.
    pub(crate) fn add(&self, name: &str, more: &[&str]) -> Finished {
        let at = self.remote.address().to_string();
        let how = [
            "retrieval",
            "add",
            "--name",
            name,
            "--server",
            &at,
            "--security=none",
            "--user=catchall",
            "--password-stdin",
            "--every=never",
        ];
        let words = [&how[..], more].concat();
        self.home.inhaul.run_with_input(&words, PASSWORD).unwrap()
    }

    pub(crate) fn ok(&self, words: &[&str]) -> String {
        self.home.inhaul.ok(words).unwrap()
    }

    pub(crate) fn json(&self, words: &[&str]) -> Value {
        self.home.json(words)
    }

    /// What a command that must fail says.
    #[track_caller]
    pub(crate) fn refuses(&self, words: &[&str], code: i32, why: &str) {
        let refused = self.home.fails(words, code);
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
    }

    /// The routes of a preview, sorted: `anna@firm.example anna/INBOX`.
    pub(crate) fn routes(&self, more: &[&str]) -> Vec<String> {
        let preview = self.json(&[&["catch-all", "preview", "firm"][..], more].concat());
        let mut routes: Vec<String> = preview["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| {
                let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
                let [found, place] = [&message["found"][0]["address"], &message["places"][0]["to"]];
                format!("{} {}", text(found), text(place))
            })
            .collect();
        routes.sort();
        routes
    }

    /// How many messages a folder of an account has.
    pub(crate) fn count(&self, account: &str, folder: &str) -> u64 {
        let listed = self.ok(&["message", "list", account, folder, "--json"]);
        let listed: Value = serde_json::from_str(&listed).unwrap();
        listed["messages"].as_array().unwrap().len() as u64
    }

    /// All that was taken down.
    pub(crate) fn audit(&self) -> String {
        self.ok(&["audit"])
    }
}
