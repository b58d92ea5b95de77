//! Headers of the newest messages of a mailbox: read, taken down, and measured.

use inhaul_domain::route::Router;
use inhaul_manage::{Actor, Refused, UnsavedCatchAll};
use inhaul_message::HeaderBlock;
use inhaul_store::{Account, CatchAllSettings, Remote, RemoteSecret, SignInMemory};
use inhaul_types::Card;

use crate::app::App;
use crate::runs::Survey;

/// How many messages are looked at, at most: the engine reads no more.
pub(crate) const NEWEST_MOST: u32 = 200;

/// A mailbox that may not be saved yet.
#[derive(Clone, Debug)]
pub(crate) struct Maildrop {
    /// The remote side.
    pub(crate) remote: Remote,
    /// Its password.
    pub(crate) secret: RemoteSecret,
    /// What it takes to sign in, where that is known.
    pub(crate) memory: Option<SignInMemory>,
}

/// Asks the server. Nothing is stored there or here; the audit says who looked at how many headers,
/// and of what: `of` is a domain or a retrieval's name.
pub(crate) async fn look(
    app: &App,
    actor: &Actor,
    maildrop: Maildrop,
    newest: u32,
    of: &str,
) -> Result<Survey, Card> {
    let Maildrop {
        remote,
        secret,
        memory,
    } = maildrop;
    let survey = app.runs().survey(remote, secret, memory, newest).await?;
    let count = survey.headers.len() as u64;
    app.manage().headers_looked_at(actor, count, of).await;
    Ok(survey)
}

/// The headers as the router reads them.
pub(crate) fn blocks(survey: &Survey) -> impl Iterator<Item = HeaderBlock<'_>> {
    let headers = survey.headers.iter();
    headers.map(|surveyed| HeaderBlock::new(&surveyed.header))
}

/// What measures the sources of recipients: only the domains count, there is nobody to send to yet.
pub(crate) async fn measuring(
    app: &App,
    actor: &Actor,
    whoever: &Account,
    remote: &Remote,
    domains: &[String],
) -> Result<Router, Refused> {
    let settings = CatchAllSettings {
        domains: domains.to_vec(),
        ..CatchAllSettings::default()
    };
    let unsaved = UnsavedCatchAll {
        remote,
        settings: &settings,
        fallback: whoever.id,
        fallback_name: &whoever.name,
        fallback_folder: "INBOX",
    };
    app.manage().router_of(actor, &unsaved).await
}
