//! What every page says around its content: who is signed in, what needs them, how it looks.

use inhaul_domain::standing::Standing;
use inhaul_store::{Account, Preferences, Retrieval, Theme};
use inhaul_types::Timestamp;

use crate::app::App;
use crate::assets;
use crate::live::CheckButton;
use crate::look::time::{self, When};
use crate::pages::demo::Drawer;
use crate::runs::State;

/// What the layout needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shell {
    /// Sign-in name; `None` where nobody is signed in.
    pub(crate) person: Option<String>,
    /// They manage the installation.
    pub(crate) is_admin: bool,
    /// Retrievals of theirs that need them.
    pub(crate) need_you: usize,
    /// Retrievals of everyone that need someone or fail; counted for administrators only.
    pub(crate) need_someone: usize,
    /// Light, dark or as the system has it.
    pub(crate) theme: Theme,
    /// Single keys do something.
    pub(crate) shortcuts: bool,
    /// The zone they have chosen, for the script.
    pub(crate) time_zone: Option<String>,
    /// Nothing here is real.
    pub(crate) is_demo: bool,
    /// What can be made to happen in a demo.
    pub(crate) demo: Option<Drawer>,
    /// What "Check mail" does for them.
    pub(crate) check: CheckButton,
    /// Since when there is no network.
    pub(crate) offline: Option<When>,
    /// Where they are.
    pub(crate) place: Place,
    /// The server's clock, by which the script keeps times counting.
    pub(crate) now: Option<Timestamp>,
}

/// The places of the top bar.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Place {
    /// Their mail.
    Mail,
    /// Their mailboxes elsewhere.
    Retrievals,
    /// The installation.
    Manage,
    /// None of them.
    #[default]
    Elsewhere,
}

impl Place {
    /// The place of an address.
    pub(crate) fn of(path: &str) -> Self {
        let first = path.trim_start_matches('/').split('/').next();
        match first.unwrap_or("") {
            "" | "folder" | "m" | "mail" | "search" => Self::Mail,
            "retrievals" | "where" => Self::Retrievals,
            "manage" => Self::Manage,
            _ => Self::Elsewhere,
        }
    }
}

impl Shell {
    /// For somebody signed in.
    pub(crate) fn of(app: &App, account: &Account, preferences: &Preferences) -> Self {
        let now = app.now();
        let mut shell = Self {
            person: Some(account.name.clone()),
            is_admin: account.admin,
            theme: preferences.theme,
            shortcuts: preferences.shortcuts,
            time_zone: preferences.time_zone.clone(),
            is_demo: app.settings().demo,
            offline: app
                .runs()
                .overall()
                .offline_since
                .map(|since| time::at(since, now)),
            now: Some(now),
            ..Self::default()
        };
        let is_theirs = |row: &Retrieval| row.account == account.id;
        let in_trouble = app.runs().states_where(&|row| {
            (account.admin || is_theirs(row)) && State::may_be_in_trouble(row)
        });
        for state in in_trouble {
            let standing = state.standing(now);
            shell.need_you += usize::from(is_theirs(&state.row) && standing == Standing::NeedsYou);
            let needs = matches!(standing, Standing::NeedsYou | Standing::Failing);
            shell.need_someone += usize::from(account.admin && needs);
        }
        shell
    }

    /// At this address.
    pub(crate) fn placed(self, path: &str) -> Self {
        let place = Place::of(path);
        Self { place, ..self }
    }

    /// For a page that nobody has to sign in for.
    pub(crate) fn outside(app: &App) -> Self {
        Self {
            is_demo: app.settings().demo,
            ..Self::default()
        }
    }

    /// `data-theme`.
    pub(crate) fn theme_word(&self) -> &'static str {
        self.theme.as_str()
    }

    /// The zone that times are written in.
    pub(crate) fn zone_name(&self) -> String {
        self.now.map_or_else(|| "UTC".to_owned(), time::zone_name)
    }

    /// The address of a file of the pages.
    pub(crate) fn asset(&self, name: &str) -> String {
        assets::address(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_in_one_place() {
        for (path, place) in [
            ("/", Place::Mail),
            ("/folder/7", Place::Mail),
            ("/mail/large", Place::Mail),
            ("/retrievals", Place::Retrievals),
            ("/retrievals/3/edit", Place::Retrievals),
            ("/manage/accounts", Place::Manage),
            ("/preferences", Place::Elsewhere),
            ("/managed", Place::Elsewhere),
        ] {
            assert_eq!(Place::of(path), place, "{path}");
        }
    }
}
