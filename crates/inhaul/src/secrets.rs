//! How a password reaches the program: never as an argument.

use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use inhaul_types::Secret;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::exit::{Exit, Failure};

/// Where the password comes from.
#[derive(Args, Clone, Debug, Default)]
#[group(multiple = false)]
pub(crate) struct PasswordSource {
    /// Read the password from standard input
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Read the password from this file
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

impl PasswordSource {
    /// The password, if any source was named.
    pub(crate) fn read(&self) -> Result<Option<Secret>, Failure> {
        if self.password_stdin {
            let mut text = String::new();
            std::io::stdin()
                .take(MOST)
                .read_to_string(&mut text)
                .map_err(|error| {
                    Failure::new(Exit::NO_INPUT, format!("standard input: {error}"))
                })?;
            return one_password(text, "standard input").map(Some);
        }
        match &self.password_file {
            Some(path) => read_file(path).map(Some),
            None => Ok(None),
        }
    }

    /// The password, asked for on a terminal if no source was named.
    pub(crate) fn read_or_ask(&self, question: &str, may_ask: bool) -> Result<Secret, Failure> {
        if let Some(password) = self.read()? {
            return Ok(password);
        }
        if !may_ask || !std::io::stdin().is_terminal() {
            return Err(Failure::usage("the password is missing")
                .hint("Give it with --password-stdin or --password-file FILE."));
        }
        ask(question)
    }
}

/// Longer than any password; a file of another kind is noticed.
const MOST: u64 = 64 << 10;

fn read_file(path: &Path) -> Result<Secret, Failure> {
    let unreadable = |error| Failure::new(Exit::NO_INPUT, format!("{}: {error}", path.display()));
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(MOST)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    one_password(text, &path.display().to_string())
}

/// One line end at the end belongs to the file, not to the password.
fn one_password(text: String, source: &str) -> Result<Secret, Failure> {
    let secret = Secret::new(text);
    let text = secret.expose();
    let text = text
        .strip_suffix('\n')
        .map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    if text.is_empty() {
        return Err(Failure::usage(format!("{source} holds no password")));
    }
    if text.contains(['\n', '\r', '\0']) {
        return Err(Failure::usage(format!("{source} holds more than one line")));
    }
    Ok(Secret::new(text.to_owned()))
}

fn ask(question: &str) -> Result<Secret, Failure> {
    let stdin = std::io::stdin();
    let before = tcgetattr(&stdin).map_err(std::io::Error::from)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    eprint!("{question}: ");
    std::io::stderr().flush()?;
    tcsetattr(&stdin, OptionalActions::Now, &silent).map_err(std::io::Error::from)?;
    let mut line = String::new();
    let read = stdin.read_line(&mut line);
    tcsetattr(&stdin, OptionalActions::Now, &before).map_err(std::io::Error::from)?;
    eprintln!();
    read?;
    one_password(line, "the terminal")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_not_part_of_the_password() {
        for (text, password) in [
            ("secret", Some("secret")),
            ("secret\n", Some("secret")),
            ("secret\r\n", Some("secret")),
            (" two words \n", Some(" two words ")),
            ("", None),
            ("\n", None),
            ("one\ntwo\n", None),
        ] {
            let read = one_password(text.to_owned(), "test").ok();
            assert_eq!(read.as_ref().map(Secret::expose), password, "{text:?}");
        }
    }
}
