//! The six sample mailboxes: what lies in them, and how their servers misbehave.
//!
//! Each has a door of its own at the sample server, as if it were another provider's, so that one
//! can be made to misbehave while the others do not. The switches act on the sample server and
//! nowhere else: what follows from them is what the engine makes of a real server that does this.

use std::net::IpAddr;
use std::num::NonZeroU32;

use inhaul_domain::schedule::Every;
use inhaul_sample::switches::{
    Certificate, Dele, Greeting, Line, MailboxSwitches, Refusal, Retr, SignIn,
};
use inhaul_sample::{Mailbox, SampleServer};
use inhaul_types::Timestamp;

/// One of the six.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Sample {
    OldIsp,
    Shop,
    Big,
    Club,
    Work,
    Firm,
}

/// How fast things go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Pace {
    /// A person watches.
    Shown,
    /// Nobody does: the self-test.
    Hurried,
}

/// A sample mailbox and its door.
pub(super) struct Host {
    pub(super) sample: Sample,
    pub(super) server: SampleServer,
    pub(super) mailbox: Mailbox,
    /// The password that the retrieval has.
    password: String,
    /// The one that the mailbox takes.
    right_password: String,
    /// How fast it is, whatever else it does.
    line: Option<Line>,
    manner: Manner,
}

/// What a server can be made to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Manner {
    /// What this sample is there to show.
    OwnWay,
    Behave,
    RefusePassword,
    NotAnswer,
    Cut,
    Renumber,
    TooOften,
    BadCertificate,
    ForgetToDelete,
}

/// The words for them, in the order in which they are listed.
pub(super) const MANNERS: [(&str, Manner); 8] = [
    ("behave", Manner::Behave),
    ("refuse-password", Manner::RefusePassword),
    ("not-answer", Manner::NotAnswer),
    ("cut", Manner::Cut),
    ("renumber", Manner::Renumber),
    ("too-often", Manner::TooOften),
    ("bad-certificate", Manner::BadCertificate),
    ("forget-to-delete", Manner::ForgetToDelete),
];

/// Octets of the large message.
const LARGE: usize = 8_000_000;

impl Sample {
    pub(super) const ALL: [Self; 6] = [
        Self::OldIsp,
        Self::Shop,
        Self::Big,
        Self::Club,
        Self::Work,
        Self::Firm,
    ];

    /// The retrieval's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::OldIsp => "Old ISP",
            Self::Shop => "Shop",
            Self::Big => "Big",
            Self::Club => "Club",
            Self::Work => "Work",
            Self::Firm => "Firm",
        }
    }

    /// The folder that its mail is brought to. The firm's is shared out, and only what nobody has a
    /// rule for comes there.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Firm => "Firm",
            Self::OldIsp | Self::Shop | Self::Big | Self::Club | Self::Work => "INBOX",
        }
    }

    /// The mailbox, and the name to sign in with.
    pub(super) fn user(self) -> &'static str {
        match self {
            Self::OldIsp => "you@old-isp.example",
            Self::Shop => "shop@store.example",
            Self::Big => "big@slow.example",
            Self::Club => "club@strict.example",
            Self::Work => "work@busy.example",
            Self::Firm => "*@firm.example",
        }
    }

    /// The provider it stands for.
    pub(super) fn domain(self) -> &'static str {
        self.user().rsplit('@').next().unwrap_or_default()
    }

    /// How often it is checked while it works: more often than anybody would check a real one.
    pub(super) fn every(self) -> Every {
        Every::Seconds(match self {
            // Its third sign-in, which is refused, comes while people still look.
            Self::Work => 5,
            Self::Shop => 20,
            Self::OldIsp => 30,
            Self::Big | Self::Club | Self::Firm => 60,
        })
    }

    /// The one a person means, by name, mailbox or provider.
    pub(super) fn find(words: &str) -> Option<Self> {
        let plain = |text: &str| text.to_lowercase().replace([' ', '-', '_'], "");
        let wanted = plain(words);
        Self::ALL.into_iter().find(|sample| {
            [sample.name(), sample.user(), sample.domain()]
                .into_iter()
                .any(|name| plain(name) == wanted)
        })
    }
}

impl Host {
    /// Puts into the mailbox what lies in it at first, and gives the server its own way.
    pub(super) fn new(
        sample: Sample,
        server: SampleServer,
        password: String,
        right_password: String,
        pace: Pace,
    ) -> Self {
        let mailbox = server.mailbox(sample.user());
        let messages: Vec<Vec<u8>> = match sample {
            Sample::OldIsp => inhaul_sample::messages().map(Vec::from).into(),
            Sample::Big => vec![inhaul_sample::large_message(LARGE)],
            Sample::Work => inhaul_sample::work_messages(),
            Sample::Club => inhaul_sample::club_messages(),
            Sample::Firm => inhaul_sample::firm_messages(),
            Sample::Shop => Vec::new(),
        };
        for message in messages {
            mailbox.append(message);
        }
        let rate = match pace {
            Pace::Shown => 400_000,
            Pace::Hurried => 16_000_000,
        };
        let line = (sample == Sample::Big).then(|| Line {
            rate: NonZeroU32::new(rate),
            ..Line::default()
        });
        let host = Self {
            sample,
            server,
            mailbox,
            password,
            right_password,
            line,
            manner: Manner::OwnWay,
        };
        host.reset();
        if sample == Sample::Work
            && let Some(third) = NonZeroU32::new(3)
        {
            host.set(|switches| switches.sign_in = SignIn::EveryNth(third, Refusal::InUse));
        }
        host
    }

    /// The password that the retrieval has. Club's is not the mailbox's.
    pub(super) fn password(&self) -> &str {
        &self.password
    }

    /// The password that the mailbox takes.
    pub(super) fn password_taken(&self) -> &str {
        &self.right_password
    }

    /// The same; from now on it is the retrieval's.
    pub(super) fn right_password(&mut self) -> &str {
        self.password.clone_from(&self.right_password);
        &self.password
    }

    /// Its name, and where that is.
    pub(super) fn named(&self) -> (&'static str, IpAddr) {
        (self.sample.domain(), self.server.address().ip())
    }

    /// What the server does now, in words.
    pub(super) fn manner(&self) -> &'static str {
        let words = MANNERS.iter().find(|(_, manner)| *manner == self.manner);
        match (words, self.sample) {
            (Some((word, _)), _) => word,
            (None, Sample::Club) if self.password == self.right_password => "behave",
            (None, Sample::Club) => "wants another password",
            (None, Sample::Work) => "in use every third time",
            (None, Sample::Big) => "slow",
            (None, Sample::Shop) => "a message every 20 s",
            (None, Sample::OldIsp | Sample::Firm) => "behave",
        }
    }

    /// Makes the server do this and nothing else; says what it does now.
    pub(super) fn make(&mut self, manner: Manner) -> String {
        self.reset();
        self.manner = manner;
        let domain = self.sample.domain();
        match manner {
            Manner::OwnWay | Manner::Behave => {
                self.right_password.clone_from(&self.password);
                self.mailbox.set_password(&self.password);
                format!("{domain} behaves.")
            }
            Manner::RefusePassword => {
                self.set(|switches| switches.sign_in = SignIn::Refused(Refusal::Auth));
                format!("{domain} refuses the password: -ERR [AUTH].")
            }
            Manner::NotAnswer => {
                self.server
                    .set(|switches| switches.greeting = Greeting::Missing);
                format!("{domain} takes connections and says nothing.")
            }
            Manner::Cut => self.cut(),
            Manner::Renumber => {
                self.mailbox.renumber();
                self.manner = Manner::Behave;
                let count = self.mailbox.len();
                format!("{domain} has given all its messages ({count}) new unique-ids.")
            }
            Manner::TooOften => {
                self.set(|switches| switches.sign_in = SignIn::Refused(Refusal::LoginDelay));
                format!("{domain} says that we come too often: -ERR [LOGIN-DELAY].")
            }
            Manner::BadCertificate => {
                self.server
                    .set(|switches| switches.certificate = Certificate::Expired);
                format!("{domain} shows a certificate that ended in 2002.")
            }
            Manner::ForgetToDelete => {
                self.set(|switches| switches.dele = Dele::Ignored);
                format!("{domain} answers +OK to DELE, and the message stays.")
            }
        }
    }

    /// Cuts in the middle of what nobody has asked for yet, so that something comes through first.
    fn cut(&self) -> String {
        let ids = self.mailbox.ids().into_iter();
        let fresh = ids.filter(|id| self.mailbox.retrieved(*id) == 0).count();
        let nth = NonZeroU32::MIN.saturating_add(u32::try_from(fresh / 2).unwrap_or(u32::MAX));
        self.set(|switches| switches.retr = Retr::CutAtNth(nth));
        let domain = self.sample.domain();
        let hint = match fresh {
            0 => " Nothing new lies there now: send some.",
            _ => "",
        };
        format!(
            "{domain} cuts the line in the middle of message {nth} that a session asks for.{hint}"
        )
    }

    fn reset(&self) {
        self.server.behave();
        self.mailbox.behave();
        let line = self.line.clone();
        self.set(|switches| switches.line = line);
    }

    fn set(&self, change: impl FnOnce(&mut MailboxSwitches)) {
        self.mailbox.set(change);
    }

    /// Somebody sends this many messages to it, the first of them with this number.
    pub(super) fn send(&self, first: u64, count: u64, at: Timestamp) {
        for number in first..first + count {
            let message = inhaul_sample::sent_message(self.sample.user(), number, at);
            self.mailbox.append(message);
        }
        if self.manner == Manner::Cut {
            self.cut();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_found_by_what_people_call_it() {
        for (words, sample) in [
            ("old-isp", Some(Sample::OldIsp)),
            ("Old ISP", Some(Sample::OldIsp)),
            ("old-isp.example", Some(Sample::OldIsp)),
            ("you@old-isp.example", Some(Sample::OldIsp)),
            ("FIRM", Some(Sample::Firm)),
            ("old", None),
            ("", None),
        ] {
            assert_eq!(Sample::find(words), sample, "{words}");
        }
    }
}
