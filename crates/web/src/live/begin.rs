//! What begins a check: the button, a sign-in, an opened folder, somebody who waits for a message.

use std::net::IpAddr;
use std::sync::Arc;

use inhaul_store::{NewMail, StartedBy};
use inhaul_types::{AccountId, Activation, FolderId, RetrievalId, Timestamp};

use super::check::Check;
use super::follow::follow;
use super::registry::Joined;
use crate::app::App;
use crate::request::Person;
use crate::response::Problem;
use crate::runs::{Answer, Events, Force, Start, State, What, started_by};

/// Who wants mail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker {
    /// Whose mailboxes.
    pub(crate) account: AccountId,
    /// From where, for the numbers a day.
    pub(crate) address: IpAddr,
}

/// A check that somebody watches now.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    /// Which.
    pub(crate) check: Arc<Check>,
    /// It went on already, or all of its runs did.
    pub(crate) joined: bool,
}

impl Asker {
    /// Somebody signed in.
    pub(crate) fn of(person: &Person) -> Self {
        Self {
            account: person.id(),
            address: person.caller.address,
        }
    }
}

/// "Check mail": all mailboxes that fill the account. There is always a check to show, and be it to
/// say why nothing is checked. `activation` is the button or the API.
pub(crate) async fn check_mail(
    app: &App,
    asker: Asker,
    activation: Activation,
) -> Result<Begun, Problem> {
    let what = What::FillingAccount(asker.account);
    let ears = Ears::open(app);
    let answers = start(app, asker, what, activation).await?;
    watch(app, asker, activation, answers, None, ears)
}

/// Somebody signed in. What that starts never keeps anybody out.
pub(crate) async fn signed_in(app: &App, account: AccountId, address: IpAddr) {
    let asker = Asker { account, address };
    let what = What::OwnedBy(account);
    if let Err(error) = by_itself(app, asker, what, Activation::WebLogin).await {
        tracing::error!(?error, "a sign-in starts nothing");
    }
}

/// Somebody opened or refreshed a folder: never delays the page.
pub(crate) fn folder_opened(app: &App, person: &Person, folder: FolderId) {
    let (app, asker) = (app.clone(), Asker::of(person));
    tokio::spawn(async move {
        let what = What::Filling(folder);
        if let Err(error) = by_itself(&app, asker, what, Activation::Folder).await {
            tracing::error!(?error, "an opened folder starts nothing");
        }
    });
}

/// Somebody has added a mailbox: its first check, to be watched on whatever page comes next. `by` is
/// who is counted as having started it.
pub(crate) async fn added(app: &App, asker: Asker, by: Option<StartedBy>, retrieval: RetrievalId) {
    let activation = Activation::Button;
    let ears = Ears::open(app);
    let start = Start {
        what: What::Retrievals(vec![retrieval]),
        activation,
        by,
        force: Force::No,
    };
    let begun = match app.runs().start(start).await {
        Ok(answers) => watch(app, asker, activation, answers, None, ears),
        Err(error) => Err(error.into()),
    };
    if let Err(error) = begun {
        tracing::error!(retrieval.id = %retrieval, ?error, "a new mailbox could not be checked");
    }
}

/// "I am waiting for a message": each of the account's mailboxes is asked as often as its server
/// bears, until one comes.
pub(crate) async fn wait_for_message(app: &App, asker: Asker) -> Result<Begun, Problem> {
    let present = app.checks().waiting(asker.account);
    if let Some(check) = present.filter(|check| !check.is_over()) {
        let joined = true;
        return Ok(Begun { check, joined });
    }
    let ears = Ears::open(app);
    let by = Some(started_by(asker.account, asker.address));
    let mut answers = Vec::new();
    let mut until = ears.asked;
    let states = app.runs().states_where(&|row| row.account == asker.account);
    for state in states {
        let id = state.row.id;
        let (ends, answer) = app.runs().wait_for_message(id, by).await?;
        until = until.max(ends);
        answers.push((id, answer));
    }
    watch(app, asker, Activation::Waiting, answers, Some(until), ears)
}

/// A check that nobody pressed for: where nothing is begun, there is nothing to see.
async fn by_itself(
    app: &App,
    asker: Asker,
    what: What,
    activation: Activation,
) -> Result<(), Problem> {
    let ears = Ears::open(app);
    let answers = start(app, asker, what, activation).await?;
    let begun = |(_, answer): &(RetrievalId, Answer)| !matches!(answer, Answer::Refused(_));
    let begun: Vec<_> = answers.into_iter().filter(begun).collect();
    if !begun.is_empty() {
        watch(app, asker, activation, begun, None, ears)?;
    }
    Ok(())
}

async fn start(
    app: &App,
    asker: Asker,
    what: What,
    activation: Activation,
) -> Result<Vec<(RetrievalId, Answer)>, Problem> {
    let start = Start {
        what,
        activation,
        by: Some(started_by(asker.account, asker.address)),
        force: Force::No,
    };
    Ok(app.runs().start(start).await?)
}

/// What listens from before a start on, so that nothing of it is missed.
struct Ears {
    asked: Timestamp,
    events: Events,
    news: NewMail,
}

impl Ears {
    fn open(app: &App) -> Self {
        Self {
            events: app.runs().subscribe(),
            news: app.store().records().subscribe(),
            asked: app.now(),
        }
    }
}

/// Shows what a start came to, in a check of its own or in the one that goes on.
fn watch(
    app: &App,
    asker: Asker,
    activation: Activation,
    answers: Vec<(RetrievalId, Answer)>,
    until: Option<Timestamp>,
    ears: Ears,
) -> Result<Begun, Problem> {
    let joins =
        |(_, answer): &(RetrievalId, Answer)| matches!(answer, Answer::Joined | Answer::Behind(_));
    let all_joined = !answers.is_empty() && answers.iter().all(joins);
    let with_state = |(id, answer)| Some((app.runs().state(id)?, answer));
    // One that was removed just now is none of the mailboxes.
    let answers: Vec<(State, Answer)> = answers.into_iter().filter_map(with_state).collect();
    let check = Check::new(asker.account, activation, ears.asked, until);
    let check = check.map_err(Problem::internal)?;
    check.answered(&answers, app.now());
    match app.checks().join_or_add(check, app.now()) {
        Joined::Present(check) => {
            check.answered(&answers, app.now());
            let joined = true;
            Ok(Begun { check, joined })
        }
        Joined::Added(check) => {
            if !check.is_over() {
                tokio::spawn(follow(
                    app.clone(),
                    Arc::clone(&check),
                    ears.events,
                    ears.news,
                ));
            }
            let joined = all_joined;
            Ok(Begun { check, joined })
        }
    }
}
