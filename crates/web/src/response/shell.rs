//! What every page says around its content: who is signed in, what needs them, how it looks.

use inhaul_domain::standing::Standing;
use inhaul_store::{Account, Preferences, Theme};

use crate::app::App;
use crate::assets;
use crate::live::CheckButton;
use crate::pages::demo::Drawer;

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
    /// Nothing here is real.
    pub(crate) is_demo: bool,
    /// What can be made to happen in a demo.
    pub(crate) demo: Option<Drawer>,
    /// Since when there is no network, in words.
    pub(crate) offline: Option<String>,
    /// What "Check mail" does for them.
    pub(crate) check: CheckButton,
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
            is_demo: app.settings().demo,
            offline: app
                .runs()
                .overall()
                .offline_since
                .map(|since| since.in_words()),
            ..Self::default()
        };
        for state in app.runs().states() {
            let is_theirs = state.row.account == account.id;
            if !is_theirs && !account.admin {
                continue;
            }
            let standing = state.standing(now);
            shell.need_you += usize::from(is_theirs && standing == Standing::NeedsYou);
            let needs = matches!(standing, Standing::NeedsYou | Standing::Failing);
            shell.need_someone += usize::from(account.admin && needs);
        }
        shell
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

    /// The address of a file of the pages.
    pub(crate) fn asset(&self, name: &str) -> String {
        assets::address(name)
    }
}
