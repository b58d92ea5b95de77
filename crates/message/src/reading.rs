//! What of a message a person reads, and what is a file beside it.
//!
//! Start at [`Structure::reading`].

use crate::mime::{Disposition, Part, Structure};

/// Parts of a message by what they are for a reader. Each part that holds octets is in one of the
/// three, but for other wordings of what is shown and for texts that have a name: those are files, too.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reading {
    /// Texts to read, one behind the other.
    pub texts: Vec<usize>,
    /// What formatted text may show by a Content-ID (RFC 2392), pictures above all. What none of
    /// the texts asks for is a file.
    pub inline: Vec<usize>,
    /// Files.
    pub files: Vec<usize>,
}

/// Which of two wordings is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Prefer {
    /// The one with fonts, colours and pictures, if there is one.
    Formatted,
    /// The other.
    Plain,
}

impl Structure {
    /// Sorts the parts.
    pub fn reading(&self, prefer: Prefer) -> Reading {
        let mut reading = Reading::default();
        self.sort(0, prefer, &mut reading);
        reading
    }

    /// Whether one of these is formatted.
    pub fn is_formatted(&self, reading: &Reading) -> bool {
        let mut texts = reading.texts.iter().filter_map(|text| self.part(*text));
        texts.any(|part| part.described.is("text", "html"))
    }

    /// Adds a part and what is in it.
    fn sort(&self, number: usize, prefer: Prefer, reading: &mut Reading) {
        let Some(part) = self.part(number) else {
            return;
        };
        if part.described.kind != "multipart" || self.inside(number).next().is_none() {
            match part {
                part if is_text(part) => {
                    reading.texts.push(number);
                    // It has a name, so somebody may want to save it.
                    if part.described.name.is_some() && part.parent.is_some() {
                        reading.files.push(number);
                    }
                }
                // A multipart without delimiters: its octets are all there is.
                part if part.described.kind == "multipart" => {
                    if !part.body.is_empty() {
                        reading.texts.push(number);
                    }
                }
                part if part.described.content_id.is_some()
                    && part.described.kind == "image"
                    && part.described.disposition != Some(Disposition::Attachment) =>
                {
                    reading.inline.push(number);
                }
                _ => reading.files.push(number),
            }
            return;
        }
        match part.described.subtype.as_str() {
            "alternative" => self.sort_alternative(number, prefer, reading),
            "related" => self.sort_related(number, prefer, reading),
            _ => {
                for inside in self.inside(number) {
                    self.sort(inside, prefer, reading);
                }
            }
        }
    }

    /// The best of several wordings (RFC 2046 section 5.1.4): the last is the richest. What is
    /// no text in the others is a file: an invitation, say, or what some put between two halves of a
    /// formatted text.
    fn sort_alternative(&self, number: usize, prefer: Prefer, reading: &mut Reading) {
        let wordings: Vec<(usize, Option<bool>)> = self
            .inside(number)
            .map(|inside| (inside, self.richness(inside)))
            .collect();
        let can_be_read = || wordings.iter().filter(|(_, rich)| rich.is_some());
        let wanted = prefer == Prefer::Formatted;
        let best = can_be_read().rfind(|(_, rich)| *rich == Some(wanted));
        let best = best.or_else(|| can_be_read().next_back());
        for (inside, _) in &wordings {
            if best.is_some_and(|(best, _)| best == inside) {
                self.sort(*inside, prefer, reading);
            } else {
                self.sort_files(*inside, reading);
            }
        }
    }

    /// Whether a wording is formatted; `None` if it cannot be read.
    fn richness(&self, number: usize) -> Option<bool> {
        let part = self.part(number)?;
        if part.described.kind != "multipart" {
            return is_text(part).then(|| part.described.is("text", "html"));
        }
        let inside = self.inside(number).filter_map(|part| self.richness(part));
        inside.reduce(|one, other| one || other)
    }

    /// Everything in a wording that is not read, as files, but for its texts.
    fn sort_files(&self, number: usize, reading: &mut Reading) {
        match self.part(number) {
            Some(part) if part.described.kind == "multipart" => {}
            Some(part) if !is_text(part) => return reading.files.push(number),
            _ => return,
        }
        for inside in self.inside(number) {
            self.sort_files(inside, reading);
        }
    }

    /// A text and what it shows (RFC 2387): `start` names the text, or it is the first.
    fn sort_related(&self, number: usize, prefer: Prefer, reading: &mut Reading) {
        let start = self.part(number).and_then(|part| {
            let start = part.described.parameter("start")?;
            let start = start.trim_start_matches('<').trim_end_matches('>');
            let has_id = |inside: &usize| {
                let part = self.part(*inside);
                part.is_some_and(|part| part.described.content_id.as_deref() == Some(start))
            };
            self.inside(number).find(has_id)
        });
        let start = start.or_else(|| self.inside(number).next());
        if let Some(start) = start {
            self.sort(start, prefer, reading);
        }
        for inside in self.inside(number).filter(|inside| Some(*inside) != start) {
            let part = self.part(inside);
            match part.is_some_and(|part| part.described.content_id.is_some()) {
                true if self.inside(inside).next().is_none() => reading.inline.push(inside),
                _ => self.sort(inside, prefer, reading),
            }
        }
    }
}

/// Whether it is read rather than saved.
fn is_text(part: &Part) -> bool {
    let described = &part.described;
    if described.disposition == Some(Disposition::Attachment) {
        return false;
    }
    match (described.kind.as_str(), described.subtype.as_str()) {
        ("text", "plain" | "html" | "enriched" | "markdown") => true,
        // Written for people, too (RFC 3464, RFC 3798, RFC 2046 section 4.1.4).
        ("message", "delivery-status" | "disposition-notification")
        | ("text", "rfc822-headers") => true,
        ("text", "calendar" | "vcard" | "x-vcard" | "directory" | "csv") => false,
        ("text", _) => described.name.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message of parts with these headers, each `boundary` opened by `+` and closed by `-`.
    fn sorted(message: &str, prefer: Prefer) -> [Vec<usize>; 3] {
        let reading = Structure::of(message.as_bytes()).reading(prefer);
        [reading.texts, reading.inline, reading.files]
    }

    #[test]
    fn one_text_is_read() {
        for (header, texts, files) in [
            ("", 1, 0),
            ("Content-Type: text/html", 1, 0),
            ("Content-Type: text/html; name=a.html", 1, 0),
            ("Content-Type: application/pdf", 0, 1),
            ("Content-Disposition: attachment", 0, 1),
            ("Content-Type: text/calendar", 0, 1),
            ("Content-Type: multipart/mixed", 1, 0),
            ("Content-Type: multipart/mixed; boundary=x", 1, 0),
        ] {
            let message = format!("{header}\n\ntext");
            let message = message.trim_start_matches('\n');
            let message = match header {
                "" => format!("\n{message}"),
                _ => message.to_owned(),
            };
            let [read, _, saved] = sorted(&message, Prefer::Formatted);
            assert_eq!((read.len(), saved.len()), (texts, files), "{header}");
        }
    }

    const USUAL: &str = "Content-Type: multipart/mixed; boundary=m\n\n\
        --m\nContent-Type: multipart/related; boundary=r\n\n\
        --r\nContent-Type: multipart/alternative; boundary=a\n\n\
        --a\n\nplain\n\
        --a\nContent-Type: text/html\n\n<p>\n\
        --a\nContent-Type: text/calendar\n\nBEGIN\n\
        --a--\n\
        --r\nContent-Type: image/png\nContent-ID: <p@x>\n\npng\n\
        --r--\n\
        --m\nContent-Type: application/pdf\n\npdf\n\
        --m\nContent-Type: text/plain; name=notes.txt\n\nnotes\n\
        --m--\n";

    #[test]
    fn of_two_wordings_one_is_read() {
        let formatted = [vec![4, 8], vec![6], vec![5, 7, 8]];
        assert_eq!(sorted(USUAL, Prefer::Formatted), formatted);
        let plain = [vec![3, 8], vec![6], vec![5, 7, 8]];
        assert_eq!(sorted(USUAL, Prefer::Plain), plain);
        let structure = Structure::of(USUAL.as_bytes());
        for (prefer, is_formatted) in [(Prefer::Formatted, true), (Prefer::Plain, false)] {
            let reading = structure.reading(prefer);
            assert_eq!(structure.is_formatted(&reading), is_formatted);
        }
    }

    #[test]
    fn a_lone_wording_is_read_whatever_was_asked_for() {
        let message = "Content-Type: multipart/alternative; boundary=a\n\n\
            --a\nContent-Type: text/html\n\n<p>\n--a--\n";
        for prefer in [Prefer::Formatted, Prefer::Plain] {
            assert_eq!(sorted(message, prefer), [vec![1], vec![], vec![]]);
        }
        let nothing = "Content-Type: multipart/alternative; boundary=a\n\n\
            --a\nContent-Type: image/png\n\npng\n--a--\n";
        assert_eq!(sorted(nothing, Prefer::Plain), [vec![], vec![], vec![1]]);
    }

    #[test]
    fn the_named_part_of_related_ones_is_read() {
        let message = "Content-Type: multipart/related; boundary=r; start=\"<root>\"\n\n\
            --r\nContent-Type: image/gif\nContent-ID: <one>\n\ngif\n\
            --r\nContent-Type: text/html\nContent-ID: <root>\n\n<p>\n\
            --r\nContent-Type: application/pdf\n\npdf\n--r--\n";
        let sorted = sorted(message, Prefer::Formatted);
        assert_eq!(sorted, [vec![2], vec![1], vec![3]]);
    }

    #[test]
    fn an_attached_message_is_a_file_and_a_report_is_read() {
        let message = "Content-Type: multipart/report; boundary=r\n\n\
            --r\n\nIt did not arrive.\n\
            --r\nContent-Type: message/delivery-status\n\nAction: failed\n\
            --r\nContent-Type: message/rfc822\n\nSubject: x\n\ntext\n--r--\n";
        let sorted = sorted(message, Prefer::Formatted);
        assert_eq!(sorted, [vec![1, 2], vec![], vec![3]]);
    }
}
