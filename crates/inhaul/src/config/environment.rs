//! The environment: `INHAUL_SECTION__KEY`, `INHAUL_SECTION__KEY_FILE`, and where things lie.
//!
//! Takes variables from the caller, never from the process, so a test needs no process of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use toml::de::DeValue;

use super::problems::Problem;
use super::reader::{Session, variable_name};
use super::suggest::nearest;
use super::tree::{Node, Place, Placed, Table};

/// What the environment says, as far as it concerns the configuration.
#[derive(Debug, Default)]
pub(super) struct Environment {
    /// By section and key, both in small letters.
    variables: BTreeMap<(String, String), Variable>,
    /// `INHAUL_CONFIG`: the file to read.
    pub(super) config: Option<PathBuf>,
    /// `INHAUL_DATA`: the data directory.
    pub(super) data: Option<PathBuf>,
    /// `HOME`.
    pub(super) home: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`.
    pub(super) xdg_config: Option<PathBuf>,
    /// `XDG_DATA_HOME`.
    pub(super) xdg_data: Option<PathBuf>,
    /// `CREDENTIALS_DIRECTORY`: where systemd puts what `LoadCredential=` names.
    pub(super) credentials: Option<PathBuf>,
}

#[derive(Debug)]
struct Variable {
    name: String,
    value: String,
}

impl Environment {
    /// Sorts the variables. An empty one counts as not set: that is what compose files make of
    /// a variable nobody filled in.
    pub(super) fn new(variables: &[(String, String)]) -> Self {
        let mut environment = Self::default();
        for (name, value) in variables.iter().filter(|(_, value)| !value.is_empty()) {
            let path = || Some(PathBuf::from(value));
            match name.as_str() {
                "INHAUL_CONFIG" => environment.config = path(),
                "INHAUL_DATA" => environment.data = path(),
                "HOME" => environment.home = path(),
                // The XDG specification has programs ignore relative paths here.
                "XDG_CONFIG_HOME" => environment.xdg_config = path().filter(|p| p.is_absolute()),
                "XDG_DATA_HOME" => environment.xdg_data = path().filter(|p| p.is_absolute()),
                "CREDENTIALS_DIRECTORY" => environment.credentials = path(),
                _ => {
                    if let Some(place) = section_and_key(name) {
                        let (name, value) = (name.clone(), value.clone());
                        environment
                            .variables
                            .insert(place, Variable { name, value });
                    }
                }
            }
        }
        environment
    }

    /// The value of one key, from its variable or from the file its `…_FILE` names.
    ///
    /// For a key that refers to a secret, `…_FILE` is the reference itself.
    pub(super) fn take(
        session: &mut Session,
        section: &str,
        key: &str,
        is_reference: bool,
    ) -> Option<Placed> {
        let variables = &mut session.environment.variables;
        let direct = variables.remove(&(section.to_owned(), key.to_owned()));
        let from_file = variables.remove(&(section.to_owned(), format!("{key}_file")));
        match (direct, from_file) {
            (Some(direct), Some(from_file)) => {
                let what = format!("{} is set too", direct.name);
                report(session, &from_file.name, what, "Set one of the two.");
                None
            }
            (Some(direct), None) => parse(session, &direct.name, direct.value),
            (None, Some(from_file)) if is_reference => Some(reference(from_file)),
            (None, Some(from_file)) => {
                let text = match fs::read_to_string(&from_file.value) {
                    Ok(text) => text,
                    Err(error) => {
                        let what = format!("cannot read {}: {error}", from_file.value);
                        let help = "Name a file this user may read.";
                        report(session, &from_file.name, what, help);
                        return None;
                    }
                };
                // Editors and `echo` end a file with a newline that is no part of the value.
                parse(
                    session,
                    &from_file.name,
                    text.trim_end_matches(['\n', '\r']).to_owned(),
                )
            }
            (None, None) => None,
        }
    }

    /// The variables of a section that no key took: key and variable name.
    pub(super) fn left_of(&mut self, section: &str) -> Vec<(String, String)> {
        let (left, kept): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(&mut self.variables)
            .into_iter()
            .partition(|(at, _)| at.0 == section);
        self.variables = kept;
        left.into_iter()
            .map(|((_, key), variable)| (key, variable.name))
            .collect()
    }

    /// Refuses the variables of sections that do not exist.
    pub(super) fn refuse_unknown_sections(
        session: &mut Session,
        sections: &[&'static str],
        lists: &[&'static str],
    ) {
        let left = std::mem::take(&mut session.environment.variables);
        for ((section, key), variable) in left {
            if lists.contains(&section.as_str()) {
                let what = format!("[[{section}]] is a list");
                report(session, &variable.name, what, "Write it in a file.");
                continue;
            }
            let help = match nearest(&section, sections.iter().copied()) {
                Some(known) => format!("Did you mean {}?", variable_name(known, &key)),
                None => format!("The sections are {}.", sections.join(", ")),
            };
            report(
                session,
                &variable.name,
                format!("there is no section [{section}]"),
                &help,
            );
        }
    }
}

/// Section and key of a variable of ours; `None` for one that is no configuration.
fn section_and_key(name: &str) -> Option<(String, String)> {
    let name = name.strip_prefix("INHAUL_")?;
    if name.starts_with("TEST_") {
        return None;
    }
    let (section, key) = name.split_once("__")?;
    Some((section.to_ascii_lowercase(), key.to_ascii_lowercase()))
}

/// Lists and tables are written as in a file; everything else is text, without quotes.
fn parse(session: &mut Session, name: &str, value: String) -> Option<Placed> {
    let place = Place::Environment(name.into());
    let is_structure = (value.starts_with('[') && value.ends_with(']'))
        || (value.starts_with('{') && value.ends_with('}'));
    if !is_structure {
        return Some(Placed {
            node: Node::Text(value),
            place,
        });
    }
    match DeValue::parse(&value) {
        Ok(parsed) => Some(Placed::from_toml(parsed, &|_| place.clone())),
        Err(error) => {
            let help = "Write it as in a file: [\"one\", \"two\"] or { key = \"value\" }.";
            report(
                session,
                name,
                format!("not valid TOML: {}", error.message()),
                help,
            );
            None
        }
    }
}

fn reference(variable: Variable) -> Placed {
    let place = Place::Environment(variable.name.into());
    let path = Placed {
        node: Node::Text(variable.value),
        place: place.clone(),
    };
    let table = [("file".to_owned(), (place.clone(), path))];
    Placed {
        node: Node::Table(Table(table.into())),
        place,
    }
}

fn report(session: &mut Session, name: &str, what: String, help: &str) {
    let place = Place::Environment(name.into());
    session.problems.push(Problem {
        place,
        key: String::new(),
        what,
        help: help.to_owned(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_section_are_configuration() {
        let rows = [
            ("INHAUL_CHECKS__EVERY", Some(("checks", "every"))),
            (
                "INHAUL_CHECKS__AT_ONCE_PER_SERVER",
                Some(("checks", "at_once_per_server")),
            ),
            ("INHAUL_TLS__CA_FILE", Some(("tls", "ca_file"))),
            ("INHAUL_CORPUS", None),
            ("INHAUL_FULL", None),
            ("INHAUL_CRASH_ROUNDS", None),
            ("INHAUL_TEST_CLOCK", None),
            ("INHAUL_TEST_X__Y", None),
            ("CHECKS__EVERY", None),
            ("PATH", None),
        ];
        for (name, expected) in rows {
            let read = section_and_key(name);
            let read = read
                .as_ref()
                .map(|(section, key)| (section.as_str(), key.as_str()));
            assert_eq!(read, expected, "{name}");
        }
    }

    #[test]
    fn an_empty_variable_and_a_relative_xdg_path_count_as_not_set() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let environment = Environment::new(&[
            pair("INHAUL_CHECKS__EVERY", ""),
            pair("INHAUL_DATA", ""),
            pair("HOME", ""),
            pair("XDG_DATA_HOME", "here"),
        ]);
        assert!(environment.variables.is_empty());
        assert_eq!(environment.data, None);
        assert_eq!(environment.home, None);
        assert_eq!(environment.xdg_data, None);
    }
}
