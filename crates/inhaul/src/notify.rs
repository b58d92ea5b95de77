//! `[notify]` as the room of notices takes it: accounts looked up, the secret read.

use std::path::Path;
use std::time::Duration;

use inhaul_net::tls::Trust;
use inhaul_notices::{Person, Settings, WebUrl, WebhookSettings};
use inhaul_store::Account;
use inhaul_types::Secret;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use crate::config::Config;
use crate::config::secrets::{SecretSource, WebAddress};
use crate::exit::{Exit, Failure};

/// Whom to tell, and how. `accounts` are all there are; `server` is this server's name, for its
/// messages.
pub(crate) async fn settings(
    config: &Config,
    accounts: &[Account],
    server: String,
) -> Result<Settings, Failure> {
    let notify = &config.notify;
    let webhook = match &notify.webhook {
        None => None,
        Some(webhook) => Some(WebhookSettings {
            url: address(&webhook.url, "notify.webhook")?,
            secret: match &webhook.secret {
                Some(source) => Some(read(source).await?),
                None => None,
            },
        }),
    };
    let heartbeat = notify.heartbeat.as_ref();
    let trust = config.tls.ca_file.clone();
    Ok(Settings {
        owner_inbox: notify.owner_inbox,
        admin: admin(config, accounts),
        webhook,
        program: notify.program.clone(),
        heartbeat: heartbeat
            .map(|url| address(url, "notify.heartbeat"))
            .transpose()?,
        trust: trust.map_or(Trust::System, Trust::CaFile),
        ..Settings::of_server(server)
    })
}

/// An account as notices know it.
pub(crate) fn person(account: &Account) -> Person {
    Person {
        account: account.id,
        name: account.name.clone(),
        address: account.addresses.first().map(ToString::to_string),
    }
}

/// The administrator who is told in their inbox; `None` where nobody is named, or there is no such
/// account (yet): accounts come and go while a server runs, and mail does not wait for them.
pub(crate) fn admin(config: &Config, accounts: &[Account]) -> Option<Person> {
    let name = config.notify.admin.as_ref()?;
    let mut accounts = accounts.iter();
    accounts
        .find(|account| account.name.eq_ignore_ascii_case(name))
        .map(person)
}

/// This server's name, for its messages: the one in its public address, else the machine's.
pub(crate) fn server_name(config: &Config) -> String {
    let public: Option<WebUrl> = config
        .server
        .public_url
        .as_ref()
        .and_then(|url| url.parse().ok());
    let public = public.map(|url| url.target().host.clone());
    public.unwrap_or_else(|| {
        let system = rustix::system::uname();
        system.nodename().to_string_lossy().into_owned()
    })
}

fn address(address: &WebAddress, key: &str) -> Result<WebUrl, Failure> {
    address.0.parse().map_err(|error| {
        Failure::new(Exit::CONFIG, format!("{key}: {error}")).hint("Write \"https://host/path\".")
    })
}

/// Reads what signs the JSON; its last line end belongs to the file.
async fn read(source: &SecretSource) -> Result<Secret, Failure> {
    let text = match source {
        SecretSource::File(path) | SecretSource::Credential { path, .. } => read_file(path).await,
        SecretSource::Command(words) => run(words).await,
    };
    let unusable = |why: String| {
        Failure::new(
            Exit::CONFIG,
            format!("notify.webhook: the secret cannot be read: {why}"),
        )
    };
    let text = Secret::new(text.map_err(unusable)?);
    match text.expose().trim_end_matches(['\r', '\n']) {
        "" => Err(unusable("it is empty".into())),
        secret => Ok(Secret::new(secret.to_owned())),
    }
}

async fn read_file(path: &Path) -> Result<String, String> {
    let words = |error: std::io::Error| format!("{}: {error}", path.display());
    let file = tokio::fs::File::open(path).await.map_err(words)?;
    let mut text = String::new();
    file.take(MOST)
        .read_to_string(&mut text)
        .await
        .map_err(words)?;
    Ok(text)
}

async fn run(words: &[String]) -> Result<String, String> {
    let (program, arguments) = words.split_first().ok_or("there is no program")?;
    let running = Command::new(program)
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::inherit())
        .kill_on_drop(true)
        .output();
    let ended = timeout(PATIENCE, running)
        .await
        .map_err(|_| format!("{program} took longer than {} seconds", PATIENCE.as_secs()))?
        .map_err(|error| format!("{program}: {error}"))?;
    if !ended.status.success() {
        return Err(format!("{program} ended with {}", ended.status));
    }
    String::from_utf8(ended.stdout).map_err(|_| format!("{program} wrote something else than text"))
}

/// Longer than any secret; a file of another kind is noticed.
const MOST: u64 = 64 << 10;
/// How long a program may take that gives the secret.
const PATIENCE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use inhaul_notices::signature;
    use inhaul_types::{AccountId, GroupId, Octets};

    use super::*;
    use crate::config::Sources;

    fn alice() -> Account {
        Account {
            id: AccountId::new(7),
            name: "alice".into(),
            addresses: vec!["alice@home.example".parse().unwrap()],
            group_id: GroupId::new(1),
            group: "Everyone".into(),
            admin: true,
            enabled: true,
            limits: inhaul_store::Limits::default(),
            messages: 0,
            octets: Octets::ZERO,
            retrievals: 0,
            written_at: None,
        }
    }

    /// What a file of this text means, with the secret's file beside it.
    async fn of(text: &str) -> Result<Settings, Failure> {
        let dir = tempfile::tempdir().unwrap();
        let secret = dir.path().join("secret");
        std::fs::write(&secret, "hunter2\n").unwrap();
        let file: PathBuf = dir.path().join("inhaul.toml");
        std::fs::write(&file, text.replace("SECRET", secret.to_str().unwrap())).unwrap();
        let sources = Sources {
            file: Some(file),
            ..Sources::default()
        };
        let config = Config::load(&sources).unwrap_or_else(|problems| panic!("{problems}"));
        settings(&config, &[alice()], "mail.home.example".into()).await
    }

    #[tokio::test]
    async fn without_a_section_owners_are_told_and_nobody_else() {
        let settings = of("").await.unwrap();
        assert!(settings.owner_inbox && settings.program.is_empty());
        assert!(settings.admin.is_none() && settings.webhook.is_none());
        assert_eq!(settings.trust, Trust::System);
    }

    #[tokio::test]
    async fn every_key_of_the_section_arrives() {
        let settings = of(
            "[tls]\nca_file = \"/etc/ca.pem\"\n[notify]\nowner_inbox = false\nadmin = \"alice\"\n\
             webhook = { url = \"https://ntfy.example/mail\", secret = { file = \"SECRET\" } }\n\
             program = [\"/bin/notify\", \"-x\"]\nheartbeat = \"https://hc.example/uuid\"\n",
        )
        .await
        .unwrap();
        assert!(!settings.owner_inbox);
        let admin = settings.admin.unwrap();
        assert_eq!(
            (admin.account, admin.address.as_deref()),
            (AccountId::new(7), Some("alice@home.example"))
        );
        let webhook = settings.webhook.unwrap();
        assert_eq!(webhook.url.target().host, "ntfy.example");
        // The line end is not part of the secret.
        let expected = signature(&Secret::new("hunter2".into()), b"x");
        assert_eq!(signature(&webhook.secret.unwrap(), b"x"), expected);
        assert_eq!(settings.program, ["/bin/notify", "-x"]);
        assert!(settings.heartbeat.unwrap().is_encrypted());
        assert_eq!(settings.trust, Trust::CaFile("/etc/ca.pem".into()));
    }

    #[tokio::test]
    async fn an_administrator_may_come_later() {
        let settings = of("[notify]\nadmin = \"bob\"").await.unwrap();
        assert_eq!(settings.admin, None);
    }

    #[tokio::test]
    async fn a_secret_may_come_from_a_program() {
        let settings = of("[notify]\nwebhook = { url = \"http://h.example\", secret = { command = [\"echo\", \"hunter2\"] } }")
            .await
            .unwrap();
        assert_eq!(
            settings.webhook.unwrap().secret,
            Some(Secret::new("hunter2".into()))
        );
    }

    #[tokio::test]
    async fn what_cannot_be_used_is_said_by_its_key() {
        let webhook = |secret: &str| {
            format!("[notify]\nwebhook = {{ url = \"http://h.example\", secret = {secret} }}")
        };
        let rows = [
            (
                "[notify]\nheartbeat = \"https://h:port/\"".to_owned(),
                "notify.heartbeat: is not an http",
            ),
            (
                webhook("{ file = \"/nowhere\" }"),
                "notify.webhook: the secret cannot be read: /nowhere",
            ),
            (webhook("{ command = [\"true\"] }"), "it is empty"),
            (
                webhook("{ command = [\"false\"] }"),
                "false ended with exit status: 1",
            ),
        ];
        for (text, expected) in rows {
            let failure = of(&text).await.unwrap_err();
            assert_eq!(failure.exit, Exit::CONFIG, "{text}");
            assert!(failure.what.contains(expected), "{text}: {}", failure.what);
        }
    }
}
