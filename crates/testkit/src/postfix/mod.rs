//! A private mail exchanger: a Postfix that takes mail for some domains by SMTP and puts all of it
//! into one maildrop of a private Dovecot, as providers do whose customers own a domain.
//!
//! It lives in an overlay of its own as the POP3 servers of `lab` do, because Debian allows one mail
//! server on a machine: its queue is in memory, it listens on a free port of the loopback, it sends
//! nothing anywhere, and nothing of the machine is changed. [`lab_obstacle`](crate::lab_obstacle)
//! says where that is not possible.

mod settings;
mod smtp;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

pub(crate) use self::settings::KIT;
pub use self::smtp::Envelope;

use crate::dovecot::{Dovecot, DovecotOptions};
use crate::lab::cache::{self, Installed};
use crate::lab::root::{Layer, Root};
use crate::lab::syslog::Syslog;

/// What a provider leaves of the envelope in the mail it puts into a catch-all's maildrop.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Provider {
    /// `Delivered-To: person@domain`, one copy per recipient, by Dovecot's LMTP.
    DeliveredTo,
    /// `X-Original-To: person@domain` and the provider's own `Delivered-To: catchall@isp.example`,
    /// one copy per recipient: Postfix's aliases and its virtual(8).
    OriginalTo,
    /// `Envelope-To: person@domain, other@domain`, as Exim writes it.
    EnvelopeTo(Copies),
    /// Nothing. `Received` names the recipient of mail for one, as Postfix always writes it.
    Silent(Copies),
}

/// How many copies of a message for several people there are.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Copies {
    /// One for each.
    PerRecipient,
    /// One for all.
    One,
}

/// A running Postfix and the Dovecot it fills, user `u1`. Dropping it ends both.
#[derive(Debug)]
pub struct Postfix {
    // In the order in which they go: no new mail, then every process, then what they used.
    master: Child,
    root: Root,
    syslog: Syslog,
    dovecot: Dovecot,
    port: u16,
    _installed: Installed,
}

impl Postfix {
    /// Whose maildrop it fills.
    pub const USER: &str = "u1";

    /// Starts both, and installs Postfix first if it is not there.
    pub fn start(provider: Provider, domains: &[&str]) -> Result<Self> {
        let installed = cache::installed(&KIT)?;
        let options = DovecotOptions {
            users: 1,
            domains: domains.iter().map(ToString::to_string).collect(),
            extra: "hostname = imap.isp.example".into(),
            ..DovecotOptions::default()
        };
        let dovecot = Dovecot::start(&options)?;
        let root = Root::build(&installed.dir, Layer::Passing)?;
        let syslog = Syslog::listen(&root)?;
        fs::create_dir(root.path("/maildrop"))?;
        root.show(&dovecot.maildir(Self::USER)?, "/maildrop")?;
        let main = settings::main(provider, domains, dovecot.lmtp_addr());
        fs::write(root.path("/etc/postfix/main.cf"), main)?;
        let deliver = root.path(settings::DELIVER_PATH);
        fs::write(&deliver, settings::DELIVER)?;
        fs::set_permissions(&deliver, fs::Permissions::from_mode(0o755))?;
        for _ in 0..PORT_TRIES {
            let port = free_port()?;
            let master_cf = settings::services(provider, port);
            fs::write(root.path("/etc/postfix/master.cf"), master_cf)?;
            let mut master = root
                .command(["/usr/sbin/postfix", "start-fg"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .context("cannot run postfix")?;
            if greets(&mut master, port, &settings::greeting(dovecot.lmtp_addr()))? {
                return Ok(Self {
                    master,
                    root,
                    syslog,
                    dovecot,
                    port,
                    _installed: installed,
                });
            }
        }
        bail!("Postfix does not greet:\n{}", syslog.lines().join("\n"))
    }

    /// Where it takes mail.
    pub fn smtp_addr(&self) -> SocketAddr {
        loopback(self.port)
    }

    /// The Dovecot with the maildrop.
    pub fn dovecot(&self) -> &Dovecot {
        &self.dovecot
    }

    /// As [`Postfix::dovecot`], to fill in more.
    pub fn dovecot_mut(&mut self) -> &mut Dovecot {
        &mut self.dovecot
    }

    /// Sends this mail over several connections, and waits until all of it is in the maildrop.
    pub fn send(&self, envelopes: &[Envelope<'_>]) -> Result<()> {
        smtp::send(self.smtp_addr(), envelopes)?;
        self.wait_for_empty_queue()
    }

    /// What Postfix has logged so far.
    pub fn log(&self) -> String {
        self.syslog.lines().join("\n")
    }

    fn wait_for_empty_queue(&self) -> Result<()> {
        let mut deadline = Instant::now() + QUEUE_PATIENCE;
        let mut before = usize::MAX;
        loop {
            // A file moves from one to the next: it is seen in one of them at least.
            let mut waiting = 0;
            for name in ["incoming", "active", "deferred", "incoming"] {
                waiting += self.files_in(name)?;
            }
            let lost = self.lost();
            ensure!(lost.is_empty(), "Postfix does not deliver:\n{lost}");
            if waiting == 0 {
                return Ok(());
            }
            if waiting < before {
                before = waiting;
                deadline = Instant::now() + QUEUE_PATIENCE;
            }
            ensure!(
                Instant::now() < deadline,
                "{waiting} messages do not leave the queue:\n{}",
                self.log()
            );
            std::thread::sleep(POLL);
        }
    }

    /// How many messages are in this part of the queue.
    fn files_in(&self, queue: &str) -> Result<usize> {
        count_files(&self.root.path(format!("/var/spool/postfix/{queue}")))
    }

    /// The lines of the log that tell of mail which will not arrive. A warning is none: a machine
    /// with much to do gets some, and what is put off for a moment is tried again.
    fn lost(&self) -> String {
        let lines = self.syslog.lines();
        let lost = lines.iter().filter(|line| line.contains("status=bounced"));
        lost.map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // nsenter hands nothing on; what runs within goes with the root.
        drop(self.master.kill());
        drop(self.master.wait());
    }
}

/// Waits for the greeting; `false` if the server ends, as it does where the port is taken.
///
/// Another test's server may have taken the port meanwhile: it greets in other words.
fn greets(master: &mut Child, port: u16, words: &str) -> Result<bool> {
    let deadline = Instant::now() + START_PATIENCE;
    while Instant::now() < deadline {
        if master.try_wait()?.is_some() {
            return Ok(false);
        }
        if smtp::greeting(loopback(port)).is_some_and(|line| line.contains(words)) {
            return Ok(true);
        }
        std::thread::sleep(POLL);
    }
    drop(master.kill());
    drop(master.wait());
    Ok(false)
}

/// The files below a folder of the queue, which has folders of its own where it is large.
fn count_files(folder: &std::path::Path) -> Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        // Gone meanwhile: it moved on.
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        count += if kind.is_dir() {
            count_files(&entry.path())?
        } else {
            1
        };
    }
    Ok(count)
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(loopback(0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

const PORT_TRIES: u32 = 5;
const START_PATIENCE: Duration = Duration::from_secs(30);
/// As long as no message leaves the queue.
const QUEUE_PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firm::Firm;

    /// A message for several people, and one for a single one, as the maildrop has them.
    fn arrive(provider: Provider) -> Vec<String> {
        let server = Postfix::start(provider, &["firm.example", "lab.firm.example"]).unwrap();
        let letter = |subject: &str| {
            format!(
                "From: ann@example.org\r\nSubject: {subject}\r\nBcc: x@firm.example\r\n\r\n.dot\r\nend\r\n"
            )
        };
        let letters = [letter("several"), letter("single")];
        let several = [
            "Anna@Firm.example",
            "ben+news@firm.example",
            "c@lab.firm.example",
        ];
        let envelopes = [
            Envelope {
                from: "ann@example.org",
                to: &several,
                message: letters[0].as_bytes(),
            },
            Envelope {
                from: "",
                to: &several[..1],
                message: letters[1].as_bytes(),
            },
        ];
        server.send(&envelopes).unwrap();
        let there = server.dovecot().retr_all(Postfix::USER).unwrap();
        let there: Vec<_> = there
            .iter()
            .map(|m| String::from_utf8(m.clone()).unwrap())
            .collect();
        for message in &there {
            assert!(message.ends_with("\r\n\r\n.dot\r\nend\r\n"), "{message}");
            assert!(message.contains("by mx.isp.example (Postfix)"), "{message}");
            assert!(!message.contains("Bcc:"), "{message}");
            // Postfix tells it where there is one, Dovecot always: its LMTP sees one each time.
            let told = message.contains("for <Anna@Firm.example>");
            let alone = message.contains("Subject: single");
            assert!(told || !alone, "{message}");
            assert!(
                !told || alone || provider == Provider::DeliveredTo,
                "{message}"
            );
        }
        there
    }

    /// The values of a field of all messages, in order.
    fn values<'a>(messages: &'a [String], field: &str) -> Vec<&'a str> {
        let start = format!("{field}: ");
        let lines = messages.iter().flat_map(|message| message.lines());
        let mut values: Vec<_> = lines.filter_map(|line| line.strip_prefix(&start)).collect();
        values.sort_unstable();
        values
    }

    #[test]
    fn lmtp_names_each_recipient() {
        let there = arrive(Provider::DeliveredTo);
        assert_eq!(
            values(&there, "Delivered-To"),
            [
                "Anna@Firm.example",
                "Anna@Firm.example",
                "ben+news@firm.example",
                "c@lab.firm.example"
            ],
            "{there:#?}"
        );
    }

    #[test]
    fn an_alias_leaves_the_providers_own_name_and_the_original_one() {
        let there = arrive(Provider::OriginalTo);
        assert_eq!(
            values(&there, "Delivered-To"),
            ["catchall@isp.example"; 4],
            "{there:#?}"
        );
        assert_eq!(
            values(&there, "X-Original-To"),
            [
                "Anna@Firm.example",
                "Anna@Firm.example",
                "ben+news@firm.example",
                "c@lab.firm.example"
            ]
        );
    }

    #[test]
    fn one_copy_for_all_names_all() {
        let there = arrive(Provider::EnvelopeTo(Copies::One));
        assert_eq!(there.len(), 2, "{there:#?}");
        let all = there.concat().replace(",\r\n\t", ", ");
        assert!(
            all.contains(
                "Envelope-To: Anna@Firm.example, ben+news@firm.example, c@lab.firm.example\r\n"
            ),
            "{all}"
        );
        assert!(all.contains("Envelope-To: Anna@Firm.example\r\n"), "{all}");
    }

    #[test]
    fn a_silent_provider_leaves_as_many_copies_as_it_makes() {
        for (copies, count) in [(Copies::One, 2), (Copies::PerRecipient, 4)] {
            let there = arrive(Provider::Silent(copies));
            assert_eq!(there.len(), count, "{there:#?}");
            for field in ["Delivered-To", "X-Original-To", "Envelope-To"] {
                assert_eq!(values(&there, field), Vec::<&str>::new());
            }
        }
    }

    #[test]
    fn a_firms_letters_arrive_as_often_as_the_provider_copies_them() {
        let firm = Firm::with_letters(40);
        for provider in [
            Provider::DeliveredTo,
            Provider::OriginalTo,
            Provider::EnvelopeTo(Copies::One),
        ] {
            let server = Postfix::start(provider, &Firm::ALL_DOMAINS).unwrap();
            firm.send(&server).unwrap();
            let count = server.dovecot().count(Postfix::USER).unwrap();
            assert_eq!(count, firm.copies(provider), "{provider:?}");
        }
    }
}
