//! A POP3 server's maildrop as a model: messages, the ids it gives them, and its bad habits.

use inhaul_types::{Digest, Fingerprint, MessageNumber};

/// Where the server's unique-ids come from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ids {
    /// Each message has one of its own, for ever (until a renumbering).
    Stable,
    /// Unlike messages share one, as popa3d's do.
    Doubled,
    /// Made of the header, as popa3d's and solid-pop3d's are: a look-alike that comes when the
    /// message before it is gone has its id.
    OfHeader,
    /// The smallest number that no message has now.
    Reused,
    /// The place in the maildrop, so that every deletion renumbers what follows.
    Positional,
    /// UIDL is unknown.
    Absent,
}

/// What a message is. Copies share it; each copy is a remote message of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Content {
    /// Messages of one lineage have the same octets, apart from what the server writes into them.
    pub(crate) lineage: u16,
    /// What the identifying header fields say.
    pub(crate) print: u16,
    pub(crate) size: u64,
    /// What the server wrote into it.
    pub(crate) stamp: u8,
}

impl Content {
    pub(crate) fn digest(self) -> Digest {
        let mut octets = [0; 32];
        octets[..2].copy_from_slice(&self.lineage.to_be_bytes());
        octets[2] = self.stamp;
        Digest::new(octets)
    }

    pub(crate) fn fingerprint(self) -> Fingerprint {
        let mut octets = [0; 32];
        octets[..2].copy_from_slice(&self.print.to_be_bytes());
        Fingerprint::new(octets)
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    /// Its identity, which no client ever sees.
    pub(crate) key: usize,
    pub(crate) content: Content,
    pub(crate) hidden: bool,
    /// Given on arrival, where ids are.
    id: u32,
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) ids: Ids,
    pub(crate) top: bool,
    pub(crate) messages: Vec<Message>,
    arrived: usize,
    generation: u32,
}

/// A listed message: number, id, and what stands behind.
pub(crate) struct Line {
    pub(crate) number: MessageNumber,
    pub(crate) id: Option<Vec<u8>>,
    pub(crate) message: Message,
}

impl Server {
    pub(crate) fn new(ids: Ids, top: bool) -> Self {
        Self {
            ids,
            top,
            messages: Vec::new(),
            arrived: 0,
            generation: 0,
        }
    }

    pub(crate) fn arrive(&mut self, content: Content) {
        let key = self.arrived;
        self.arrived += 1;
        let taken = |id: &u32| self.messages.iter().any(|message| message.id == *id);
        let id = match self.ids {
            Ids::Doubled => u32::from(content.lineage % 3),
            Ids::OfHeader => u32::from(content.print),
            Ids::Reused => (0..).find(|id| !taken(id)).unwrap(),
            Ids::Stable | Ids::Positional | Ids::Absent => u32::try_from(key).unwrap(),
        };
        self.messages.push(Message {
            key,
            content,
            hidden: false,
            id,
        });
    }

    pub(crate) fn renumber(&mut self) {
        self.generation += 1;
    }

    /// What UIDL and LIST say, in an order that `shuffle` chooses.
    pub(crate) fn list(&self, shuffle: u64) -> Vec<Line> {
        let visible = self.messages.iter().filter(|message| !message.hidden);
        let mut lines: Vec<_> = (1..)
            .zip(visible)
            .map(|(place, message)| Line {
                number: MessageNumber::new(place).unwrap(),
                id: self.id(place, message),
                message: *message,
            })
            .collect();
        if shuffle != 0 {
            lines
                .sort_by_key(|line| u64::from(line.number.number()).wrapping_mul(shuffle | 1) % 31);
        }
        lines
    }

    fn id(&self, place: u32, message: &Message) -> Option<Vec<u8>> {
        match self.ids {
            Ids::Absent => None,
            Ids::Positional => Some(format!("{place}").into_bytes()),
            Ids::Stable | Ids::Doubled | Ids::OfHeader | Ids::Reused => {
                Some(format!("{}.{}", self.generation, message.id).into_bytes())
            }
        }
    }
}
