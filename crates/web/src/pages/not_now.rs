//! "Not now": somebody has read that a mailbox needs them, and does not want to read it again today.
//!
//! The browser remembers it, in a cookie that names the trouble: the mailbox and since when. Another
//! trouble is told again, and the number in the top bar stays.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use axum::Form;
use axum::extract::FromRequestParts;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use inhaul_store::Retrieval;
use serde::Deserialize;

use super::sign_in::is_ours;
use crate::request::Person;
use crate::response::see_other;

/// A mailbox's trouble, as it began.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Trouble {
    retrieval: i64,
    /// Milliseconds.
    since: i64,
}

/// The troubles somebody does not want to read of now, the latest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct PutOff(Vec<Trouble>);

/// What is put off, and from which page.
#[derive(Deserialize)]
pub(crate) struct Pressed {
    #[serde(default)]
    trouble: String,
    #[serde(default)]
    to: String,
}

/// Puts a trouble off.
pub(crate) async fn not_now(
    person: Person,
    mut put_off: PutOff,
    Form(pressed): Form<Pressed>,
) -> Response {
    let to = if is_ours(&pressed.to) {
        &pressed.to
    } else {
        "/"
    };
    let mut response = see_other(to);
    if let Ok(trouble) = pressed.trouble.parse() {
        put_off.0.insert(0, trouble);
        put_off.0.truncate(MOST);
        let secure = person.caller.is_encrypted;
        response
            .headers_mut()
            .append(SET_COOKIE, put_off.cookie(secure));
    }
    response
}

impl Trouble {
    /// What a retrieval has now.
    pub(crate) fn of(row: &Retrieval) -> Self {
        Self {
            retrieval: row.id.row(),
            since: row.failing_since.map_or(0, |since| since.millis()),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.retrieval, self.since)
    }
}

impl FromStr for Trouble {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (retrieval, since) = text.split_once('.').ok_or(())?;
        Ok(Self {
            retrieval: retrieval.parse().map_err(drop)?,
            since: since.parse().map_err(drop)?,
        })
    }
}

impl PutOff {
    pub(crate) fn contains(&self, trouble: &Trouble) -> bool {
        self.0.contains(trouble)
    }

    fn read(headers: &HeaderMap) -> Self {
        let values = headers.get_all(COOKIE).iter();
        let pairs = values.filter_map(|value| value.to_str().ok());
        let pairs = pairs.flat_map(|value| value.split(';'));
        let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
        let ours = pairs.find(|(name, _)| *name == COOKIE_NAME);
        let listed = ours.map_or("", |(_, value)| value).split('~');
        Self(
            listed
                .filter_map(|one| one.parse().ok())
                .take(MOST)
                .collect(),
        )
    }

    fn cookie(&self, secure: bool) -> HeaderValue {
        let listed: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        let listed = listed.join("~");
        let secure = if secure { "; Secure" } else { "" };
        let text = format!(
            "{COOKIE_NAME}={listed}; Path=/; HttpOnly; SameSite=Lax{secure}; Max-Age={KEPT}"
        );
        HeaderValue::try_from(text).expect("digits and signs of ASCII")
    }
}

impl<S: Sync> FromRequestParts<S> for PutOff {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::read(&parts.headers))
    }
}

const COOKIE_NAME: &str = "inhaul-not-now";
/// Seconds: a day.
const KEPT: u32 = 24 * 60 * 60;
/// Troubles remembered, so that the cookie stays small.
const MOST: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cookie: &'static str) -> Vec<String> {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static(cookie));
        let put_off = PutOff::read(&headers).0;
        put_off.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_put_off_is_read_back_and_nonsense_is_nothing() {
        assert_eq!(read("a=b; inhaul-not-now=4.17~5.0"), ["4.17", "5.0"]);
        for nonsense in [
            "",
            "inhaul-not-now=",
            "inhaul-not-now=x~4~4.y",
            "other=4.17",
        ] {
            assert!(read(nonsense).is_empty(), "{nonsense}");
        }
        let many: PutOff = PutOff(vec![Trouble {
            retrieval: 4,
            since: -17,
        }]);
        let cookie = many.cookie(true);
        let cookie = cookie.to_str().unwrap();
        assert!(
            cookie.starts_with("inhaul-not-now=4.-17; Path=/; HttpOnly"),
            "{cookie}"
        );
        assert!(cookie.contains("; Secure"), "{cookie}");
    }
}
