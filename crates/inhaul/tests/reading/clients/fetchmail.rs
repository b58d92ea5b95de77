//! fetchmail: each message to a program of ours that writes it into a file.

use std::fs;
use std::process::Command;

use super::{Account, Client, Line, contents, is_one_to_all, lines, place, run};

/// It is made for mail as RFC 5322 has it, and changes nothing of that: told so, it keeps CRs, adds
/// no `Received` and rewrites no addresses. Of other mail it makes something else by itself, so only
/// that is given to it.
pub(crate) fn fetchmail() -> Client {
    Client {
        lines: &Line::ALL,
        fetch,
        is_quick: true,
        keeps: <[Vec<u8>]>::to_vec,
        can_read: |octets| is_one_to_all(octets) && is_left_alone(octets),
    }
}

/// Whether it changes nothing of this message. It takes longer lines in pieces and puts line ends
/// between them; drops zero octets and an empty `Status` from a header, and a line of an mbox before it; leaves stuffed
/// dots in one; makes a header where there is none, and an empty line behind it.
fn is_left_alone(octets: &[u8]) -> bool {
    let end = octets.windows(4).position(|four| four == b"\r\n\r\n");
    let Some(end) = end else {
        return false;
    };
    let header = &octets[..end];
    let has = |what: &[u8]| header.windows(what.len()).any(|part| part == what);
    lines(octets).all(|line| line.len() < LONGEST_LINE)
        && ![&b"\r\n"[..], b"\n", b".", b"From "]
            .iter()
            .any(|start| octets.starts_with(start))
        && ![&b"\0"[..], b"\n.", b"\n\n", b"\nStatus:  "]
            .iter()
            .any(|part| has(part))
}

const LONGEST_LINE: usize = 8_000;

fn fetch(account: &Account, line: Line, count: usize) -> Vec<Vec<u8>> {
    let dir = place("fetchmail");
    let mail = dir.join("mail");
    let store = dir.join("store");
    fs::write(&store, STORE).unwrap();
    let encryption = match line {
        Line::Plain => "sslproto \"\"".to_owned(),
        Line::Stls => format!("sslproto \"TLS1+\" {}", trust(account)),
        Line::Tls => format!("ssl {}", trust(account)),
    };
    let Account { name, password, .. } = account;
    let at = account.at(line);
    let settings = format!(
        "set no syslog\nset invisible\nset no bouncemail\nset idfile \"{dir}/ids\"\n\
         poll inhaul via {ip} proto pop3 port {port} timeout 300 no dns \
         bad-header accept\n\
         user \"{name}\" password \"{password}\" {encryption} keep fetchall norewrite pass8bits no stripcr\n\
         mda \"/bin/sh {store} {mail}\"\n",
        dir = dir.path().display(),
        ip = at.ip(),
        port = at.port(),
        store = store.display(),
        mail = mail.display(),
    );
    let settings = account.secret_file(dir.path(), &settings);
    let mut command = Command::new("fetchmail");
    command.env("FETCHMAILHOME", dir.path());
    command.args(["-v", "-f"]).arg(settings);
    run(dir.path(), command.arg("--pidfile").arg(dir.join("pid")));
    let fetched = contents(&mail);
    assert_eq!(fetched.len(), count);
    fetched
}

fn trust(account: &Account) -> String {
    format!(
        "sslcertck sslcertfile \"{}\" sslcommonname \"localhost\"",
        account.certificate.display()
    )
}

/// One message at a time comes: how many there are is the name of the next.
const STORE: &str = r#"set -e
set -- "$1" "$(($(cat "$1/../count" 2>/dev/null || echo 0) + 1))"
cat > "$1/$2"
echo "$2" > "$1/../count"
"#;
