//! What is wrong, and how it is said.

use std::path::Path;

use super::Machine;

#[test]
fn a_named_file_that_is_missing_is_reported() {
    let mut machine = Machine::default();
    machine.sources.file = Some(machine.at("absent.toml"));
    assert!(
        machine
            .report()
            .starts_with("absent.toml: cannot be read: "),
        "{}",
        machine.report()
    );
    let machine = Machine::default();
    let absent = machine.at("absent.toml");
    let machine = machine.variable("INHAUL_CONFIG", absent);
    assert!(
        machine
            .report()
            .starts_with("absent.toml: cannot be read: "),
        "{}",
        machine.report()
    );
}

#[test]
fn every_fault_is_reported_with_its_place_and_a_remedy() {
    let report = Machine::with(
        "[checks]\nevery = \"5 minutes\"\nevry = \"5m\"\nat_once = 0\n\n[cheks]\nfloor = \"1m\"\n",
    )
    .file(
        "conf.d/1.toml",
        "[pop3]\nlisten = [\"127.0.0.1:1\", \"localhost:2\"]\n",
    )
    .variable("INHAUL_CHECKS__EVRY", "5m")
    .variable("INHAUL_CHEKS__EVERY", "5m")
    .report();
    let expected = "\
inhaul.toml:2:9: checks.every: `5 minutes` is not a length of time
  2 | every = \"5 minutes\"
    |         ^^^^^^^^^^^
  Write an interval such as \"10m\", or \"auto\", or \"never\".

inhaul.toml:3:1: checks: unknown key `evry`
  3 | evry = \"5m\"
    | ^^^^
  Did you mean `every`?

inhaul.toml:4:11: checks.at_once: 0 at once would never check anything
  4 | at_once = 0
    |           ^
  Write 1 or more.

inhaul.toml:6:2: unknown section `cheks`
  6 | [cheks]
    |  ^^^^^
  Did you mean [checks]?

conf.d/1.toml:2:26: pop3.listen: `localhost:2` is not an address with a port
  2 | listen = [\"127.0.0.1:1\", \"localhost:2\"]
    |                          ^^^^^^^^^^^^^
  Write address and port: \"127.0.0.1:8110\", \"[::]:8110\" for the network, or \"off\".

environment variable INHAUL_CHECKS__EVRY: [checks] has no key `evry`
  Did you mean INHAUL_CHECKS__EVERY?

environment variable INHAUL_CHEKS__EVERY: there is no section [cheks]
  Did you mean INHAUL_CHECKS__EVERY?";
    assert_eq!(report, expected);
}

#[test]
fn each_wrong_line_is_refused_for_its_reason() {
    let rows = [
        // The shape of the document.
        ("every = \"5m\"", "`every` stands above every section"),
        ("checks = 5", "expected a section, found a number"),
        ("[[checks]]", "expected a section, found a list"),
        (
            "[group]\nname = \"x\"",
            "expected a list of tables, found a table",
        ),
        ("account = [5]", "expected a table, found a number"),
        ("[quota]\nx = 1", "The sections are server, storage"),
        ("[acount]\nx = 1", "Did you mean [[account]]?"),
        ("[checks]\nevery = \"5m\"\nevery = \"6m\"", "duplicate key"),
        ("[checks\nevery = \"5m\"", "inhaul.toml:1:8: "),
        // The kind of a value.
        (
            "[checks]\nevery = 300",
            "expected text in quotes, found a number",
        ),
        ("[checks]\nevery = \"0s\"", "would never rest"),
        ("[checks]\nfloor = \"1\"", "`1` has no unit"),
        ("[checks]\njitter = \"10\"", "`10` is not a percentage"),
        ("[checks]\njitter = \"101%\"", "`101%` is not a percentage"),
        (
            "[checks]\nat_once = \"5\"",
            "expected a whole number, found text",
        ),
        ("[checks]\nat_once = -1", "-1 is out of range"),
        ("[checks]\nat_once = 1.5", "found a number with a fraction"),
        (
            "[checks]\nat_once = 99999999999999999999",
            "found a number out of range",
        ),
        ("[checks]\nmemory = \"16M\"", "`16M` could mean two sizes"),
        ("[checks]\nmemory = \"0MB\"", "without memory"),
        (
            "[checks]\nbatch = 200",
            "expected a table or \"unlimited\", found a number",
        ),
        (
            "[checks]\nbatch = { messages = 0 }",
            "checks.batch.messages: nothing would",
        ),
        (
            "[checks]\nbatch = { mesages = 1 }",
            "Did you mean `messages`?",
        ),
        ("[checks]\nuser_ports = [995, 65536]", "65536 is no port"),
        (
            "[checks]\nquiet_hours = \"23:00-06:00\"",
            "expected a list, found text",
        ),
        (
            "[checks]\nquiet_hours = [\"23-06\"]",
            "`23-06` is not a part of a day",
        ),
        (
            "[checks]\nevery_min = \"1h\"",
            "checks.every_min: every_min is more than every_max",
        ),
        (
            "[checks]\nevery_max = \"1m\"",
            "checks.every_max: every_min is more than every_max",
        ),
        (
            "[checks]\nread_timeout = \"0s\"",
            "checks.read_timeout: zero is no time",
        ),
        (
            "[detect]\nsrv = \"yes\"",
            "expected true or false, found text",
        ),
        (
            "[detect]\nsrv = 1979-05-27",
            "expected true or false, found a date",
        ),
        (
            "[server]\nlisten = 8110",
            "expected text in quotes, found a number",
        ),
        (
            "[server]\nlisten = \"unix:x\"",
            "`unix:x` is not a whole path",
        ),
        (
            "[server]\nlisten = [\"[::]:80\", \"[::]:80\"]",
            "\"[::]:80\" is listed twice",
        ),
        (
            "[server]\nlisten = \"127.0.0.1:1110\"",
            "is the address of pop3.listen as well",
        ),
        (
            "[pop3]\nlisten = \"unix:/run/x\"",
            "is not an address with a port",
        ),
        (
            "[pop3]\nconnections = 0",
            "pop3.connections: 0 would let nobody in",
        ),
        (
            "[pop3]\nconnections_per_address = 0",
            "pop3.connections_per_address: 0 would let nobody in",
        ),
        (
            "[pop3]\nconnections = \"many\"",
            "expected a whole number, found text",
        ),
        (
            "[pop3]\nidle = \"0m\"",
            "pop3.idle: zero would end every session at once",
        ),
        ("[pop3]\nidle = 600", "expected text in quotes"),
        (
            "[pop3]\nproxy_protocol = \"10.0.0.0/8\"",
            "expected a list, found text",
        ),
        (
            "[pop3]\nproxy_protocol = [\"10.0.0.1/8\"]",
            "bits set behind its prefix",
        ),
        (
            "[pop3]\nproxy_protocol = [\"haproxy.example\"]",
            "`haproxy.example` is not a network",
        ),
        ("[pop3]\nidle_timeout = \"10m\"", "Known here: listen"),
        (
            "[server]\ntls_key = \"/k\"",
            "server.tls_key: a certificate is of no use",
        ),
        (
            "[server]\ntrusted_proxies = [\"10.0.0.1/8\"]",
            "bits set behind its prefix",
        ),
        (
            "[server]\npublic_url = \"mail.example.org\"",
            "not an http or https address",
        ),
        ("[server]\ncontrol = \"\"", "server.control: is empty"),
        (
            "[storage]\nstop_free = \"3GB\"",
            "it would stop before it warns",
        ),
        (
            "[storage]\ndatabase = \"postgres://h/d\"",
            "storage.database: `postgres://h/d` is not",
        ),
        (
            "[storage]\nsecret_key = { command = [\"x\"] }",
            "cannot come from a command",
        ),
        (
            "[storage]\nsecret_key = {}",
            "expected exactly one of file, credential and command",
        ),
        (
            "[storage]\nsecret_key = { file = \"a\", credential = \"b\" }",
            "expected exactly one",
        ),
        (
            "[storage]\nsecret_key = { credential = \"a/b\" }",
            "is a path, not a credential",
        ),
        ("[storage]\ndata = \"~/mail\"", "HOME is not set"),
        ("[tls]\nminimum = \"1.1\"", "Did you mean \"1.2\"?"),
        ("[log]\nlevel = \"inof\"", "Did you mean \"info\"?"),
        (
            "[log]\nlevel = \"loud\"",
            "Write one of \"error\", \"warn\", \"info\"",
        ),
        ("[log]\noutput = \"stdout\"", "`stdout` is not known here"),
        (
            "[notify]\nwebhook = { secret = { file = \"x\" } }",
            "notify.webhook: `url` is missing",
        ),
        ("[notify]\nprogram = [\"\"]", "notify.program: is empty"),
        // Entries of lists.
        (
            "[[group]]\nlimits = {}",
            "group number 1: `name` is missing",
        ),
        (
            "[[group]]\nname = \"g\"\ntriggers = { buton = \"1m\" }",
            "Did you mean `button`?",
        ),
        (
            "[[retrieval]]\nserver = \"pop.example.org 995x\"",
            "\"995x\" is no port",
        ),
        (
            "[[retrieval]]\nserver = \"a 995s\"\nsecurity = \"starttls\"",
            "the s behind the port means TLS",
        ),
        (
            "[[retrieval]]\nsecurity = \"none\"\n\
             pin = \"sha256//YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE=\"",
            "without encryption the server shows no key",
        ),
        (
            "[[group]]\nname = \"g\"\nusers_may = [\"delete\"]",
            "Write one of \"edit\"",
        ),
        (
            "[[account]]\nname = \"a\"\naddresses = [\"a\"]",
            "needs a name, an @ and a domain",
        ),
        (
            "[[account]]\nname = \"a\"\n[[account]]\nname = \"a\"",
            "the name is taken: inhaul.toml:2",
        ),
    ];
    for (text, reason) in rows {
        let report = Machine::with(text).report();
        assert!(report.contains(reason), "{text}\n--- reported:\n{report}");
        assert!(
            report.starts_with("inhaul.toml:"),
            "{text}\n--- reported:\n{report}"
        );
    }
}

#[test]
fn wrong_variables_are_named() {
    let rows = [
        (
            "INHAUL_CHECKS__EVERY",
            "soon",
            "checks.every: `soon` is not a length of time",
        ),
        (
            "INHAUL_CHECKS__AT_ONCE",
            "many",
            "checks.at_once: expected a whole number",
        ),
        (
            "INHAUL_CHECKS__BATCH__MESSAGES",
            "2",
            "INHAUL_CHECKS__BATCH='{ … }'",
        ),
        ("INHAUL_CHECKS__BATCH", "{ messages = }", "not valid TOML"),
        (
            "INHAUL_CHECKS__EVERY_FILE",
            "/absent/file",
            "cannot read /absent/file",
        ),
        ("INHAUL_RETRIEVAL__NAME", "x", "[[retrieval]] is a list"),
        ("INHAUL_QUOTA__SIZE", "x", "there is no section [quota]"),
        (
            "INHAUL_DETECT__SRV",
            "maybe",
            "detect.srv: expected true or false",
        ),
    ];
    for (name, value, reason) in rows {
        let report = Machine::default().variable(name, value).report();
        assert!(
            report.starts_with(&format!("environment variable {name}: ")),
            "{report}"
        );
        assert!(report.contains(reason), "{name}\n--- reported:\n{report}");
    }
}

#[test]
fn two_variables_for_one_thing_are_refused() {
    let both = Machine::default()
        .variable("INHAUL_CHECKS__EVERY", "5m")
        .variable("INHAUL_CHECKS__EVERY_FILE", "/x");
    assert!(
        both.report().contains("INHAUL_CHECKS__EVERY is set too"),
        "{}",
        both.report()
    );
    let data = Machine::default()
        .variable("INHAUL_DATA", "/a")
        .variable("INHAUL_STORAGE__DATA", "/b");
    assert!(
        data.report().contains("name different directories"),
        "{}",
        data.report()
    );
    let same = Machine::default()
        .variable("INHAUL_DATA", "/a")
        .variable("INHAUL_STORAGE__DATA", "/a");
    assert_eq!(same.config().data, Path::new("/a"));
}

#[test]
fn a_fault_in_a_hidden_value_is_still_a_fault() {
    let machine =
        Machine::with("[checks]\nevery = \"soon\"").variable("INHAUL_CHECKS__EVERY", "5m");
    assert!(machine.report().contains("`soon`"), "{}", machine.report());
}

#[test]
fn no_message_repeats_a_secret() {
    let rows = [
        "[storage]\nsecret_key = \"hunter2\"",
        "[storage]\nsecret_key = hunter2",
        "[storage]\nsecret_key = \"hunter2",
        "[notify]\nheartbeat = \"hunter2\"",
        "[notify]\nwebhook = { url = \"hunter2\" }",
        "[[retrieval]]\npassword = \"hunter2\"",
        "[[retrieval]]\npassword = { fiel = \"hunter2\" }",
    ];
    for text in rows {
        let report = Machine::with(text).report();
        assert!(
            !report.contains("hunter2"),
            "{text}\n--- reported:\n{report}"
        );
    }
    let variable = Machine::default().variable("INHAUL_STORAGE__SECRET_KEY", "hunter2");
    assert!(
        !variable.report().contains("hunter2"),
        "{}",
        variable.report()
    );
    let debug = format!(
        "{:?}",
        Machine::with("[notify]\nheartbeat = \"https://h/hunter2\"")
            .config()
            .notify
    );
    assert!(!debug.contains("hunter2"), "{debug}");
}
