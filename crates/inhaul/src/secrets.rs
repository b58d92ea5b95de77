//! How a password reaches the program: never as an argument.

use std::path::PathBuf;

use clap::Args;
use inhaul_types::Secret;

use crate::caller;
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
        let caller = caller::current();
        let (read, source) = match &self.password_file {
            _ if self.password_stdin => (caller.read_input(MOST), "standard input".to_owned()),
            Some(path) => (caller.read_file(path, MOST), path.display().to_string()),
            None => return Ok(None),
        };
        let text =
            read.map_err(|error| Failure::new(Exit::NO_INPUT, format!("{source}: {error}")))?;
        one_password(&text, &source).map(Some)
    }

    /// The password, asked for on a terminal if no source was named.
    pub(crate) fn read_or_ask(&self, question: &str, may_ask: bool) -> Result<Secret, Failure> {
        if let Some(password) = self.read()? {
            return Ok(password);
        }
        let caller = caller::current();
        if !may_ask || !caller.terminal().input {
            return Err(Failure::usage("the password is missing")
                .hint("Give it with --password-stdin or --password-file FILE."));
        }
        let line = caller.ask_secret(&format!("{question}: "))?;
        one_password(&line, "the terminal")
    }
}

/// Longer than any password; a file of another kind is noticed.
const MOST: u64 = 64 << 10;

/// One line end at the end belongs to the file, not to the password.
fn one_password(text: &Secret, source: &str) -> Result<Secret, Failure> {
    let text = text.expose();
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
            let read = one_password(&Secret::new(text.to_owned()), "test").ok();
            assert_eq!(read.as_ref().map(Secret::expose), password, "{text:?}");
        }
    }
}
