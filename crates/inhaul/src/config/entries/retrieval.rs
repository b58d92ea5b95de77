//! `[[retrieval]]`: a remote maildrop and where its mail goes.

use std::path::PathBuf;

use inhaul_types::Address;

use super::group::{inner, show_table};
use super::{Destination, whereabouts};
use crate::config::durations::Every;
use crate::config::reader::{KeyPath, Reader, Session, Setting};
use crate::config::secrets::SecretSource;
use crate::config::tree::{Placed, quoted};
use crate::config::words::Words;

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
    /// The SHA-256 fingerprint of the only certificate to trust.
    pub(crate) pin: Option<Fingerprint>,
    /// The name to sign in with.
    pub(crate) user: String,
    /// Where the password is.
    pub(crate) password: SecretSource,
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

/// How mail is shared out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CatchAll {
    /// What shows the recipient: `auto`, `to-cc` or the name of a header.
    pub(crate) header: String,
    /// The local domains.
    pub(crate) domains: Vec<String>,
    /// Where mail goes that matches nobody.
    pub(crate) fallback: Destination,
    /// Rules beside the accounts' own addresses, which come first.
    pub(crate) rules: Vec<Rule>,
}

/// Mail for this address goes there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule {
    /// The address; `*` stands for anything.
    pub(crate) address: Address,
    /// Where its mail goes.
    pub(crate) to: Destination,
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

/// The SHA-256 fingerprint of a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Fingerprint(pub(crate) [u8; 32]);

impl RetrievalEntry {
    /// Reads one; `every` is the interval of one that names none.
    pub(in crate::config) fn read(reader: &mut Reader<'_>, every: Every) -> Option<Self> {
        let name = reader.required("name", "Add name = \"Old ISP\".");
        let owner = reader.optional("owner");
        let server = reader.required("server", "Add server = \"pop.example.org\".");
        let security = reader.optional("security");
        let ca_file = reader.optional("ca_file");
        let pin = reader.optional("pin");
        let user = reader.required("user", "Add user = \"alice@example.org\".");
        let password = reader.required("password", "Add password = { file = \"/path\" }.");
        let routing = read_routing(reader);
        let bring = reader.value("bring", Bring::All);
        let every = reader.value("every", every);
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
            password: password?,
            routing: routing?,
            bring,
            every,
            retention,
            paused,
            written_at,
        })
    }
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

impl Setting for CatchAll {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let help = "Add fallback = \"account/Folder\": mail that matches nobody needs a place.";
        let mut reader = inner(from, path, session, "{ fallback = \"account/Folder\" }")?;
        let header = reader.value("header", "auto".to_owned());
        let is_name = header
            .bytes()
            .all(|octet| octet.is_ascii_graphic() && octet != b':');
        let how = "Write \"auto\", \"to-cc\" or a header's name, such as \"Delivered-To\".";
        reader.check(&["header"], is_name, "is not the name of a header", how);
        let domains = reader.value("domains", Vec::new());
        let fallback = reader.required("fallback", help);
        reader.finish();
        Some(Self {
            header,
            domains,
            fallback: fallback?,
            rules: Vec::new(),
        })
    }

    fn show(&self) -> String {
        show_table(&[
            format!("header = {}", self.header.show()),
            format!("domains = {}", self.domains.show()),
            format!("fallback = {}", self.fallback.show()),
        ])
    }
}

impl Setting for Rule {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let example = "{ address = \"sales@example.org\", to = \"petr/Shop\" }";
        let mut reader = inner(from, path, session, example)?;
        let help = format!("Write {example}.");
        let address = reader.required("address", &help);
        let to = reader.required("to", &help);
        reader.finish();
        Some(Self {
            address: address?,
            to: to?,
        })
    }

    fn show(&self) -> String {
        let (address, to) = (self.address.show(), self.to.show());
        format!("{{ address = {address}, to = {to} }}")
    }
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

impl Setting for Fingerprint {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let help = "Write the SHA-256 fingerprint: 64 hexadecimal digits, with or without colons.";
        let text = from.text(path, session, help)?;
        let digits: Vec<char> = text.chars().filter(|c| *c != ':').collect();
        let octets: Option<Vec<u8>> = digits.chunks(2).map(octet).collect();
        let fingerprint = octets.and_then(|octets| octets.try_into().ok()).map(Self);
        if fingerprint.is_none() {
            session.refuse(&from.place, path, "is not a fingerprint".to_owned(), help);
        }
        fingerprint
    }

    fn show(&self) -> String {
        let octets: Vec<String> = self.0.iter().map(|octet| format!("{octet:02X}")).collect();
        quoted(&octets.join(":"))
    }
}

fn octet(digits: &[char]) -> Option<u8> {
    let [high, low] = digits else { return None };
    u8::try_from(high.to_digit(16)? * 16 + low.to_digit(16)?).ok()
}
