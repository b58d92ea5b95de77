//! Makes text that differs only in what a search does not care for the same text.

/// Folds a whole text.
///
/// Letters lose their case (`Straße` is `strasse`), any stretch of white space is one space and none
/// at both ends, and what nobody sees (control characters, soft hyphens, marks of direction and of
/// width zero) is gone. Accents stay.
pub fn fold(text: &str) -> String {
    let mut folding = Folding::default();
    folding.push(text);
    folding.folded
}

/// Folds a text that comes in pieces.
#[derive(Clone, Debug, Default)]
pub struct Folding {
    folded: String,
    /// White space came, and nothing behind it.
    space: bool,
    /// Something came before what is in `folded`.
    began: bool,
}

impl Folding {
    /// Takes the next piece.
    pub fn push(&mut self, text: &str) {
        self.push_up_to(text, usize::MAX);
    }

    /// Takes the next piece up to where the folded text would be longer than `most` octets, and says
    /// what is left of the piece.
    pub fn push_up_to<'t>(&mut self, text: &'t str, most: usize) -> &'t str {
        for (at, character) in text.char_indices() {
            if character.is_whitespace() {
                self.space = self.began;
                continue;
            }
            if is_unseen(character) {
                continue;
            }
            let before = self.folded.len();
            if self.space {
                self.folded.push(' ');
            }
            if character.is_ascii() {
                self.folded.push(character.to_ascii_lowercase());
            } else {
                self.folded.extend(without_case(character));
            }
            if self.folded.len() > most {
                self.folded.truncate(before);
                return &text[at..];
            }
            (self.space, self.began) = (false, true);
        }
        ""
    }

    /// Ends a text, so that nothing is found across this place.
    pub fn separate(&mut self) {
        if self.began {
            self.folded.push(SEPARATOR);
            (self.space, self.began) = (false, false);
        }
    }

    /// What is folded and was not forgotten.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// All of that.
    pub fn into_folded(self) -> String {
        self.folded
    }

    /// Forgets all but about `most` octets at the end.
    pub fn keep_last(&mut self, most: usize) {
        let from = self.folded.len().saturating_sub(most);
        let from = (from..=self.folded.len()).find(|at| self.folded.is_char_boundary(*at));
        self.folded.drain(..from.unwrap_or(0));
    }
}

/// Stands between two texts; folding leaves none in a text.
pub const SEPARATOR: char = '\u{1}';

/// Down, up and down again: what is the same in one of them is the same in the end.
fn without_case(character: char) -> impl Iterator<Item = char> {
    character
        .to_lowercase()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
}

fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}
