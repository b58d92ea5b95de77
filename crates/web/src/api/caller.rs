//! Whose program asks: by a key, or by the session of a browser that is signed in.
//!
//! A key counts for more than a cookie. What a browser brings along by itself is refused before,
//! where another site had it sent (`request::origin`); nothing brings a key along by itself.

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use inhaul_manage::{Actor, Authority};
use inhaul_store::{Account, ApiKey};
use inhaul_types::AccountId;

use super::problem::ApiProblem;
use crate::app::App;
use crate::request::{Caller, Person, Token};

/// Whose program asks.
#[derive(Clone, Debug)]
pub(crate) struct ApiCaller {
    /// Their account, as it stands now.
    pub(crate) account: Account,
    /// From where.
    pub(crate) address: IpAddr,
}

/// A program of somebody who manages the installation.
#[derive(Clone, Debug)]
pub(crate) struct ApiAdministrator(pub(crate) ApiCaller);

impl ApiCaller {
    /// Their account's number.
    pub(crate) fn id(&self) -> AccountId {
        self.account.id
    }

    /// Them, as whoever changes something.
    pub(crate) fn actor(&self) -> Actor {
        Actor {
            name: self.account.name.clone(),
            account: Some(self.account.id),
            channel: format!("api {}", self.address),
            authority: match self.account.admin {
                true => Authority::Administrator,
                false => Authority::Person(self.account.id),
            },
        }
    }
}

impl FromRequestParts<App> for ApiCaller {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiProblem> {
        let Some(said) = parts.headers.get(AUTHORIZATION) else {
            let person = Person::from_request_parts(parts, app).await?;
            return Ok(Self {
                account: person.account,
                address: person.caller.address,
            });
        };
        let said = said.to_str().unwrap_or("");
        let token = bearer(said).ok_or_else(ApiProblem::not_signed_in)?;
        let caller = Caller::from_request_parts(parts, app).await?;
        let key = find(app, &token, caller.address).await?;
        Ok(Self {
            account: key.account,
            address: caller.address,
        })
    }
}

impl FromRequestParts<App> for ApiAdministrator {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiProblem> {
        let caller = ApiCaller::from_request_parts(parts, app).await?;
        match caller.account.admin {
            true => Ok(Self(caller)),
            // Whoever does not manage it need not know what there is.
            false => Err(ApiProblem::not_found()),
        }
    }
}

/// The key in `Bearer KEY` (RFC 6750 section 2.1); letters of the scheme's name are alike.
fn bearer(said: &str) -> Option<Token> {
    let (scheme, key) = said.trim().split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("Bearer")
        .then(|| Token::shown(key))
}

async fn find(app: &App, token: &Token, from: IpAddr) -> Result<ApiKey, ApiProblem> {
    let (visitors, now) = (app.store().visitors(), app.now());
    if let Some(wait) = app.wrong_keys().wait(from, now) {
        return Err(ApiProblem::too_many_tries(wait));
    }
    let hash = token.hash();
    let Some(key) = visitors.api_key_find(&hash).await? else {
        if app.wrong_keys().count(from, &hash, now) {
            tracing::warn!(address = %from, "refused: a wrong API key");
        }
        return Err(ApiProblem::not_signed_in());
    };
    let is_fresh = |used| now.since(used) < TOUCH;
    if !key.last_used.is_some_and(is_fresh)
        && let Err(error) = visitors.api_key_used(key.id, now).await
    {
        // Whoever only looks is not to be turned away because a disk is full.
        tracing::warn!(%error, "a key's last use is not written down");
    }
    Ok(key)
}

/// A key's last use is written down no more often than this.
const TOUCH: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_behind_the_word_bearer() {
        for (said, key) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Basic abc", None),
            ("Bearer", None),
            ("", None),
        ] {
            let token = bearer(said);
            let token = token.as_ref().map(Token::reveal);
            assert_eq!(token, key, "{said}");
        }
    }
}
