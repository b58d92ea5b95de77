//! Every way to sign in, at a server nobody here wrote: mail comes, a wrong password is refused
//! once, and what the server's log says is what we say.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod installation;

use std::process::Command;

use inhaul_testkit::{Dovecot, DovecotOptions, Script};

use installation::{Installation, Pulled, assert_each_once, wait_until};

/// Our word, Dovecot's word for offering nothing else, and what Dovecot's log calls it.
const MECHANISMS: [(&str, &str, &str); 7] = [
    ("scram-sha-256", "scram-sha-256", "SCRAM-SHA-256"),
    ("scram-sha-1", "scram-sha-1", "SCRAM-SHA-1"),
    ("cram-md5", "cram-md5", "CRAM-MD5"),
    ("plain", "plain", "PLAIN"),
    ("login", "login", "LOGIN"),
    ("user", "plain", "PLAIN"),
    ("apop", "apop", "APOP"),
];

fn letters(count: u32) -> Vec<Vec<u8>> {
    let letter = |n| format!("Subject: letter {n}\r\n\r\n.dot\r\nThis is letter {n}.\r\n");
    (0..count).map(|n| letter(n).into_bytes()).collect()
}

fn start(mechanisms: &str) -> Dovecot {
    let options = DovecotOptions {
        mechanisms: mechanisms.to_owned(),
        ..DovecotOptions::default()
    };
    let mut server = Dovecot::start(&options).unwrap();
    server.fill("u1", letters(3)).unwrap();
    server
}

fn encrypted(server: &Dovecot) -> Vec<String> {
    let (at, ca) = (server.pop3s_addr().to_string(), server.ca_file());
    [
        "--server",
        &at,
        "--security=tls",
        "--ca-file",
        &ca.display().to_string(),
    ]
    .map(str::to_owned)
    .to_vec()
}

fn plain(server: &Dovecot) -> Vec<String> {
    [
        "--server",
        &server.pop3_addr().to_string(),
        "--security=none",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn words<'a>(words: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    let words = words.iter().map(String::as_str);
    words.chain(more.iter().copied()).collect()
}

/// Sign-ins that Dovecot's log tells of, by the start of their lines.
fn logged(server: &Dovecot, what: &str, method: &str) -> usize {
    let log = server.log();
    let lines = log.lines().filter(|line| line.contains(what));
    lines
        .filter(|line| line.contains(&format!("method={method},")))
        .count()
}

fn brings_mail(home: &Installation, server: &Dovecot, name: &str) {
    let new = Pulled {
        code: String::new(),
        listed: 3,
        new: 3,
        deleted: 0,
    };
    assert_eq!(home.pull(name), new, "{}", server.log());
    // As Dovecot sends them: it changes nothing in letters like these.
    assert_each_once(&letters(3), &home.messages("anna"));
    assert_eq!(home.pull(name).new, 0);
}

#[test]
fn a_password_that_only_its_owner_may_say_signs_in_at_the_second_session() {
    // Dovecot offers SCRAM, and knows of this password in a way that SCRAM cannot use.
    let extra = "passdb {\n driver = static\n args = password=another-word\n}\n".to_owned();
    let mut server = Dovecot::start(&DovecotOptions {
        extra,
        ..DovecotOptions::default()
    })
    .unwrap();
    server.fill("u1", letters(3)).unwrap();
    let home = Installation::new().account("anna");
    let way = encrypted(&server);
    let added = home.try_retrieval("tested", "u1", "anna", "another-word", &words(&way, &[]));
    assert!(added.status.success(), "{added:?}");
    brings_mail(&home, &server, "tested");

    // Without the test, the first run does what the test did.
    let home = Installation::new().account("anna");
    let more = words(&way, &["--no-test"]);
    let added = home.try_retrieval("untested", "u1", "anna", "another-word", &more);
    assert!(added.status.success(), "{added:?}");
    let (code, pulled) = home.pull_with(&["untested"]);
    assert_eq!((code, pulled.code.as_str()), (Some(77), "auth-refused"));
    brings_mail(&home, &server, "untested");
    let shown = home.json(&["retrieval", "show", "untested"]);
    assert_eq!(shown["signed_in_by"], "plain");
}

#[test]
fn every_mechanism_brings_mail_with_and_without_encryption() {
    for (word, offered, method) in MECHANISMS {
        let server = start(offered);
        for (name, way) in [("tls", encrypted(&server)), ("none", plain(&server))] {
            let home = Installation::new().account("anna");
            home.retrieval(name, "u1", "anna", &words(&way, &["--sign-in", word]));
            brings_mail(&home, &server, name);
            let shown = home.json(&["retrieval", "show", name]);
            assert_eq!(
                (&shown["sign_in"], &shown["signed_in_by"]),
                (&word.into(), &word.into())
            );
        }
        // A test and two runs, twice.
        assert_eq!(logged(&server, "Login:", method), 6, "{}", server.log());
    }
}

#[test]
fn what_is_offered_is_found_without_being_told() {
    for (word, offered, _) in MECHANISMS {
        if ["user", "apop"].contains(&word) {
            continue;
        }
        let server = start(offered);
        let home = Installation::new().account("anna");
        home.retrieval("isp", "u1", "anna", &words(&encrypted(&server), &[]));
        brings_mail(&home, &server, "isp");
        let shown = home.json(&["retrieval", "show", "isp"]);
        assert_eq!(
            (&shown["sign_in"], &shown["signed_in_by"]),
            (&"auto".into(), &word.into())
        );
    }
}

#[test]
fn a_wrong_password_is_refused_once() {
    for (word, offered, method) in MECHANISMS {
        let server = start(offered);
        let home = Installation::new().account("anna");
        let way = plain(&server);
        let more = words(&way, &["--sign-in", word, "--no-test"]);
        let added = home.try_retrieval("isp", "u1", "anna", "wrong", &more);
        assert!(added.status.success(), "{added:?}");
        let (code, pulled) = home.pull_with(&["isp"]);
        assert_eq!(
            (code, pulled.code.as_str()),
            (Some(77), "auth-refused"),
            "{word}"
        );
        // The server says so when the session is over.
        let refused = || logged(&server, "auth failed, 1 attempts", method);
        wait_until("the refusal is logged", || refused() > 0);
        assert_eq!(refused(), 1, "{word}\n{}", server.log());
        assert_eq!(
            server.log().matches("auth failed").count(),
            1,
            "{}",
            server.log()
        );
    }
}

#[test]
fn the_best_of_many_is_taken() {
    let server = start("plain login cram-md5 scram-sha-1 scram-sha-256");
    let home = Installation::new().account("anna");
    home.retrieval("isp", "u1", "anna", &words(&encrypted(&server), &[]));
    brings_mail(&home, &server, "isp");
    assert_eq!(logged(&server, "Login:", "SCRAM-SHA-256"), 3);
}

#[test]
fn a_token_of_the_wrong_kind_of_server_is_an_error_of_its_own() {
    let server = start("plain");
    let home = Installation::new().account("anna");
    let way = plain(&server);
    let mut add = vec!["retrieval", "add", "--name=isp", "--user=u1", "--to=anna"];
    add.extend(words(&way, &["--token-command", "echo t0ken"]));
    let refused = home.fails(&add, 77);
    assert!(refused.stderr.contains("auth-not-possible"), "{refused:?}");
    assert!(!refused.stderr.contains("t0ken"), "{refused:?}");
    assert!(!server.log().contains("auth failed"));
}

#[test]
fn a_token_is_what_the_program_prints_at_each_sign_in() {
    // `user=u1`, `auth=Bearer t0ken-1` and `t0ken-2` as XOAUTH2 and base64 have them.
    let visit = |said: &str| {
        let script = format!(
            "S: +OK
             C: CAPA
             S: +OK
             S: SASL XOAUTH2
             S: UIDL
             S: TOP
             S: PIPELINING
             S: .
             C: AUTH XOAUTH2
             S: +
             C: {said}
             S: +OK
             C: STAT
             C: UIDL
             S: +OK 0 0
             S: +OK
             S: .
             C: LIST
             S: +OK
             S: .
             C: QUIT
             S: +OK"
        );
        Script::parse(&script).unwrap().serve().unwrap()
    };
    let home = Installation::new().account("anna");
    let (count, script) = (home.beside("count"), home.beside("token.sh"));
    let text = "echo x >> \"$1\"; echo \"t0ken-$(grep -c x \"$1\")\"; echo second line\n";
    std::fs::write(&script, text).unwrap();
    let command = format!("sh '{}' '{}'", script.display(), count.display());
    let mut add = vec!["retrieval", "add", "--name=isp", "--user=u1", "--to=anna"];
    add.extend(["--security=none", "--no-test", "--token-command", &command]);
    for (number, said) in [
        (1, "dXNlcj11MQFhdXRoPUJlYXJlciB0MGtlbi0xAQE="),
        (2, "dXNlcj11MQFhdXRoPUJlYXJlciB0MGtlbi0yAQE="),
    ] {
        let server = visit(said);
        let at = server.addr().to_string();
        if number == 1 {
            home.inhaul
                .ok(&[&add[..], &["--server", &at]].concat())
                .unwrap();
        } else {
            let set = [
                "retrieval",
                "set",
                "isp",
                "--security=none",
                "--server",
                &at,
            ];
            home.inhaul.ok(&set).unwrap();
        }
        assert_eq!(home.pull("isp").listed, 0);
        server.finish().unwrap();
        assert!(!home.log().contains("t0ken"), "{}", home.log());
    }
    assert_eq!(
        home.json(&["retrieval", "show", "isp"])["signed_in_by"],
        "xoauth2"
    );
}

#[test]
fn ways_to_sign_in_that_do_not_go_together_are_told() {
    let home = Installation::new().account("anna");
    let add = [
        "retrieval",
        "add",
        "--name=isp",
        "--user=u1",
        "--to=anna",
        "--no-test",
    ];
    let at = ["--server", "127.0.0.1:9"];
    let pin = "sha256//YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE=";
    for (more, reason) in [
        (
            &["--token-command", "echo x", "--sign-in", "plain"][..],
            "takes a password",
        ),
        (
            &["--password-command", "echo x", "--sign-in", "xoauth2"],
            "takes a token",
        ),
        (
            &["--token-command", "echo x", "--sign-in", "ntlm"],
            "possible values",
        ),
        (&["--token-command", "'open"], "a quote is not closed"),
        (
            &["--token-command", "echo x", "--pin", "AB:CD"],
            "a pin is sha256//",
        ),
        (
            &["--token-command", "echo x", "--pin", pin, "--security=none"],
            "shows no key",
        ),
        (
            &["--token-command", "echo x", "--pin", pin, "--ca-file", "/x"],
            "cannot be used with",
        ),
    ] {
        let refused = home.fails(&[&add[..], &at, more].concat(), 64);
        assert!(refused.stderr.contains(reason), "{more:?}: {refused:?}");
    }
    let kept = ["--token-command", "echo x", "--pin", pin];
    home.inhaul.ok(&[&add[..], &at, &kept].concat()).unwrap();
    let changed = home.fails(&["retrieval", "set", "isp", "--sign-in", "apop"], 64);
    assert!(changed.stderr.contains("takes a password"), "{changed:?}");
    // Another server has another key.
    let shown = |home: &Installation| home.json(&["retrieval", "show", "isp"])["pin"].clone();
    assert_eq!(shown(&home), pin);
    home.inhaul
        .ok(&["retrieval", "set", "isp", "--server", "localhost:9"])
        .unwrap();
    assert_eq!(shown(&home), serde_json::Value::Null);
}

/// The pin of a certificate as OpenSSL and curl compute it.
fn pin_by_openssl(server: &Dovecot) -> String {
    let script = format!(
        "openssl x509 -in '{}' -pubkey -noout | openssl pkey -pubin -outform der \
         | openssl dgst -sha256 -binary | openssl enc -base64",
        server.ca_file().with_file_name("cert.pem").display()
    );
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    format!(
        "sha256//{}",
        String::from_utf8(output.stdout).unwrap().trim()
    )
}

#[test]
fn a_key_is_pinned_as_openssl_counts_it() {
    let server = start("plain");
    let pin = pin_by_openssl(&server);
    let home = Installation::new().account("anna");
    let at = server.pop3s_addr().to_string();
    let way = ["--server", &at, "--security=tls"];
    // Nobody vouches for it; the error names what could be trusted.
    let refused = home.try_retrieval("isp", "u1", "anna", Dovecot::PASSWORD, &way);
    assert_eq!(refused.code(), Some(76), "{refused:?}");
    assert!(
        refused.stderr.contains(&format!("--pin {pin}")),
        "{refused:?}"
    );

    home.retrieval("isp", "u1", "anna", &[&way[..], &["--pin", &pin]].concat());
    brings_mail(&home, &server, "isp");
    let first = [&way[..], &["--pin", "first", "--folder", "First"]].concat();
    home.retrieval("first", "u1", "anna", &first);
    for name in ["isp", "first"] {
        assert_eq!(home.json(&["retrieval", "show", name])["pin"], pin.as_str());
        let shown = home.inhaul.ok(&["retrieval", "show", name]).unwrap();
        assert!(shown.contains(&format!("Pin         {pin}\n")), "{shown}");
    }

    // Another server in its place gets no password.
    let other = start("plain");
    let there = other.pop3s_addr().to_string();
    let port = there.rsplit(':').next().unwrap();
    let server_at = format!("127.0.0.1:{port}");
    home.inhaul
        .ok(&[
            "retrieval",
            "set",
            "isp",
            "--server",
            &server_at,
            "--security=tls",
        ])
        .unwrap();
    let failed = home.inhaul.run(&["pull", "isp"]).unwrap();
    assert_eq!(failed.code(), Some(76), "{failed:?}");
    let said = format!("{}{}", failed.stdout, failed.stderr);
    let shown = pin_by_openssl(&other);
    assert!(said.contains("has changed"), "{said}");
    assert!(said.contains(&pin) && said.contains(&shown), "{said}");
    assert!(!other.log().contains("Login:") && !other.log().contains("auth failed"));
    // Whoever knows why says so.
    home.inhaul
        .ok(&["retrieval", "set", "isp", "--pin", "first"])
        .unwrap();
    assert_eq!(home.pull("isp").new, 0);
}
