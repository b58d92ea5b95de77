//! Who asks: somebody signed in, or an administrator.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;
use inhaul_manage::{Actor, Authority};
use inhaul_store::{Account, Session, TokenHash};
use inhaul_types::AccountId;

use super::{Caller, cookie};
use crate::app::App;
use crate::live;
use crate::look::zone;
use crate::pages::demo::Drawer;
use crate::response::{Problem, Shell, Why};

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// Their account, as it stands now.
    pub(crate) account: Account,
    /// Where they ask from.
    pub(crate) caller: Caller,
    /// Their session.
    pub(crate) session: TokenHash,
    /// What every page says around its content.
    pub(crate) shell: Shell,
}

/// Somebody who manages the installation.
#[derive(Clone, Debug)]
pub(crate) struct Administrator(pub(crate) Person);

/// Whether the script asks, without anybody having clicked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ByItself {
    /// It does.
    Yes,
    /// Somebody opened or refreshed the page.
    No,
}

impl<S: Sync> FromRequestParts<S> for ByItself {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(match parts.headers.contains_key(LIVE) {
            true => Self::Yes,
            false => Self::No,
        })
    }
}

impl Person {
    /// Their account's number.
    pub(crate) fn id(&self) -> AccountId {
        self.account.id
    }

    /// Them, as whoever changes something. An administrator's own mailboxes may be anywhere.
    pub(crate) fn actor(&self) -> Actor {
        Actor {
            name: self.account.name.clone(),
            account: Some(self.account.id),
            channel: format!("web {}", self.caller.address),
            authority: match self.account.admin {
                true => Authority::Administrator,
                false => Authority::Person(self.account.id),
            },
        }
    }
}

impl FromRequestParts<App> for Person {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let back = || parts.uri.path_and_query().map(ToString::to_string);
        let token = cookie::token(&parts.headers, &caller);
        let token = token.ok_or_else(|| Problem::sign_in(back(), Why::NotYet))?;
        let visitors = app.store().visitors();
        let session = visitors.session_find(&token.hash()).await?;
        let session = session.ok_or_else(|| Problem::sign_in(back(), Why::NotYet))?;
        if is_over(&session, app) {
            visitors.session_end(&session.token).await?;
            return Err(Problem::sign_in(back(), Why::Idle));
        }
        let now = app.now();
        // What a page asks for by itself is no sign of anybody being there.
        let by_itself = parts.headers.contains_key(LIVE);
        if !by_itself
            && now.since(session.last_seen) >= TOUCH
            && let Err(error) = visitors.session_seen(&session.token, now).await
        {
            // Whoever only looks is not to be turned away because a disk is full.
            tracing::warn!(%error, "a session's last click is not written down");
        }
        let preferences = visitors.preferences(session.account.id).await?;
        zone::read_in(preferences.time_zone.as_deref());
        let mut shell = Shell::of(app, &session.account, &preferences);
        shell.check = live::button(app, &session.account).await?;
        shell.demo = Drawer::of(app, &page(parts));
        Ok(Self {
            shell: shell.placed(parts.uri.path()),
            session: session.token,
            account: session.account,
            caller,
        })
    }
}

impl FromRequestParts<App> for Administrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let person = Person::from_request_parts(parts, app).await?;
        match person.account.admin {
            true => Ok(Self(person)),
            // Whoever does not manage it need not know what there is.
            false => Err(Problem::not_found(&person.shell)),
        }
    }
}

/// Where the page is that somebody sees; what a form leads to need not be one.
fn page(parts: &Parts) -> String {
    let place = parts.uri.path_and_query();
    let place = place.filter(|_| parts.method == Method::GET);
    place.map_or_else(|| "/".to_owned(), ToString::to_string)
}

fn is_over(session: &Session, app: &App) -> bool {
    let settings = app.settings();
    let (idle, longest) = match session.kept {
        true => (settings.kept, settings.kept),
        false => (settings.idle, settings.longest),
    };
    let now = app.now();
    now.since(session.last_seen) >= idle || now.since(session.began) >= longest
}

/// A session's last click is written down no more often than this.
const TOUCH: Duration = Duration::from_secs(60);

/// On what the script asks for without anybody having clicked.
const LIVE: &str = "x-inhaul-live";
