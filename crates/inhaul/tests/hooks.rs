//! Sign-ins at another server: a real Dovecot runs the script of `packaging/hooks` as `docs/hooks.md`
//! says, and lets people in whatever becomes of it.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod installation;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use inhaul_sample::switches::Greeting;
use inhaul_sample::{Mailbox, SampleConfig, SampleServer};
use inhaul_testkit::{Dovecot, DovecotOptions, Server, Signal, TestDir};
use tokio::runtime::Runtime;

use installation::{Installation, wait_until};

const DOCUMENT: &str = include_str!("../../../docs/hooks.md");
const SCRIPT: &str = include_str!("../../../packaging/hooks/inhaul-postlogin");

/// Where packages put the script.
const INSTALLED: &str = "/usr/lib/inhaul/inhaul-postlogin";

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/hooks/inhaul-postlogin")
}

/// A remote server in this process, and an installation whose accounts `u1` and `u2` own one
/// retrieval each: `one` and `two`.
struct House {
    home: Installation,
    remote: SampleServer,
    mailboxes: [Mailbox; 2],
    _runtime: Runtime,
}

impl House {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let remote = runtime
            .block_on(SampleServer::start(SampleConfig::default()))
            .unwrap();
        let mailboxes = ["u1", "u2"].map(|user| remote.mailbox(user));
        let home = Installation::alone().account("u1").account("u2");
        let at = remote.address().to_string();
        for (name, user) in [("one", "u1"), ("two", "u2")] {
            let owned = ["--owner", user, "--every", "never"];
            let how = ["--server", &at, "--security=none", "--no-test"];
            let words = [&how[..], &owned].concat();
            let added = home.try_retrieval(name, user, user, "secret", &words);
            assert!(added.status.success(), "{added:?}");
        }
        Self {
            home,
            remote,
            mailboxes,
            _runtime: runtime,
        }
    }

    /// A Dovecot whose script waits so long for this installation. It runs as whoever runs the test,
    /// and so does the server.
    fn dovecot(&self, wait: &str) -> Dovecot {
        let words = format!(
            "wait={wait} inhaul={} data={}",
            env!("CARGO_BIN_EXE_inhaul"),
            self.home.data().display()
        );
        dovecot(&script(), &words, "")
    }

    /// How many messages the account has.
    fn messages(&self, account: &str) -> usize {
        let listed = self.home.json(&["message", "list", account]);
        listed["messages"].as_array().unwrap().len()
    }

    /// What started the retrieval's runs.
    fn started_by(&self, retrieval: &str) -> Vec<String> {
        let history = self.home.json(&["retrieval", "history", retrieval]);
        let runs = history["runs"].as_array().unwrap().iter();
        runs.map(|run| run["started_by"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// A Dovecot with the document's recipe, but for where the script is, with which words and as whom it
/// runs.
fn dovecot(script: &Path, words: &str, user: &str) -> Dovecot {
    let mut extra = recipe();
    for (shown, here) in [
        (INSTALLED, script.to_str().unwrap()),
        ("wait=8s", words),
        ("  user = inhaul\n", user),
    ] {
        assert_eq!(extra.matches(shown).count(), 2, "{shown:?} in {extra}");
        extra = extra.replace(shown, here);
    }
    let options = DovecotOptions {
        extra,
        ..DovecotOptions::default()
    };
    Dovecot::start(&options).unwrap()
}

/// The lines for Dovecot's configuration that the document shows.
fn recipe() -> String {
    block("```dovecot\n")
}

fn block(fence: &str) -> String {
    let (_, behind) = DOCUMENT.split_once(fence).unwrap();
    behind.split_once("```\n").unwrap().0.to_owned()
}

#[test]
fn the_document_shows_the_script_that_packages_bring() {
    assert_eq!(block("The script:\n\n```sh\n"), SCRIPT);
    assert!(recipe().contains(INSTALLED));
}

#[test]
fn new_mail_is_there_when_dovecots_sign_in_returns() {
    let house = House::new();
    let _server = Server::start(&house.home.inhaul).unwrap();
    let dovecot = house.dovecot("45s");
    for mailbox in &house.mailboxes {
        mailbox.append_generated(2_000);
    }
    dovecot.imap_visit("u1").unwrap();
    assert_eq!(house.messages("u1"), 1, "{}", dovecot.log());
    assert_eq!(house.started_by("one"), ["imap-login"]);
    assert_eq!(house.messages("u2"), 0);

    dovecot.sign_in("u2").unwrap().quit().unwrap();
    assert_eq!(house.messages("u2"), 1, "{}", dovecot.log());
    assert_eq!(house.started_by("two"), ["pop3-login"]);

    // Once more at once is too soon for another check, and no reason to wait.
    house.mailboxes[0].append_generated(2_000);
    dovecot.imap_visit("u1").unwrap();
    assert_eq!(house.messages("u1"), 1);
    // People who are nobody here get in, too.
    dovecot.imap_visit("u3").unwrap();
    let log = dovecot.log();
    assert!(!log.contains("script-login"), "{log}");
}

#[test]
fn a_mail_program_that_signs_in_five_times_at_once_has_one_check_made() {
    let house = House::new();
    let _server = Server::start(&house.home.inhaul).unwrap();
    let dovecot = house.dovecot("45s");
    house.mailboxes[0].append_generated(2_000);
    std::thread::scope(|scope| {
        let visits = [(); 5].map(|()| scope.spawn(|| dovecot.imap_visit("u1")));
        for visit in visits {
            visit.join().unwrap().unwrap();
        }
    });
    assert_eq!(house.messages("u1"), 1, "{}", dovecot.log());
    assert_eq!(house.started_by("one"), ["imap-login"]);
    assert_eq!(house.remote.connections(), 1);
}

#[test]
fn without_inhaul_people_get_in_at_once() {
    let house = House::new();
    // The test's clients do not wait for so long.
    let dovecot = house.dovecot("45s");
    dovecot.imap_visit("u1").unwrap();
    dovecot.sign_in("u1").unwrap().quit().unwrap();

    let mut server = Server::start(&house.home.inhaul).unwrap();
    server.kill().unwrap();
    // Its socket is still there.
    assert!(house.home.data().join("control.sock").exists());
    dovecot.imap_visit("u1").unwrap();
    assert_eq!(house.remote.connections(), 0);
}

#[test]
fn a_slow_remote_server_holds_nobody_up_for_longer_than_the_wait() {
    let house = House::new();
    let _server = Server::start(&house.home.inhaul).unwrap();
    let dovecot = house.dovecot("1s");
    house.mailboxes[0].append_generated(2_000);
    house
        .remote
        .set(|switches| switches.greeting = Greeting::Missing);
    let took = dovecot.imap_visit("u1").unwrap();
    assert!(took >= Duration::from_secs(1), "{took:?}");
    assert_eq!(house.remote.connections(), 1);
    assert_eq!(house.messages("u1"), 0);
    // The check goes on without them, and the next one brings what it did not.
    house.remote.behave();
    house.remote.cut_all();
    house.home.inhaul.ok(&["pull", "one"]).unwrap();
    assert_eq!(house.messages("u1"), 1);
}

#[test]
fn a_server_that_hangs_holds_nobody_up_either() {
    let house = House::new();
    let mut server = Server::start(&house.home.inhaul).unwrap();
    let dovecot = house.dovecot("1s");
    server.signal(Signal::STOP).unwrap();
    let took = dovecot.imap_visit("u1");
    let ended = house.home.inhaul.run(&trigger("u1", "0s"));
    server.signal(Signal::CONT).unwrap();
    assert!(took.unwrap() >= Duration::from_secs(1));
    let ended = ended.unwrap();
    assert_eq!(ended.code(), Some(75), "{ended:?}");
    assert!(ended.stderr.contains("did not answer"), "{ended:?}");
}

#[test]
fn dovecot_runs_the_script_as_the_user_of_its_service() {
    let folder = TestDir::new("hook").unwrap();
    let open = |path: &Path| fs::set_permissions(path, Permissions::from_mode(0o777)).unwrap();
    open(folder.path());
    let copy = folder.join("inhaul-postlogin");
    fs::copy(script(), &copy).unwrap();
    let (program, told) = (folder.join("inhaul"), folder.join("told"));
    let text = format!("#!/bin/sh\nid -u >{}\n", told.display());
    fs::write(&program, text).unwrap();
    open(&program);
    // Root may say who; anybody else is the only user there can be.
    let own = fs::metadata("/proc/self").unwrap().uid();
    let user = if own == 0 { "  user = mail\n" } else { "" };
    let words = format!("inhaul={}", program.display());
    let dovecot = dovecot(&copy, &words, user);
    dovecot.imap_visit("u1").unwrap();
    let ran_as = fs::read_to_string(&told).unwrap();
    assert_eq!(ran_as.trim() == own.to_string(), own != 0, "{ran_as}");
}

/// A hook's command.
fn trigger<'a>(account: &'a str, wait: &'a str) -> [&'a str; 7] {
    let activation = ["--activation", "imap-login"];
    let [option, word] = activation;
    [
        "trigger",
        "--account",
        account,
        option,
        word,
        "--wait",
        wait,
    ]
}

#[test]
fn a_server_that_stops_meanwhile_lets_people_in() {
    for signal in [Signal::TERM, Signal::KILL] {
        let house = House::new();
        let mut server = Server::start(&house.home.inhaul).unwrap();
        house
            .remote
            .set(|switches| switches.greeting = Greeting::Missing);
        let mut hook = house.home.inhaul.spawn(&trigger("u1", "5m")).unwrap();
        wait_until("it waits", || house.remote.connections() > 0);
        server.signal(signal).unwrap();
        let ended = hook.wait(Duration::from_secs(60)).unwrap().unwrap();
        assert_eq!(ended.code(), Some(75), "{}", hook.stderr());
        let says = match signal {
            Signal::TERM => "The server stops.",
            _ => "the server went away",
        };
        assert!(hook.stderr().contains(says), "{}", hook.stderr());
        assert!(server.wait(Duration::from_secs(60)).unwrap().is_some());
    }
}

/// The script by itself, with an `inhaul` that writes down what it was called with.
struct Alone {
    home: Installation,
}

impl Alone {
    fn new() -> Self {
        let home = Installation::alone();
        let program = home.beside("inhaul");
        let told = home.beside("told");
        let text = format!(
            "#!/bin/sh\n{{ echo \"HOME=${{HOME-}} USER=${{USER-}}\"; printf '<%s>' \"$@\"; }} >{}\n\
             cat\necho out\necho err >&2\nexit 77\n",
            told.display()
        );
        fs::write(&program, text).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        Self { home }
    }

    /// Runs the script by this shell for this user, and returns what it printed, what it said and
    /// what inhaul was called with.
    fn run(&self, shell: &str, user: &str, words: &[&str]) -> [String; 3] {
        let told = self.home.beside("told");
        fs::remove_file(&told).ok();
        let inhaul = format!("inhaul={}", self.home.beside("inhaul").display());
        let output = Command::new(shell)
            .arg(script())
            .arg(inhaul)
            .args(words)
            .env_clear()
            .env("HOME", "/home/somebody")
            .envs((!user.is_empty()).then_some(("USER", user)))
            .envs(words.contains(&"pop3-login").then_some(("IP", "::1")))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let told = fs::read_to_string(told).unwrap_or_default();
        let text = |octets| String::from_utf8(octets).unwrap();
        [text(output.stdout), text(output.stderr), told]
    }
}

#[test]
fn the_script_hands_on_who_signed_in_and_nothing_else_of_theirs() {
    let alone = Alone::new();
    for shell in ["sh", "bash"] {
        let run = |user, words: &[&str]| alone.run(shell, user, words);
        let [out, err, told] = run("anna", &[]);
        assert_eq!((out.as_str(), err.as_str()), ("", ""));
        assert_eq!(
            told,
            "HOME= USER=\n<--quiet><trigger><--account=anna><--activation=imap-login><--wait=8s>"
        );
        let words = ["pop3-login", "wait=2m", "config=/c d", "data=/d"];
        let [.., told] = run("-o \"x\"; *", &words);
        let called = "<--account=-o \"x\"; *><--activation=pop3-login><--wait=2m>\
                      <--client-address=::1><--config=/c d><--data=/d>";
        assert!(told.ends_with(called), "{told}");
        // Nobody: nothing to check.
        assert_eq!(run("", &[]), ["", "", ""]);
        // What it says is for the log alone.
        assert_eq!(run("anna", &["log"])[..2], ["", "err\n"]);
    }
}

#[test]
fn the_script_goes_on_with_what_stands_behind_its_words() {
    let alone = Alone::new();
    let next = "echo \"$USER $HOME $# $1\"";
    for words in [
        &["wait=1s", "sh", "-c", next, "x", "wait=3s"][..],
        &[
            "inhaul=/nonexistent/inhaul",
            "sh",
            "-c",
            next,
            "x",
            "wait=3s",
        ],
    ] {
        let [out, err, _] = alone.run("sh", "anna", words);
        assert_eq!(out, "anna /home/somebody 1 wait=3s\n");
        assert_eq!(err, "");
    }
}
