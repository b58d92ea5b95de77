//! What a private Dovecot finds when it starts: owners, ports, certificates, users, configuration.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::{Dovecot, DovecotOptions, MailFormat};

/// Whom the mail belongs to, and who Dovecot's processes run as if it is not started by root.
#[derive(Debug)]
pub(super) struct Owner {
    uid: u32,
    gid: u32,
    /// Our own user and group by name, if we are not root.
    unprivileged: Option<(String, String)>,
}

impl Owner {
    /// The user `mail` if we are root, else ourselves.
    pub(super) fn of_mail() -> Result<Self> {
        let own = fs::metadata("/proc/self").context("no /proc")?;
        if own.uid() == 0 {
            let mail = find_line("/etc/passwd", |fields| fields[0] == "mail")?;
            let (uid, gid) = (mail[2].parse()?, mail[3].parse()?);
            return Ok(Self {
                uid,
                gid,
                unprivileged: None,
            });
        }
        let (uid, gid) = (own.uid(), own.gid());
        let user = find_line("/etc/passwd", |fields| fields[2] == uid.to_string())?;
        let group = find_line("/etc/group", |fields| fields[2] == gid.to_string())?;
        let names = (user[0].clone(), group[0].clone());
        Ok(Self {
            uid,
            gid,
            unprivileged: Some(names),
        })
    }

    /// Hands a file over, if it is not the owner's already.
    pub(super) fn give(&self, path: &Path) -> Result<()> {
        if self.unprivileged.is_none() {
            chown(path, Some(self.uid), Some(self.gid))
                .with_context(|| format!("cannot hand over {}", path.display()))?;
        }
        Ok(())
    }
}

/// The fields of the first line of a colon-separated file that `fits`.
fn find_line(file: &str, fits: impl Fn(&[String]) -> bool) -> Result<Vec<String>> {
    let text = fs::read_to_string(file).with_context(|| file.to_string())?;
    let mut lines = text
        .lines()
        .map(|line| line.split(':').map(String::from).collect::<Vec<_>>());
    lines
        .find(|fields| fields.len() > 3 && fits(fields))
        .with_context(|| format!("{file} does not have the user or group we need"))
}

/// Where the server listens.
#[derive(Debug)]
pub(super) struct Ports {
    pub(super) pop3: u16,
    pub(super) pop3s: u16,
    pub(super) imap: u16,
    pub(super) lmtp: u16,
}

impl Ports {
    /// Ports that are free now.
    pub(super) fn choose() -> Result<Self> {
        let free = || TcpListener::bind(loopback(0)).context("no free port");
        // All held at once, so that they differ.
        let (pop3, pop3s, imap, lmtp) = (free()?, free()?, free()?, free()?);
        let port = |listener: &TcpListener| listener.local_addr().map(|addr| addr.port());
        Ok(Self {
            pop3: port(&pop3)?,
            pop3s: port(&pop3s)?,
            imap: port(&imap)?,
            lmtp: port(&lmtp)?,
        })
    }

    /// What this server greets with, and no other.
    pub(super) fn greeting(&self) -> String {
        format!("testkit {} {} {}", self.pop3, self.pop3s, self.imap)
    }
}

pub(super) fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Makes an authority and the server's certificate.
pub(super) fn make_certificates(dir: &Path) -> Result<()> {
    fs::write(dir.join("openssl.cnf"), OPENSSL_CONFIG)?;
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for words in [
        format!("req -x509 -config openssl.cnf -extensions authority {key} -subj /CN=testkit -days 30 -keyout ca.key -out ca.pem"),
        format!("req -config openssl.cnf {key} -subj /CN=localhost -keyout key.pem -out request.pem"),
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -set_serial 2 -days 30 -extfile openssl.cnf -extensions server -out cert.pem".to_string(),
    ] {
        let output = Command::new("openssl")
            .args(words.split(' '))
            .current_dir(dir)
            .stdin(Stdio::null())
            .output()
            .context("no openssl here; cargo xtask peers installs it")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "openssl {words}: {said}");
    }
    Ok(())
}

/// Makes the users and their homes, and the domains that are all the first one's.
pub(super) fn make_users(dir: &Path, options: &DovecotOptions, owner: &Owner) -> Result<()> {
    let mail = dir.join("mail");
    fs::create_dir(&mail)?;
    owner.give(&mail)?;
    let mut list = String::new();
    for number in 1..=options.users {
        let home = mail.join(format!("u{number}"));
        fs::create_dir(&home)?;
        owner.give(&home)?;
        let (password, uid, gid) = (Dovecot::PASSWORD, owner.uid, owner.gid);
        writeln!(
            list,
            "u{number}:{{PLAIN}}{password}:{uid}:{gid}::{}::",
            home.display()
        )?;
    }
    fs::write(dir.join("users"), list)?;
    let (uid, gid, home) = (owner.uid, owner.gid, mail.join("u1"));
    let line = |domain| {
        format!(
            "{domain}::{uid}:{gid}::{}::userdb_user=u1\n",
            home.display()
        )
    };
    let domains: String = options.domains.iter().map(line).collect();
    fs::write(dir.join("domains"), domains)?;
    Ok(())
}

/// Dovecot 2.3's configuration. What comes later replaces what came before.
pub(super) fn configuration(
    dir: &Path,
    options: &DovecotOptions,
    ports: &Ports,
    owner: &Owner,
) -> String {
    let base = dir.display();
    let format = match options.format {
        MailFormat::Maildir => "maildir:~/Maildir",
        MailFormat::Mdbox => "mdbox:~/mdbox",
    };
    let Ports {
        pop3,
        pop3s,
        imap,
        lmtp,
    } = ports;
    let (greeting, uid, gid) = (ports.greeting(), owner.uid, owner.gid);
    let mechanisms = &options.mechanisms;
    let without_root = match &owner.unprivileged {
        None => String::new(),
        Some((user, group)) => format!(
            "default_internal_user = {user}\n\
             default_login_user = {user}\n\
             default_internal_group = {group}\n\
             {}",
            CHROOTED
                .map(|service| format!("service {service} {{\n  chroot =\n}}\n"))
                .concat()
        ),
    };
    let extra = &options.extra;
    format!(
        "base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
instance_name = testkit
protocols = pop3 imap lmtp
listen = 127.0.0.1
login_greeting = {greeting}

ssl = yes
ssl_cert = <{base}/cert.pem
ssl_key = <{base}/key.pem
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
auth_failure_delay = 0

first_valid_uid = {uid}
first_valid_gid = {gid}
mail_location = {format}
mail_fsync = never
mail_max_userip_connections = 500
default_vsz_limit = 1G
passdb {{
  driver = passwd-file
  args = {base}/users
}}
userdb {{
  driver = passwd-file
  args = {base}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%Ld {base}/domains
}}
namespace inbox {{
  inbox = yes
}}
service pop3-login {{
  service_count = 0
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service imap-login {{
  service_count = 0
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  unix_listener {base}/lmtp {{
    mode = 0600
  }}
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
{without_root}
{extra}
"
    )
}

/// Services that lock themselves into an empty folder, which takes root.
const CHROOTED: [&str; 7] = [
    "anvil",
    "imap-login",
    "imap-urlauth-login",
    "ipc",
    "old-stats",
    "pop3-login",
    "stats",
];

const OPENSSL_CONFIG: &str = "\
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
";
