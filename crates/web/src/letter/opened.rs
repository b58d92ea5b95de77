//! Opens a message: its parts, and the octets of those that are shown.
//!
//! What is read of a message is bounded, whatever its size. A small message is read once; of a large
//! one the parts are found first, and then read.

use std::ops::Range;

use inhaul_message::{
    HEADER_MOST, Prefer, Reading, Scanner, Structure, TransferEncoding, Unpacker, body_text,
    words_of_html,
};
use inhaul_store::{BodyReader, Store, StoreError};
use inhaul_types::MessageId;

/// A message that was opened.
#[derive(Debug)]
pub(crate) struct Letter {
    id: MessageId,
    pub(crate) structure: Structure,
    /// The header of the message.
    pub(crate) header: Vec<u8>,
    /// All of it, if it is small.
    whole: Option<Vec<u8>>,
}

impl Letter {
    /// Reads a message through.
    pub(crate) async fn open(store: &dyn Store, id: MessageId) -> Result<Self, StoreError> {
        let mut reader = store.message_body(id).await?;
        let mut scanner = Scanner::new();
        let (mut top, mut is_whole) = (Vec::new(), true);
        loop {
            let chunk = reader.next_chunk().await?;
            if chunk.is_empty() {
                break;
            }
            scanner.push(&chunk);
            let room = KEPT.saturating_sub(top.len());
            top.extend_from_slice(&chunk[..chunk.len().min(room)]);
            is_whole &= chunk.len() <= room;
        }
        let structure = scanner.finish();
        let header = structure.part(0).map_or(0, |part| part.header.end);
        let header = place(header).min(top.len()).min(HEADER_MOST);
        Ok(Self {
            id,
            header: top[..header].to_owned(),
            structure,
            whole: is_whole.then_some(top),
        })
    }

    /// The parts of it by what they are for.
    pub(crate) fn reading(&self, prefer: Prefer) -> Reading {
        self.structure.reading(prefer)
    }

    /// The texts of these parts, each up to [`TEXT_MOST`]; and whether one of them goes on.
    pub(crate) async fn texts(
        &self,
        store: &dyn Store,
        parts: &[usize],
    ) -> Result<(Vec<String>, bool), StoreError> {
        let unpacked = self.unpacked(store, parts, TEXT_MOST).await?;
        let mut is_cut = false;
        let mut texts = Vec::with_capacity(parts.len());
        for (part, octets) in parts.iter().zip(&unpacked) {
            let Some(part) = self.structure.part(*part) else {
                continue;
            };
            is_cut |= part.body.end - part.body.start > TEXT_MOST;
            texts.push(body_text(&part.described, octets));
        }
        Ok((texts, is_cut))
    }

    /// The same without any format: of formatted text only its words.
    pub(crate) async fn words(
        &self,
        store: &dyn Store,
        parts: &[usize],
    ) -> Result<(Vec<String>, bool), StoreError> {
        let (mut texts, is_cut) = self.texts(store, parts).await?;
        for (part, text) in parts.iter().zip(&mut texts) {
            let part = self.structure.part(*part);
            if part.is_some_and(|part| part.described.is("text", "html")) {
                *text = words_of_html(text);
            }
        }
        Ok((texts, is_cut))
    }

    /// The message as it came, up to [`TEXT_MOST`]; and whether it goes on.
    pub(crate) async fn source(&self, store: &dyn Store) -> Result<(String, bool), StoreError> {
        let octets = match &self.whole {
            Some(whole) => whole.clone(),
            None => {
                let mut reader = store.message_body(self.id).await?;
                let top = std::slice::from_ref(&TOP);
                stretches(reader.as_mut(), top).await?.concat()
            }
        };
        let text = String::from_utf8_lossy(&octets).replace("\r\n", "\n");
        Ok((text, self.whole.is_none()))
    }

    /// What these parts hold, each read up to `most` octets as they were sent.
    pub(crate) async fn unpacked(
        &self,
        store: &dyn Store,
        parts: &[usize],
        most: u64,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let found: Vec<(TransferEncoding, Range<u64>)> = parts
            .iter()
            .filter_map(|part| self.structure.part(*part))
            .map(|part| {
                let body = part.body.start..part.body.end.min(part.body.start + most);
                (part.described.encoding, body)
            })
            .collect();
        let packed = match &self.whole {
            Some(whole) => found
                .iter()
                .map(|(_, body)| whole[place(body.start)..place(body.end)].to_owned())
                .collect(),
            None => {
                let bodies: Vec<_> = found.iter().map(|(_, body)| body.clone()).collect();
                let mut reader = store.message_body(self.id).await?;
                stretches(reader.as_mut(), &bodies).await?
            }
        };
        let encodings = found.iter().map(|(encoding, _)| *encoding);
        let packed: Vec<Vec<u8>> = packed;
        Ok(encodings
            .zip(packed)
            .map(|(encoding, octets)| Unpacker::all(encoding, &octets))
            .collect())
    }
}

/// These stretches of a body, which may come in any order.
async fn stretches(
    reader: &mut dyn BodyReader,
    wanted: &[Range<u64>],
) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut found: Vec<Vec<u8>> = vec![Vec::new(); wanted.len()];
    let end = wanted.iter().map(|range| range.end).max().unwrap_or(0);
    let mut at = 0;
    while at < end {
        let chunk = reader.next_chunk().await?;
        if chunk.is_empty() {
            break;
        }
        for (range, octets) in wanted.iter().zip(&mut found) {
            octets.extend_from_slice(overlap(&chunk, at, range));
        }
        at += chunk.len() as u64;
    }
    Ok(found)
}

/// What of a chunk that begins at `at` is in a stretch.
fn overlap<'a>(chunk: &'a [u8], at: u64, range: &Range<u64>) -> &'a [u8] {
    let from = place(range.start.saturating_sub(at)).min(chunk.len());
    let to = place(range.end.saturating_sub(at)).min(chunk.len());
    &chunk[from..to.max(from)]
}

fn place(octet: u64) -> usize {
    usize::try_from(octet).unwrap_or(usize::MAX)
}

/// The octets of one part, unpacked, piece by piece.
pub(crate) struct PartReader {
    reader: Box<dyn BodyReader>,
    body: Range<u64>,
    at: u64,
    unpacker: Option<Unpacker>,
}

impl PartReader {
    /// Of this part; `None` if there is none of this number.
    pub(crate) async fn open(
        store: &dyn Store,
        letter: &Letter,
        part: usize,
    ) -> Result<Option<Self>, StoreError> {
        let Some(part) = letter.structure.part(part) else {
            return Ok(None);
        };
        Ok(Some(Self {
            reader: store.message_body(letter.id).await?,
            body: part.body.clone(),
            at: 0,
            unpacker: Some(Unpacker::new(part.described.encoding)),
        }))
    }

    /// The next octets; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        loop {
            let Some(unpacker) = &mut self.unpacker else {
                return Ok(None);
            };
            let chunk = match self.at < self.body.end {
                true => self.reader.next_chunk().await?,
                false => Vec::new(),
            };
            let unpacked = match chunk.is_empty() {
                true => self
                    .unpacker
                    .take()
                    .map(Unpacker::finish)
                    .unwrap_or_default(),
                false => unpacker.push(overlap(&chunk, self.at, &self.body)),
            };
            self.at += chunk.len() as u64;
            if !unpacked.is_empty() {
                return Ok(Some(unpacked));
            }
        }
    }
}

/// Messages up to this size are read once; most are.
const KEPT: usize = 1 << 20;
/// Octets of a text, as it was sent, that are shown.
pub(crate) const TEXT_MOST: u64 = 1 << 20;
/// So much of a message's source is shown.
const TOP: Range<u64> = 0..TEXT_MOST;
