//! mutt: `fetch-mail` into a Maildir, in a terminal of its own.

use std::process::Command;

use super::{
    Account, Client, Line, contents, has_no_returns_in_lines_over, is_one_to_all, lines, maildir,
    place, run,
};

/// It ends lines at LF, drops a CR before it, takes a zero octet for the line's end, and writes
/// LF.
pub(crate) fn mutt() -> Client {
    Client {
        lines: &Line::ALL,
        fetch,
        is_quick: true,
        keeps: |messages| messages.iter().map(|octets| kept(octets)).collect(),
        can_read: |octets| is_one_to_all(octets) && has_no_returns_in_lines_over(1_000, octets),
    }
}

fn kept(octets: &[u8]) -> Vec<u8> {
    let lines = lines(octets).flat_map(|line| {
        let end = line.iter().position(|octet| *octet == 0);
        [&line[..end.unwrap_or(line.len())], b"\n"]
    });
    lines.collect::<Vec<_>>().concat()
}

fn fetch(account: &Account, line: Line, count: usize) -> Vec<Vec<u8>> {
    let dir = place("mutt");
    let mail = maildir(dir.path());
    let scheme = if line == Line::Tls { "pops" } else { "pop" };
    let starts = if line == Line::Stls { "yes" } else { "no" };
    let Account { name, password, .. } = account;
    let (at, certificate) = (account.at(line), account.certificate.display());
    let mail_dir = mail.display();
    let settings = format!(
        "set pop_host=\"{scheme}://{at}/\" pop_user=\"{name}\" pop_pass=\"{password}\"
set pop_delete=no pop_last=no pop_reconnect=no
set ssl_starttls={starts} ssl_force_tls={starts} certificate_file=\"{certificate}\"
set mbox_type=Maildir folder=\"{mail_dir}\" spoolfile=\"{mail_dir}\"
set record=\"\" move=no quit=yes sleep_time=0 mail_check=3600 sort=mailbox-order
set header_cache=\"\" tmpdir=\"{mail_dir}/tmp\"
push \"<fetch-mail><quit>\"
"
    );
    let settings = account.secret_file(dir.path(), &settings);
    // A terminal is what it talks to.
    let mut command = Command::new("python3");
    command
        .args(["-c", TERMINAL, "mutt", "-n", "-F"])
        .arg(settings);
    command
        .env("TERM", "vt100")
        .env("LINES", "24")
        .env("COLUMNS", "80");
    run(dir.path(), &mut command);
    // Those it showed lie in `cur`.
    let fetched = [contents(&mail.join("new")), contents(&mail.join("cur"))].concat();
    assert_eq!(fetched.len(), count);
    fetched
}

const TERMINAL: &str = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]))";
