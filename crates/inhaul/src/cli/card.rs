//! Error cards on a terminal and as JSON.
//!
//! The words are `inhaul_types::card`'s; here is the layout: 80 columns, commands are not broken,
//! the server's own words stand on a line of their own.

use inhaul_types::Card;
use serde::Serialize;

use super::output::{complain, plain, print_json};
use super::{Color, Globals};
use crate::caller;
use crate::exit::Failure;

/// Columns of a card.
const WIDTH: usize = 80;

/// Tells why the program ends: a card where there is one, else a line.
pub(crate) fn tell(failure: &Failure, globals: &Globals) {
    match &failure.card {
        Some(card) if globals.json => {
            // If nobody reads it, the exit code is left.
            print_json(&CardDocument::from(&**card)).ok();
            return;
        }
        Some(card) => complain(&text(card, globals.paints())),
        None => complain(&format!("inhaul: {}\n", failure.what)),
    }
    if let Some(hint) = &failure.hint {
        complain(&format!("  {hint}\n"));
    }
}

/// A card as data.
#[derive(Serialize)]
pub(crate) struct CardDocument<'a> {
    code: &'static str,
    title: &'a str,
    what: &'a str,
    r#do: &'a [String],
    next: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<&'a str>,
}

impl<'a> From<&'a Card> for CardDocument<'a> {
    fn from(card: &'a Card) -> Self {
        Self {
            code: card.code.as_str(),
            title: &card.title,
            what: &card.what,
            r#do: &card.todo,
            next: &card.next,
            said: card.said.as_deref(),
        }
    }
}

/// Whether colours may be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Paint {
    /// The terminal shows them.
    Colours,
    /// Letters only.
    Plain,
}

impl Globals {
    /// Whether standard error takes colours.
    pub(crate) fn paints(&self) -> Paint {
        let terminal = caller::current().terminal();
        match self.color {
            Color::Always => Paint::Colours,
            Color::Auto if terminal.errors && !terminal.dumb && !terminal.no_color => {
                Paint::Colours
            }
            Color::Auto | Color::Never => Paint::Plain,
        }
    }
}

/// The card as text.
pub(crate) fn text(card: &Card, paint: Paint) -> String {
    let mut text = headline(card, paint);
    text.push('\n');
    push_folded(&mut text, "  ", "  ", &card.what);
    text.push_str("\n  What to do\n");
    for (number, step) in (1..).zip(&card.todo) {
        push_folded(&mut text, &format!("  {number}. "), "     ", step);
    }
    text.push('\n');
    push_folded(&mut text, "  ", "  ", &card.next);
    if let Some(said) = &card.said {
        text.push_str(&format!("\n  The server said: {}\n", plain(said)));
    }
    text
}

/// `X title ... code`, the code at the right edge.
fn headline(card: &Card, paint: Paint) -> String {
    let sign = match card.code.exit_status() {
        0 => "!",
        _ => "X",
    };
    let (title, code) = (plain(&card.title), card.code.as_str());
    let (sign_painted, title_painted) = match paint {
        Paint::Plain => (sign.to_owned(), title.clone()),
        Paint::Colours => (
            format!("\x1b[1;31m{sign}\x1b[0m"),
            format!("\x1b[1m{title}\x1b[0m"),
        ),
    };
    let used = 2 + title.chars().count() + code.len();
    if used < WIDTH {
        let gap = " ".repeat(WIDTH - used);
        return format!("{sign_painted} {title_painted}{gap}{code}\n");
    }
    format!("{sign_painted} {title_painted}\n{code:>WIDTH$}\n")
}

/// Appends a paragraph, folded at spaces. What stands in backticks stays on one line.
pub(crate) fn push_folded(out: &mut String, first: &str, rest: &str, paragraph: &str) {
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in unbroken(&plain(paragraph)) {
        let width = line.chars().count() + usize::from(!is_empty) + word.chars().count();
        if !is_empty && width > WIDTH {
            out.push_str(&line);
            out.push('\n');
            rest.clone_into(&mut line);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(&word);
        is_empty = false;
    }
    out.push_str(&line);
    out.push('\n');
}

/// Words, those in backticks together with what touches them.
fn unbroken(paragraph: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    for word in paragraph.split_whitespace() {
        match words.last_mut().filter(|_| is_open) {
            Some(last) => {
                last.push(' ');
                last.push_str(word);
            }
            None => words.push(word.to_owned()),
        }
        is_open ^= word.matches('`').count() % 2 == 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use inhaul_types::card::Detail;
    use inhaul_types::{ErrorCode, Facts, Timestamp};

    use super::*;

    fn club(detail: Option<Detail>) -> Facts {
        Facts {
            server: Some("pop.club.example".into()),
            port: Some(995),
            retrieval: Some("Club".into()),
            last_good: Some(Timestamp::from_millis(1_773_133_920_000)),
            detail,
            said: Some("-ERR [AUTH] Invalid \x1b[2Jlogin".into()),
            ..Facts::default()
        }
    }

    #[test]
    fn a_card_is_laid_out_in_eighty_columns() {
        let card = Card::of(ErrorCode::AuthRefused, &club(None));
        let expected = "\
X pop.club.example refuses the password                             auth-refused

  It worked until Tue 10 Mar 09:12 UTC. Since then the server says the name or
  password is wrong.

  What to do
  1. Sign in on the provider's website to check the password.
  2. If it works there, pop.club.example may want an app password, or POP may be
     switched off: look in the mail settings on the provider's website.
  3. Enter the password here again: `inhaul retrieval set Club --password`.

  inhaul tries again after 15 minutes, 1 hour and 6 hours, then once a day, so
  that pop.club.example does not lock the mailbox; and at once when the password
  is changed. Mail waits safely on pop.club.example.

  The server said: -ERR [AUTH] Invalid  [2Jlogin
";
        assert_eq!(text(&card, Paint::Plain), expected);
        let painted = text(&card, Paint::Colours);
        assert_eq!(
            painted
                .replace("\x1b[1;31m", "")
                .replace("\x1b[1m", "")
                .replace("\x1b[0m", ""),
            expected
        );
    }

    #[test]
    fn no_line_is_wider_than_it_must_be() {
        for code in ErrorCode::ALL {
            let card = Card::of(*code, &club(None));
            for line in text(&card, Paint::Plain).lines() {
                let is_command = line.matches('`').count() == 2;
                assert!(line.chars().count() <= WIDTH || is_command, "{line}");
                assert_eq!(line.matches('`').count() % 2, 0, "{line}");
            }
        }
    }

    #[test]
    fn a_card_as_data_has_the_names_of_the_api() {
        let card = Card::of(ErrorCode::AuthRefused, &club(None));
        let document = serde_json::to_value(CardDocument::from(&card)).unwrap();
        let names: Vec<_> = document.as_object().unwrap().keys().collect();
        assert_eq!(names, ["code", "do", "next", "said", "title", "what"]);
        assert!(
            document["do"]
                .as_array()
                .is_some_and(|steps| steps.len() == 3)
        );
    }
}
