//! A detail as one text, for a record that outlives the run.
//!
//! Fields with tabs between them, the kind first; tabs, line ends and backslashes in a field are
//! escaped. What an older or newer inhaul wrote and this one does not know reads as no detail: the
//! card is then as particular as its code.

use std::fmt::Display;

use super::{CertificateFact, Detail, Spoken};
use crate::{Octets, Timestamp};

impl Detail {
    /// The text.
    pub fn to_record(&self) -> String {
        let fields: Vec<String> = fields(self).iter().map(|field| escaped(field)).collect();
        fields.join("\t")
    }

    /// The detail that was written; `None` where that is not known here.
    pub fn from_record(record: &str) -> Option<Self> {
        let fields: Vec<String> = record.split('\t').map(unescaped).collect();
        let mut fields = Fields(fields.into_iter());
        let detail = fields.detail()?;
        fields.0.next().is_none().then_some(detail)
    }
}

fn fields(detail: &Detail) -> Vec<String> {
    let one = |kind: &str| vec![kind.to_owned()];
    let with = |kind: &str, field: &dyn Display| vec![kind.to_owned(), field.to_string()];
    let list = |kind: &str, rest: &[String]| [&[kind.to_owned()], rest].concat();
    let many = |kind: &str, rest: &[&dyn Display]| {
        let rest: Vec<String> = rest.iter().map(ToString::to_string).collect();
        list(kind, &rest)
    };
    match detail {
        Detail::ConnectionRefused => one("connection-refused"),
        Detail::NoReply { seconds } => with("no-reply", seconds),
        Detail::Silent { seconds } => with("silent", seconds),
        Detail::Unreachable { why } => with("unreachable", why),
        Detail::LookUpFailed => one("look-up-failed"),
        Detail::TooSlow => one("too-slow"),
        Detail::Certificate(fact) => list("certificate", &certificate(fact)),
        Detail::NotTls => one("not-tls"),
        Detail::Speaks(spoken) => with("speaks", &word(*spoken)),
        Detail::NoMechanism { offered } => list("no-mechanism", offered),
        Detail::NoStamp => one("no-stamp"),
        Detail::TokenRefused => one("token-refused"),
        Detail::PasswordCommand { why } => with("password-command", why),
        Detail::TokenCommand { why } => with("token-command", why),
        Detail::PasswordFile { path, why } => many("password-file", &[path, why]),
        Detail::Unspeakable => one("unspeakable"),
        Detail::Unproven { mechanism } => with("unproven", mechanism),
        Detail::Downgraded => one("downgraded"),
        Detail::LoginDelay { seconds } => with("login-delay", seconds),
        Detail::Cut {
            stored,
            wanted,
            half,
        } => many("cut", &[stored, wanted, &maybe(half.as_ref())]),
        Detail::Stopped => one("stopped"),
        Detail::Nonsense { why } => with("nonsense", why),
        Detail::Renumbered { listed, known } => many("renumbered", &[listed, known]),
        Detail::TooLarge {
            count,
            largest,
            limit,
        } => {
            let mut fields = many("too-large", &[count, &limit.count()]);
            if let Some((subject, from, octets)) = largest {
                fields.extend([subject.clone(), from.clone(), octets.count().to_string()]);
            }
            fields
        }
        Detail::Full { used, limit } => many("full", &[&used.count(), &limit.count()]),
        Detail::Path(path) => with("path", path),
        Detail::Schema { path, found, known } => many("schema", &[path, found, known]),
        Detail::OtherProgram => one("other-program"),
        Detail::NoRoom { path, free, least } => {
            many("no-room", &[path, &free.count(), &least.count()])
        }
        Detail::Damaged { why } => with("damaged", why),
        Detail::Unusable { doing, why } => many("unusable", &[doing, why]),
    }
}

fn certificate(fact: &CertificateFact) -> Vec<String> {
    let shown = |shown: &Option<String>| shown.clone().unwrap_or_default();
    let time = |time: &Option<Timestamp>| maybe(time.map(Timestamp::millis).as_ref());
    let fields: &[&str] = match fact {
        CertificateFact::Expired { on } => &["expired", &time(on)],
        CertificateFact::NotYetValid { from } => &["not-yet-valid", &time(from)],
        CertificateFact::WrongName { names, shown: key } => {
            let mut fields = vec!["wrong-name".to_owned(), shown(key)];
            fields.extend_from_slice(names);
            return fields;
        }
        CertificateFact::UnknownIssuer { shown: key } => &["unknown-issuer", &shown(key)],
        CertificateFact::OwnAuthority { shown: key } => &["own-authority", &shown(key)],
        CertificateFact::Revoked => &["revoked"],
        CertificateFact::KeyChanged { pinned, shown } => &["key-changed", pinned, shown],
        CertificateFact::AuthorityFile { path, why } => &["authority-file", path, why],
        CertificateFact::Other { why, shown: key } => &["other", why, &shown(key)],
    };
    fields.iter().map(|&field| field.to_owned()).collect()
}

fn maybe<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn word(spoken: Spoken) -> &'static str {
    match spoken {
        Spoken::Smtp => "smtp",
        Spoken::Imap => "imap",
        Spoken::Http => "http",
        Spoken::Ssh => "ssh",
        Spoken::Ftp => "ftp",
        Spoken::Tls => "tls",
        Spoken::Unknown => "unknown",
    }
}

/// Fields that are still to be read.
struct Fields(std::vec::IntoIter<String>);

impl Fields {
    fn text(&mut self) -> Option<String> {
        self.0.next()
    }

    fn number<T: std::str::FromStr>(&mut self) -> Option<T> {
        self.0.next()?.parse().ok()
    }

    fn octets(&mut self) -> Option<Octets> {
        self.number().map(Octets::new)
    }

    /// What may be empty.
    fn maybe<T: std::str::FromStr>(&mut self) -> Option<Option<T>> {
        let field = self.0.next()?;
        match field.is_empty() {
            true => Some(None),
            false => field.parse().ok().map(Some),
        }
    }

    fn detail(&mut self) -> Option<Detail> {
        Some(match self.0.next()?.as_str() {
            "connection-refused" => Detail::ConnectionRefused,
            "no-reply" => Detail::NoReply {
                seconds: self.number()?,
            },
            "silent" => Detail::Silent {
                seconds: self.number()?,
            },
            "unreachable" => Detail::Unreachable { why: self.text()? },
            "look-up-failed" => Detail::LookUpFailed,
            "too-slow" => Detail::TooSlow,
            "certificate" => Detail::Certificate(self.certificate()?),
            "not-tls" => Detail::NotTls,
            "speaks" => Detail::Speaks(self.spoken()?),
            "no-mechanism" => Detail::NoMechanism {
                offered: self.0.by_ref().collect(),
            },
            "no-stamp" => Detail::NoStamp,
            "token-refused" => Detail::TokenRefused,
            "password-command" => Detail::PasswordCommand { why: self.text()? },
            "token-command" => Detail::TokenCommand { why: self.text()? },
            "password-file" => Detail::PasswordFile {
                path: self.text()?,
                why: self.text()?,
            },
            "unspeakable" => Detail::Unspeakable,
            "unproven" => Detail::Unproven {
                mechanism: self.text()?,
            },
            "downgraded" => Detail::Downgraded,
            "login-delay" => Detail::LoginDelay {
                seconds: self.number()?,
            },
            "cut" => Detail::Cut {
                stored: self.number()?,
                wanted: self.number()?,
                half: self.maybe()?,
            },
            "stopped" => Detail::Stopped,
            "nonsense" => Detail::Nonsense { why: self.text()? },
            "renumbered" => Detail::Renumbered {
                listed: self.number()?,
                known: self.number()?,
            },
            "too-large" => Detail::TooLarge {
                count: self.number()?,
                limit: self.octets()?,
                largest: match self.text() {
                    Some(subject) => Some((subject, self.text()?, self.octets()?)),
                    None => None,
                },
            },
            "full" => Detail::Full {
                used: self.octets()?,
                limit: self.octets()?,
            },
            "path" => Detail::Path(self.text()?),
            "schema" => Detail::Schema {
                path: self.text()?,
                found: self.number()?,
                known: self.number()?,
            },
            "other-program" => Detail::OtherProgram,
            "no-room" => Detail::NoRoom {
                path: self.text()?,
                free: self.octets()?,
                least: self.octets()?,
            },
            "damaged" => Detail::Damaged { why: self.text()? },
            "unusable" => Detail::Unusable {
                doing: self.text()?,
                why: self.text()?,
            },
            _ => return None,
        })
    }

    fn certificate(&mut self) -> Option<CertificateFact> {
        let time = |millis: Option<i64>| millis.map(Timestamp::from_millis);
        Some(match self.0.next()?.as_str() {
            "expired" => CertificateFact::Expired {
                on: time(self.maybe()?),
            },
            "not-yet-valid" => CertificateFact::NotYetValid {
                from: time(self.maybe()?),
            },
            "wrong-name" => CertificateFact::WrongName {
                shown: self.maybe()?,
                names: self.0.by_ref().collect(),
            },
            "unknown-issuer" => CertificateFact::UnknownIssuer {
                shown: self.maybe()?,
            },
            "own-authority" => CertificateFact::OwnAuthority {
                shown: self.maybe()?,
            },
            "revoked" => CertificateFact::Revoked,
            "key-changed" => CertificateFact::KeyChanged {
                pinned: self.text()?,
                shown: self.text()?,
            },
            "authority-file" => CertificateFact::AuthorityFile {
                path: self.text()?,
                why: self.text()?,
            },
            "other" => CertificateFact::Other {
                why: self.text()?,
                shown: self.maybe()?,
            },
            _ => return None,
        })
    }

    fn spoken(&mut self) -> Option<Spoken> {
        Some(match self.0.next()?.as_str() {
            "smtp" => Spoken::Smtp,
            "imap" => Spoken::Imap,
            "http" => Spoken::Http,
            "ssh" => Spoken::Ssh,
            "ftp" => Spoken::Ftp,
            "tls" => Spoken::Tls,
            "unknown" => Spoken::Unknown,
            _ => return None,
        })
    }
}

fn escaped(field: &str) -> String {
    let field = field.replace('\\', r"\\").replace('\t', r"\t");
    field.replace('\n', r"\n")
}

fn unescaped(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut characters = field.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('t') => text.push('\t'),
                Some('n') => text.push('\n'),
                Some(other) => text.push(other),
                None => {}
            },
            other => text.push(other),
        }
    }
    text
}
