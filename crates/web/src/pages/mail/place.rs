//! Which list somebody looks at, and where in it.

use inhaul_store::{Folder, Shown};
use inhaul_types::{FolderId, MessageId, Timestamp};
use serde::Deserialize;

use super::folders::path;

/// What an address says of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// `unread` or `starred`; anything else is all.
    show: String,
    /// Beside a message, the list that is no folder: `starred`.
    list: String,
    /// Behind which message the page begins: `MILLISECONDS.MESSAGE`.
    before: String,
    /// How many messages are in front of it. For words only.
    skip: u64,
    /// What is searched for,
    q: String,
    /// and the folder in which; none is in all.
    r#in: String,
}

/// A list of messages.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Listing {
    /// Of a folder.
    Folder {
        id: FolderId,
        /// Where it is.
        path: String,
        shown: Shown,
    },
    /// Those with a star, of all folders.
    Starred,
    /// What a search finds.
    Found {
        words: String,
        /// In this folder alone.
        folder: Option<FolderId>,
    },
}

/// A page of a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Place {
    pub(crate) listing: Listing,
    /// Behind which message it begins.
    pub(crate) before: Option<(Timestamp, MessageId)>,
    /// How many messages are in front of it.
    pub(crate) skip: u64,
}

impl Asked {
    /// A page of a folder.
    pub(crate) fn of_folder(&self, folder: &Folder) -> Place {
        self.at(Listing::Folder {
            id: folder.id,
            path: path(folder),
            shown: match self.show.as_str() {
                "unread" => Shown::Unseen,
                "starred" => Shown::Flagged,
                _ => Shown::All,
            },
        })
    }

    /// A page of the starred messages.
    pub(crate) fn of_starred(&self) -> Place {
        self.at(Listing::Starred)
    }

    /// A page of what is found; `None` of a search for nothing.
    pub(crate) fn of_found(&self) -> Option<Place> {
        let words = self.q.trim();
        (!words.is_empty()).then(|| {
            self.at(Listing::Found {
                words: words.to_owned(),
                folder: self.r#in.parse().ok().map(FolderId::new),
            })
        })
    }

    /// The list beside a message of this folder.
    pub(crate) fn beside(&self, folder: &Folder) -> Place {
        if let Some(found) = self.of_found() {
            return found;
        }
        match self.list.as_str() {
            "starred" => self.of_starred(),
            _ => self.of_folder(folder),
        }
    }

    fn at(&self, listing: Listing) -> Place {
        let before = self.before.split_once('.').and_then(|(at, id)| {
            let at = Timestamp::from_millis(at.parse().ok()?);
            Some((at, MessageId::new(id.parse().ok()?)))
        });
        Place {
            listing,
            before,
            skip: if before.is_some() { self.skip } else { 0 },
        }
    }
}

impl Listing {
    /// Where its newest messages are.
    pub(crate) fn address(&self) -> String {
        match self {
            Self::Folder { path, shown, .. } => with(path, &word(*shown)),
            Self::Starred => "/starred".to_owned(),
            Self::Found { words, folder } => with("/search", &searched(words, *folder)),
        }
    }
}

impl Place {
    /// Its own address.
    pub(crate) fn address(&self) -> String {
        with(&self.listing.address(), &self.behind())
    }

    /// A message, beside this page.
    pub(crate) fn of_message(&self, id: MessageId) -> String {
        let list = match &self.listing {
            Listing::Folder { shown, .. } => word(*shown),
            Listing::Starred => "list=starred".to_owned(),
            Listing::Found { words, folder } => searched(words, *folder),
        };
        with(&with(&format!("/message/{id}"), &list), &self.behind())
    }

    /// The next page, behind its last message.
    pub(crate) fn older(&self, last: (Timestamp, MessageId), rows: usize) -> Self {
        Self {
            before: Some(last),
            skip: self.skip + rows as u64,
            ..self.clone()
        }
    }

    /// The page before it, behind the message at this place.
    pub(crate) fn newer(&self, behind: (Timestamp, MessageId), skip: u64) -> Self {
        Self {
            before: Some(behind),
            skip,
            ..self.clone()
        }
    }

    fn behind(&self) -> String {
        let Some((at, id)) = self.before else {
            return String::new();
        };
        let behind = format!("before={}.{id}", at.millis());
        match self.skip {
            0 => behind,
            skip => format!("{behind}&skip={skip}"),
        }
    }
}

fn searched(words: &str, folder: Option<FolderId>) -> String {
    let words = serde_urlencoded::to_string([("q", words)]).unwrap_or_default();
    match folder {
        Some(folder) => format!("{words}&in={folder}"),
        None => words,
    }
}

fn word(shown: Shown) -> String {
    match shown {
        Shown::All => "",
        Shown::Unseen => "show=unread",
        Shown::Flagged => "show=starred",
    }
    .to_owned()
}

/// An address with one more thing that it says.
pub(crate) fn with(address: &str, said: &str) -> String {
    match said {
        "" => address.to_owned(),
        said if address.contains('?') => format!("{address}&{said}"),
        said => format!("{address}?{said}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Asked {
        serde_urlencoded::from_str(query).unwrap()
    }

    #[test]
    fn a_page_says_where_it_is_as_it_was_asked_for() {
        let listing = |shown| Listing::Folder {
            id: FolderId::new(1),
            path: "/".into(),
            shown,
        };
        for (query, shown, address) in [
            ("", Shown::All, "/"),
            ("show=everything", Shown::All, "/"),
            ("show=unread", Shown::Unseen, "/?show=unread"),
            (
                "before=1.2&show=starred",
                Shown::Flagged,
                "/?show=starred&before=1.2",
            ),
            ("before=-3.2&skip=50", Shown::All, "/?before=-3.2&skip=50"),
            ("before=x.2&skip=50", Shown::All, "/"),
            ("before=2&skip=50", Shown::All, "/"),
        ] {
            let place = asked(query).at(listing(shown));
            assert_eq!(place.address(), address, "{query}");
        }
    }

    #[test]
    fn a_search_says_what_it_is_for() {
        assert_eq!(asked("q=++").of_found(), None);
        let place = asked("q=%22a+b%22%26x&in=7&before=1.2").of_found().unwrap();
        let said = "q=%22a+b%22%26x&in=7&before=1.2";
        assert_eq!(place.address(), format!("/search?{said}"));
        assert_eq!(
            place.of_message(MessageId::new(9)),
            format!("/message/9?{said}")
        );
        let place = asked("q=a&in=all").of_found().unwrap();
        assert_eq!(place.address(), "/search?q=a");
    }

    #[test]
    fn a_message_keeps_the_list_it_was_opened_from() {
        let place = asked("before=7.2&skip=50").of_starred();
        let message = place.of_message(MessageId::new(9));
        assert_eq!(message, "/message/9?list=starred&before=7.2&skip=50");
        let older = place.older((Timestamp::from_millis(5), MessageId::new(3)), 50);
        assert_eq!(older.address(), "/starred?before=5.3&skip=100");
    }
}
