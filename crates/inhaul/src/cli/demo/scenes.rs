//! What can be sent to the firm, each to show another thing of a catch-all.

use inhaul_sample::firm_letter;
use inhaul_types::Timestamp;

use super::samples::{Host, Sample};

/// Letters that are told apart by whom they are for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Scene {
    /// One copy that names two people.
    TwoPeople,
    /// One copy for each of three people.
    Copies,
    /// One for an address that nobody has.
    Nobody,
}

/// The words for them, in the order in which they are listed.
pub(super) const SCENES: [(&str, Scene); 3] = [
    ("two", Scene::TwoPeople),
    ("copies", Scene::Copies),
    ("nobody", Scene::Nobody),
];

impl Scene {
    /// As people read it behind "Send to firm.example".
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::TwoPeople => "a letter to two people",
            Self::Copies => "one with a copy for each of three",
            Self::Nobody => "one to nobody",
        }
    }

    /// Whom it is for, names before the `@`.
    pub(super) fn people(self) -> &'static [&'static str] {
        match self {
            Self::TwoPeople => &["anna", "ben"],
            Self::Copies => &["clara", "david", "emma"],
            Self::Nobody => &["infos"],
        }
    }

    fn letters(self, number: u64, at: Timestamp) -> Vec<Vec<u8>> {
        let people = self.people();
        match self {
            Self::TwoPeople | Self::Nobody => vec![firm_letter(people, people, number, at)],
            Self::Copies => {
                let copy = |person| firm_letter(&[person], people, number, at);
                people.iter().copied().map(copy).collect()
            }
        }
    }

    fn told(self, number: u64) -> String {
        let what = match self {
            Self::TwoPeople => "lies there for anna and ben, in one copy. Both get it.",
            Self::Copies => "lies there in three copies: clara, david and emma get one each.",
            Self::Nobody => {
                "lies there for infos, whom nobody has a rule for. The fallback gets it."
            }
        };
        format!("Letter {number} to {} {what}", Sample::Firm.domain())
    }
}

impl Host {
    /// Puts it into the mailbox and says what there is now. The number tells one from another.
    pub(super) fn play(&self, scene: Scene, number: u64, at: Timestamp) -> String {
        for letter in scene.letters(number, at) {
            self.mailbox.append(letter);
        }
        scene.told(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scene_is_told_in_a_sentence_that_names_its_people() {
        for (word, scene) in SCENES {
            let told = scene.told(7);
            assert!(
                told.starts_with("Letter 7") && told.ends_with('.'),
                "{told}"
            );
            for person in scene.people() {
                assert!(told.contains(person), "{word}: {told}");
            }
        }
        assert_eq!(Scene::Copies.letters(1, Timestamp::from_millis(0)).len(), 3);
    }
}
