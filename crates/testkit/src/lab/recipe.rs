//! What differs from make to make: packages, settings, how a session begins, where mail lies.

/// How one make is installed and run.
#[derive(Debug)]
pub(super) struct Recipe {
    /// Debian packages.
    pub(super) packages: &'static [&'static str],
    /// A script that ends the installation. The users are there.
    pub(super) setup: &'static str,
    /// A script that is run before the first session of each instance.
    pub(super) start: &'static str,
    /// Who takes the connections.
    pub(super) listens: Listens,
    /// Where the mail lies.
    pub(super) keeps: Keeps,
    /// What our own client says before it signs in.
    pub(super) before_sign_in: &'static [&'static str],
    /// A line of the server's log with all of these words tells of one refused sign-in.
    pub(super) refusal: &'static [&'static str],
}

/// Who takes the connections.
#[derive(Debug)]
pub(super) enum Listens {
    /// We do, and run this command for each, with the line as its input and output.
    Inetd(&'static [&'static str]),
    /// The server does, on ports that are written into its settings.
    Itself(fn(&Ports) -> Daemon),
}

/// The ports of a server that listens by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    pub(super) pop3: u16,
    pub(super) imap: u16,
}

/// A server that listens by itself.
#[derive(Debug)]
pub(super) struct Daemon {
    /// Settings: path and text.
    pub(super) files: Vec<(&'static str, String)>,
    /// What to run, in the foreground.
    pub(super) command: &'static [&'static str],
}

/// Where the mail lies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Keeps {
    /// In one file a user, `/var/mail/USER`.
    Mbox,
    /// In `/home/USER/Maildir`.
    Maildir,
    /// In files of the server's own; filled by IMAP.
    OwnFiles,
}
