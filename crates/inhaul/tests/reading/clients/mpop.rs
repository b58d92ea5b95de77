//! mpop: into a Maildir.

use std::process::Command;

use super::{
    Account, Client, Line, contents, has_no_returns_in_lines_over, is_one_to_all, lines, maildir,
    place, run,
};

/// It ends lines at LF, drops a CR before it and writes LF. Told so, it adds no `Received`.
pub(crate) fn mpop() -> Client {
    Client {
        lines: &Line::ALL,
        fetch,
        is_quick: true,
        keeps: |messages| messages.iter().map(|octets| kept(octets)).collect(),
        can_read: |octets| is_one_to_all(octets) && has_no_returns_in_lines_over(1_000, octets),
    }
}

fn kept(octets: &[u8]) -> Vec<u8> {
    lines(octets)
        .flat_map(|line| [line, b"\n"])
        .collect::<Vec<_>>()
        .concat()
}

fn fetch(account: &Account, line: Line, count: usize) -> Vec<Vec<u8>> {
    let dir = place("mpop");
    let mail = maildir(dir.path());
    let Account { name, password, .. } = account;
    let at = account.at(line);
    let encryption = match line {
        // It sends no password in plain text unless it is told how.
        Line::Plain => "tls off\nauth user".to_owned(),
        Line::Stls => format!("tls on\ntls_starttls on\n{}", trust(account)),
        Line::Tls => format!("tls on\ntls_starttls off\n{}", trust(account)),
    };
    let settings = format!(
        "account default\nhost {ip}\nport {port}\nuser {name}\npassword {password}\n\
         {encryption}\nkeep on\nonly_new off\nreceived_header off\n\
         delivery maildir {mail}\nuidls_file {dir}/ids\n",
        ip = at.ip(),
        port = at.port(),
        mail = mail.display(),
        dir = dir.path().display(),
    );
    let settings = account.secret_file(dir.path(), &settings);
    let mut command = Command::new("mpop");
    run(dir.path(), command.args(["-q", "-C"]).arg(settings));
    let fetched = contents(&mail.join("new"));
    assert_eq!(fetched.len(), count);
    fetched
}

fn trust(account: &Account) -> String {
    format!("tls_trust_file {}", account.certificate.display())
}
