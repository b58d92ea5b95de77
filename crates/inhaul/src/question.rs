//! Questions: only on a terminal, and with a way to answer them in scripts.

use std::io::{IsTerminal, Write};

use crate::cli::Globals;
use crate::exit::{Exit, Failure};

/// Goes on only with a yes.
pub(crate) fn confirm(question: &str, globals: &Globals) -> Result<(), Failure> {
    if globals.yes {
        return Ok(());
    }
    if globals.no_input || !std::io::stdin().is_terminal() {
        return Err(Failure::usage(question.to_owned()).hint("Say yes with --yes."));
    }
    eprint!("{question} [y/N] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::new(Exit::PROBLEMS, "Nothing was changed.")),
    }
}

/// Goes on only when `word` was typed, for what is too much for a `y`.
pub(crate) fn confirm_by_typing(
    question: &str,
    word: &str,
    globals: &Globals,
) -> Result<(), Failure> {
    if globals.yes {
        return Ok(());
    }
    if globals.no_input || !std::io::stdin().is_terminal() {
        return Err(Failure::usage(question.to_owned()).hint("Say yes with --yes."));
    }
    eprint!("{question}\nType {word} to go on: ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if answer.trim() == word {
        return Ok(());
    }
    Err(Failure::new(Exit::PROBLEMS, "Nothing was changed."))
}
