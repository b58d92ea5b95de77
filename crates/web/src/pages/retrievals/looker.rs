//! Who looks at retrievals, from which place, and what they see there.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use inhaul_manage::{Actor, Refused};
use inhaul_store::{Retrieval, StartedBy};
use inhaul_types::{AccountId, RetrievalId};

use crate::app::App;
use crate::request::{Administrator, Person};
use crate::response::Problem;
use crate::runs::{Force, Reader, State, started_by};

/// A place from which retrievals are looked at.
pub(crate) trait Looks: FromRequestParts<App, Rejection = Problem> + Send + 'static {
    /// The address of its list.
    const BASE: &'static str;
    /// Whoever looks from there.
    fn looker(self) -> Looker;
}

/// Somebody at their own retrievals; an administrator sees no others there either.
#[derive(Clone, Debug)]
pub(crate) struct Own(Person);

/// Whoever looks.
#[derive(Clone, Debug)]
pub(crate) struct Looker {
    /// Them.
    pub(crate) person: Person,
    /// The address of the list they come from.
    pub(crate) base: &'static str,
    /// What they see: what is this account's; `None` is everything.
    pub(crate) of: Option<AccountId>,
}

/// What somebody may do with a retrieval.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Allowed {
    /// Change its settings, remove it.
    pub(crate) change: bool,
    /// Pause and resume it.
    pub(crate) pause: bool,
}

impl Looks for Own {
    const BASE: &'static str = "/retrievals";

    fn looker(self) -> Looker {
        Looker {
            of: Some(self.0.id()),
            person: self.0,
            base: Self::BASE,
        }
    }
}

/// Whoever manages the installation, at everybody's retrievals.
#[derive(Clone, Debug)]
pub(crate) struct Managed(Administrator);

impl Looks for Managed {
    const BASE: &'static str = "/manage/retrievals";

    fn looker(self) -> Looker {
        Looker {
            of: None,
            person: self.0.0,
            base: Self::BASE,
        }
    }
}

impl FromRequestParts<App> for Managed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let administrator = Administrator::from_request_parts(parts, app).await;
        administrator.map(Self)
    }
}

impl FromRequestParts<App> for Own {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Person::from_request_parts(parts, app).await.map(Self)
    }
}

impl Looker {
    /// Them, as whoever changes something.
    pub(crate) fn actor(&self) -> Actor {
        self.person.actor()
    }

    /// Them, as whoever reads.
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader {
            name: &self.person.account.name,
            manages: self.person.account.admin,
        }
    }

    /// Whose day's runs those are that they start.
    pub(crate) fn started_by(&self) -> Option<StartedBy> {
        self.of
            .map(|account| started_by(account, self.person.caller.address))
    }

    /// What their starts pass over: whoever looks after everything is bound by no group.
    pub(crate) fn force(&self) -> Force {
        match self.of {
            Some(_) => Force::No,
            None => Force::Administrator,
        }
    }

    /// All retrievals they see, as they stand.
    pub(crate) async fn states(&self, app: &App) -> Result<Vec<State>, Problem> {
        let rows = match self.of {
            None => app.store().retrieval_list().await?,
            Some(account) => {
                let mut rows = app.store().views().retrievals_of(account).await?;
                rows.retain(|row| is_of(account, row));
                rows
            }
        };
        let states = rows.into_iter().map(|row| state_of(app, row));
        Ok(states.collect())
    }

    /// One of them, by the number in an address.
    pub(crate) async fn state(&self, app: &App, id: &str) -> Result<State, Problem> {
        let not_here = || Problem::not_found(&self.person.shell);
        let id = RetrievalId::new(id.parse().map_err(|_| not_here())?);
        let row = app.manage().retrieval(&self.actor(), id).await;
        let row = row.map_err(|refused| self.refused(refused))?;
        match self.sees(&row) {
            true => Ok(state_of(app, row)),
            false => Err(not_here()),
        }
    }

    /// Where an administrator finds a retrieval that is not among their own ones.
    pub(crate) async fn elsewhere(&self, app: &App, id: &str) -> Option<String> {
        let is_admin = self.of.is_some() && self.person.account.admin;
        let id = RetrievalId::new(id.parse().ok().filter(|_| is_admin)?);
        let row = app.manage().retrieval(&self.actor(), id).await.ok()?;
        Some(format!("{}/{}", Managed::BASE, row.id))
    }

    /// What they may do with it, for buttons. It is judged again when one is pressed.
    pub(crate) async fn allowed(&self, app: &App, row: &Retrieval) -> Result<Allowed, Problem> {
        let rights = app.manage().rights(&self.actor()).await;
        let rights = rights.map_err(|refused| self.refused(refused))?;
        Ok(self.allowed_by(rights.may.edit, row))
    }

    /// The same, where it is known whether their group lets them change anything.
    pub(crate) fn allowed_by(&self, may_edit: bool, row: &Retrieval) -> Allowed {
        let is_theirs = self.person.account.admin || row.owner == Some(self.person.id());
        let may = may_edit && is_theirs;
        Allowed {
            change: may && row.written_at.is_none(),
            pause: may && row.written_at.as_ref().is_none_or(|there| !there.paused),
        }
    }

    /// A refusal as a page of theirs.
    pub(crate) fn refused(&self, refused: Refused) -> Problem {
        let shell = &self.person.shell;
        let what = refused.to_string();
        let told = |status, title| Problem::told(status, title, &what, shell);
        match refused {
            Refused::NotFound { .. } => Problem::not_found(shell),
            Refused::NotAllowed(_) | Refused::NotAllowedIn { .. } => {
                told(StatusCode::FORBIDDEN, "Not allowed")
            }
            Refused::Written { .. } => told(StatusCode::CONFLICT, "Set in a file"),
            Refused::InTheWay(_) => told(StatusCode::CONFLICT, "Not now"),
            refused => refused.into(),
        }
    }

    fn sees(&self, row: &Retrieval) -> bool {
        self.of.is_none_or(|account| is_of(account, row))
    }
}

/// Whether a retrieval belongs on an account's own page: it is theirs or fills their account alone.
fn is_of(account: AccountId, row: &Retrieval) -> bool {
    let fills_only_them = row.account == account && row.routing.catch_all().is_none();
    row.owner == Some(account) || fills_only_them
}

/// What the service knows of a retrieval, with the row as it is kept now: somebody may have changed
/// it a moment ago.
fn state_of(app: &App, mut row: Retrieval) -> State {
    let Some(state) = app.runs().state(row.id) else {
        return State::of_new(row);
    };
    // A due time may have been put off.
    row.schedule.next_due = state.next.or(row.schedule.next_due);
    State {
        next: state.next.filter(|_| !row.paused),
        row: Arc::new(row),
        ..state
    }
}
