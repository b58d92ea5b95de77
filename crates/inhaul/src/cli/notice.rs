//! `inhaul notice`: whether notices arrive, and which did not.

use std::sync::Arc;

use clap::Subcommand;
use inhaul_net::Dialler;
use inhaul_notices::{Channel, Outcome, Rooms, send_test};
use inhaul_store::{Account, SqliteStore, Store as _};
use inhaul_types::AccountId;
use serde::Serialize;
use serde_json::json;

use super::Globals;
use super::output::{plain, print, print_json, table};
use crate::clock::clock;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::notify;
use crate::ops::metrics::Counters;
use crate::serve::notices::Kept;

#[derive(Debug, Subcommand)]
pub(crate) enum Notice {
    /// Send a test to the administrator's inbox, the web address and the program
    Test,
    /// List notices that wait to be delivered, or were given up
    List,
}

/// How one delivery of a test ended.
#[derive(Serialize)]
pub(crate) struct TestDocument {
    /// Whom it was for, in words.
    pub(crate) to: String,
    delivered: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

#[derive(Serialize)]
struct NoticeDocument {
    notice: i64,
    created: String,
    to: String,
    tries: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_try: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_up: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Notice {
    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        globals
            .with_store(async |store, config| match self {
                Self::Test => test(globals, &store, config).await,
                Self::List => list(globals, &store).await,
            })
            .await
    }
}

/// Sends a test by every way that administrators are told, and says what became of each.
pub(crate) async fn send(
    store: &Arc<SqliteStore>,
    config: &Config,
) -> Result<Vec<TestDocument>, Failure> {
    let accounts = store.account_list().await?;
    let settings = notify::settings(config, &accounts, notify::server_name(config)).await?;
    if let Some(name) = config
        .notify
        .admin
        .as_ref()
        .filter(|_| settings.admin.is_none())
    {
        let what = format!("notify.admin: there is no account `{name}`");
        let hint = "Make it with `inhaul account add`, or write another name.";
        return Err(Failure::new(Exit::CONFIG, what).hint(hint));
    }
    let kept = Arc::new(Kept::new(
        Arc::clone(store),
        clock(),
        Arc::new(Counters::default()),
    ));
    let rooms = Rooms {
        memory: Arc::<Kept>::clone(&kept),
        inbox: kept,
        dialler: Arc::new(Dialler::new()),
        clock: clock(),
        health: Arc::new(|| true),
    };
    let ended = send_test(&settings, rooms).await;
    if ended.is_empty() {
        let what = "[notify] names no administrator, web address or program";
        let hint = "Set admin, webhook or program there. Owners are told in their inbox here.";
        return Err(Failure::new(Exit::CONFIG, what).hint(hint));
    }
    let told = ended
        .into_iter()
        .map(|(channel, outcome)| of_test(channel, outcome, &accounts));
    Ok(told.collect())
}

async fn test(
    globals: &Globals,
    store: &Arc<SqliteStore>,
    config: &Config,
) -> Result<Exit, Failure> {
    let told = send(store, config).await?;
    if globals.json {
        print_json(&json!({ "sent": told }))?;
    } else {
        let lines = told.iter().map(|one| match &one.why {
            None => format!("Delivered to {}.\n", plain(&one.to)),
            Some(why) => format!("Not delivered to {}: {}\n", plain(&one.to), plain(why)),
        });
        print(&lines.collect::<String>())?;
    }
    Ok(match told.iter().all(|one| one.delivered) {
        true => Exit::OK,
        false => Exit::PROBLEMS,
    })
}

fn of_test(channel: Channel, outcome: Outcome, accounts: &[Account]) -> TestDocument {
    let why = match outcome {
        Outcome::Delivered => None,
        Outcome::Later { why, .. } | Outcome::Never { why } => Some(why),
    };
    TestDocument {
        to: receiver(channel, accounts),
        delivered: why.is_none(),
        why,
    }
}

async fn list(globals: &Globals, store: &SqliteStore) -> Result<Exit, Failure> {
    let accounts = store.account_list().await?;
    let notices = store.records().notice_list(MOST).await?;
    let notices = notices.into_iter().map(|notice| NoticeDocument {
        notice: notice.id.row(),
        created: notice.created.to_string(),
        to: match notice.channel.parse() {
            Ok(channel) => receiver(channel, &accounts),
            Err(_) => notice.channel,
        },
        tries: notice.attempts,
        next_try: notice
            .given_up
            .is_none()
            .then(|| notice.next_try.to_string()),
        given_up: notice.given_up.map(|then| then.to_string()),
        why: notice.last_error,
    });
    let notices: Vec<_> = notices.collect();
    if globals.json {
        print_json(&json!({ "notices": notices }))?;
        return Ok(Exit::OK);
    }
    if notices.is_empty() {
        print("No notice waits, and none was given up lately.\n")?;
        return Ok(Exit::OK);
    }
    let rows = notices.iter().map(|one| {
        let state = match &one.next_try {
            None => "given up".to_owned(),
            Some(then) => format!("next try {then}"),
        };
        let why = one.why.as_deref().unwrap_or_default();
        let tries = one.tries.to_string();
        [&one.created, &one.to, &tries, &state, why]
            .map(plain)
            .to_vec()
    });
    print(&table(
        &["SINCE", "TO", "TRIES", "STATE", "WHY"],
        &rows.collect::<Vec<_>>(),
    ))?;
    Ok(Exit::OK)
}

/// Whom a channel reaches, in words.
fn receiver(channel: Channel, accounts: &[Account]) -> String {
    let name = |id: AccountId| {
        let account = accounts.iter().find(|account| account.id == id);
        account.map_or("an account that is gone", |account| &account.name)
    };
    match channel {
        Channel::Inbox(account) => format!("the inbox of {}", name(account)),
        Channel::Webhook => "the web address".into(),
        Channel::Program => "the program".into(),
    }
}

/// Notices that are listed, the newest.
const MOST: u32 = 1000;
