//! What a session learns of its server, for the next one to begin with.
//!
//! What CAPA said is forgotten at the first surprise. A CAPA that was not answered is remembered
//! instead, for a week: the sessions until then do without it and sign in by USER and PASS.

use std::time::Duration;

use inhaul_pop3_proto::client::{Capabilities, Expire};
use inhaul_store::{Retrieval, SignInMemory};
use inhaul_types::Timestamp;

use crate::session::peer::Peer;

/// Begins empty, or with what the last session has left.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    /// What the server offers; `None` until it was asked.
    pub(crate) capabilities: Option<Capabilities>,
    /// Whether it was asked in this session.
    pub(crate) asked: bool,
    /// Who greeted in this session.
    pub(crate) peer: Peer,
    /// Since when CAPA is left alone, because the server did not answer it.
    unanswered_since: Option<Timestamp>,
    /// Whether CAPA is being waited for.
    asking: bool,
    /// Ways to sign in that worked or did not.
    pub(crate) sign_in: Option<SignInMemory>,
    /// The same as the session began.
    sign_in_before: Option<SignInMemory>,
}

/// What stands in place of capabilities where CAPA is not answered, with the time behind it.
const UNANSWERED: &str = "X-INHAUL-CAPA-UNANSWERED";

/// A server gets better, and a line that broke in the wrong moment proves little.
const LEFT_ALONE: Duration = Duration::from_secs(7 * 24 * 3600);

impl Learned {
    /// What is remembered of a retrieval's server.
    pub(crate) fn of(retrieval: &Retrieval, now: Timestamp) -> Self {
        let remembered = retrieval
            .capabilities
            .as_deref()
            .map(Capabilities::parse_lines);
        let mut learned = Self {
            sign_in: retrieval.sign_in_memory,
            sign_in_before: retrieval.sign_in_memory,
            ..Self::default()
        };
        let since = remembered.as_ref().and_then(unanswered_since);
        match since {
            None => learned.capabilities = remembered,
            Some(since) if now.millis() < since.plus(LEFT_ALONE).millis() => {
                learned.leave_capa_alone(since);
            }
            Some(_) => {}
        }
        learned
    }

    /// What a test of settings that are not saved has shown.
    pub(crate) fn that(sign_in: Option<SignInMemory>) -> Self {
        Self {
            sign_in,
            sign_in_before: sign_in,
            ..Self::default()
        }
    }

    /// Goes on without CAPA: as a server would be talked to that offers nothing.
    fn leave_capa_alone(&mut self, since: Timestamp) {
        self.capabilities = Some(Capabilities::new());
        self.unanswered_since = Some(since);
    }

    /// What a session right behind this one, which failed, begins with, where it has a better
    /// chance: without the CAPA that was not answered, or saying the password whose proof was
    /// refused. For a look that remembers nothing of CAPA.
    pub(crate) fn another_session(&self) -> Option<Self> {
        let mut learned = Self {
            sign_in: self.sign_in,
            sign_in_before: self.sign_in,
            ..Self::default()
        };
        if self.asking && !self.asked {
            learned.capabilities = Some(Capabilities::new());
            return Some(learned);
        }
        let is_refused = matches!(self.sign_in, Some(SignInMemory::Refused(_)));
        (is_refused && self.sign_in != self.sign_in_before).then_some(learned)
    }

    /// Another session of the same run follows: what this one learned is not asked for again.
    pub(crate) fn begin_next_session(&mut self) {
        (self.asked, self.asking) = (false, false);
        self.sign_in_before = self.sign_in;
    }

    /// How long the server wants us to wait between two sign-ins (RFC 2449 section 6.5).
    pub(crate) fn login_delay(&self) -> Option<Duration> {
        self.capabilities.as_ref()?.login_delay()
    }

    /// After how many days the server deletes messages by itself (RFC 2449 section 6.7).
    pub(crate) fn expires_in_days(&self) -> Option<u32> {
        match self.capabilities.as_ref()?.expire()? {
            Expire::Days(days) => Some(days),
            Expire::Never => None,
        }
    }

    /// CAPA goes out.
    pub(crate) fn ask(&mut self) {
        self.asking = true;
    }

    /// CAPA is answered, by a list or by a refusal, which is as good as an empty one.
    pub(crate) fn hear(&mut self, capabilities: Option<Capabilities>) {
        let heard = capabilities.unwrap_or_default();
        self.capabilities = Some(match &self.capabilities {
            Some(before) if self.asked => before.corrected_by(&heard),
            _ => heard,
        });
        self.asking = false;
        self.asked = true;
    }

    /// TLS begins: what was said before it proves nothing.
    pub(crate) fn forget_what_was_asked(&mut self) {
        if self.asked {
            self.capabilities = None;
            self.asked = false;
        }
    }

    /// Whether the server may say more of itself behind the sign-in.
    pub(crate) fn may_hear_more(&self) -> bool {
        let lacks = |capabilities: &Capabilities| {
            !capabilities.uidl() || !capabilities.top() || !capabilities.pipelining()
        };
        let listed = self.capabilities.as_ref().filter(|list| !list.is_empty());
        self.asked && listed.is_some_and(lacks)
    }

    /// What to remember of CAPA.
    pub(crate) fn to_remember(&self, ended: Ended, now: Timestamp) -> Option<String> {
        let unanswered = |since: Timestamp| Some(format!("{UNANSWERED} {}", since.millis()));
        match ended {
            // Behind the sign-in: what was said before it has to do.
            Ended::Badly if self.asking && self.asked => self.lines(),
            Ended::Badly if self.asking => unanswered(now),
            Ended::Badly | Ended::Stopped => None,
            Ended::Well => match self.unanswered_since {
                Some(since) => unanswered(since),
                None => self.lines(),
            },
        }
    }

    fn lines(&self) -> Option<String> {
        let capabilities = self.capabilities.as_ref()?;
        Some(capabilities.lines().collect::<Vec<_>>().join("\n"))
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ended {
    Well,
    Badly,
    /// By us, in the middle of anything.
    Stopped,
}

fn unanswered_since(remembered: &Capabilities) -> Option<Timestamp> {
    let millis = remembered.arguments(UNANSWERED)?.next()?.parse().ok()?;
    Some(Timestamp::from_millis(millis))
}
