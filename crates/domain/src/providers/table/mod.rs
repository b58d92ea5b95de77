//! The rows, by where most of their customers are.

mod americas;
mod asia_pacific;
mod europe;
mod germany;
mod hosting;
mod world;

use super::{Encryption, Note, Provider, Server, UserName};

pub(super) static ALL: &[&[Provider]] = &[
    world::ROWS,
    germany::ROWS,
    europe::ROWS,
    americas::ROWS,
    asia_pacific::ROWS,
    hosting::ROWS,
];

/// POP3's port for TLS from the first octet (RFC 8314 section 3.3).
const TLS_PORT: u16 = 995;

/// A provider whose server takes whole addresses on the port for TLS.
const fn at(name: &'static str, host: &'static str, domains: &'static [&'static str]) -> Provider {
    Provider {
        name,
        domains,
        server: Some(Server {
            host,
            port: TLS_PORT,
            encryption: Encryption::Tls,
            user: UserName::Address,
        }),
        notes: &[],
        hosts: &[],
    }
}

/// A provider without POP3.
const fn closed(name: &'static str, domains: &'static [&'static str]) -> Provider {
    Provider {
        name,
        domains,
        server: None,
        notes: &[Note::Pop3NotOffered],
        hosts: &[],
    }
}

impl Provider {
    /// It takes another kind of name.
    const fn named_by(mut self, user: UserName) -> Self {
        if let Some(server) = &mut self.server {
            server.user = user;
        }
        self
    }

    /// It has no port of its own for TLS.
    const fn by_stls(mut self) -> Self {
        if let Some(server) = &mut self.server {
            server.port = 110;
            server.encryption = Encryption::Stls;
        }
        self
    }

    const fn noting(mut self, notes: &'static [Note]) -> Self {
        self.notes = notes;
        self
    }

    const fn also(mut self, hosts: &'static [&'static str]) -> Self {
        self.hosts = hosts;
        self
    }
}
