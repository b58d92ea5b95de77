//! Python's poplib: one file a message, lines as the library gives them, each ended by CRLF.

use std::process::Command;

use super::{Account, Client, Line, contents, is_one_to_all, place, run};

/// It gives lines, which end at LF: a CR before it, or else the one that begins the line, is
/// dropped. A line may be as long as the script lets it.
pub(crate) fn poplib() -> Client {
    Client {
        lines: &Line::ALL,
        fetch,
        is_quick: true,
        keeps: |messages| messages.iter().map(|octets| kept(octets)).collect(),
        can_read: is_one_to_all,
    }
}

fn kept(octets: &[u8]) -> Vec<u8> {
    let lines = octets.split_inclusive(|octet| *octet == b'\n');
    let lines = lines.map(|line| match line {
        [line @ .., b'\r', b'\n'] => line,
        [b'\r', line @ .., b'\n'] => line,
        [line @ .., b'\n'] => line,
        line => line,
    });
    lines
        .flat_map(|line| [line, b"\r\n"])
        .collect::<Vec<_>>()
        .concat()
}

fn fetch(account: &Account, line: Line, count: usize) -> Vec<Vec<u8>> {
    let dir = place("poplib");
    let (mail, at) = (dir.join("mail"), account.at(line));
    let mut command = Command::new("python3");
    command
        .args(["-c", SCRIPT])
        .arg(format!("{line:?}"))
        .args([at.ip().to_string(), at.port().to_string()])
        .arg(&account.certificate)
        .args([&account.name, &account.password])
        .arg(&mail);
    run(dir.path(), &mut command);
    let fetched = contents(&mail);
    assert_eq!(fetched.len(), count);
    fetched
}

const SCRIPT: &str = r#"
import poplib, ssl, sys
line, host, port, certificate, user, password, place = sys.argv[1:]
# RFC 1939 bounds answers to 512 octets and leaves messages as long as they are; the library
# refuses what is over 2,048, and real mail is.
poplib._MAXLINE = 1 << 21
context = ssl.create_default_context(cafile=certificate)
if line == "Tls":
    server = poplib.POP3_SSL(host, int(port), context=context, timeout=120)
else:
    server = poplib.POP3(host, int(port), timeout=120)
if line == "Stls":
    server.stls(context=context)
server.user(user)
server.pass_(password)
count, octets = server.stat()
sizes = [int(entry.split()[1]) for entry in server.list()[1]]
names = [entry.split()[1] for entry in server.uidl()[1]]
assert (len(sizes), sum(sizes)) == (count, octets), (count, octets, len(sizes), sum(sizes))
assert len(set(names)) == count, names
for number in range(1, count + 1):
    lines = server.retr(number)[1]
    with open(f"{place}/{number}", "wb") as file:
        file.write(b"".join(line + b"\r\n" for line in lines))
server.quit()
"#;
