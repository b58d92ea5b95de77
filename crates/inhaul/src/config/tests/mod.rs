//! Rules that need the whole way, from files and variables to values and messages.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::addresses::ListenAddress;
use super::durations::Every;
use inhaul_domain::route::RecipientSource;

use super::entries::retrieval::{CredentialSource, Retention, Routing};
use super::secrets::SecretSource;
use super::sections::log::{LogLevel, LogOutput};
use super::{Config, ConfigProblems, Sources, resolve};

mod refused;

/// A directory with files, and an environment of its own.
struct Machine {
    root: tempfile::TempDir,
    sources: Sources,
}

impl Machine {
    /// A machine whose main file holds this.
    fn with(main: &str) -> Self {
        Self::default().file("inhaul.toml", main)
    }

    fn file(self, name: &str, text: &str) -> Self {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn variable(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        let value = value.as_ref().to_str().unwrap().to_owned();
        self.sources.environment.push((name.to_owned(), value));
        self
    }

    fn at(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn load(&self) -> Result<Config, ConfigProblems> {
        resolve::load(&self.sources, self.root.path())
    }

    fn config(&self) -> Config {
        self.load().unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// What is reported, with the machine's directory left out.
    fn report(&self) -> String {
        let problems = self
            .load()
            .expect_err("a fault must be reported")
            .to_string();
        problems.replace(&format!("{}/", self.root.path().display()), "")
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
            sources: Sources::default(),
        }
    }
}

#[test]
fn no_file_at_all_is_fine() {
    let machine = Machine::default();
    let config = machine.config();
    assert!(config.files().is_empty());
    assert_eq!(config.data, Path::new("/var/lib/inhaul"));
    assert_eq!(config.key_file, None);
    assert_eq!(
        config.server.control,
        Path::new("/var/lib/inhaul/control.sock")
    );
    assert_eq!(
        config.checks.every,
        Every::Interval(Duration::from_secs(600))
    );
    assert_eq!(config.checks.at_once, 200);
    assert_eq!(config.checks.memory, 16 << 20);
}

#[test]
fn later_files_replace_keys_and_append_to_lists() {
    let config =
        Machine::with("[checks]\nat_once = 5\nmemory = \"1MiB\"\n[[account]]\nname = \"a\"")
            .file(
                "conf.d/20.toml",
                "[checks]\nat_once = 7\n[[account]]\nname = \"c\"",
            )
            .file(
                "conf.d/10.toml",
                "[checks]\nat_once = 6\n[[account]]\nname = \"b\"",
            )
            .config();
    assert_eq!(config.checks.at_once, 7);
    assert_eq!(config.checks.memory, 1 << 20);
    let names: Vec<&str> = config
        .accounts
        .iter()
        .map(|account| account.name.as_str())
        .collect();
    assert_eq!(names, ["a", "b", "c"]);
    let files: Vec<_> = config
        .files()
        .iter()
        .map(|path| path.file_name().unwrap())
        .collect();
    assert_eq!(files, ["inhaul.toml", "10.toml", "20.toml"]);
}

#[test]
fn the_environment_is_stronger_than_the_file() {
    let config = Machine::with("[checks]\nevery = \"1h\"\nat_once = 3\n[log]\nlevel = \"warn\"")
        .variable("INHAUL_CHECKS__EVERY", "never")
        .variable("INHAUL_LOG__LEVEL", "debug")
        .variable("INHAUL_FULL", "1")
        .variable("INHAUL_TEST_CLOCK", "/x")
        .config();
    assert_eq!(config.checks.every, Every::Never);
    assert_eq!(config.log.level, LogLevel::Debug);
    assert_eq!(config.checks.at_once, 3);
}

#[test]
fn variables_write_every_kind_of_value() {
    let config = Machine::default()
        .variable("INHAUL_CHECKS__AT_ONCE", "12")
        .variable("INHAUL_CHECKS__BATCH", "{ messages = 200, size = \"1MB\" }")
        .variable("INHAUL_CHECKS__QUIET_HOURS", "23:00-06:00, 12:00-13:00")
        .variable("INHAUL_CHECKS__USER_PORTS", "1110, 1995")
        .variable("INHAUL_DETECT__MOZILLA", "false")
        .variable("INHAUL_POP3__LISTEN", "127.0.0.1:0")
        .variable("INHAUL_POP3__CONNECTIONS", "500")
        .variable("INHAUL_POP3__PROXY_PROTOCOL", "192.0.2.7,2001:db8::/32")
        .variable("INHAUL_IMAP__LISTEN", "127.0.0.1:1143,[::1]:1143")
        .variable("INHAUL_OPS__LISTEN", "off")
        .variable(
            "INHAUL_SERVER__LISTEN",
            "[\"127.0.0.1:80\", \"unix:/run/x\"]",
        )
        .variable("INHAUL_TLS__CA_FILE", "/ca.pem")
        .config();
    assert_eq!(config.checks.at_once, 12);
    assert_eq!(config.checks.batch.messages.map(u32::from), Some(200));
    assert_eq!(config.checks.batch.size, Some(1_000_000));
    assert_eq!(config.checks.quiet_hours.len(), 2);
    let ports: Vec<_> = config
        .checks
        .user_ports
        .iter()
        .map(|port| port.0.get())
        .collect();
    assert_eq!(ports, [1110, 1995]);
    assert!(!config.detect.mozilla);
    assert_eq!(config.pop3.listen, ["127.0.0.1:0".parse().unwrap()]);
    assert_eq!(config.pop3.connections, 500);
    let proxies = config.pop3.proxy_protocol.iter();
    let proxies: Vec<String> = proxies.map(ToString::to_string).collect();
    assert_eq!(proxies, ["192.0.2.7/32", "2001:db8::/32"]);
    assert_eq!(config.imap.listen.len(), 2);
    assert!(config.ops.listen.is_empty());
    assert_eq!(
        config.server.listen[1],
        ListenAddress::Unix("/run/x".into())
    );
    assert_eq!(config.tls.ca_file.as_deref(), Some(Path::new("/ca.pem")));
}

#[test]
fn a_file_variable_reads_the_value_from_its_file() {
    let machine = Machine::default()
        .file("every", "25m\n")
        .file("ca", "/ca.pem");
    let (every, ca) = (machine.at("every"), machine.at("ca"));
    let config = machine
        .variable("INHAUL_CHECKS__EVERY_FILE", every)
        .variable("INHAUL_TLS__CA_FILE_FILE", ca)
        .variable("INHAUL_STORAGE__SECRET_KEY_FILE", "/run/secrets/key")
        .config();
    assert_eq!(
        config.checks.every,
        Every::Interval(Duration::from_secs(25 * 60))
    );
    assert_eq!(config.tls.ca_file.as_deref(), Some(Path::new("/ca.pem")));
    assert_eq!(
        config.key_file.as_deref(),
        Some(Path::new("/run/secrets/key"))
    );
}

#[test]
fn the_data_directory_comes_from_the_strongest_that_names_one() {
    let file = "[storage]\ndata = \"/from-file\"";
    let mut machine = Machine::with(file);
    assert_eq!(machine.config().data, Path::new("/from-file"));
    let variable = Machine::with(file).variable("INHAUL_STORAGE__DATA", "/from-variable");
    assert_eq!(variable.config().data, Path::new("/from-variable"));
    machine = machine.variable("INHAUL_DATA", "/from-short");
    assert_eq!(machine.config().data, Path::new("/from-short"));
    machine.sources.data = Some("/from-option".into());
    let config = machine.config();
    assert_eq!(config.data, Path::new("/from-option"));
    assert_eq!(
        config.server.control,
        Path::new("/from-option/control.sock")
    );
    let show = config.show();
    assert!(show.contains("\"/from-option\""), "{show}");
    assert!(show.contains("# command line"), "{show}");
}

#[test]
fn paths_in_a_file_start_at_that_file() {
    let machine = Machine::with("[tls]\nca_file = \"ca.pem\"\n[log]\noutput = \"~/inhaul.log\"")
        .file(
            "conf.d/1.toml",
            "[storage]\nsecret_key = { file = \"../key\" }",
        )
        .variable("HOME", "/home/a");
    let config = machine.config();
    assert_eq!(config.tls.ca_file, Some(machine.at("ca.pem")));
    assert_eq!(config.key_file, Some(machine.at("conf.d/../key")));
    assert_eq!(
        config.log.output,
        LogOutput::File("/home/a/inhaul.log".into())
    );
}

#[test]
fn a_credential_is_in_the_directory_of_the_service() {
    let file = "[storage]\nsecret_key = { credential = \"inhaul.key\" }";
    let inside = Machine::with(file)
        .variable("CREDENTIALS_DIRECTORY", "/run/c")
        .config();
    assert_eq!(
        inside.key_file.as_deref(),
        Some(Path::new("/run/c/inhaul.key"))
    );
    let outside = Machine::with(file).config().key_file;
    let expected = Path::new("/run/credentials/inhaul.service/inhaul.key");
    assert_eq!(outside.as_deref(), Some(expected));
}

const OLD_ISP: &str = "[[retrieval]]\nname = \"Old ISP\"\nserver = \"pop.example.org\"\n\
                       user = \"alice\"\npassword = { file = \"/p\" }\n";

#[test]
fn a_catch_all_says_how_it_shares_mail_out() {
    let read = |catch_all: &str| {
        let config = Machine::with(&format!("{OLD_ISP}{catch_all}\n")).config();
        match config.retrievals.into_iter().next().unwrap().routing {
            Routing::CatchAll(catch_all) => catch_all,
            Routing::Single(to) => panic!("{to:?}"),
        }
    };
    let usual = read("catch_all = { fallback = \"unclaimed\" }");
    assert_eq!(usual.source, RecipientSource::default());
    assert_eq!((usual.separators.as_str(), usual.max_recipients), ("+", 50));
    assert_eq!(usual.fallback.to_string(), "unclaimed/Inbox");
    let full = read(
        "catch_all = { header = \"Delivered-To\", index = 2, strip = \"mbox-\", \
         domains = [\"Firm.Example\"], domain_aliases = { \"firm.net\" = \"firm.example\" }, \
         separators = \"+-\", max_recipients = 5, fallback = \"unclaimed/New\" }\n\
         rules = [ { address = \"*+news@*\", to = \"alice/News\" } ]",
    );
    let source = RecipientSource::Header {
        name: "Delivered-To".into(),
        index: 2,
        strip: "mbox-".into(),
    };
    assert_eq!(full.source, source);
    assert_eq!(full.domains, ["firm.example"]);
    let alias = ("firm.net".to_owned(), "firm.example".to_owned());
    assert_eq!(full.domain_aliases, [alias]);
    assert_eq!((full.separators.as_str(), full.max_recipients), ("+-", 5));
    assert_eq!(full.rules[0].to.to_string(), "alice/News");
    let asks = "catch_all = { evidence = [\"X-To\"], separators = \"\", fallback = \"a\" }";
    let asked = read(asks);
    let evidence = vec!["X-To".to_owned()];
    assert_eq!(asked.source, RecipientSource::Auto { evidence });
    assert_eq!(asked.separators, "");
}

#[test]
fn a_retrieval_says_where_its_mail_goes() {
    let to = format!("{OLD_ISP}to = \"alice\"\nafter_storing = \"delete\"\ndays = 14\n");
    let config = Machine::with(&format!("[checks]\nevery = \"auto\"\n{to}")).config();
    let [retrieval] = &config.retrievals[..] else {
        panic!("one retrieval")
    };
    assert!(matches!(&retrieval.routing, Routing::Single(to) if to.folder == "Inbox"));
    assert_eq!(retrieval.every, Every::Auto, "it follows [checks]");
    assert_eq!(retrieval.retention, Retention::Delete { days: 14 });
    assert_eq!(
        retrieval.credential,
        CredentialSource::Password(SecretSource::File("/p".into()))
    );
    assert!(
        retrieval.written_at.ends_with("inhaul.toml:3"),
        "{}",
        retrieval.written_at
    );

    let rows = [
        ("", "nothing says where the mail goes"),
        (
            "to = \"a\"\ncatch_all = { fallback = \"b\" }",
            "exclude each other",
        ),
        ("catch_all = {}", "mail that matches nobody needs a place"),
        (
            "catch_all = { fallback = \"b\", header = \"X: Y\" }",
            "not the name of a header",
        ),
        (
            "catch_all = { fallback = \"b\", header = \"to-cc\", index = 2 }",
            "`index` counts headers of one name",
        ),
        (
            "catch_all = { fallback = \"b\", header = \"X-To\", evidence = [\"Delivered-To\"] }",
            "`evidence` is what `header = \"auto\"` asks",
        ),
        (
            "catch_all = { fallback = \"b\", header = \"X-To\", index = 0 }",
            "there is no header 0",
        ),
        (
            "catch_all = { fallback = \"b\", domains = [\"a@firm.example\"] }",
            "write the domain alone",
        ),
        (
            "catch_all = { fallback = \"b\", domains = [\"a.example\"], domain_aliases = { \"b.example\" = \"c.example\" } }",
            "which is none of the domains",
        ),
        (
            "catch_all = { fallback = \"b\", domain_aliases = { \"b.example\" = 3 } }",
            "found a number",
        ),
        (
            "catch_all = { fallback = \"b\", separators = \"a\" }",
            "cannot stand between",
        ),
        (
            "catch_all = { fallback = \"b\", max_recipients = 0 }",
            "0 accounts would get nothing",
        ),
        (
            "catch_all = { fallback = \"b\" }\nowner = \"b\"",
            "has no owner",
        ),
        ("to = \"a\"\nrules = []", "rules need a `catch_all`"),
        ("to = \"a/\"", "leaves the account or the folder empty"),
        (
            "to = \"a\"\ndays = 3",
            "counts only where the remote copy is deleted",
        ),
        ("to = \"a\"\npin = \"AB:CD\"", "is not a pin"),
        (
            "to = \"a\"\nca_file = \"/ca\"\npin = \"sha256//YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE=\"",
            "`pin` and `ca_file` exclude each other",
        ),
        (
            "to = \"a\"\ntoken = { command = [\"x\"] }",
            "`password` and `token` exclude each other",
        ),
        (
            "to = \"a\"\nsign_in = \"xoauth2\"",
            "goes with the other of `password` and `token`",
        ),
        ("to = \"a\"\nsign_in = \"ntlm\"", "`ntlm` is not known here"),
        (
            "to = \"a\"\nbring = \"days=x\"",
            "`days=x` is not known here",
        ),
        (
            "to = \"a\"\nsecurity = \"ssl\"",
            "Write one of \"tls\", \"starttls\", \"none\"",
        ),
        ("to = \"a\"\npasword = 1", "Did you mean `password`?"),
    ];
    for (lines, reason) in rows {
        let report = Machine::with(&format!("{OLD_ISP}{lines}")).report();
        assert!(report.contains(reason), "{lines}\n--- reported:\n{report}");
        assert!(report.contains("retrieval \"Old ISP\""), "{report}");
    }
}

#[test]
fn what_is_shown_names_origins_masks_secrets_and_reads_back() {
    let machine = Machine::with(
        "[checks]\nevery = \"90s\"\n[notify]\nheartbeat = \"https://ping.example/hunter2\"\n",
    )
    .variable("INHAUL_LOG__LEVEL", "trace");
    let config = machine.config();
    let show = config.show();
    let origin = |key: &str| {
        let line = show.lines().find(|line| line.starts_with(key)).unwrap();
        line.rsplit_once("# ").unwrap().1
    };
    assert!(origin("every ").ends_with("inhaul.toml:2"), "{show}");
    assert_eq!(origin("level"), "environment variable INHAUL_LOG__LEVEL");
    assert_eq!(origin("jitter"), "default");
    assert_eq!(origin("#admin"), "not set");
    assert!(show.contains("\"https://ping.example/***\""), "{show}");
    assert!(!show.contains("hunter2"), "{show}");

    let again = Machine::with(&show).config();
    assert_eq!(again.checks, config.checks);
    assert_eq!(again.log, config.log);
}
