//! What somebody typed in a form of the wizard, and what is wrong with it.

use inhaul_manage::sharing::DomainName;
use serde::Deserialize;

/// The fields of a form in their order. Nothing prints them: there may be a password.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Typed(Vec<(String, String)>);

impl Typed {
    /// A field without the space around it; empty where it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// A field as it was typed.
    pub(super) fn raw(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// Every value of a field.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let fields = self.0.iter().filter(move |(field, _)| field == name);
        fields.map(|(_, value)| value.as_str())
    }

    /// Whether a box is ticked.
    pub(super) fn is_ticked(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// The button: its word, and the number behind it: `remove-3`.
    pub(super) fn button(&self) -> (&str, usize) {
        let word = self.text("do");
        match word.rsplit_once('-') {
            Some((word, number)) => (word, number.parse().unwrap_or(usize::MAX)),
            None => (word, usize::MAX),
        }
    }
}

/// What is wrong with what was typed, said at its field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Wrong {
    /// The field.
    pub(super) field: String,
    /// Words for a person.
    pub(super) what: String,
    /// What was typed there, to be corrected, where the form does not know it anyway.
    typed: String,
}

impl Wrong {
    /// Said at a field.
    pub(super) fn at(field: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            what: what.into(),
            typed: String::new(),
        }
    }

    /// The same, of this text.
    pub(super) fn of(self, typed: &str) -> Self {
        Self {
            typed: typed.to_owned(),
            ..self
        }
    }

    /// What is wrong at this field, if it is there.
    pub(super) fn said<'a>(wrong: &'a Option<Self>, field: &str) -> Option<&'a str> {
        let wrong = wrong.as_ref()?;
        (wrong.field == field).then_some(wrong.what.as_str())
    }

    /// What was typed at this field, if that is where something is wrong.
    pub(super) fn typed<'a>(wrong: &'a Option<Self>, field: &str) -> &'a str {
        let wrong = wrong.as_ref().filter(|wrong| wrong.field == field);
        wrong.map_or("", |wrong| &wrong.typed)
    }
}

/// Domains as typed, blanks or commas between them.
pub(super) fn domains(text: &str) -> Result<Vec<String>, Wrong> {
    let mut domains = Vec::new();
    let words = text.split(|c: char| c.is_whitespace() || c == ',');
    for word in words.filter(|word| !word.is_empty()) {
        // Whoever thinks of addresses writes `@firm.example`.
        let word = word.strip_prefix('@').unwrap_or(word);
        let DomainName(domain) = word
            .parse()
            .map_err(|why: String| Wrong::at("domains", format!("{why}.")))?;
        if !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    match domains.is_empty() {
        true => Err(Wrong::at(
            "domains",
            "Write the domain, such as firm.example.",
        )),
        false => Ok(domains),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_typed_with_blanks_commas_and_signs() {
        let read = |text: &str| domains(text).map_err(|wrong| wrong.what);
        let both = vec!["firm.example".to_owned(), "firm.net".to_owned()];
        for text in [
            "firm.example firm.net",
            " Firm.Example,firm.net, ",
            "@firm.example, @firm.net firm.net",
        ] {
            assert_eq!(read(text), Ok(both.clone()), "{text:?}");
        }
        for text in ["", " , ", "info@firm.example", "firm..example"] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_button_says_which_row_it_means() {
        for (word, button) in [
            ("preview", ("preview", usize::MAX)),
            ("remove-3", ("remove", 3)),
            ("up-x", ("up", usize::MAX)),
        ] {
            let typed = Typed(vec![("do".into(), word.into())]);
            assert_eq!(typed.button(), button);
        }
    }
}
