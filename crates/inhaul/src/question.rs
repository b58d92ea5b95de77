//! Questions: only on a terminal, and with a way to answer them in scripts.

use crate::caller;
use crate::cli::Globals;
use crate::exit::{Exit, Failure};

/// Goes on only with a yes.
pub(crate) fn confirm(question: &str, globals: &Globals) -> Result<(), Failure> {
    if globals.yes {
        return Ok(());
    }
    let answer = ask(question, &format!("{question} [y/N] "), globals)?;
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
    let prompt = format!("{question}\nType {word} to go on: ");
    let answer = ask(question, &prompt, globals)?;
    if answer.trim() == word {
        return Ok(());
    }
    Err(Failure::new(Exit::PROBLEMS, "Nothing was changed."))
}

/// The answer, where somebody is there to give it.
fn ask(question: &str, prompt: &str, globals: &Globals) -> Result<String, Failure> {
    let caller = caller::current();
    if globals.no_input || !caller.terminal().input {
        return Err(Failure::usage(question.to_owned()).hint("Say yes with --yes."));
    }
    Ok(caller.ask(prompt)?)
}
