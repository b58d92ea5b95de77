//! Mail providers that people have: their domains, their POP3 servers, and what one has to know
//! before a sign-in there can work.
//!
//! Pure values, compiled in, so that it works without a network. What is not sure is left out: such a
//! provider is found by the usual names of its servers. `docs/providers.md` is made of the table. Start at [`of_domain`] and
//! [`of_host`].

mod domain_name;
mod source;
mod table;

use inhaul_types::card;

pub use domain_name::{BadDomain, ascii_domain};
pub use source::Source;

/// The day on which the table was last gone through, as year-month-day.
pub const TABLE_DATE: &str = "2026-11-22";

/// A provider.
#[derive(Debug, Eq, PartialEq)]
pub struct Provider {
    /// What people call it.
    pub name: &'static str,
    /// What stands behind the `@`: lower case, in A-labels. A leading dot stands for the domain and
    /// all below it. None where its mailboxes are in its customers' own domains.
    pub domains: &'static [&'static str],
    /// Where its mailboxes are read; `None` where they cannot be read by POP3.
    pub server: Option<Server>,
    /// What one has to know before a sign-in.
    pub notes: &'static [Note],
    /// More names of its POP3 servers; a leading dot stands for the name and all below it.
    pub(crate) hosts: &'static [&'static str],
}

/// A POP3 server that is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Server {
    /// Its name.
    pub host: &'static str,
    /// Its port.
    pub port: u16,
    /// How the line is encrypted.
    pub encryption: Encryption,
    /// What it takes for a name.
    pub user: UserName,
}

/// How a line becomes encrypted. There is no third way for a server that nobody typed in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encryption {
    /// TLS from the first octet (RFC 8314).
    Tls,
    /// By STLS (RFC 2595).
    Stls,
}

/// What a server takes for a name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UserName {
    /// The whole address.
    Address,
    /// What stands before the `@`.
    LocalPart,
    /// The provider does not say: the address first, then what stands before the `@`.
    Unsaid,
}

impl UserName {
    /// The name to try first for this address.
    pub fn of(self, address: &str) -> &str {
        match (self, address.rsplit_once('@')) {
            (Self::LocalPart, Some((local, _))) => local,
            _ => address,
        }
    }
}

/// What one has to know before a sign-in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Note {
    /// POP is off until its owner switches it on.
    SwitchOn {
        /// Where: completes "On Gmail:".
        path: &'static str,
    },
    /// The password that people have is not the one for programs.
    AppPassword {
        /// Where one is made: completes "Create an app password".
        at: &'static str,
    },
    /// No password is taken at all any more.
    NotPossible,
    /// It lets a mailbox be looked at no more often.
    PollFloor {
        /// Seconds between two sign-ins.
        seconds: u32,
    },
    /// There is no POP3.
    Pop3NotOffered,
}

/// What a password is good for at a provider.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Passwords {
    /// The one that people have works in programs too.
    Work,
    /// Programs need one of their own.
    AppOnly,
    /// Programs may not use any.
    Never,
}

impl Note {
    /// A sentence for whoever is about to sign in at the provider of this name.
    pub fn sentence(&self, provider: &str) -> String {
        match self {
            Self::SwitchOn { path } => {
                format!("Switch POP on first. On {provider}'s website: {path}.")
            }
            Self::AppPassword { at } => {
                format!("{provider} wants an app password, not your normal one. Create one {at}.")
            }
            Self::NotPossible => format!(
                "{provider} does not allow passwords in programs any more, so inhaul cannot sign \
                 in with one."
            ),
            Self::PollFloor { seconds } => format!(
                "{provider} lets a mailbox be checked every {} minutes at most.",
                seconds.div_ceil(60)
            ),
            Self::Pop3NotOffered => format!(
                "{provider} does not offer POP3, so inhaul cannot read its mailboxes. Forward mail \
                 from there to a mailbox that inhaul can read."
            ),
        }
    }
}

impl Provider {
    /// What a password is good for there.
    pub fn passwords(&self) -> Passwords {
        let has = |wanted: fn(&Note) -> bool| self.notes.iter().any(wanted);
        if has(|note| matches!(note, Note::NotPossible)) {
            Passwords::Never
        } else if has(|note| matches!(note, Note::AppPassword { .. })) {
            Passwords::AppOnly
        } else {
            Passwords::Work
        }
    }

    /// What an error card says of it.
    pub fn for_cards(&self) -> card::Provider {
        let mut known = card::Provider::named(self.name);
        for note in self.notes {
            match note {
                Note::SwitchOn { path } => known.pop_switch = Some(path),
                Note::AppPassword { at } => known.app_password_at = Some(at),
                Note::NotPossible | Note::PollFloor { .. } | Note::Pop3NotOffered => {}
            }
        }
        known
    }

    fn serves(&self, host: &str) -> bool {
        self.server.is_some_and(|server| server.host == host)
            || self.hosts.iter().any(|name| covers(name, host))
    }
}

/// The provider of the addresses in this domain, in any case and with or without a dot behind it.
pub fn of_domain(domain: &str) -> Option<&'static Provider> {
    let domain = ascii_domain(domain).ok()?;
    all().find(|provider| provider.domains.iter().any(|name| covers(name, &domain)))
}

/// The provider whose POP3 server has this name.
pub fn of_host(host: &str) -> Option<&'static Provider> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    all().find(|provider| provider.serves(&host))
}

/// What error cards may say of the provider whose server this is.
pub fn for_cards(host: &str) -> Option<card::Provider> {
    of_host(host).map(Provider::for_cards)
}

/// All of them, in the table's order.
pub fn all() -> impl Iterator<Item = &'static Provider> {
    table::ALL.iter().copied().flatten()
}

/// Whether a name of the table stands for this one.
fn covers(name: &str, domain: &str) -> bool {
    match name.strip_prefix('.') {
        Some(top) => domain == top || domain.ends_with(name),
        None => domain == name,
    }
}

#[cfg(test)]
mod tests;
