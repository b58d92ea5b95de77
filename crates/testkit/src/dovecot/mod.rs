//! A private Dovecot, for the tests that need a server nobody here wrote.
//!
//! Everything it writes is in a folder of its own, it listens on free ports of the loopback only,
//! and no service of the machine is touched. Needs the packages that `cargo xtask peers` installs;
//! runs as root (mail then belongs to the user `mail`) and as anybody else.

mod lmtp;
mod setup;

use std::fs;
use std::io::Read as _;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use self::setup::{Owner, Ports, configuration, loopback, make_certificates, make_users};
use crate::dir::TestDir;
use crate::guarded::Guarded;
use crate::imap_append;
use crate::raw_pop3::RawPop3;

/// How Dovecot keeps the mail.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum MailFormat {
    /// One file a message. What we fill in is written as files, octet for octet.
    #[default]
    Maildir,
    /// Dovecot's own format; filled by IMAP.
    Mdbox,
}

/// What a [`Dovecot`] is to be like.
#[derive(Clone, Debug)]
pub struct DovecotOptions {
    /// How many users there are: `u1`, `u2`, ...
    pub users: u32,
    /// How it keeps the mail.
    pub format: MailFormat,
    /// `auth_mechanisms`, as Dovecot spells them.
    pub mechanisms: String,
    /// Domains whose mail, whoever it is for, LMTP puts into the INBOX of `u1`.
    pub domains: Vec<String>,
    /// Further lines of configuration; a setting here replaces ours.
    pub extra: String,
}

impl Default for DovecotOptions {
    fn default() -> Self {
        Self {
            users: 4,
            format: MailFormat::default(),
            mechanisms: "plain login cram-md5 scram-sha-1 scram-sha-256".to_string(),
            domains: Vec::new(),
            extra: String::new(),
        }
    }
}

/// A running Dovecot. Dropping it stops the server, waits until all of its processes are gone, and
/// removes its folder.
///
/// What it sends is not always what it was given: a LF without CR goes out as CR LF, a message
/// without a final line end gets one, and everything else goes out as it was stored. A test of
/// octets therefore compares with [`Dovecot::retr_all`], not with what it filled in.
#[derive(Debug)]
pub struct Dovecot {
    process: Guarded,
    ports: Ports,
    owner: Owner,
    format: MailFormat,
    filled: u64,
    dir: TestDir,
}

impl Dovecot {
    /// Every user's password.
    pub const PASSWORD: &str = "pass";

    /// Starts a server and waits until it greets.
    pub fn start(options: &DovecotOptions) -> Result<Self> {
        check_version()?;
        let dir = TestDir::new("dovecot")?;
        // The server's unprivileged processes must be able to enter.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755))?;
        let owner = Owner::of_mail()?;
        make_certificates(dir.path())?;
        make_users(dir.path(), options, &owner)?;
        for _ in 0..PORT_TRIES {
            let ports = Ports::choose()?;
            let text = configuration(dir.path(), options, &ports, &owner);
            fs::write(dir.join("dovecot.conf"), text)?;
            if let Some(process) = launch(dir.path(), &ports)? {
                let format = options.format;
                return Ok(Self {
                    process,
                    ports,
                    owner,
                    format,
                    filled: 0,
                    dir,
                });
            }
        }
        bail!("no free ports in {PORT_TRIES} tries")
    }

    /// POP3 without TLS at first; offers `STLS`.
    pub fn pop3_addr(&self) -> SocketAddr {
        loopback(self.ports.pop3)
    }

    /// POP3 with implicit TLS.
    pub fn pop3s_addr(&self) -> SocketAddr {
        loopback(self.ports.pop3s)
    }

    /// IMAP without TLS at first.
    pub fn imap_addr(&self) -> SocketAddr {
        loopback(self.ports.imap)
    }

    /// LMTP, as a mail exchanger speaks it.
    pub fn lmtp_addr(&self) -> SocketAddr {
        loopback(self.ports.lmtp)
    }

    /// The user's Maildir, made if it is not there yet.
    pub fn maildir(&self, user: &str) -> Result<PathBuf> {
        let home = self.dir.join("mail").join(user);
        ensure!(home.is_dir(), "Dovecot has no user {user:?}");
        let maildir = home.join("Maildir");
        for folder in ["", "tmp", "new", "cur"] {
            let folder = maildir.join(folder);
            if !folder.is_dir() {
                fs::create_dir(&folder)?;
                self.owner.give(&folder)?;
            }
        }
        Ok(maildir)
    }

    /// The authority behind the certificate, which is for `localhost` and `127.0.0.1`.
    pub fn ca_file(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// Puts messages into the user's INBOX, in this order, and returns how many.
    pub fn fill<M: AsRef<[u8]>>(
        &mut self,
        user: &str,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<usize> {
        match self.format {
            MailFormat::Maildir => self.fill_maildir(user, messages),
            MailFormat::Mdbox => {
                imap_append::append(self.imap_addr(), user, Self::PASSWORD, messages)
            }
        }
    }

    /// Hands a message to the server by LMTP, as a mail exchanger does: header lines of the server's
    /// own come in front. Lines end with CRLF, and none begins with a dot.
    pub fn deliver(&self, user: &str, message: &[u8]) -> Result<()> {
        lmtp::deliver(&self.dir.join("lmtp"), user, message)
    }

    /// How many messages the user's INBOX holds.
    pub fn count(&self, user: &str) -> Result<usize> {
        let mut session = self.sign_in(user)?;
        let (count, _) = session.stat()?;
        session.quit()?;
        Ok(count)
    }

    /// All messages of the user as the server sends them, read by [`RawPop3`].
    pub fn retr_all(&self, user: &str) -> Result<Vec<Vec<u8>>> {
        let mut session = self.sign_in(user)?;
        let (count, _) = session.stat()?;
        let messages = (1..=count)
            .map(|number| session.retr(number))
            .collect::<Result<_>>()?;
        session.quit()?;
        Ok(messages)
    }

    /// A session of the plain client.
    pub fn sign_in(&self, user: &str) -> Result<RawPop3> {
        RawPop3::sign_in(self.pop3_addr(), user, Self::PASSWORD)
    }

    /// Signs in by IMAP and out again, and says how long the server took to answer the sign-in.
    pub fn imap_visit(&self, user: &str) -> Result<Duration> {
        imap_append::visit(self.imap_addr(), user, Self::PASSWORD)
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        read_log(self.dir.path())
    }

    /// Writes each message as a file into `new`, as a mail server would.
    fn fill_maildir<M: AsRef<[u8]>>(
        &mut self,
        user: &str,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<usize> {
        let maildir = self.maildir(user)?;
        let before = self.filled;
        for message in messages {
            // Dovecot numbers new files by the time at the front of their names.
            let name = format!(
                "{}.testkit{}.localhost",
                FIRST_TIME + self.filled,
                self.filled
            );
            let written = maildir.join("tmp").join(&name);
            fs::write(&written, message)?;
            self.owner.give(&written)?;
            fs::rename(&written, maildir.join("new").join(&name))?;
            self.filled += 1;
        }
        usize::try_from(self.filled - before).context("more messages than memory")
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // The master does not wait for its children; they would write into a folder that is going.
        let children = children_of(self.process.id());
        if let Err(error) = self.process.terminate(STOP_PATIENCE) {
            eprintln!("could not stop Dovecot: {error:#}");
        }
        let deadline = Instant::now() + STOP_PATIENCE;
        for child in children {
            while is_running(child) && Instant::now() < deadline {
                std::thread::sleep(POLL);
            }
            if is_running(child) {
                eprintln!("a process of Dovecot does not end: {child}");
            }
        }
    }
}

/// Refuses a Dovecot whose configuration we cannot write.
fn check_version() -> Result<()> {
    let output = Command::new(program("dovecot"))
        .arg("--version")
        .output()
        .context("no dovecot here; cargo xtask peers installs it")?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_string();
    ensure!(
        version.starts_with("2.3."),
        "this is Dovecot {version:?}, and testkit writes the configuration of 2.3 (2.4 has a \
         different one)"
    );
    Ok(())
}

/// A server program: the sbin folders are not on everybody's path.
fn program(name: &str) -> PathBuf {
    let sbin = Path::new("/usr/sbin").join(name);
    if sbin.exists() {
        sbin
    } else {
        PathBuf::from(name)
    }
}

/// Starts the server; `None` if one of the ports turned out to be taken.
fn launch(dir: &Path, ports: &Ports) -> Result<Option<Guarded>> {
    let mut process = Guarded::spawn(
        // In the foreground: then it is our child, and we need no file to know its number.
        Command::new(program("dovecot"))
            .args(["-F", "-c"])
            .arg(dir.join("dovecot.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(dir.join("stderr"))?),
    )?;
    let deadline = Instant::now() + START_PATIENCE;
    while Instant::now() < deadline {
        if let Some(status) = process.ended()? {
            let log = read_log(dir);
            if log.contains("Address already in use") {
                return Ok(None);
            }
            bail!("Dovecot ended at its start ({status}):\n{log}");
        }
        if greets(ports) {
            return Ok(Some(process));
        }
        std::thread::sleep(POLL);
    }
    bail!("Dovecot does not greet:\n{}", read_log(dir))
}

/// Whether our server, and not another one that took the port, answers.
fn greets(ports: &Ports) -> bool {
    let Ok(mut stream) = TcpStream::connect_timeout(&loopback(ports.pop3), START_PATIENCE) else {
        return false;
    };
    let mut greeting = [0; 256];
    let read = stream
        .set_read_timeout(Some(START_PATIENCE))
        .and_then(|()| stream.read(&mut greeting))
        .unwrap_or(0);
    String::from_utf8_lossy(&greeting[..read]).contains(&ports.greeting())
}

fn read_log(dir: &Path) -> String {
    let text = |name| fs::read(dir.join(name)).unwrap_or_default();
    String::from_utf8_lossy(&[text("stderr"), text("log")].concat()).into_owned()
}

/// The processes whose parent is `parent`.
fn children_of(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|&pid| parent_of(pid) == Some(parent)).collect()
}

/// The parent of a process (proc(5): the second field behind the name, which is in parentheses).
fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(1)?
        .parse()
        .ok()
}

/// Whether a process still runs; one that waits to be reaped writes nothing any more.
fn is_running(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')')
        .is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

/// The time in the name of the first file of a Maildir: any, if the later ones are larger.
const FIRST_TIME: u64 = 1_700_000_000;
const PORT_TRIES: u32 = 5;
const START_PATIENCE: Duration = Duration::from_secs(20);
const STOP_PATIENCE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    /// CR in front of each LF that lacks it, and a line end at the end.
    fn with_line_ends(octets: &[u8]) -> Vec<u8> {
        let mut sent = Vec::new();
        for &octet in octets {
            if octet == b'\n' && sent.last() != Some(&b'\r') {
                sent.push(b'\r');
            }
            sent.push(octet);
        }
        if !sent.ends_with(b"\r\n") {
            sent.extend_from_slice(b"\r\n");
        }
        sent
    }

    fn letters(count: usize) -> Vec<Vec<u8>> {
        let letter = |n| format!("Subject: letter {n}\r\n\r\n.dot\r\n..\r\n.\r\nend {n}\r\n");
        (0..count).map(|n| letter(n).into_bytes()).collect()
    }

    fn gives_back_what_was_filled_in(format: MailFormat) {
        let options = DovecotOptions {
            users: 2,
            format,
            ..DovecotOptions::default()
        };
        let mut server = Dovecot::start(&options).unwrap();
        assert_eq!(
            server.fill("u1", letters(10)).unwrap(),
            10,
            "{}",
            server.log()
        );
        assert_eq!(server.retr_all("u1").unwrap(), letters(10));
        assert_eq!(server.count("u1").unwrap(), 10);
        assert_eq!(server.count("u2").unwrap(), 0);

        let mut session = server.sign_in("u1").unwrap();
        assert_eq!(session.uidl().unwrap().len(), 10);
        session.dele(1).unwrap();
        session.quit().unwrap();
        assert_eq!(server.retr_all("u1").unwrap(), letters(10)[1..]);

        let (master, dir) = (server.process.id(), server.dir.path().to_path_buf());
        drop(server);
        assert!(!is_running(master) && children_of(master).is_empty());
        assert!(!dir.exists());
    }

    #[test]
    fn a_maildir_gives_back_what_was_filled_in() {
        gives_back_what_was_filled_in(MailFormat::Maildir);
    }

    #[test]
    fn an_mdbox_gives_back_what_was_filled_in() {
        gives_back_what_was_filled_in(MailFormat::Mdbox);
    }

    #[test]
    fn odd_mail_comes_out_with_line_ends_and_otherwise_as_it_went_in() {
        let mut server = Dovecot::start(&DovecotOptions::default()).unwrap();
        let fixtures = fixtures();
        server
            .fill("u1", fixtures.iter().map(|message| &message.octets))
            .unwrap();
        let sent = server.retr_all("u1").unwrap();
        assert_eq!(sent.len(), fixtures.len());
        for (message, sent) in fixtures.iter().zip(sent) {
            let expected = with_line_ends(&message.octets);
            assert!(
                sent == expected,
                "{}: {}",
                message.name,
                sent.escape_ascii()
            );
        }
    }

    #[test]
    fn the_authority_vouches_for_the_server() {
        let server = Dovecot::start(&DovecotOptions::default()).unwrap();
        let output = Command::new("openssl")
            .args(["s_client", "-quiet", "-no_ign_eof", "-verify_return_error"])
            .args(["-verify_hostname", "localhost", "-connect"])
            .arg(server.pop3s_addr().to_string())
            .arg("-CAfile")
            .arg(server.ca_file())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
