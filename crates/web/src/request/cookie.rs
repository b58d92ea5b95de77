//! The cookie of a session (RFC 6265).

use std::time::Duration;

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use super::{Caller, Token};

/// Its name on lines that others may write to; a neighbour's page without TLS cannot set it.
const SECURE_NAME: &str = "__Host-inhaul";
/// Its name without TLS: on this machine, or where a person chose so.
const PLAIN_NAME: &str = "inhaul";

/// The token in a request's cookie.
pub(crate) fn token(headers: &HeaderMap, caller: &Caller) -> Option<Token> {
    let name = name(caller);
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| Token::shown(value))
}

/// `Set-Cookie` for a new session; `keep` is how long the browser has it, `None` until it is closed.
pub(crate) fn set(token: &Token, keep: Option<Duration>, caller: &Caller) -> HeaderValue {
    let age = keep.map_or_else(String::new, |keep| format!("; Max-Age={}", keep.as_secs()));
    header(caller, token.reveal(), &age)
}

/// `Set-Cookie` that takes it away.
pub(crate) fn remove(caller: &Caller) -> HeaderValue {
    header(caller, "", "; Max-Age=0")
}

fn header(caller: &Caller, value: &str, age: &str) -> HeaderValue {
    let secure = if caller.is_encrypted { "; Secure" } else { "" };
    let name = name(caller);
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
    HeaderValue::try_from(text).expect("letters, digits and signs of ASCII")
}

fn name(caller: &Caller) -> &'static str {
    match caller.is_encrypted {
        true => SECURE_NAME,
        false => PLAIN_NAME,
    }
}
