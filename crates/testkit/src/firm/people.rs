//! Who works at the firm, and the ways their addresses are written.

use super::{Firm, Mailbox};

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Person {
    /// The account's name.
    pub name: String,
    /// The account's addresses. Some have none: mail comes to their name all the same.
    pub addresses: Vec<String>,
}

/// The fifty.
pub(super) fn all() -> Vec<Person> {
    let person = |(number, name): (usize, &&str)| {
        let mut addresses = vec![format!("{name}@firm.example")];
        if number % 7 == 0 {
            addresses.push(format!("{name}.{}@firm.example", NAMES[49 - number]));
        }
        match *name {
            "dora" => addresses.push("*@lab.firm.example".into()),
            "emil" => addresses.push("emil@lab.firm.example".into()),
            _ if number >= 45 => addresses.clear(),
            _ => {}
        }
        Person {
            name: (*name).to_string(),
            addresses,
        }
    };
    NAMES.iter().enumerate().map(person).collect()
}

impl Person {
    /// The main address as somebody writes it, by this number.
    pub(super) fn mailbox(&self, way: u64) -> Mailbox {
        let name = &self.name;
        let written = match way % 12 {
            0 => format!("{name}+news@firm.example"),
            1 => format!("{name}+a+b@firm.example"),
            2 => format!("{}@FIRM.Example", name.to_uppercase()),
            3 => format!("{name}@{}", Firm::ALIAS),
            4 => format!("{name}+shop@{}", Firm::ALIAS),
            5 => self
                .addresses
                .get(1)
                .filter(|other| !other.contains('*'))
                .map_or_else(|| format!("{name}@firm.example"), Clone::clone),
            _ => format!("{name}@firm.example"),
        };
        Mailbox {
            written,
            place: Some(format!("{name}/INBOX")),
        }
    }
}

/// An address that a rule or a wildcard catches, by this number.
pub(super) fn caught(way: u64) -> Mailbox {
    let (written, place) = match way % 6 {
        0 => ("sales@firm.example".to_string(), "anna/Shop"),
        1 => ("Sales+offer@firm.example".to_string(), "anna/Shop"),
        2 => (format!("info@{}", Firm::ALIAS), "ben/Info"),
        3 => (
            format!("phone{}-bills@firm.example", way % 40),
            "carl/Bills",
        ),
        4 => (format!("bench{}@lab.firm.example", way % 30), "dora/INBOX"),
        _ => ("emil@lab.firm.example".to_string(), "emil/INBOX"),
    };
    Mailbox {
        written,
        place: Some(place.into()),
    }
}

/// An address of the firm's that is nobody's.
pub(super) fn unknown(way: u64) -> Mailbox {
    Mailbox {
        written: format!("ghost{}@firm.example", way % 12),
        place: None,
    }
}

const NAMES: [&str; 50] = [
    "anna", "ben", "carl", "dora", "emil", "frieda", "gustav", "hanna", "ivan", "jana", "karel",
    "lena", "milan", "nora", "otto", "petr", "quido", "rosa", "stefan", "tereza", "udo", "vera",
    "walter", "xenia", "yvonne", "zdenek", "adam", "berta", "cyril", "dana", "erik", "filip",
    "greta", "hugo", "irma", "josef", "klara", "lukas", "marie", "norbert", "olga", "pavel",
    "renata", "simon", "tomas", "ursula", "viktor", "wanda", "yara", "zuzana",
];
