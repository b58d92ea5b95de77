//! `RETR` and `TOP`: a message, or its beginning, as it was stored.
//!
//! Small messages are read ahead, several in one question to the store: clients ask for one after
//! the other. A large one goes through in pieces. What cannot be read to its end is cut off and
//! not ended: no client takes half a message for a whole one.

use std::collections::VecDeque;

use inhaul_pop3_proto::ResponseCode;
use inhaul_store::{BodyReader, StoreError};
use inhaul_types::{MessageNumber, Octets, Uid};

use super::line_feeds::LineFeeds;
use super::maildrop::Maildrop;
use super::session::Conversation;
use super::top::TopCut;
use super::wire::End;

/// Small messages that were read before they were asked for.
#[derive(Debug, Default)]
pub(super) struct ReadAhead {
    bodies: VecDeque<(Uid, Vec<u8>)>,
}

/// Where a message's octets come from.
enum Source {
    Memory(Vec<u8>),
    Pieces(Box<dyn BodyReader>),
}

/// Octets that are read ahead for one session.
const AHEAD_OCTETS: Octets = Octets::new(64 << 10);
/// Messages that are, however small they are.
const AHEAD_MESSAGES: usize = 64;
/// Larger messages are worth a question each.
const SMALL: u64 = 32 << 10;
/// What of a large piece is made ready to be sent at once.
const SLICE: usize = 32 << 10;

impl Conversation {
    pub(super) async fn answer_retr(&mut self, number: MessageNumber) -> Result<(), End> {
        let Some((source, size)) = self.open(number).await else {
            return Ok(());
        };
        self.wire
            .grammar
            .ok(format_args!("{} octets", size.count()));
        let mut line_feeds = LineFeeds::default();
        match source {
            Source::Memory(octets) => self.send_body(&octets, &mut line_feeds),
            Source::Pieces(mut reader) => loop {
                let piece = next_piece(&mut *reader).await?;
                if piece.is_empty() {
                    break;
                }
                for slice in piece.chunks(SLICE) {
                    self.send_body(slice, &mut line_feeds);
                    self.wire.flush_if_much().await?;
                }
            },
        }
        self.end_body(line_feeds);
        self.tally.retrieved += 1;
        self.tally.octets += size.count();
        Ok(())
    }

    pub(super) async fn answer_top(
        &mut self,
        number: MessageNumber,
        lines: u32,
    ) -> Result<(), End> {
        let Some((source, _)) = self.open(number).await else {
            return Ok(());
        };
        self.wire
            .grammar
            .ok(format_args!("The first lines of message {number}"));
        let (mut cut, mut line_feeds) = (TopCut::new(lines), LineFeeds::default());
        match source {
            Source::Memory(octets) => {
                let taken = cut.take(&octets);
                self.send_body(&octets[..taken], &mut line_feeds);
            }
            Source::Pieces(mut reader) => {
                while !cut.is_done() {
                    let piece = next_piece(&mut *reader).await?;
                    if piece.is_empty() {
                        break;
                    }
                    for slice in piece[..cut.take(&piece)].chunks(SLICE) {
                        self.send_body(slice, &mut line_feeds);
                        self.wire.flush_if_much().await?;
                    }
                }
            }
        }
        self.end_body(line_feeds);
        Ok(())
    }

    fn send_body(&mut self, octets: &[u8], line_feeds: &mut LineFeeds) {
        let grammar = &mut self.wire.grammar;
        line_feeds.pass(octets, |octets| grammar.body_chunk(octets));
    }

    fn end_body(&mut self, line_feeds: LineFeeds) {
        let grammar = &mut self.wire.grammar;
        line_feeds.finish(|octets| grammar.body_chunk(octets));
        grammar.body_end();
    }

    /// Opens a message; says why if that cannot be.
    async fn open(&mut self, number: MessageNumber) -> Option<(Source, Octets)> {
        let maildrop = self.maildrop();
        let place = match maildrop.find(number) {
            Ok(place) => place,
            Err(none) => {
                self.wire.grammar.err(None, none);
                return None;
            }
        };
        let (folder, message) = (maildrop.folder(), *maildrop.message(place));
        let opened = match self.ahead.take(message.uid) {
            Some(octets) => Ok(Source::Memory(octets)),
            None if message.size.count() <= SMALL => self.read_ahead(place).await,
            None => {
                let opened = self.service.store.message_body_at(folder, message.uid);
                opened.await.map(Source::Pieces)
            }
        };
        match opened {
            Ok(source) => Some((source, message.size)),
            Err(StoreError::Missing { .. }) => {
                let text = format_args!("Message {number} was removed by another program");
                self.wire.grammar.err(None, text);
                None
            }
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a message cannot be read"
                );
                let text = format_args!("Message {number} cannot be read at present");
                self.wire.grammar.err(Some(ResponseCode::SysTemp), text);
                None
            }
        }
    }

    async fn read_ahead(&mut self, place: usize) -> Result<Source, StoreError> {
        let maildrop = self.maildrop();
        let (folder, uid) = (maildrop.folder(), maildrop.message(place).uid);
        let uids = worth_reading(maildrop, place);
        let store = &self.service.store;
        let bodies = store.bodies_at(folder, &uids, AHEAD_OCTETS).await?;
        self.ahead.bodies = uids.into_iter().zip(bodies).collect();
        match self.ahead.take(uid) {
            Some(octets) => Ok(Source::Memory(octets)),
            // Removed, or damaged: the question for it alone says which.
            None => store.message_body_at(folder, uid).await.map(Source::Pieces),
        }
    }
}

/// The message at a place, and the small ones behind it.
fn worth_reading(maildrop: &Maildrop, place: usize) -> Vec<Uid> {
    let mut octets = 0;
    let next = maildrop.unmarked_from(place).map(|(_, message)| message);
    next.take_while(|message| {
        octets += message.size.count();
        message.size.count() <= SMALL && octets <= AHEAD_OCTETS.count()
    })
    .take(AHEAD_MESSAGES)
    .map(|message| message.uid)
    .collect()
}

async fn next_piece(reader: &mut dyn BodyReader) -> Result<Vec<u8>, End> {
    reader.next_chunk().await.map_err(|error| {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "a message ends too early"
        );
        End::Lost
    })
}

impl ReadAhead {
    /// The octets of this message, if they are here; what lies before it is not needed any more.
    fn take(&mut self, uid: Uid) -> Option<Vec<u8>> {
        while let Some((next, octets)) = self.bodies.pop_front() {
            if next == uid {
                return Some(octets);
            }
            if next > uid {
                break;
            }
        }
        self.bodies = VecDeque::new();
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_out_of_order_is_read_anew() {
        let ahead = || ReadAhead {
            bodies: [(2, b"two"), (5, b"fiv"), (6, b"six")]
                .map(|(uid, octets)| (Uid::new(uid), octets.to_vec()))
                .into(),
        };
        for (asked, found) in [
            (&[2, 5, 6][..], &[true, true, true][..]),
            (&[5, 2, 6], &[true, false, false]),
            (&[1, 2], &[false, false]),
            (&[6, 6], &[true, false]),
            (&[3, 5], &[false, false]),
        ] {
            let mut ahead = ahead();
            let taken: Vec<_> = asked
                .iter()
                .map(|uid| ahead.take(Uid::new(*uid)).is_some())
                .collect();
            assert_eq!(taken, found, "{asked:?}");
        }
    }
}
