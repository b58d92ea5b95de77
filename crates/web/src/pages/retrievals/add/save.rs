//! The end: the retrieval is saved, and its first check begins.

use axum::extract::State;
use axum::response::Response;
use inhaul_domain::Retention;
use inhaul_manage::Refused;
use inhaul_store::{NewRetrieval, RemoteSecret, RetrievalLimits, Routing};
use inhaul_types::RetrievalId;

use super::job::Job;
use super::opened::Opened;
use super::place;
use super::steps::Step;
use crate::app::App;
use crate::live::{self, Asker};
use crate::response::{Problem, see_other};
use crate::runs::started_by;

/// Saves what was tested, and has it checked. The draft is over then.
pub(super) async fn save(
    app: &App,
    opened: &Opened,
    retention: Retention,
) -> Result<RetrievalId, Refused> {
    let new = new(app, opened, retention, Run::Now);
    let id = app
        .manage()
        .retrieval_add(&opened.person.actor(), new)
        .await?;
    app.drafts().end(opened.id());
    // It is saved, whatever becomes of its first check: its row says that.
    let asker = Asker::of(&opened.person);
    let by = match opened.person.account.admin {
        true => None,
        false => Some(started_by(asker.account, asker.address)),
    };
    live::added(app, asker, by, id).await;
    Ok(id)
}

/// Saves what could not be tested: paused, with its copies staying there.
pub(super) async fn paused(State(app): State<App>, opened: Opened) -> Result<Response, Problem> {
    if opened.draft().way.is_none() || opened.draft().trial.is_none() {
        return Ok(see_other(&opened.at(Step::Server)));
    }
    let suggested = place::suggested(&app, &opened).await?;
    opened.draft().place.get_or_insert(suggested);
    let new = new(&app, &opened, Retention::Keep, Run::Paused);
    let actor = opened.person.actor();
    app.manage().retrieval_add(&actor, new).await?;
    app.drafts().end(opened.id());
    Ok(see_other("/retrievals"))
}

/// Whether it runs by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Run {
    Now,
    Paused,
}

fn new(app: &App, opened: &Opened, retention: Retention, run: Run) -> NewRetrieval {
    let account = opened.person.id();
    let draft = opened.draft();
    let trial = draft.trial.as_ref().map(Job::now);
    let tested = trial.as_ref().filter(|_| run == Run::Now);
    let way = draft.way.as_ref().expect("a step behind the server's");
    let place = draft.place.as_ref().expect("the step before this one");
    NewRetrieval {
        name: place.name.clone(),
        remote: tested.map_or(&way.remote, |trial| trial.remote()).clone(),
        secret: RemoteSecret::Stored(draft.password.clone()),
        account,
        owner: Some(account),
        folder: place.folder.clone(),
        routing: Routing::Single,
        every: place.every,
        retention,
        first_run_keeps: retention != Retention::Keep,
        start: place.bring.start(app.now()),
        paused: run == Run::Paused,
        sign_in_memory: draft.inspection().and_then(|found| found.sign_in_memory),
        limits: RetrievalLimits::default(),
        confined: false,
        written_at: None,
    }
}
