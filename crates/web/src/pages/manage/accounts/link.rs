//! A link that signs an account in, once.

use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use inhaul_manage::audit::{self, Change};
use inhaul_store::{LinkPurpose, NewLink};

use super::account_id;
use crate::app::App;
use crate::request::{Administrator, Token};
use crate::response::{Page, Problem, Shell};

#[derive(Template)]
#[template(path = "manage/account_link.html")]
struct LinkPage {
    shell: Shell,
    title: &'static str,
    id: inhaul_types::AccountId,
    name: String,
    link: String,
    is_off: bool,
}

/// Makes one and shows it, this once. What stands behind the `#` reaches no server and no log.
pub(crate) async fn make(
    State(app): State<App>,
    Administrator(person): Administrator,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = account_id(&id, &person.shell)?;
    let actor = person.actor();
    let account = app.manage().account(&actor, id).await?;
    let code = Token::code().map_err(Problem::internal)?;
    let link = NewLink {
        token: code.hash(),
        purpose: LinkPurpose::SignIn(id),
        until: app.now().plus(LIFE),
    };
    app.store().visitors().link_make(link).await?;
    let made = Change::of("made", format!("sign-in link for account {}", account.name));
    audit::take_down(app.store(), &actor, app.now(), [made]).await?;
    let base = app.settings().public_url.clone();
    let base = base.unwrap_or_else(|| person.caller.origin());
    let page = LinkPage {
        shell: person.shell,
        title: "Sign-in link",
        id,
        name: account.name,
        link: format!("{base}/welcome#{}", code.reveal()),
        is_off: !account.enabled,
    };
    Ok(Page::new(page).into_response())
}

const LIFE: Duration = Duration::from_secs(24 * 60 * 60);
