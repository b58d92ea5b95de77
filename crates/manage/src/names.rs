//! Names, addresses and other short texts: which ones there may be.

use inhaul_types::{Address, Secret};

use crate::Refused;

/// A name that cannot be one.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{name:?} cannot be {whose} name")]
pub struct BadName {
    name: String,
    whose: &'static str,
    hint: &'static str,
}

impl BadName {
    /// Which names can.
    pub fn hint(&self) -> &'static str {
        self.hint
    }
}

/// A name stands in commands, file names of exports and sign-ins.
pub fn check_account_name(name: &str) -> Result<(), BadName> {
    let fits = !name.is_empty()
        && name.len() <= 64
        && !name.starts_with(['-', '.'])
        && name
            .chars()
            .all(|c| !c.is_control() && !c.is_whitespace() && !"/@\\\"".contains(c));
    if fits {
        return Ok(());
    }
    Err(BadName {
        name: name.to_owned(),
        whose: "an account's",
        hint: "Use up to 64 letters, digits, dots, dashes and underscores, without @ and /.",
    })
}

/// A group's name stands in commands and in files.
pub fn check_group_name(name: &str) -> Result<(), BadName> {
    let fits = !name.trim().is_empty()
        && name.trim() == name
        && name.len() <= 64
        && !name.starts_with('-')
        && !name.chars().any(char::is_control);
    if fits {
        return Ok(());
    }
    Err(BadName {
        name: name.to_owned(),
        whose: "a group's",
        hint: "Use up to 64 letters, digits, spaces, dots, dashes and underscores.",
    })
}

/// Characters of a retrieval's name.
pub const LONGEST_NAME: usize = 100;
/// Characters of a folder's name with those above it.
pub const LONGEST_FOLDER: usize = 200;
/// Characters of a sign-in name on a remote server: an address has 254 at most, and some stand
/// behind a word such as `recent:`.
pub const LONGEST_USER: usize = 300;
/// Characters of an account's password at least.
pub const SHORTEST_PASSWORD: usize = 12;
/// Octets of any password at most: more is hashed or sent for nothing.
pub const LONGEST_PASSWORD: usize = 1_000;

/// A line of text for people: something, not too much of it, nothing that does not show.
pub fn check_text(field: &'static str, text: &str, most: usize) -> Result<(), Refused> {
    if text.trim().is_empty() {
        return Err(Refused::invalid(field, "Write something here."));
    }
    if text.trim() != text {
        let what = "Take the blanks off its beginning and its end.";
        return Err(Refused::invalid(field, what));
    }
    if text.chars().count() > most {
        let what = format!("This is too long. There may be {most} characters.");
        return Err(Refused::invalid(field, what));
    }
    if text.chars().any(char::is_control) {
        let what = "There is a character in it that cannot be shown, such as a tab.";
        return Err(Refused::invalid(field, what));
    }
    Ok(())
}

/// The name or address of a remote server.
pub(crate) fn check_host(host: &str) -> Result<(), Refused> {
    const LONGEST: usize = 253;
    check_text("host", host, LONGEST)?;
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    let fits = |c: char| !c.is_whitespace() && !"/@:[]\"'\\<>?#%".contains(c);
    if is_address || host.chars().all(fits) {
        return Ok(());
    }
    let what = format!("{host} is no server's name. Write one such as pop.example.org.");
    Err(Refused::invalid("host", what))
}

/// Addresses as typed, each valid and none twice.
pub(crate) fn addresses(texts: &[String]) -> Result<Vec<Address>, Refused> {
    let mut addresses: Vec<Address> = Vec::with_capacity(texts.len());
    for text in texts {
        let address: Address = text
            .trim()
            .parse()
            .map_err(|why| Refused::invalid("addresses", format!("{text}: {why}.")))?;
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

/// A password that an account may have.
pub fn check_password(password: &Secret) -> Result<(), Refused> {
    let text = password.expose();
    if text.chars().count() < SHORTEST_PASSWORD {
        let what = format!("Use {SHORTEST_PASSWORD} characters or more.");
        return Err(Refused::invalid("password", what));
    }
    if text.len() > LONGEST_PASSWORD {
        let what = format!("Use {LONGEST_PASSWORD} characters at most.");
        return Err(Refused::invalid("password", what));
    }
    Ok(())
}

/// A password that can be sent to a remote server.
pub fn check_remote_password(password: &Secret) -> Result<(), Refused> {
    let text = password.expose();
    if text.is_empty() {
        return Err(Refused::invalid("password", "Enter the password."));
    }
    if text.len() > LONGEST_PASSWORD {
        let what = format!("Use {LONGEST_PASSWORD} characters at most.");
        return Err(Refused::invalid("password", what));
    }
    if text.contains(['\r', '\n', '\0']) {
        let what = "There is a line end in it. Enter it without.";
        return Err(Refused::invalid("password", what));
    }
    Ok(())
}
