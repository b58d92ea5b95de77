//! What was said in one run, to be read and to be sent to whoever helps (UX 2.16).

use askama::Template;
use axum::extract::{Path, Query, State as Of};
use axum::response::{IntoResponse as _, Response};
use inhaul_store::{Retrieval, Run, StoreError};
use inhaul_types::{RetrievalId, RunId};
use serde::Deserialize;

use super::facts::brought;
use super::history::{Outcome, took};
use super::looker::Looks;
use super::words;
use crate::app::App;
use crate::look::time::{When, exact};
use crate::response::{Page, Problem, Shell};

/// How it is wanted.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    /// Without addresses and sign-in names.
    mask: Option<String>,
}

#[derive(Template)]
#[template(path = "retrievals/conversation.html")]
struct Conversation {
    shell: Shell,
    title: String,
    base: &'static str,
    id: RetrievalId,
    name: String,
    host: String,
    run: RunId,
    when: When,
    started_by: &'static str,
    outcome: Outcome,
    brought: String,
    took: String,
    said: Option<String>,
    is_masked: bool,
}

/// The page.
pub(crate) async fn page<L: Looks>(
    Of(app): Of<App>,
    looks: L,
    Path((id, run)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let looker = looks.looker();
    let state = looker.state(&app, &id).await?;
    let row = &state.row;
    let not_here = || Problem::not_found(&looker.person.shell);
    let run = RunId::new(run.parse().map_err(|_| not_here())?);
    let run = match app.store().run_by_id(run).await {
        // The number alone must not lead to what another retrieval said.
        Ok(run) if run.retrieval == row.id => run,
        Ok(_) | Err(StoreError::Missing { .. }) => return Err(not_here()),
        Err(error) => return Err(error.into()),
    };
    let said = app.store().run_conversation(run.id).await?;
    let is_masked = wanted.mask.is_some();
    let text = |said: String| {
        let text = to_send(row, &run, &said);
        match is_masked {
            true => masked(&text, &row.remote.user),
            false => text,
        }
    };
    let page = Conversation {
        title: format!("Run {} of {}", run.id, row.name),
        base: looker.base,
        id: row.id,
        name: row.name.clone(),
        host: row.remote.host.clone(),
        run: run.id,
        when: exact(run.started),
        started_by: words::started_by(run.activation),
        outcome: Outcome::of(&run),
        brought: brought(run.stored, run.octets),
        took: took(&run),
        said: said.filter(|said| !said.is_empty()).map(text),
        is_masked,
        shell: looker.person.shell,
    };
    Ok(Page::new(page).into_response())
}

/// The conversation with what somebody has to know who was not there. Passwords were masked when it
/// was written down, and of messages it holds sizes only.
fn to_send(row: &Retrieval, run: &Run, said: &str) -> String {
    let (host, port) = (&row.remote.host, row.remote.port);
    let result = run.code.map_or("good", inhaul_types::ErrorCode::as_str);
    let (started, id) = (run.started, run.id);
    format!("{host}:{port}  run {id}  {started}  {result}\n{said}")
}

/// The same without addresses and the sign-in name: `****@old-isp.example`. Domains stay, whoever
/// helps needs them.
fn masked(text: &str, user: &str) -> String {
    let user = user.strip_prefix("recent:").unwrap_or(user);
    let is_sign = |c: char| c.is_whitespace() || "<>()[]\"',;:".contains(c);
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(is_sign) {
        let word = piece.trim_end_matches(is_sign);
        let sign = &piece[word.len()..];
        match word.rsplit_once('@') {
            Some((name, domain)) if !name.is_empty() => {
                out.push_str(MASK);
                out.push('@');
                out.push_str(domain);
            }
            _ if !user.is_empty() && word.eq_ignore_ascii_case(user) => out.push_str(MASK),
            _ => out.push_str(word),
        }
        out.push_str(sign);
    }
    out
}

const MASK: &str = "****";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_the_sign_in_name_are_masked_and_nothing_else() {
        for (text, user, masked_text) in [
            (
                "C: USER alice@old-isp.example\nS: +OK\n",
                "alice@old-isp.example",
                "C: USER ****@old-isp.example\nS: +OK\n",
            ),
            ("C: USER alice\n", "alice", "C: USER ****\n"),
            (
                "C: USER recent:alice\n",
                "recent:alice",
                "C: USER recent:****\n",
            ),
            (
                "S: +OK <1896.69@pop.example> ready, Alice",
                "alice",
                "S: +OK <****@pop.example> ready, ****",
            ),
            ("S: +OK malice @ home", "alice", "S: +OK malice @ home"),
            ("", "alice", ""),
        ] {
            assert_eq!(masked(text, user), masked_text);
        }
    }
}
