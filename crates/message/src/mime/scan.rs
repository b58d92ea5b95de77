//! Finds the parts of a message line by line.

use memchr::memchr;

use super::described::{Described, TransferEncoding};
use super::{DEPTH_MOST, Holds, PARTS_MOST, Part, Structure};
use crate::header::HEADER_MOST;

/// Reads a message piece by piece and finds its parts.
///
/// A line ends with LF, as in [`HeaderBlock`](crate::HeaderBlock). A delimiter is looked for among
/// those of all multiparts that are open, the innermost first, so a part without an end ends where
/// the one around it goes on (RFC 2046 section 5.1.2).
#[derive(Debug)]
pub struct Scanner {
    parts: Vec<Part>,
    /// The parts that are open, from the message down. Those that hold parts have a delimiter until
    /// it was seen to close them.
    open: Vec<Open>,
    reading: Reading,
    /// The beginning of the line that is being read: enough for any delimiter.
    line: Vec<u8>,
    /// Where that line begins.
    line_start: u64,
    /// How many octets ended the line before: 0 at the top.
    ending: u64,
    /// Octets that came.
    length: u64,
    /// Line ends that came.
    lines: u64,
}

#[derive(Debug)]
struct Open {
    number: usize,
    delimiter: Option<Vec<u8>>,
    /// Line ends before its body.
    lines_before: u64,
}

#[derive(Debug)]
enum Reading {
    /// The header of the innermost part, as far as it came.
    Header(Vec<u8>),
    /// The body of the innermost part, or what is between parts.
    Body,
}

impl Default for Scanner {
    fn default() -> Self {
        Self::new()
    }
}

impl Scanner {
    /// Nothing came yet.
    pub fn new() -> Self {
        let mut scanner = Self {
            parts: Vec::new(),
            open: Vec::new(),
            reading: Reading::Body,
            line: Vec::new(),
            line_start: 0,
            ending: 0,
            length: 0,
            lines: 0,
        };
        scanner.begin_part(TEXT, 0);
        scanner
    }

    /// Takes the next octets of the message.
    pub fn push(&mut self, mut octets: &[u8]) {
        while !octets.is_empty() {
            let (line, rest) = match memchr(b'\n', octets) {
                Some(lf) => octets.split_at(lf + 1),
                None => (octets, &[][..]),
            };
            octets = rest;
            self.take(line);
        }
    }

    /// The parts of what came.
    pub fn finish(mut self) -> Structure {
        if self.length > self.line_start {
            // The last line has no end, and may be a delimiter all the same.
            self.end_line(0);
        }
        let end = self.length;
        if let Reading::Header(_) = self.reading {
            self.end_header(end);
        }
        self.close_down_to(0, end);
        Structure { parts: self.parts }
    }

    /// Takes a line, or a piece of one.
    fn take(&mut self, piece: &[u8]) {
        let (piece, rest) = match &mut self.reading {
            Reading::Header(header) => {
                let (piece, rest) = piece.split_at(piece.len().min(HEADER_MOST - header.len()));
                header.extend_from_slice(piece);
                (piece, rest)
            }
            Reading::Body => (piece, &[][..]),
        };
        self.length += piece.len() as u64;
        let room = DELIMITER_LINE_MOST.saturating_sub(self.line.len());
        self.line.extend_from_slice(&piece[..piece.len().min(room)]);
        if let Some(before) = piece.strip_suffix(b"\n") {
            let has_cr = match before {
                [] => self.line.ends_with(b"\r\n"),
                before => before.ends_with(b"\r"),
            };
            self.end_line(1 + u64::from(has_cr));
        }
        // What has no end in so many octets is body from here on.
        if matches!(&self.reading, Reading::Header(header) if header.len() >= HEADER_MOST) {
            self.end_header(self.length);
        }
        if !rest.is_empty() {
            self.take(rest);
        }
    }

    /// The line is complete; so many octets ended it.
    fn end_line(&mut self, ending: u64) {
        let is_empty = self.length - self.line_start == ending;
        let is_delimiter = self.line.starts_with(b"--") && self.take_delimiter(self.line_start);
        self.lines += u64::from(ending > 0);
        self.line.clear();
        self.line_start = self.length;
        self.ending = ending;
        if is_empty && !is_delimiter && matches!(self.reading, Reading::Header(_)) {
            self.end_header(self.length);
        }
    }

    /// Whether the line that begins at `start` is a delimiter of a multipart that is open.
    fn take_delimiter(&mut self, start: u64) -> bool {
        let line = self.line[2..].trim_ascii_end();
        let found = self.open.iter().enumerate().rev().find_map(|(at, open)| {
            let rest = line.strip_prefix(open.delimiter.as_deref()?)?;
            // White space may follow (RFC 2046 section 5.1.1), and nothing else.
            match rest {
                b"" => Some((at, false)),
                b"--" => Some((at, true)),
                _ => None,
            }
        });
        let Some((at, closes)) = found else {
            return false;
        };
        // Behind the last part that is told apart, all belongs to it.
        if !closes && self.parts.len() >= PARTS_MOST {
            return false;
        }
        // The line end before a delimiter is the delimiter's.
        let end = start - self.ending;
        if let Reading::Header(_) = self.reading {
            self.end_header(end);
        }
        self.close_down_to(at + 1, end);
        match closes {
            true => {
                self.open[at].delimiter = None;
                self.reading = Reading::Body;
            }
            false => {
                let multipart = &self.parts[self.open[at].number].described;
                let default = match multipart.subtype.as_str() {
                    // RFC 2046 section 5.1.5
                    "digest" => MESSAGE,
                    _ => TEXT,
                };
                self.begin_part(default, self.length);
            }
        }
        true
    }

    /// Opens a part whose header begins at `start`.
    fn begin_part(&mut self, default: (&'static str, &'static str), start: u64) {
        let part = Part {
            // Until its header is there.
            described: Described::read(b"", default),
            header: start..start,
            body: start..start,
            lines: 0,
            parent: self.open.last().map(|open| open.number),
            holds: Holds::Octets,
        };
        self.open.push(Open {
            number: self.parts.len(),
            delimiter: None,
            lines_before: self.lines,
        });
        self.parts.push(part);
        self.reading = Reading::Header(Vec::new());
    }

    /// The innermost part's header ends here.
    fn end_header(&mut self, end: u64) {
        let Reading::Header(header) = std::mem::replace(&mut self.reading, Reading::Body) else {
            return;
        };
        let depth = self.open.len();
        let has_room = self.parts.len() < PARTS_MOST - 1;
        let Some(open) = self.open.last_mut() else {
            return;
        };
        open.lines_before = self.lines;
        let part = &mut self.parts[open.number];
        let end = end.max(part.header.start);
        let size = usize::try_from(end - part.header.start).unwrap_or(usize::MAX);
        let header = &header[..header.len().min(size)];
        let default = match part.described.kind.as_str() {
            "message" => MESSAGE,
            _ => TEXT,
        };
        part.described = Described::read(header, default);
        part.header.end = end;
        part.body = end..end;
        if depth >= DEPTH_MOST {
            return;
        }
        if part.described.kind == "multipart" {
            let delimiter = part.described.parameter("boundary").unwrap_or_default();
            let delimiter = delimiter.trim_end().as_bytes();
            if !delimiter.is_empty() && delimiter.len() <= DELIMITER_MOST {
                open.delimiter = Some(delimiter.to_owned());
                part.holds = Holds::Parts;
            }
        } else if part.described.is("message", "rfc822") && has_room {
            // Packed ones exist although they must not (RFC 2046 section 5.2.1): those are files.
            if part.described.encoding == TransferEncoding::Identity {
                part.holds = Holds::Message;
                self.begin_part(TEXT, end);
            }
        }
    }

    /// Ends the open parts from this depth on: their bodies end here.
    fn close_down_to(&mut self, depth: usize, mut end: u64) {
        let before_delimiter = u64::from(end < self.line_start);
        for open in self.open.drain(depth..).rev() {
            let part = &mut self.parts[open.number];
            end = end.max(part.body.start);
            part.body.end = end;
            let lines = self.lines - open.lines_before;
            part.lines = lines.saturating_sub(before_delimiter);
        }
    }
}

/// What a part is that does not say it (RFC 2045 section 5.2).
const TEXT: (&str, &str) = ("text", "plain");
const MESSAGE: (&str, &str) = ("message", "rfc822");

/// A delimiter has at most 70 octets (RFC 2046 section 5.1.1); some write more.
const DELIMITER_MOST: usize = 200;
/// Two dashes before and behind, and some white space.
const DELIMITER_LINE_MOST: usize = DELIMITER_MOST + 60;
