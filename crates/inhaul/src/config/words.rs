//! Settings that are one word of a few.

use super::reader::{KeyPath, Session, Setting};
use super::suggest::nearest;
use super::tree::{Placed, quoted};

/// An enum whose values each have a word in the file.
pub(super) trait Words: Copy + PartialEq + 'static {
    /// Every word and its value.
    const WORDS: &'static [(&'static str, Self)];
}

impl<T: Words> Setting for T {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let words: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
        let known = format!("Write one of \"{}\".", words.join("\", \""));
        let text = from.text(path, session, &known)?;
        let found = T::WORDS.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let help = match nearest(text, words) {
                Some(word) => format!("Did you mean \"{word}\"?"),
                None => known,
            };
            session.refuse(
                &from.place,
                path,
                format!("`{text}` is not known here"),
                &help,
            );
        }
        found.map(|(_, value)| *value)
    }

    fn show(&self) -> String {
        let word = T::WORDS
            .iter()
            .find(|(_, value)| value == self)
            .map(|(word, _)| *word);
        quoted(word.unwrap_or_default())
    }
}
