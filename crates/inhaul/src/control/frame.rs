//! Frames: a head in JSON and octets as they are, both with their length in front.
//!
//! ```text
//! u32  octets of the head      big-endian, at most HEAD_MOST
//! u32  octets behind it        big-endian, at most OCTETS_MOST
//! head
//! octets
//! ```
//!
//! A password is among the octets, so they are wiped when dropped and `Debug` shows their number
//! only. A frame that breaks a bound or a head that is none ends the connection: nothing behind it
//! can be trusted.

use std::fmt;
use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use zeroize::Zeroizing;

/// The octets of a frame, wiped when dropped.
pub(crate) type Octets = Zeroizing<Vec<u8>>;

/// Octets of output in one frame: what a pipe holds.
pub(crate) const OUTPUT_MOST: usize = 64 << 10;

/// A head is a few words and numbers.
const HEAD_MOST: usize = 4 << 10;

/// The longest is a command line; the system allows one more, of which nobody has typed all.
pub(crate) const OCTETS_MOST: usize = 1 << 20;

/// Octets that room is made for before they have come.
const RESERVED: usize = 64 << 10;

/// One message with its octets.
pub(crate) struct Frame<M> {
    pub(crate) message: M,
    pub(crate) octets: Octets,
}

impl<M: fmt::Debug> fmt::Debug for Frame<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} with {} octets", self.message, self.octets.len())
    }
}

impl<M> Frame<M> {
    /// A message without octets.
    pub(crate) fn of(message: M) -> Self {
        Self::with(message, &[])
    }

    /// A message with these octets.
    pub(crate) fn with(message: M, octets: &[u8]) -> Self {
        Self {
            message,
            octets: Zeroizing::new(octets.to_vec()),
        }
    }
}

impl<M: Serialize> Frame<M> {
    /// Writes the frame. What is too large is an error, and nothing of it is written.
    pub(crate) async fn write(&self, line: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let head = serde_json::to_vec(&self.message).map_err(io::Error::other)?;
        let length = |octets: &[u8], most: usize| match u32::try_from(octets.len()) {
            Ok(length) if octets.len() <= most => Ok(length.to_be_bytes()),
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{} octets are more than {most}", octets.len()),
            )),
        };
        let lengths = [
            length(&head, HEAD_MOST)?,
            length(&self.octets, OCTETS_MOST)?,
        ];
        let mut whole = Zeroizing::new(Vec::with_capacity(8 + head.len() + self.octets.len()));
        whole.extend_from_slice(lengths.as_flattened());
        whole.extend_from_slice(&head);
        whole.extend_from_slice(&self.octets);
        line.write_all(&whole).await
    }
}

impl<M: DeserializeOwned> Frame<M> {
    /// Reads a frame; `None` where the other end is done. Must be awaited to its end.
    pub(crate) async fn read(line: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let mut lengths = [0; 8];
        if line.read(&mut lengths[..1]).await? == 0 {
            return Ok(None);
        }
        line.read_exact(&mut lengths[1..]).await?;
        let length = |at: usize, most: usize| {
            let four = [0, 1, 2, 3].map(|more| lengths[at + more]);
            match usize::try_from(u32::from_be_bytes(four)) {
                Ok(length) if length <= most => Ok(length),
                _ => Err(invalid("a frame is larger than any")),
            }
        };
        let (head, octets) = (length(0, HEAD_MOST)?, length(4, OCTETS_MOST)?);
        let head = exactly(line, head).await?;
        let octets = exactly(line, octets).await?;
        let message = serde_json::from_slice(&head)
            .map_err(|_| invalid("a frame has a head that is none"))?;
        Ok(Some(Self { message, octets }))
    }
}

async fn exactly(line: &mut (impl AsyncRead + Unpin), length: usize) -> io::Result<Octets> {
    let mut octets = Zeroizing::new(Vec::with_capacity(length.min(RESERVED)));
    let read = line.take(length as u64).read_to_end(&mut octets).await?;
    if read < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(octets)
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(octets: &[u8]) -> io::Result<Option<Frame<String>>> {
        Frame::read(&mut &octets[..]).await
    }

    fn framed(head: &[u8], octets: &[u8]) -> Vec<u8> {
        let length = |part: &[u8]| u32::try_from(part.len()).unwrap().to_be_bytes();
        [&length(head), &length(octets), head, octets].concat()
    }

    #[tokio::test]
    async fn what_is_written_is_read() {
        for octets in [&b""[..], b"a\0\xff\n", &[7; OCTETS_MOST]] {
            let mut line = Vec::new();
            let frame = Frame::with("word".to_owned(), octets);
            frame.write(&mut line).await.unwrap();
            let back = read(&line).await.unwrap().unwrap();
            assert_eq!((back.message.as_str(), &back.octets[..]), ("word", octets));
        }
        let large = Frame::with("word".to_owned(), &vec![0; OCTETS_MOST + 1]);
        let mut line = Vec::new();
        assert!(large.write(&mut line).await.is_err() && line.is_empty());
    }

    #[tokio::test]
    async fn what_is_no_frame_is_refused_and_half_a_frame_is_none() {
        assert!(read(b"").await.unwrap().is_none());
        let whole = framed(b"\"word\"", b"octets");
        for end in 1..whole.len() {
            assert!(read(&whole[..end]).await.is_err(), "{end}");
        }
        let no_head = framed(b"word", b"");
        let long_head = framed(&vec![b' '; HEAD_MOST + 1], b"");
        for octets in [
            &no_head[..],
            &long_head,
            &[0xff; 64],
            b"GET / HTTP/1.1\r\n\r\n",
        ] {
            let error = read(octets).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{octets:?}");
        }
    }

    #[test]
    fn debug_shows_no_octets() {
        let frame = Frame::with("Answer", b"hunter2");
        assert_eq!(format!("{frame:?}"), "\"Answer\" with 7 octets");
    }
}
