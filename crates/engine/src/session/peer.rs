//! Who greets: an inhaul, whose messages may have gone round, or any other server.

/// The program at the other end, as far as it matters.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Peer {
    /// A server like any other: what it has twice is two messages.
    #[default]
    Stranger,
    /// Another installation of inhaul, or this one.
    Inhaul,
}

/// The first word behind `+OK` in the greeting of inhaul's own POP3 service.
const FIRST_WORD: &str = "inhaul";

impl Peer {
    /// By what it says behind `+OK`.
    pub(crate) fn who_greets(text: &str) -> Self {
        match text.split_whitespace().next() {
            Some(FIRST_WORD) => Self::Inhaul,
            Some(_) | None => Self::Stranger,
        }
    }
}

/// A greeting.
#[derive(Debug)]
pub(crate) struct Greeted {
    pub(crate) peer: Peer,
    /// The stamp that APOP would need.
    pub(crate) stamp: Option<String>,
}

impl Greeted {
    pub(crate) fn new(text: &str, stamp: Option<&str>) -> Self {
        Self {
            peer: Peer::who_greets(text),
            stamp: stamp.map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_word_makes_an_inhaul() {
        for (text, peer) in [
            ("inhaul is ready", Peer::Inhaul),
            ("inhaul", Peer::Inhaul),
            (" inhaul <1.2@here>", Peer::Inhaul),
            ("", Peer::Stranger),
            ("inhauled", Peer::Stranger),
            ("inhaul-sample is ready", Peer::Stranger),
            ("mail.example.org inhaul is ready", Peer::Stranger),
            ("Dovecot ready.", Peer::Stranger),
        ] {
            assert_eq!(Peer::who_greets(text), peer, "{text}");
        }
    }
}
