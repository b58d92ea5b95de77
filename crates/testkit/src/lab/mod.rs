//! POP3 servers of other makes: Courier, Cyrus, GNU mailutils, popa3d, solid-pop3d.
//!
//! Each is installed once on a machine, into a layer of its own beside the machine's folders
//! (`cache`), and every [`LabServer`] is a fresh instance above it (`root`): it listens on the
//! loopback only, what it writes is in memory, and nothing of the machine is changed. Takes root and
//! overlayfs; `cargo xtask peers` installs them all and says so where it cannot.

pub(crate) mod cache;
mod courier;
mod cyrus;
mod inetd;
mod kit;
mod mailutils;
mod make;
mod mbox;
mod popa3d;
mod recipe;
pub(crate) mod root;
mod solid;
pub(crate) mod syslog;

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

pub use self::kit::Kit;
pub use self::make::Make;

use self::cache::Installed;
use self::inetd::Inetd;
use self::recipe::{Daemon, Keeps, Listens, Ports};
use self::root::{Layer, Root};
use self::syslog::Syslog;
use crate::imap_append;
use crate::postfix;
use crate::raw_pop3::RawPop3;

/// Why servers of other makes cannot be installed here, if so, and what to do about it.
pub fn lab_obstacle() -> Option<String> {
    cache::obstacle()
}

/// Everything that is installed into layers.
fn lab_kits() -> Vec<Kit> {
    let makes = Make::ALL.into_iter().map(Make::kit);
    makes.chain([postfix::KIT]).collect()
}

/// What is not installed yet.
pub fn lab_missing() -> Vec<Kit> {
    let missing = |kit: &Kit| !cache::is_installed(kit);
    lab_kits().into_iter().filter(missing).collect()
}

/// Installs a layer, if it is not installed, and returns its packages with their versions, one a
/// line. Takes up to a minute the first time.
pub fn lab_install(kit: &Kit) -> Result<String> {
    cache::installed(kit).map(|installed| installed.versions)
}

/// A running server with the users `u1` and `u2`. Dropping it ends it and all it has written.
///
/// What it sends is not always what it was given: an mbox knows no CR LF, quotes lines that begin
/// with `From `, and some makes add lines. A test of octets therefore compares with
/// [`LabServer::retr_all`].
#[derive(Debug)]
pub struct LabServer {
    // In the order in which they go: no new session, then the sessions, then their log.
    listening: Listening,
    root: Arc<Root>,
    syslog: Syslog,
    make: Make,
    filled: u64,
    installed: Installed,
}

#[derive(Debug)]
enum Listening {
    Inetd(Inetd),
    Itself { ports: Ports, master: Child },
}

impl LabServer {
    /// Every user's password.
    pub const PASSWORD: &str = "pass";

    /// Starts a server, and installs it first if it is not there.
    pub fn start(make: Make) -> Result<Self> {
        let installed = cache::installed(&make.kit())?;
        let root = Arc::new(Root::build(&installed.dir, Layer::Passing)?);
        let syslog = Syslog::listen(&root)?;
        for user in ["u1", "u2"] {
            make_maildrop(&root, user)?;
        }
        let recipe = make.recipe();
        root.run(recipe.start)?;
        let listening = match recipe.listens {
            Listens::Inetd(command) => Listening::Inetd(Inetd::start(Arc::clone(&root), command)?),
            Listens::Itself(daemon) => start_daemon(&root, &syslog, daemon)?,
        };
        Ok(Self {
            listening,
            root,
            syslog,
            make,
            filled: 0,
            installed,
        })
    }

    /// POP3 without TLS.
    pub fn pop3_addr(&self) -> SocketAddr {
        match &self.listening {
            Listening::Inetd(inetd) => inetd.addr(),
            Listening::Itself { ports, .. } => loopback(ports.pop3),
        }
    }

    /// The packages and their versions, one a line.
    pub fn versions(&self) -> &str {
        &self.installed.versions
    }

    /// Puts messages behind those the user has, in this order, and returns how many. Cyrus refuses
    /// some (with NUL, or without a header); those are left out and not counted.
    pub fn fill<M: AsRef<[u8]>>(
        &mut self,
        user: &str,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<usize> {
        let before = self.filled;
        match self.make.recipe().keeps {
            Keeps::Mbox => self.fill_mbox(user, messages)?,
            Keeps::Maildir => self.fill_maildir(user, messages)?,
            Keeps::OwnFiles => {
                let Listening::Itself { ports, .. } = &self.listening else {
                    bail!("{} does not listen for IMAP", self.make.name());
                };
                let at = loopback(ports.imap);
                let messages = messages.into_iter().map(|message| cr_lf(message.as_ref()));
                self.filled +=
                    imap_append::append_accepted(at, user, Self::PASSWORD, messages)? as u64;
            }
        }
        usize::try_from(self.filled - before).context("more messages than memory")
    }

    /// Runs a shell script among the server's files, as its administrator might.
    pub fn run(&self, script: &str) -> Result<String> {
        self.root.run(script)
    }

    /// Gives the user an empty maildrop again.
    pub fn make_maildrop(&self, user: &str) -> Result<()> {
        make_maildrop(&self.root, user)
    }

    /// How many messages the user has.
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
        let mut session = RawPop3::connect(self.pop3_addr())?;
        for line in self.make.recipe().before_sign_in {
            session.command(line)?;
        }
        session.command(&format!("USER {user}"))?;
        session.command(&format!("PASS {}", Self::PASSWORD))?;
        Ok(session)
    }

    /// What the server has logged so far, by syslog and on stderr.
    pub fn log(&self) -> String {
        let stderr = fs::read(self.root.path(inetd::STDERR)).unwrap_or_default();
        let syslog = self.syslog.lines().join("\n");
        format!("{syslog}\n{}", String::from_utf8_lossy(&stderr))
    }

    /// How many sign-ins the server says it has refused.
    pub fn refused_sign_ins(&self) -> usize {
        let words = self.make.recipe().refusal;
        let log = self.log();
        let tells = |line: &&str| words.iter().all(|word| line.contains(word));
        log.lines().filter(tells).count()
    }

    fn fill_mbox<M: AsRef<[u8]>>(
        &mut self,
        user: &str,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<()> {
        let path = self.root.path(format!("/var/mail/{user}"));
        let mut file = OpenOptions::new()
            .append(true)
            .open(&path)
            .with_context(|| format!("{} has no user {user:?}", self.make.name()))?;
        for message in messages {
            file.write_all(&mbox::entry(message.as_ref()))?;
            self.filled += 1;
        }
        Ok(())
    }

    /// Writes each message as a file into `new`, as a mail server would.
    fn fill_maildir<M: AsRef<[u8]>>(
        &mut self,
        user: &str,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<()> {
        let maildir = self.root.path(format!("/home/{user}/Maildir"));
        ensure!(
            maildir.is_dir(),
            "{} has no user {user:?}",
            self.make.name()
        );
        for message in messages {
            // The time at the front of the name is what Courier numbers new files by.
            let name = format!("{}.M{}.testkit", FIRST_TIME + self.filled, self.filled);
            let written = maildir.join("tmp").join(&name);
            // As a delivery agent writes it; Courier sends CR LF for LF, and CR CR LF for CR LF.
            fs::write(&written, mbox::with_lf(message.as_ref()))?;
            fs::rename(&written, maildir.join("new").join(&name))?;
            self.filled += 1;
        }
        self.root
            .run(&format!("chown -R {user}:{user} /home/{user}/Maildir"))
            .map(drop)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Self::Itself { master, .. } = self {
            // nsenter hands nothing on; what runs within goes with the root.
            drop(master.kill());
            drop(master.wait());
        }
    }
}

/// Makes the user's home and an empty maildrop in it, and one where mbox files lie.
fn make_maildrop(root: &Root, user: &str) -> Result<()> {
    let home = format!("/home/{user}");
    root.run(&format!(
        "install -d -o {user} -g {user} {home} {home}/Maildir
for folder in cur new tmp; do install -d -o {user} -g {user} {home}/Maildir/$folder; done
install -o {user} -g mail -m 660 /dev/null /var/mail/{user}"
    ))
    .map(drop)
}

/// Starts a server that listens by itself and waits until it does.
fn start_daemon(root: &Root, syslog: &Syslog, daemon: fn(&Ports) -> Daemon) -> Result<Listening> {
    for _ in 0..PORT_TRIES {
        let ports = choose_ports()?;
        let Daemon { files, command } = daemon(&ports);
        for (path, text) in files {
            let path = root.path(path);
            fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
        let master = root
            .command(command)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot run the server")?;
        let mut listening = Listening::Itself { ports, master };
        if listens(&mut listening)? {
            return Ok(listening);
        }
    }
    bail!(
        "the server does not listen; it logged\n{}",
        syslog.lines().join("\n")
    )
}

/// Waits for a greeting on both ports; `false` if the server ends, as it does where a port is taken.
fn listens(listening: &mut Listening) -> Result<bool> {
    let Listening::Itself { ports, master } = listening else {
        return Ok(true);
    };
    let deadline = Instant::now() + START_PATIENCE;
    while Instant::now() < deadline {
        if master.try_wait()?.is_some() {
            return Ok(false);
        }
        let greets = |port| greeting(port).is_some_and(|line| line.contains("Cyrus"));
        if greets(ports.pop3) && greets(ports.imap) {
            return Ok(true);
        }
        std::thread::sleep(POLL);
    }
    Ok(false)
}

fn greeting(port: u16) -> Option<String> {
    use std::io::{BufRead as _, BufReader};
    let stream = TcpStream::connect_timeout(&loopback(port), START_PATIENCE).ok()?;
    stream.set_read_timeout(Some(START_PATIENCE)).ok()?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    Some(line)
}

/// Two ports that are free now.
fn choose_ports() -> Result<Ports> {
    let free = || TcpListener::bind(loopback(0)).context("no free port");
    // Both held at once, so that they differ.
    let (pop3, imap) = (free()?, free()?);
    Ok(Ports {
        pop3: pop3.local_addr()?.port(),
        imap: imap.local_addr()?.port(),
    })
}

/// CR in front of each LF that lacks it: Cyrus takes no other.
fn cr_lf(message: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(message.len());
    for &octet in message {
        if octet == b'\n' && text.last() != Some(&b'\r') {
            text.push(b'\r');
        }
        text.push(octet);
    }
    text
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// The time in the name of the first file of a Maildir: any, if the later ones are larger.
const FIRST_TIME: u64 = 1_700_000_000;
const PORT_TRIES: u32 = 5;
const START_PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);
