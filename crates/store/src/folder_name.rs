//! Names of folders: what may be one. Start at [`FolderName::parse`].

use std::fmt;

/// A name that a folder may have. `/` stands between a folder and the one it lies in, as mail
/// programs show them; the folder above need not be there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FolderName(String);

/// Why a folder cannot be called this.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadFolderName {
    /// Nothing.
    #[error("a folder needs a name")]
    Empty,
    /// More than [`FolderName::LONGEST`].
    #[error("a folder's name has at most {} characters", FolderName::LONGEST)]
    TooLong,
    /// A line end, a tab and the like, which no list could show.
    #[error("a folder's name has no line ends, tabs or other control characters")]
    Control,
    /// `/` at an end, or two of them.
    #[error("a folder's name has something before and behind each /")]
    EmptyPart,
    /// Two names that look the same would be two folders.
    #[error("a folder's name, and each part between two /, begins and ends with no blank")]
    Blank,
}

impl FolderName {
    /// Characters of the whole name.
    pub const LONGEST: usize = 200;
    /// The folder that every account has, however its name is written (RFC 9051 section 5.1).
    pub const INBOX: &str = "INBOX";
    /// Where what is deleted lies until it goes for good.
    pub const TRASH: &str = "Trash";
    /// Folders with a purpose of their own.
    const PERMANENT: [&str; 4] = [Self::INBOX, Self::TRASH, "Archive", "Junk"];

    /// Reads one. INBOX is in capitals whatever was asked.
    pub fn parse(name: &str) -> Result<Self, BadFolderName> {
        if name.is_empty() {
            return Err(BadFolderName::Empty);
        }
        if name.chars().count() > Self::LONGEST {
            return Err(BadFolderName::TooLong);
        }
        if name.chars().any(char::is_control) {
            return Err(BadFolderName::Control);
        }
        for part in name.split('/') {
            if part.is_empty() {
                return Err(BadFolderName::EmptyPart);
            }
            if part.trim() != part {
                return Err(BadFolderName::Blank);
            }
        }
        Ok(Self(match name.eq_ignore_ascii_case(Self::INBOX) {
            true => Self::INBOX.to_owned(),
            false => name.to_owned(),
        }))
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a folder of this name keeps it, and stays.
    pub fn is_permanent(name: &str) -> bool {
        Self::PERMANENT.contains(&name)
    }
}

impl fmt::Display for FolderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_people_can_tell_apart() {
        let longest = "ž".repeat(FolderName::LONGEST);
        let too_long = format!("{longest}x");
        for (name, read) in [
            ("Shop", Ok("Shop")),
            ("Shop/2026/März", Ok("Shop/2026/März")),
            ("inbox", Ok("INBOX")),
            ("InBox/Shop", Ok("InBox/Shop")),
            ("a  b", Ok("a  b")),
            ("..", Ok("..")),
            (&*longest, Ok(&*longest)),
            (&*too_long, Err(BadFolderName::TooLong)),
            ("", Err(BadFolderName::Empty)),
            ("/", Err(BadFolderName::EmptyPart)),
            ("/Shop", Err(BadFolderName::EmptyPart)),
            ("Shop/", Err(BadFolderName::EmptyPart)),
            ("Shop//2026", Err(BadFolderName::EmptyPart)),
            (" Shop", Err(BadFolderName::Blank)),
            ("Shop\u{a0}", Err(BadFolderName::Blank)),
            ("Shop / 2026", Err(BadFolderName::Blank)),
            ("Sh\nop", Err(BadFolderName::Control)),
            ("Shop\u{7f}", Err(BadFolderName::Control)),
        ] {
            let found = FolderName::parse(name);
            assert_eq!(
                found.as_ref().map(FolderName::as_str),
                read.as_ref().copied(),
                "{name:?}"
            );
        }
    }

    #[test]
    fn what_has_a_purpose_of_its_own_stays() {
        for (name, stays) in [
            ("INBOX", true),
            ("Trash", true),
            ("Trash/Old", false),
            ("Shop", false),
        ] {
            assert_eq!(FolderName::is_permanent(name), stays, "{name}");
        }
    }
}
