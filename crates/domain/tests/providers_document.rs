//! `docs/providers.md` says what the table says.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use inhaul_domain::providers::{Encryption, Provider, TABLE_DATE, UserName, all};

const INTRODUCTION: &str = "\
# Known providers

Whoever adds a mailbox types an address and a password, and inhaul finds the server. This is the list
that it looks into first, built in, so that it works without asking anybody. A provider that is not
here is found by the usual names of its servers.

Providers change. Where the list is wrong, type the server in: `inhaul retrieval add --server`. A
correction that names the provider's own help page is welcome.
";

const SIGN: &str = "\
<!-- Made from the table in crates/domain/src/providers;
     INHAUL_UPDATE_DOCS=1 cargo test -p inhaul-domain writes it anew. -->
";

fn document() -> String {
    let mut text = format!("{INTRODUCTION}\nLast gone through: {TABLE_DATE}.\n\n{SIGN}");
    for provider in all() {
        let _infallible = write!(text, "\n## {}\n\n", provider.name);
        let _infallible = writeln!(text, "{}\n", server(provider));
        for note in provider.notes {
            let _infallible = writeln!(text, "- {}", note.sentence(provider.name));
        }
        if !provider.notes.is_empty() {
            text.push('\n');
        }
        let _infallible = writeln!(text, "{}", domains(provider));
    }
    text
}

fn server(provider: &Provider) -> String {
    let Some(server) = provider.server else {
        return "No POP3 server.".to_owned();
    };
    let encryption = match server.encryption {
        Encryption::Tls => "TLS",
        Encryption::Stls => "STARTTLS",
    };
    let user = match server.user {
        UserName::Address => "sign-in name: the whole address",
        UserName::LocalPart => "sign-in name: what stands before the @",
        UserName::Unsaid => "sign-in name: the address, or what stands before the @",
    };
    format!(
        "`{}`, port {}, {encryption}; {user}.",
        server.host, server.port
    )
}

fn domains(provider: &Provider) -> String {
    if provider.domains.is_empty() {
        return "Mailboxes are in its customers' own domains; it is known by its server."
            .to_owned();
    }
    let names: Vec<String> = provider
        .domains
        .iter()
        .map(|domain| match domain.strip_prefix('.') {
            Some(top) => format!("{top} and all below it"),
            None => (*domain).to_owned(),
        })
        .collect();
    let mut text = String::from("Addresses in:");
    let mut line = text.len();
    for (number, name) in (1..).zip(&names) {
        let end = if number == names.len() { "." } else { "," };
        if line + name.len() + 2 > 100 {
            text.push('\n');
            line = 0;
        } else {
            text.push(' ');
            line += 1;
        }
        text.push_str(name);
        text.push_str(end);
        line += name.len() + 1;
    }
    text
}

/// With `INHAUL_UPDATE_DOCS=1` writes the file instead of comparing it.
#[test]
fn the_document_says_what_the_table_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/providers.md");
    let document = document();
    if std::env::var_os("INHAUL_UPDATE_DOCS").is_some() {
        fs::write(&file, &document).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap();
    for (line, (is, was)) in (1..).zip(document.lines().zip(written.lines())) {
        assert_eq!(
            is, was,
            "providers.md:{line} (INHAUL_UPDATE_DOCS=1 writes it anew)"
        );
    }
    assert_eq!(
        document.len(),
        written.len(),
        "INHAUL_UPDATE_DOCS=1 writes providers.md anew"
    );
}
