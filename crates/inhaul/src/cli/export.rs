//! `inhaul export`: an account's mail as Maildir or mbox, octet for octet.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use inhaul_store::{BodyReader, Message, Store};
use inhaul_types::ErrorCode;
use inhaul_types::card::Detail;

use super::Globals;
use super::message::each_message;
use super::output::{complain, print, print_json};
use crate::caller;
use crate::exit::{Exit, Failure};

#[derive(Debug, Subcommand)]
pub(crate) enum Export {
    /// One file a message: DIR is the inbox, DIR/.NAME another folder
    Maildir(Place),
    /// One file a folder: DIR/NAME.mbox, "From " lines quoted by the mboxrd rule
    Mbox(Place),
}

#[derive(Args, Debug)]
pub(crate) struct Place {
    /// Whose mail
    account: String,
    /// Where to; made if it is not there
    dir: PathBuf,
}

impl Export {
    /// The folder that it writes to.
    pub(crate) fn dir(&self) -> &Path {
        let (Self::Maildir(place) | Self::Mbox(place)) = self;
        &place.dir
    }

    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let (Self::Maildir(place) | Self::Mbox(place)) = &self;
        let (written, damaged) = globals
            .with_store(async |store, _| {
                let account = store.account_by_name(&place.account).await?;
                let out = caller::current()
                    .folder(&place.dir)
                    .map_err(|error| unwritable(&place.dir, &error))?;
                let (mut written, mut damaged) = (0_u64, 0_u64);
                for folder in store.folder_list(account.id).await? {
                    let mut sink = match &self {
                        Self::Maildir(_) => Sink::maildir(&out, &folder.name)?,
                        Self::Mbox(_) => Sink::mbox(&out, &folder.name)?,
                    };
                    each_message(&*store, &folder, async |message| {
                        match sink.write(&*store, &message).await {
                            Ok(()) => written += 1,
                            // One message never blocks the rest.
                            Err(failure) if failure.code() == Some(ErrorCode::DataDamaged) => {
                                damaged += 1;
                                complain(&format!("X message {}   {}\n", message.id, failure.what));
                            }
                            Err(failure) => return Err(failure),
                        }
                        Ok(())
                    })
                    .await?;
                    sink.finish()?;
                }
                Ok((written, damaged))
            })
            .await?;
        if globals.json {
            print_json(&serde_json::json!({ "messages": written, "damaged": damaged }))?;
        } else if !globals.quiet {
            print(&format!(
                "{written} messages written to {}.\n",
                place.dir.display()
            ))?;
        }
        if damaged > 0 && globals.json {
            return Ok(Exit::IO);
        }
        if damaged > 0 {
            let what = format!("{damaged} messages are damaged and were left out");
            let detail = Detail::Damaged { why: what };
            return Err(Failure::of_code(ErrorCode::DataDamaged, Some(detail)));
        }
        Ok(Exit::OK)
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::CANT_CREATE, format!("{}: {error}", path.display()))
}

/// Where one folder goes.
enum Sink<'a> {
    Maildir {
        out: &'a caller::Folder,
        root: PathBuf,
    },
    Mbox {
        path: PathBuf,
        file: caller::NewFile,
    },
}

impl<'a> Sink<'a> {
    fn maildir(out: &'a caller::Folder, folder: &str) -> Result<Self, Failure> {
        let root = match folder {
            "INBOX" => PathBuf::new(),
            name => PathBuf::from(format!(".{}", file_name(name))),
        };
        for part in ["tmp", "new", "cur"] {
            let path = root.join(part);
            out.make(&path)
                .map_err(|error| unwritable(&out.path(&path), &error))?;
        }
        Ok(Self::Maildir { out, root })
    }

    fn mbox(out: &'a caller::Folder, folder: &str) -> Result<Self, Failure> {
        let name = PathBuf::from(format!("{}.mbox", file_name(folder)));
        let path = out.path(&name);
        let file = out
            .create(&name)
            .map_err(|error| unwritable(&path, &error))?;
        Ok(Self::Mbox { path, file })
    }

    /// Writes a message, or nothing of it.
    async fn write(&mut self, store: &dyn Store, message: &Message) -> Result<(), Failure> {
        let mut body = store.message_body(message.id).await?;
        match self {
            Self::Maildir { out, root } => {
                // Our own unique-id names the file, so that a second export writes the same one.
                let name = format!(
                    "{}.{}.inhaul",
                    message.internal_date.seconds(),
                    message.uidl
                );
                let (tmp, new) = (root.join("tmp").join(&name), root.join("new").join(&name));
                let path = out.path(&tmp);
                let failed = |error| unwritable(&path, &error);
                let mut file = out.create(&tmp).map_err(failed)?;
                let copied = copy(&mut *body, |chunk| file.write_all(chunk), &path).await;
                let copied = copied.and_then(|()| file.flush().map_err(failed));
                drop(file);
                if copied.is_err() {
                    out.remove(&tmp).ok();
                }
                copied?;
                out.rename(&tmp, &new)
                    .map_err(|error| unwritable(&out.path(&new), &error))?;
            }
            Self::Mbox { path, file } => {
                let failed = |error| unwritable(path, &error);
                let date = mbox_date(message.internal_date);
                let start = file.len();
                writeln!(file, "From MAILER-DAEMON {date}").map_err(failed)?;
                let mut quoter = Quoter::default();
                let copied = copy(&mut *body, |chunk| quoter.write(chunk, file), path).await;
                if copied.is_err() {
                    file.cut_to(start).map_err(failed)?;
                }
                copied?;
                quoter.end(file).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Maildir { .. } => Ok(()),
            Self::Mbox { path, mut file } => {
                file.flush().map_err(|error| unwritable(&path, &error))
            }
        }
    }
}

async fn copy(
    body: &mut dyn BodyReader,
    mut write: impl FnMut(&[u8]) -> std::io::Result<()>,
    path: &Path,
) -> Result<(), Failure> {
    loop {
        let chunk = body.next_chunk().await?;
        if chunk.is_empty() {
            return Ok(());
        }
        write(&chunk).map_err(|error| unwritable(path, &error))?;
    }
}

/// A folder's name may hold what a file's may not.
fn file_name(folder: &str) -> String {
    folder
        .chars()
        .map(|c| if c == '/' || c.is_control() { '.' } else { c })
        .collect()
}

/// "Sat Nov 21 22:40:00 2026", as asctime writes it.
fn mbox_date(time: inhaul_types::Timestamp) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let day = usize::try_from(time.seconds().div_euclid(86_400).rem_euclid(7)).unwrap_or(0);
    let text = time.to_string();
    let month = text[5..7].parse::<usize>().unwrap_or(1);
    format!(
        "{} {} {:>2} {} {}",
        DAYS[day],
        MONTHS[month - 1],
        text[8..10].trim_start_matches('0'),
        &text[11..19],
        &text[..4]
    )
}

/// The mboxrd rule: a `>` in front of every line that is `From ` behind any number of `>`.
/// Undone by taking one `>` away, so the octets come back exactly.
#[derive(Default)]
struct Quoter {
    /// The start of a line that may still turn out to be a "From " line.
    start: Vec<u8>,
    /// Behind that start: the line is decided.
    inside: bool,
    ended_with_line_feed: bool,
}

impl Quoter {
    fn write(&mut self, octets: &[u8], file: &mut impl Write) -> std::io::Result<()> {
        let mut rest = octets;
        while let Some((&octet, more)) = rest.split_first() {
            if self.inside {
                let end = rest
                    .iter()
                    .position(|octet| *octet == b'\n')
                    .map(|at| at + 1);
                let (line, more) = rest.split_at(end.unwrap_or(rest.len()));
                file.write_all(line)?;
                self.inside = end.is_none();
                rest = more;
            } else {
                self.start.push(octet);
                self.decide(file)?;
                rest = more;
            }
        }
        if let Some(last) = octets.last() {
            self.ended_with_line_feed = *last == b'\n';
        }
        Ok(())
    }

    /// Looks at the start of a line and writes it once it is known what it is.
    fn decide(&mut self, file: &mut impl Write) -> std::io::Result<()> {
        let quotes = self
            .start
            .iter()
            .take_while(|octet| **octet == b'>')
            .count();
        let word = &self.start[quotes..];
        if word == b"From " {
            file.write_all(b">")?;
        } else if b"From ".starts_with(word) {
            return Ok(());
        }
        file.write_all(&self.start)?;
        self.inside = self.start.last() != Some(&b'\n');
        self.start.clear();
        Ok(())
    }

    /// Ends the message: an empty line stands before the next "From " line.
    fn end(mut self, file: &mut impl Write) -> std::io::Result<()> {
        file.write_all(&std::mem::take(&mut self.start))?;
        file.write_all(if self.ended_with_line_feed {
            b"\n"
        } else {
            b"\n\n"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote(pieces: &[&[u8]]) -> String {
        let (mut quoter, mut file) = (Quoter::default(), Vec::new());
        for piece in pieces {
            quoter.write(piece, &mut file).unwrap();
        }
        quoter.end(&mut file).unwrap();
        String::from_utf8(file).unwrap()
    }

    #[test]
    fn from_lines_are_quoted_and_nothing_else() {
        for (message, written) in [
            ("From me\r\n", ">From me\r\n\n"),
            (
                "a\r\nFrom me\r\n>From you\r\n",
                "a\r\n>From me\r\n>>From you\r\n\n",
            ),
            (
                "From: me\r\n\r\nFromage\r\n From \r\n",
                "From: me\r\n\r\nFromage\r\n From \r\n\n",
            ),
            ("no line end", "no line end\n\n"),
            ("a\nFrom", "a\nFrom\n\n"),
            ("", "\n\n"),
        ] {
            assert_eq!(quote(&[message.as_bytes()]), written, "{message:?}");
            let single: Vec<&[u8]> = message.as_bytes().chunks(1).collect();
            assert_eq!(quote(&single), written, "{message:?} octet by octet");
        }
    }

    #[test]
    fn an_mbox_date_is_asctimes() {
        let time = inhaul_types::Timestamp::from_millis(1_773_483_726_000);
        assert_eq!(mbox_date(time), "Sat Mar 14 10:22:06 2026");
    }
}
