//! Step 2: the server, found by itself or typed.

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use inhaul_store::{Remote, RemoteSecret, Security};
use inhaul_types::Card;
use serde::Deserialize;

use super::draft::{Draft, Way};
use super::job::{Job, Progress as _};
use super::opened::Opened;
use super::search::{Line, Search};
use super::steps::{Step, Steps};
use super::trial::Trial;
use super::way::{TypedWay, words};
use super::wrong::Wrong;
use super::{DONE, Watched};
use crate::app::App;
use crate::response::{Page, Problem, Shell, see_other};
use crate::runs::{Detection, DetectionFailure, Origin};

/// What was typed, or left as it was found.
#[derive(Debug, Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    host: String,
    #[serde(default)]
    port: String,
    #[serde(default)]
    security: String,
    #[serde(default)]
    user: String,
    #[serde(default)]
    plain: bool,
    #[serde(default)]
    live: String,
}

#[derive(Template)]
#[template(path = "retrievals/add_server.html")]
struct ServerPage {
    shell: Shell,
    title: &'static str,
    steps: Steps,
    back: String,
    to: String,
    state: String,
    lines: Vec<Line>,
    is_over: bool,
    /// What was found or typed, for the box.
    facts: Option<Shown>,
    notes: Vec<String>,
    card: Option<Card>,
    /// Nothing was found, in words.
    nothing: Option<String>,
    way: TypedWay,
    names: Vec<String>,
    /// The fields are open.
    is_open: bool,
    may_plain: bool,
    /// Under which names the fields' hints and the password are no matter of this form.
    error: Option<Wrong>,
}

/// A server, as the box shows it.
struct Shown {
    host: String,
    port: u16,
    security: &'static str,
    user: String,
    origin: String,
}

#[derive(Template)]
#[template(path = "retrievals/add_search.html")]
struct SearchPiece {
    lines: Vec<Line>,
}

/// The search, and what it came to.
pub(super) async fn page(
    State(app): State<App>,
    opened: Opened,
    Query(watched): Query<Watched>,
) -> Result<Response, Problem> {
    if let Some(elsewhere) = opened.unless_reached(Step::Server) {
        return Ok(elsewhere);
    }
    let search = opened.draft().search.as_ref().map(Job::watch);
    if let Some(search) = search.filter(|_| !watched.is_live()) {
        search.over().await;
    }
    let page = show(&app, &opened, None, None).await?;
    Ok(Page::new(page).into_response())
}

/// The lines of the search, for the script.
pub(super) async fn state(opened: Opened) -> Response {
    let search = opened.draft().search.as_ref().map(Job::now);
    let search = search.unwrap_or_default();
    let is_over = search.is_over();
    let lines = search.lines();
    piece(SearchPiece { lines }, is_over)
}

/// A piece of a page, and whether it is the last one.
pub(super) fn piece<T: Template>(template: T, is_over: bool) -> Response {
    let mut response = Page::new(template).into_response();
    if is_over {
        let headers = response.headers_mut();
        headers.insert(DONE, HeaderValue::from_static("1"));
    }
    response
}

/// The server is chosen, and its test begins.
pub(super) async fn choose(
    State(app): State<App>,
    opened: Opened,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    if let Some(elsewhere) = opened.unless_reached(Step::Server) {
        return Ok(elsewhere);
    }
    let watched = Watched { live: typed.live };
    let typed = TypedWay {
        host: typed.host,
        port: typed.port,
        security: typed.security,
        user: typed.user,
        plain: typed.plain,
    };
    let (detection, before, password) = {
        let draft = opened.draft();
        let password = RemoteSecret::Stored(draft.password.clone());
        (draft.detection(), draft.way.clone(), password)
    };
    let meant = typed.read(None);
    let way = meant.map(|remote| chosen(remote, detection.as_ref(), before.as_ref()));
    let actor = opened.person.actor();
    let wrong = match &way {
        Err(wrong) => Some(wrong.clone()),
        Ok(way) if is_hopeless(way, detection.as_ref()) => Some(Wrong::new("host", HOPELESS)),
        Ok(way) => {
            let checked = app.manage().check_way(&actor, &way.remote, &password).await;
            checked.err().map(Wrong::of).transpose()?
        }
    };
    let way = match (way, wrong) {
        (Ok(way), None) => way,
        (_, wrong) => {
            let page = show(&app, &opened, Some(typed), wrong).await?;
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Ok(Page::new(page).with_status(status).into_response());
        }
    };
    {
        let mut draft = opened.draft();
        let trial = Trial::start(
            &app,
            way.remote.clone(),
            way.other_user.clone(),
            password,
            actor.person(),
        );
        (draft.way, draft.trial) = (Some(way), Some(trial));
    }
    Ok(see_other(&(opened.at(Step::Test) + watched.query())))
}

/// The way that was typed in step 1, if it is one: what is wrong with it is said in step 2.
pub(super) fn typed_at_first(typed: &TypedWay) -> Option<Way> {
    let remote = typed.read(None).ok()?;
    Some(Way {
        remote,
        other_user: None,
    })
}

/// What was found belongs to the server that was found, and a trusted key to the server that showed it.
fn chosen(remote: Remote, found: Option<&Detection>, before: Option<&Way>) -> Way {
    let is_there =
        |host: &str, port: u16| remote.host.eq_ignore_ascii_case(host) && remote.port == port;
    let found = found.filter(|found| is_there(&found.host, found.port));
    let before = before.map(|before| &before.remote);
    let before = before.filter(|before| is_there(&before.host, before.port));
    let is_first_name = found.is_some_and(|found| found.user == remote.user);
    Way {
        other_user: found
            .filter(|_| is_first_name)
            .and_then(|found| found.other_user.clone()),
        remote: Remote {
            ca_file: found.and_then(|found| found.ca_file.clone()),
            pin: before
                .and_then(|before| before.pin)
                .filter(|_| remote.security != Security::None),
            ..remote
        },
    }
}

/// Whether a password is known to be of no use there.
fn is_hopeless(way: &Way, found: Option<&Detection>) -> bool {
    found.is_some_and(|found| {
        found.not_possible.is_some() && found.host.eq_ignore_ascii_case(&way.remote.host)
    })
}

async fn show(
    app: &App,
    opened: &Opened,
    typed: Option<TypedWay>,
    error: Option<Wrong>,
) -> Result<ServerPage, Problem> {
    let rights = app.manage().rights(&opened.person.actor()).await?;
    let steps = opened.steps(Step::Server);
    let draft = opened.draft();
    let search = draft.search.as_ref().map(Job::now);
    let is_over = search.as_ref().is_none_or(Search::is_over);
    let names = search.as_ref().map_or_else(Vec::new, guesses);
    let found = draft.detection().map(|found| proposal(&draft, found));
    let facts = facts(&draft, found.as_ref());
    let way = typed.unwrap_or_else(|| fields(&draft, found.as_ref(), &names));
    let (notes, card) = found.map_or((Vec::new(), None), |found| {
        (found.notes, found.not_possible)
    });
    Ok(ServerPage {
        shell: opened.person.shell.clone(),
        title: "Add a mailbox",
        steps,
        back: opened.at(Step::Address),
        to: opened.at(Step::Server),
        state: opened.at(Step::Server) + "/state",
        lines: search.as_ref().map_or_else(Vec::new, Search::lines),
        is_over,
        is_open: error.is_some() || facts.is_none(),
        facts,
        notes,
        card,
        nothing: search
            .as_ref()
            .and_then(|search| nothing(search, &draft.address)),
        way,
        names,
        may_plain: rights.may.plain,
        error,
    })
}

/// The detection, with the name that was typed instead of the address.
fn proposal(draft: &Draft, mut found: Detection) -> Detection {
    if !draft.user.is_empty() {
        found.user.clone_from(&draft.user);
        found.other_user = None;
    }
    found
}

fn facts(draft: &Draft, found: Option<&Detection>) -> Option<Shown> {
    let of = |remote: &Remote, origin: String| Shown {
        host: remote.host.clone(),
        port: remote.port,
        security: words(remote.security),
        user: remote.user.clone(),
        origin,
    };
    if let Some(way) = &draft.way {
        let is_found = found.is_some_and(|found| {
            (&found.host, found.port, found.security)
                == (&way.remote.host, way.remote.port, way.remote.security)
        });
        let origin = match found.filter(|_| is_found) {
            Some(found) => origin_words(&found.origin),
            None => "what you typed".to_owned(),
        };
        return Some(of(&way.remote, origin));
    }
    let found = found?;
    Some(Shown {
        host: found.host.clone(),
        port: found.port,
        security: words(found.security),
        user: found.user.clone(),
        origin: origin_words(&found.origin),
    })
}

fn origin_words(origin: &Origin) -> String {
    match origin {
        Origin::Table(provider) => format!("the list of known providers: {provider}"),
        Origin::Guess => "a usual name for a mail server, and POP3 answers there".to_owned(),
    }
}

fn fields(draft: &Draft, found: Option<&Detection>, names: &[String]) -> TypedWay {
    if let Some(way) = &draft.way {
        return TypedWay::of(&way.remote);
    }
    let user = match draft.user.is_empty() {
        true => draft.address.clone(),
        false => draft.user.clone(),
    };
    match found {
        Some(found) => TypedWay {
            host: found.host.clone(),
            port: found.port.to_string(),
            security: super::way::word(found.security).to_owned(),
            user: found.user.clone(),
            plain: false,
        },
        None => TypedWay {
            host: match draft.server.is_empty() {
                true => names.first().cloned().unwrap_or_default(),
                false => draft.server.clone(),
            },
            port: "995".to_owned(),
            security: "tls".to_owned(),
            user,
            plain: false,
        },
    }
}

fn guesses(search: &Search) -> Vec<String> {
    match search.failure() {
        Some(DetectionFailure::NothingFound(names)) => names.clone(),
        _ => Vec::new(),
    }
}

fn nothing(search: &Search, address: &str) -> Option<String> {
    Some(match search.failure()? {
        DetectionFailure::BadAddress(why) => why.clone(),
        DetectionFailure::NotOffered(why) => why.clone(),
        DetectionFailure::NothingFound(_) => {
            let domain = address
                .rsplit_once('@')
                .map_or(address, |(_, domain)| domain);
            format!(
                "We could not find the server for {domain}. Your provider's help page lists it \
                 under POP3 or incoming mail."
            )
        }
    })
}

const HOPELESS: &str = "This provider takes no password from programs. Forward mail from there to \
    a mailbox that inhaul can read.";
