//! `[[retrieval]]`: a remote maildrop and where its mail goes.

use std::path::PathBuf;

use inhaul_domain::ServerSpec;
use inhaul_types::{KeyPin, Mechanism};

use super::catch_all::{CatchAll, Rule};
use super::{Destination, whereabouts};
use crate::config::durations::Every;
use crate::config::reader::{KeyPath, Reader, Session, Setting};
use crate::config::secrets::SecretSource;
use crate::config::tree::{Placed, quoted};
use crate::config::words::Words;
use crate::way_in::SignIn;

/// A retrieval written in a file.
#[derive(Debug, PartialEq)]
pub(crate) struct RetrievalEntry {
    /// Its name.
    pub(crate) name: String,
    /// The account it belongs to, if it is one account's own.
    pub(crate) owner: Option<String>,
    /// The remote server as written: `HOST`, `HOST:PORT` or `HOST PORTs`.
    pub(crate) server: String,
    /// How the connection is protected; `None` follows the server's port.
    pub(crate) security: Option<Security>,
    /// The authorities to trust for this server; `None` is those of `[tls]`.
    pub(crate) ca_file: Option<PathBuf>,
    /// The only key to trust for this server, and no authority.
    pub(crate) pin: Option<KeyPin>,
    /// The name to sign in with.
    pub(crate) user: String,
    /// Where the password or token is.
    pub(crate) credential: CredentialSource,
    /// How to sign in.
    pub(crate) sign_in: SignIn,
    /// What becomes of the mail.
    pub(crate) routing: Routing,
    /// What to bring of the mail that is already there.
    pub(crate) bring: Bring,
    /// How often to look.
    pub(crate) every: Every,
    /// What becomes of the remote copy.
    pub(crate) retention: Retention,
    /// Whether it waits until someone resumes it.
    pub(crate) paused: bool,
    /// The file and line it stands in.
    pub(crate) written_at: String,
}

/// Where to get what a sign-in needs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum CredentialSource {
    /// A password.
    Password(SecretSource),
    /// An OAuth token: what the program prints, anew each session.
    Token(Vec<String>),
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Security {
    /// TLS at once.
    Tls,
    /// TLS by command.
    StartTls,
    /// Not at all.
    None,
}

/// What becomes of the mail.
#[derive(Debug, PartialEq)]
pub(crate) enum Routing {
    /// All of it goes here.
    Single(Destination),
    /// It is shared out by recipient.
    CatchAll(CatchAll),
}

/// What to bring of the mail that is already there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Bring {
    /// Everything.
    All,
    /// What is not older than this many days.
    Days(u32),
    /// Only what arrives from now on.
    New,
}

impl Bring {
    /// Reads `all`, `new` or `days=30`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "all" => Some(Self::All),
            "new" => Some(Self::New),
            text => {
                let days = text.strip_prefix("days=")?;
                Some(Self::Days(days.parse().ok()?))
            }
        }
    }
}

/// What becomes of the remote copy once ours is stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Retention {
    /// It stays.
    Keep,
    /// It is deleted this many days after ours was stored.
    Delete {
        /// The days; 0 is at once.
        days: u32,
    },
}

/// The words of `after_storing`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum AfterStoring {
    Keep,
    Delete,
}

impl RetrievalEntry {
    /// Reads one; `every` is the interval of one that names none.
    pub(in crate::config) fn read(reader: &mut Reader<'_>, every: Every) -> Option<Self> {
        let name = reader.required("name", "Add name = \"Old ISP\".");
        let owner = reader.optional("owner");
        let server: Option<String> = reader.required("server", "Add server = \"pop.example.org\".");
        let security: Option<Security> = reader.optional("security");
        check_server(reader, server.as_deref(), security);
        let ca_file = reader.optional::<PathBuf>("ca_file");
        let pin = reader.optional::<KeyPin>("pin");
        let one_trust = ca_file.is_none() || pin.is_none();
        let help = "Remove one: a pinned key needs no authority.";
        reader.check(
            &["pin"],
            one_trust,
            "`pin` and `ca_file` exclude each other",
            help,
        );
        let is_readable = security == Some(Security::None);
        reader.check(
            &["pin"],
            pin.is_none() || !is_readable,
            "without encryption the server shows no key",
            "Remove `pin`, or set security = \"tls\".",
        );
        let user = reader.required("user", "Add user = \"alice@example.org\".");
        let credential = read_credential(reader);
        let sign_in = read_sign_in(reader, credential.as_ref());
        let routing = read_routing(reader);
        let bring = reader.value("bring", Bring::All);
        // A person's own runs when something starts it, unless it says more.
        let unnamed = owner.as_ref().map_or(every, |_: &String| Every::Never);
        let every = reader.value("every", unnamed);
        let retention = read_retention(reader);
        let paused = reader.value("paused", false);
        let written_at = whereabouts(reader);
        Some(Self {
            name: name?,
            owner,
            server: server?,
            security,
            ca_file,
            pin,
            user: user?,
            credential: credential?,
            sign_in,
            routing: routing?,
            bring,
            every,
            retention,
            paused,
            written_at,
        })
    }
}

fn check_server(reader: &mut Reader<'_>, server: Option<&str>, security: Option<Security>) {
    let Some(server) = server else {
        return;
    };
    let help = "Write \"pop.example.org\", \"pop.example.org:995\" or \"pop.example.org 995s\".";
    if let Err(why) = ServerSpec::parse(server, security.map(Into::into)) {
        reader.check(&["server"], false, &why, help);
    }
}

fn read_credential(reader: &mut Reader<'_>) -> Option<CredentialSource> {
    let (has_password, has_token) = (reader.is_written("password"), reader.is_written("token"));
    let password = reader.optional::<SecretSource>("password");
    let token = reader.optional::<SecretSource>("token");
    let help = "Add password = { file = \"/path\" }, or token = { command = [\"program\"] }.";
    reader.check(
        &[],
        has_password || has_token,
        "`password` is missing",
        help,
    );
    let both = has_password && has_token;
    let what = "`password` and `token` exclude each other";
    reader.check(&["token"], !both, what, help);
    match (password, token) {
        (Some(password), None) => Some(CredentialSource::Password(password)),
        (None, Some(SecretSource::Command(words))) => Some(CredentialSource::Token(words)),
        (None, Some(_)) => {
            // A token lives for an hour: a file with one would be a surprise.
            let what = "a token comes from a command";
            reader.check(&["token"], false, what, help);
            None
        }
        _ => None,
    }
}

fn read_sign_in(reader: &mut Reader<'_>, credential: Option<&CredentialSource>) -> SignIn {
    let sign_in = reader.value("sign_in", SignIn::default());
    let is_token = matches!(credential, Some(CredentialSource::Token(_)));
    let fits = match sign_in.0 {
        Some(way) => credential.is_none() || way.takes_a_token() == is_token,
        None => true,
    };
    let help = "\"xoauth2\" and \"oauthbearer\" go with `token`, all others with `password`.";
    let what = "this way to sign in goes with the other of `password` and `token`";
    reader.check(&["sign_in"], fits, what, help);
    sign_in
}

fn read_routing(reader: &mut Reader<'_>) -> Option<Routing> {
    let (has_to, has_catch_all) = (reader.is_written("to"), reader.is_written("catch_all"));
    let to = reader.optional::<Destination>("to");
    let catch_all = reader.optional::<CatchAll>("catch_all");
    let rules = reader.optional::<Vec<Rule>>("rules");
    let help = "Write to = \"account/Folder\" for one person's mail, or \
                catch_all = { fallback = \"account\" } to share it out.";
    reader.check(
        &["to"],
        !(has_to && has_catch_all),
        "`to` and `catch_all` exclude each other",
        help,
    );
    reader.check(
        &[],
        has_to || has_catch_all,
        "nothing says where the mail goes",
        help,
    );
    let no_owner = !(has_catch_all && reader.origin("owner").is_written());
    reader.check(
        &["owner"],
        no_owner,
        "a catch-all shares mail out among accounts and has no owner",
        "Remove `owner`.",
    );
    let is_shared_out = rules.is_none() || has_catch_all;
    reader.check(&["rules"], is_shared_out, "rules need a `catch_all`", help);
    let rules = rules.unwrap_or_default();
    let catch_all = catch_all.map(|shared| Routing::CatchAll(CatchAll { rules, ..shared }));
    catch_all.or_else(|| to.map(Routing::Single))
}

fn read_retention(reader: &mut Reader<'_>) -> Retention {
    // Nobody loses mail by leaving a line out.
    let after_storing = reader.value("after_storing", AfterStoring::Keep);
    let days = reader.optional("days");
    let is_used = days.is_none() || after_storing == AfterStoring::Delete;
    let help = "Add after_storing = \"delete\", or remove it.";
    reader.check(
        &["days"],
        is_used,
        "`days` counts only where the remote copy is deleted",
        help,
    );
    match after_storing {
        AfterStoring::Keep => Retention::Keep,
        AfterStoring::Delete => Retention::Delete {
            days: days.unwrap_or(0),
        },
    }
}

impl From<Security> for inhaul_store::Security {
    fn from(security: Security) -> Self {
        match security {
            Security::Tls => Self::Tls,
            Security::StartTls => Self::StartTls,
            Security::None => Self::None,
        }
    }
}

impl Words for Security {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("tls", Self::Tls),
        ("starttls", Self::StartTls),
        ("none", Self::None),
    ];
}

impl Words for AfterStoring {
    const WORDS: &'static [(&'static str, Self)] =
        &[("keep", Self::Keep), ("delete", Self::Delete)];
}

impl Setting for Bring {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let help = "Write \"all\", \"new\" or \"days=30\".";
        let text = from.text(path, session, help)?;
        let bring = Self::parse(text);
        if bring.is_none() {
            let problem = format!("`{text}` is not known here");
            session.refuse(&from.place, path, problem, help);
        }
        bring
    }

    fn show(&self) -> String {
        match self {
            Self::All => quoted("all"),
            Self::New => quoted("new"),
            Self::Days(days) => quoted(&format!("days={days}")),
        }
    }
}

impl Words for SignIn {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("auto", Self(None)),
        ("scram-sha-256", Self(Some(Mechanism::ScramSha256))),
        ("scram-sha-1", Self(Some(Mechanism::ScramSha1))),
        ("cram-md5", Self(Some(Mechanism::CramMd5))),
        ("plain", Self(Some(Mechanism::Plain))),
        ("login", Self(Some(Mechanism::Login))),
        ("user", Self(Some(Mechanism::User))),
        ("apop", Self(Some(Mechanism::Apop))),
        ("xoauth2", Self(Some(Mechanism::XOauth2))),
        ("oauthbearer", Self(Some(Mechanism::OauthBearer))),
    ];
}

impl Setting for KeyPin {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let help = "Write \"sha256//\" and the base64 of the SHA-256 of the server's public key, as \
                    curl does; an error about its certificate names it.";
        let text = from.text(path, session, help)?;
        let pin = text.parse().ok();
        if pin.is_none() {
            session.refuse(&from.place, path, "is not a pin".to_owned(), help);
        }
        pin
    }

    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}
