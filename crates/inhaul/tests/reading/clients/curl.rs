//! curl: one file a message, octet for octet.

use std::fmt::Write as _;
use std::fs;

use super::{Account, Client, Line, place, run, try_run};
use std::process::Command;

/// It ends lines at CRLF only and changes nothing; but of an empty message it makes an empty line.
pub(crate) fn curl() -> Client {
    Client {
        lines: &Line::ALL,
        fetch,
        is_quick: true,
        keeps: |messages| messages.iter().map(|octets| kept(octets)).collect(),
        can_read: |_| true,
    }
}

fn kept(octets: &[u8]) -> Vec<u8> {
    if octets.is_empty() { b"\r\n" } else { octets }.to_vec()
}

/// All of them in one session: it keeps a connection for the next address.
fn fetch(account: &Account, line: Line, count: usize) -> Vec<Vec<u8>> {
    let dir = place("curl");
    let mail = dir.join("mail");
    let mut settings = format!("user = \"{}:{}\"\n", account.name, account.password);
    for number in 1..=count {
        let (url, file) = (url(account, line), mail.join(number.to_string()));
        writeln!(settings, "url = \"{url}{number}\"\noutput = {file:?}").unwrap();
    }
    let settings = account.secret_file(dir.path(), &settings);
    let mut command = command(account, line);
    run(dir.path(), command.arg("-K").arg(settings));
    let file = |number: usize| fs::read(mail.join(number.to_string())).unwrap();
    (1..=count).map(file).collect()
}

/// Signs in and lists, with more options: its exit code, and what it said.
pub(crate) fn try_curl(account: &Account, line: Line, more: &[&str]) -> (Option<i32>, String) {
    let dir = place("curl");
    let settings = format!("user = \"{}:{}\"\n", account.name, account.password);
    let settings = account.secret_file(dir.path(), &settings);
    let mut command = command(account, line);
    command.args(more).arg("-K").arg(settings);
    try_run(dir.path(), command.arg(url(account, line)))
}

fn url(account: &Account, line: Line) -> String {
    let scheme = if line == Line::Tls { "pop3s" } else { "pop3" };
    format!("{scheme}://{}/", account.at(line))
}

fn command(account: &Account, line: Line) -> Command {
    let mut command = Command::new("curl");
    command.args(["-q", "-sS", "--max-time", "300", "--cacert"]);
    command.arg(&account.certificate);
    if line == Line::Stls {
        command.arg("--ssl-reqd");
    }
    command
}
