//! Remote servers that misbehave: the sample server with its switches, one for each retrieval.

use std::net::{SocketAddr, TcpListener};

use inhaul_sample::switches::{MailboxSwitches, Refusal, ServerSwitches, SignIn};
use inhaul_sample::{Mailbox, SampleConfig, SampleServer, Tls};
use tokio::runtime::Runtime;

/// They run as long as this.
pub(crate) struct Peers {
    runtime: Runtime,
    servers: Vec<SampleServer>,
}

/// How a retrieval is added that leads to one of them.
pub(crate) struct Remote {
    /// The name to sign in with there: of each server another one, for a mailbox is known by its
    /// host and its user.
    pub(crate) user: String,
    /// The options behind `retrieval add`, the server first.
    pub(crate) options: Vec<String>,
    /// The account that it fills.
    pub(crate) account: &'static str,
}

impl Peers {
    pub(crate) fn new() -> Self {
        Self {
            runtime: Runtime::new().unwrap(),
            servers: Vec::new(),
        }
    }

    /// A server of a kind that behaves.
    pub(crate) fn server(&mut self, tls: Tls) -> &SampleServer {
        let config = SampleConfig {
            tls,
            ..SampleConfig::default()
        };
        let server = self.runtime.block_on(SampleServer::start(config)).unwrap();
        server.mailbox(&user_at(server.address()));
        self.servers.push(server);
        self.servers.last().unwrap()
    }

    /// The one that was started last.
    pub(crate) fn last(&self) -> &SampleServer {
        self.servers.last().unwrap()
    }

    /// One without encryption, with these switches.
    pub(crate) fn plain(&mut self, change: impl FnOnce(&mut ServerSwitches)) -> Remote {
        let server = self.server(Tls::Absent);
        server.set(change);
        Remote::at(server.address(), "none").of(server)
    }

    /// One whose mailbox has these switches.
    pub(crate) fn mailbox(
        &mut self,
        change: impl FnOnce(&mut MailboxSwitches),
    ) -> (Remote, Mailbox) {
        let server = self.server(Tls::Absent);
        let mailbox = server.mailbox(&user_at(server.address()));
        mailbox.set(change);
        (Remote::at(server.address(), "none").of(server), mailbox)
    }

    /// One that refuses the sign-in so.
    pub(crate) fn refusing(&mut self, refusal: Refusal) -> Remote {
        let (remote, _) = self.mailbox(|it| it.sign_in = SignIn::Refused(refusal));
        remote
    }
}

impl Remote {
    pub(crate) fn at(address: SocketAddr, security: &str) -> Self {
        Self::named(&address.to_string(), security)
    }

    pub(crate) fn named(server: &str, security: &str) -> Self {
        let options = [
            format!("--server={server}"),
            format!("--security={security}"),
        ];
        Self {
            user: format!("nobody@{server}"),
            options: options.into(),
            account: "anna",
        }
    }

    /// With the user of this server.
    pub(crate) fn of(self, server: &SampleServer) -> Self {
        let user = user_at(server.address());
        Self { user, ..self }
    }

    /// With one option more.
    pub(crate) fn with(mut self, option: &str) -> Self {
        self.options.push(option.to_owned());
        self
    }

    /// For another account.
    pub(crate) fn to(self, account: &'static str) -> Self {
        Self { account, ..self }
    }
}

/// The one user of a server.
pub(crate) fn user_at(address: SocketAddr) -> String {
    format!("u{}", address.port())
}

/// An address at which nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// A message of about this size.
pub(crate) fn letter(number: u32, size: usize) -> Vec<u8> {
    let mut letter = format!(
        "From: Ann Lee <ann@example.org>\r\nTo: anna@example.net\r\nSubject: letter {number}\r\n\
         Message-ID: <letter-{number}@example.org>\r\n\r\nThis is letter {number}.\r\n"
    );
    while letter.len() < size {
        letter.push_str("and so on, and so on, and so on, and so on, and so on, and so on\r\n");
    }
    letter.into_bytes()
}
