//! Groups, accounts and retrievals written in files, and the configuration read again by a server.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod installation;

use std::fs;
use std::path::PathBuf;

use inhaul_sample::{Mailbox, SampleConfig, SampleServer};
use inhaul_testkit::{Finished, Server, Signal};
use serde_json::Value;
use tokio::runtime::Runtime;

use installation::{Installation, assert_each_once, document, wait_until};

const PASSWORD: &str = "five-loud-herons-2093";

const PEOPLE: &str = "\
[[group]]
name = \"Staff\"
limits = { retrievals = 3, at_once = 2 }

[[account]]
name = \"anna\"
addresses = [\"anna@example.org\"]
group = \"Staff\"
";

/// A remote server, and an installation with a configuration that nobody has read yet.
struct House {
    home: Installation,
    mailbox: Mailbox,
    remote: SampleServer,
    _runtime: Runtime,
}

impl House {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let config = SampleConfig {
            password: PASSWORD.into(),
            ..SampleConfig::default()
        };
        let remote = runtime.block_on(SampleServer::start(config)).unwrap();
        let mailbox = remote.mailbox("u1");
        for _ in 0..3 {
            mailbox.append_generated(2_000);
        }
        let home = Installation::alone();
        let house = Self {
            home,
            mailbox,
            remote,
            _runtime: runtime,
        };
        fs::write(house.home.beside("password"), format!("{PASSWORD}\n")).unwrap();
        house.write(&[]);
        house.home.inhaul.ok(&["group", "list"]).unwrap();
        house
    }

    fn file(&self) -> PathBuf {
        self.home.beside("inhaul.toml")
    }

    /// Writes the configuration.
    fn write(&self, parts: &[&str]) {
        fs::write(self.file(), parts.concat()).unwrap();
    }

    /// An entry whose mail goes to anna.
    fn isp(&self) -> String {
        format!(
            "[[retrieval]]\nname = \"isp\"\nto = \"anna\"\nserver = \"{}\"\nsecurity = \"none\"\n\
             user = \"u1\"\npassword = {{ file = \"password\" }}\nevery = \"1h\"\n",
            self.remote.address()
        )
    }

    fn serve(&self) -> Server {
        let file = self.file().display().to_string();
        Server::start_with(&self.home.inhaul, &["--config", &file]).unwrap()
    }

    /// A command that reads this configuration, and opens the data directory itself.
    fn run(&self, words: &[&str]) -> Finished {
        let file = self.file().display().to_string();
        let words = [words, &["--config", &file]].concat();
        self.home.inhaul.run(&words).unwrap()
    }

    fn ok(&self, words: &[&str]) -> Finished {
        let finished = self.run(words);
        assert!(finished.status.success(), "{finished:?}");
        finished
    }

    fn json(&self, words: &[&str]) -> Value {
        document(&self.ok(&[words, &["--json"]].concat()).stdout)
    }

    /// The place of a line of the configuration.
    fn at(&self, line: u32) -> String {
        format!("{}:{line}", self.file().display())
    }
}

/// Has the configuration read again, and waits until these words are in the log.
fn reload(server: &mut Server, words: &str) {
    let before = server.stderr().matches(words).count();
    server.signal(Signal::HUP).unwrap();
    wait_until(words, || server.stderr().matches(words).count() > before);
}

#[test]
fn what_a_file_declares_is_there_with_its_place_and_brings_mail() {
    let house = House::new();
    house.write(&[PEOPLE, &house.isp()]);
    let server = house.serve();
    let home = &house.home;
    let group = home.json(&["group", "show", "staff"]);
    assert_eq!(group["written_at"], house.at(1));
    assert_eq!(group["limits"]["at-once"], 2);
    let account = home.json(&["account", "show", "anna"]);
    assert_eq!(account["written_at"], house.at(5));
    assert_eq!(account["group"], "Staff");
    let isp = &home.json(&["retrieval", "list"])["retrievals"][0];
    assert_eq!(isp["written_at"], house.at(9));
    let shown = home.inhaul.ok(&["retrieval", "show", "isp"]).unwrap();
    assert!(shown.contains("inhaul.toml, line 9\n"), "{shown}");
    // Nobody asks for it.
    wait_until("it has brought its mail", || {
        home.messages("anna").len() == 3
    });
    drop(server);
    assert_each_once(&house.mailbox.contents(), &home.messages("anna"));
}

#[test]
fn a_reload_brings_in_what_is_new_and_lets_go_of_what_is_gone() {
    let house = House::new();
    let home = &house.home;
    let isp = house.isp();
    house.write(&[PEOPLE, &isp]);
    let mut server = house.serve();
    wait_until("it has brought its mail", || {
        home.messages("anna").len() == 3
    });

    let ben = "[[account]]\nname = \"ben\"\n";
    house.write(&[PEOPLE, ben]);
    reload(&mut server, "account \"ben\" added");
    wait_until("the retrieval is gone", || {
        let all = home.json(&["retrieval", "list"]);
        all["retrievals"].as_array().unwrap().is_empty()
    });
    assert_eq!(home.messages("anna").len(), 3);

    // Its ledger was waiting for it.
    house.mailbox.append_generated(2_000);
    house.write(&[PEOPLE, &isp]);
    reload(&mut server, "retrieval \"isp\" added");
    wait_until("the new one is here", || home.messages("anna").len() == 4);
    let ben = home.json(&["account", "show", "ben"]);
    assert_eq!(ben["written_at"], Value::Null);
    home.inhaul
        .ok(&["account", "remove", "ben", "--yes"])
        .unwrap();
    assert_each_once(&house.mailbox.contents(), &home.messages("anna"));
}

#[test]
fn a_reload_says_what_is_in_force_and_what_needs_a_restart() {
    let house = House::new();
    house.write(&["[checks]\nfloor = \"2m\"\n"]);
    let mut server = house.serve();
    let tls = "[tls]\nminimum = \"1.3\"\n[log]\nformat = \"json\"\n";
    house.write(&["[checks]\nfloor = \"3m\"\nmemory = \"8MiB\"\n", tls]);
    reload(&mut server, "needs a restart");
    let told = server.stderr();
    assert!(
        told.contains("in force now: [checks] floor, [log] format"),
        "{told}"
    );
    assert!(
        told.contains("needs a restart: [checks] memory, [tls] minimum"),
        "{told}"
    );
    // It is in force: the log itself says so.
    let line = told.lines().find(|line| line.contains("needs a restart"));
    assert!(line.unwrap().starts_with('{'), "{told}");
    // What still waits for one is told again.
    reload(&mut server, "needs a restart");
    house.write(&["[checks]\nfloor = \"3m\"\n[log]\nformat = \"json\"\n"]);
    reload(&mut server, "no other value");
    assert_eq!(server.stderr().matches("needs a restart").count(), 2);
}

#[test]
fn a_broken_file_changes_nothing_and_says_where_it_is_broken() {
    let house = House::new();
    house.write(&[PEOPLE, &house.isp()]);
    let mut server = house.serve();
    house.write(&[
        &PEOPLE.replace("group =", "grup ="),
        "[checks]\nfloor = \"3\"\n",
    ]);
    reload(&mut server, "nothing is changed");
    let told = server.stderr();
    for words in [
        &*format!(
            "{}:1: account \"anna\": unknown key `grup`. Did you mean `group`?",
            house.at(8)
        ),
        &*format!("{}:9: checks.floor: `3` has no unit", house.at(10)),
    ] {
        assert!(told.contains(words), "{words} in {told}");
    }
    let isp = &house.home.json(&["retrieval", "list"])["retrievals"][0];
    assert_eq!(isp["name"], "isp");
}

#[test]
fn what_a_file_says_is_changed_there_only() {
    let house = House::new();
    house.write(&[PEOPLE, &house.isp(), "paused = true\n"]);
    let _server = house.serve();
    let home = &house.home;
    for (line, words) in [
        (1, &["group", "set", "Staff", "--limit", "retrievals=9"][..]),
        (1, &["group", "set", "Staff", "--name", "Crew"]),
        (1, &["group", "remove", "Staff"]),
        (5, &["account", "set", "anna", "--address", "a@example.org"]),
        (5, &["account", "set", "anna", "--group", "Everyone"]),
        (5, &["account", "remove", "anna", "--yes"]),
        (9, &["retrieval", "set", "isp", "--every", "5m"]),
        (9, &["retrieval", "resume", "isp"]),
        (9, &["retrieval", "remove", "isp", "--yes"]),
    ] {
        let refused = home.fails(words, 64);
        let place = format!("inhaul.toml, line {line}\n");
        assert!(refused.stderr.contains(&place), "{words:?}: {refused:?}");
        assert!(refused.stderr.contains("SIGHUP"), "{refused:?}");
    }
    // What no file says stays with the commands.
    home.inhaul
        .ok(&[
            "account",
            "set",
            "anna",
            "--admin",
            "--limit",
            "mailbox=5GB",
        ])
        .unwrap();
    home.inhaul
        .ok(&["retrieval", "set", "isp", "--limit", "max-messages=50"])
        .unwrap();
    let password = ["account", "password", "anna", "--password-stdin"];
    home.inhaul.ok_with_input(&password, PASSWORD).unwrap();
    home.inhaul
        .ok(&["group", "set", "Staff", "--enabled", "yes"])
        .unwrap();
}

#[test]
fn a_pause_lasts_through_a_reload_until_it_is_ended() {
    let house = House::new();
    house.write(&[PEOPLE, &house.isp()]);
    let mut server = house.serve();
    let home = &house.home;
    let is_paused = || home.json(&["retrieval", "show", "isp"])["paused"] == true;
    home.inhaul.ok(&["retrieval", "pause", "isp"]).unwrap();
    reload(&mut server, "configuration read again");
    house.write(&[PEOPLE, &house.isp(), "after_storing = \"delete\"\n"]);
    reload(&mut server, "retrieval \"isp\" changed");
    assert!(is_paused());
    home.inhaul.ok(&["retrieval", "resume", "isp"]).unwrap();
    assert!(!is_paused());
    house.write(&[PEOPLE, &house.isp(), "paused = true\n"]);
    reload(&mut server, "retrieval \"isp\" changed");
    assert!(is_paused());
    house.write(&[PEOPLE, &house.isp()]);
    reload(&mut server, "retrieval \"isp\" changed");
    assert!(!is_paused());
}

#[test]
fn another_password_in_its_file_counts_from_a_reload_on() {
    let house = House::new();
    let home = &house.home;
    let file = home.beside("password");
    fs::write(&file, "wrong\n").unwrap();
    house.write(&[PEOPLE, &house.isp()]);
    let mut server = house.serve();
    wait_until("it is refused", || {
        home.json(&["retrieval", "show", "isp"])["code"] == "auth-refused"
    });
    fs::write(&file, PASSWORD).unwrap();
    reload(&mut server, "retrieval \"isp\" changed");
    // The refusal is forgotten; only the floor holds the schedule back.
    assert_eq!(home.json(&["retrieval", "show", "isp"])["failures"], 0);
    assert_eq!(home.pull("isp").new, 3);
    // It is nowhere but in its file.
    drop(server);
    for entry in fs::read_dir(home.data()).unwrap() {
        let octets = fs::read(entry.unwrap().path()).unwrap_or_default();
        let mut parts = octets.windows(PASSWORD.len());
        assert!(!parts.any(|part| part == PASSWORD.as_bytes()));
    }
}

#[test]
fn a_command_without_a_server_brings_in_what_its_files_declare() {
    let house = House::new();
    let stray = "[[retrieval]]\nname = \"stray\"\nto = \"nobody\"\nserver = \"pop.example.org\"\n\
                 user = \"x\"\npassword = { file = \"password\" }\n";
    house.write(&[PEOPLE, &house.isp(), stray]);
    let pulled = house.ok(&["pull", "isp", "--quiet"]);
    let place = format!("{}: retrieval \"stray\" is not in force", house.at(17));
    assert!(pulled.stderr.contains(&place), "{pulled:?}");
    assert_eq!(house.home.messages("anna").len(), 3);
    // Nothing has changed: nothing is said, and nothing written.
    house.write(&[PEOPLE, &house.isp()]);
    house.ok(&["account", "list"]);
    let database = || fs::read(house.home.data().join("inhaul.db")).unwrap();
    let before = database();
    assert_eq!(house.ok(&["account", "list"]).stderr, "");
    assert_eq!(database(), before);
    assert_eq!(house.json(&["retrieval", "show", "isp"])["account"], "anna");
    // Another file says nothing of what is written here.
    house.home.inhaul.ok(&["account", "list"]).unwrap();
    assert_eq!(
        house.home.json(&["retrieval", "show", "isp"])["name"],
        "isp"
    );
}
