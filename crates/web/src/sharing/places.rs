//! Accounts and folders as they are typed: `petr / Shop`.

use inhaul_store::{Account, Store, StoreError};

/// Where mail goes, as typed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct TypedPlace<'a> {
    account: &'a str,
    folder: &'a str,
}

/// An account that is there, and a folder that may not be there yet.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Whose.
    pub(crate) account: Account,
    /// The folder's name.
    pub(crate) folder: String,
}

impl<'a> TypedPlace<'a> {
    /// Reads `ACCOUNT` or `ACCOUNT / FOLDER`; an account's name has no slash.
    fn parse(text: &'a str) -> Option<Self> {
        let (account, folder) = text.split_once('/').unwrap_or((text, INBOX));
        let (account, folder) = (account.trim(), folder.trim());
        let folder = match folder.is_empty() || folder.eq_ignore_ascii_case(INBOX) {
            true => INBOX,
            false => folder,
        };
        (!account.is_empty()).then_some(Self { account, folder })
    }
}

impl Place {
    /// What was typed, if there is such an account; else what is wrong, in a sentence.
    pub(crate) async fn find(
        store: &dyn Store,
        text: &str,
    ) -> Result<Result<Self, String>, StoreError> {
        let Some(typed) = TypedPlace::parse(text) else {
            return Ok(Err(
                "Write an account, such as petr or petr / Shop.".to_owned()
            ));
        };
        match store.account_by_name(typed.account).await {
            Ok(account) => Ok(Ok(Self {
                account,
                folder: typed.folder.to_owned(),
            })),
            Err(StoreError::Missing { .. }) => {
                Ok(Err(format!("There is no account {}.", typed.account)))
            }
            Err(error) => Err(error),
        }
    }

    /// For people: `petr / Shop`.
    pub(crate) fn words(&self) -> String {
        place_words(&self.account.name, &self.folder)
    }
}

/// A place for people: `petr / Shop`, and every INBOX is an Inbox.
pub(crate) fn place_words(account: &str, folder: &str) -> String {
    match folder {
        INBOX => format!("{account} / Inbox"),
        folder => format!("{account} / {folder}"),
    }
}

/// The same of `petr/Shop`.
pub(crate) fn shown_words(shown: &str) -> String {
    let (account, folder) = shown.split_once('/').unwrap_or((shown, INBOX));
    place_words(account, folder)
}

/// Places to choose from: every account's Inbox, and the folders of the first accounts.
pub(crate) async fn choices(store: &dyn Store) -> Result<Vec<String>, StoreError> {
    let accounts = store.account_list().await?;
    let mut choices = Vec::new();
    for (number, account) in accounts.iter().take(CHOICES_MOST).enumerate() {
        choices.push(place_words(&account.name, INBOX));
        if number >= FOLDERS_OF {
            continue;
        }
        let folders = store.folder_list(account.id).await?;
        let others = folders.iter().filter(|folder| folder.name != INBOX);
        choices.extend(others.map(|folder| place_words(&account.name, &folder.name)));
    }
    choices.truncate(CHOICES_MOST);
    Ok(choices)
}

const INBOX: &str = "INBOX";
/// Lines of a list that a browser offers while somebody types.
const CHOICES_MOST: usize = 500;
/// Accounts whose folders are offered: each costs a look into the store.
const FOLDERS_OF: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_account_and_a_folder_or_an_account_alone() {
        for (text, place) in [
            ("petr / Shop", Some(("petr", "Shop"))),
            ("petr/Lists/Rust", Some(("petr", "Lists/Rust"))),
            (" petr ", Some(("petr", "INBOX"))),
            ("petr / inbox", Some(("petr", "INBOX"))),
            ("petr /", Some(("petr", "INBOX"))),
            ("", None),
            ("/ Shop", None),
        ] {
            let read = TypedPlace::parse(text);
            let read = read.map(|place| (place.account, place.folder));
            assert_eq!(read, place, "{text:?}");
        }
        assert_eq!(shown_words("petr/INBOX"), "petr / Inbox");
        assert_eq!(shown_words("petr/Lists/Rust"), "petr / Lists/Rust");
    }
}
