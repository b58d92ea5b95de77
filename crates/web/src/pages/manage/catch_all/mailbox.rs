//! The first step: which mailbox, found and tested.
//!
//! The test signs in and counts; when it went well the headers of the newest messages are read. Both
//! happen on the press of the button, since a page that is only looked at asks no server anything.

mod test;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Form};
use inhaul_domain::ServerSpec;
use inhaul_store::{Remote, Security};
use inhaul_types::{Card, KeyPin, Secret};

use super::draft::{Draft, Drafts, Mailbox};
use super::typed::{Typed, Wrong, domains};
use super::{looking, open, step};
use crate::app::App;
use crate::request::Administrator;
use crate::response::{Page, Problem, Shell, see_other};
use crate::runs::DetectionFailure;
use test::{Line, Tested};

#[derive(Template)]
#[template(path = "manage/catch_all/mailbox.html")]
struct MailboxPage {
    shell: Shell,
    title: &'static str,
    action: String,
    fields: Fields,
    /// There is a password that need not be typed again.
    has_password: bool,
    wrong: Option<Wrong>,
    /// What detection says, in sentences.
    notes: Vec<String>,
    /// What the test did before it failed.
    lines: Vec<Line>,
    card: Option<Card>,
    /// The key that the server showed, for somebody who trusts it.
    shown_key: Option<String>,
}

/// What stands in the fields.
#[derive(Clone, Debug, Default)]
struct Fields {
    domains: String,
    server: String,
    security: String,
    user: String,
    pin: String,
}

/// An empty form.
pub(super) async fn page(Administrator(person): Administrator) -> Response {
    Page::new(MailboxPage::new(person.shell, None)).into_response()
}

/// The form as it was filled in, for somebody who came back.
pub(super) async fn again(
    State(app): State<App>,
    admin: Administrator,
    Extension(drafts): Extension<Drafts>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let draft = open(&app, &drafts, &admin, &id)?;
    let mut page = MailboxPage::new(admin.0.shell, Some(&id));
    page.fields = Fields::of(&draft.mailbox);
    page.has_password = true;
    Ok(Page::new(page).into_response())
}

/// The form was sent for the first time.
pub(super) async fn begin(
    State(app): State<App>,
    admin: Administrator,
    Extension(drafts): Extension<Drafts>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    take(&app, admin, &drafts, None, &typed).await
}

/// It was sent again.
pub(super) async fn change(
    State(app): State<App>,
    admin: Administrator,
    Extension(drafts): Extension<Drafts>,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let draft = open(&app, &drafts, &admin, &id)?;
    take(&app, admin, &drafts, Some((id, draft)), &typed).await
}

async fn take(
    app: &App,
    admin: Administrator,
    drafts: &Drafts,
    before: Option<(String, Draft)>,
    typed: &Typed,
) -> Result<Response, Problem> {
    let id = before.as_ref().map(|(id, _)| id.as_str());
    let mut page = MailboxPage::new(admin.0.shell.clone(), id);
    page.fields = Fields::typed(typed);
    page.has_password = before.is_some();
    if typed.text("do") == "find" {
        return Ok(page.find(app, drafts).await);
    }
    let kept = before.as_ref().map(|(_, draft)| &draft.mailbox);
    let mut wanted = match Wanted::read(typed, kept) {
        Ok(wanted) => wanted,
        Err(wrong) => return Ok(page.refuse(wrong)),
    };
    let remote = &mut wanted.remote;
    remote.ca_file = drafts.authority_of(&remote.host, remote.port);
    let found = match test::test(app, &wanted.remote, &wanted.password).await {
        Tested::Good(found) => found,
        Tested::Bad {
            lines,
            card,
            shown_key,
        } => {
            (page.lines, page.card) = (lines, Some(card));
            page.shown_key = shown_key.map(|key| key.to_string());
            return Ok(Page::new(page).into_response());
        }
    };
    let mailbox = Mailbox {
        domains: wanted.domains,
        remote: wanted.remote,
        password: wanted.password,
        found,
    };
    let newest = before.as_ref().map_or(NEWEST, |(_, draft)| draft.newest);
    let survey = looking::look(app, &admin, &mailbox, newest).await;
    let (account, now) = (admin.0.id(), app.now());
    let id = match before {
        Some((id, draft)) => {
            let draft = Draft {
                mailbox,
                survey,
                ..draft
            };
            drafts.put(id.clone(), account, now, draft);
            id
        }
        None => {
            let draft = Draft {
                mailbox,
                newest,
                survey,
                source: None,
                rules: Vec::new(),
                fallback: String::new(),
            };
            let begun = drafts.begin(account, now, draft);
            begun.map_err(Problem::internal)?
        }
    };
    Ok(see_other(&step(&id, "header")))
}

/// How many messages are looked at, unless somebody wants more.
const NEWEST: u32 = 20;

/// What is to be tested.
struct Wanted {
    domains: Vec<String>,
    remote: Remote,
    password: Secret,
}

impl Wanted {
    /// `kept` is what was tested before: its password serves again for the same sign-in.
    fn read(typed: &Typed, kept: Option<&Mailbox>) -> Result<Self, Wrong> {
        let domains = domains(typed.text("domains"))?;
        let server = typed.text("server");
        if server.is_empty() {
            let what = "Write the server's name, or let inhaul find it.";
            return Err(Wrong::at("server", what));
        }
        let security = SECURITIES
            .iter()
            .find(|one| one.0 == typed.text("security"));
        let spec = ServerSpec::parse(server, security.and_then(|one| one.2))
            .map_err(|why| Wrong::at("server", sentence(&why)))?;
        let user = typed.text("user").to_owned();
        if user.is_empty() {
            return Err(Wrong::at(
                "user",
                "Write the name with which one signs in there.",
            ));
        }
        let pin = match typed.text("pin") {
            "" => None,
            pin => Some(
                pin.parse::<KeyPin>()
                    .map_err(|why| Wrong::at("server", sentence(&why.to_string())))?,
            ),
        };
        let remote = Remote {
            host: spec.host,
            port: spec.port,
            security: spec.security,
            ca_file: None,
            pin,
            user,
            sign_in: None,
        };
        let same = kept.filter(|kept| is_same_sign_in(&kept.remote, &remote));
        let password = match (typed.raw("password"), same) {
            ("", Some(kept)) => kept.password.clone(),
            ("", None) => return Err(Wrong::at("password", "Enter the password.")),
            (password, _) => Secret::new(password.to_owned()),
        };
        Ok(Self {
            domains,
            remote,
            password,
        })
    }
}

/// A password goes nowhere else than where it was meant to go.
fn is_same_sign_in(one: &Remote, other: &Remote) -> bool {
    let place = |remote: &Remote| (remote.host.to_lowercase(), remote.port, remote.user.clone());
    let is_as_safe =
        one.security == other.security && (other.pin.is_none() || one.pin == other.pin);
    place(one) == place(other) && is_as_safe
}

/// Words without a capital and a full stop, as a sentence.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(char::to_uppercase);
    let first: String = first.into_iter().flatten().collect();
    format!("{first}{}.", letters.as_str())
}

/// The word in the form, what a person reads, what it means.
const SECURITIES: [(&str, &str, Option<Security>); 4] = [
    ("", "As the port says", None),
    ("tls", "TLS (port 995)", Some(Security::Tls)),
    ("starttls", "STLS (port 110)", Some(Security::StartTls)),
    (
        "none",
        "None: the password crosses the line readable",
        Some(Security::None),
    ),
];

impl Fields {
    fn typed(typed: &Typed) -> Self {
        let text = |name| typed.text(name).to_owned();
        Self {
            domains: text("domains"),
            server: text("server"),
            security: text("security"),
            user: text("user"),
            pin: text("pin"),
        }
    }

    fn of(mailbox: &Mailbox) -> Self {
        let Remote {
            host,
            port,
            security,
            user,
            pin,
            ..
        } = &mailbox.remote;
        let word = SECURITIES.iter().find(|one| one.2 == Some(*security));
        Self {
            domains: mailbox.domains.join(", "),
            server: format!("{host} {port}"),
            security: word.map_or("", |one| one.0).to_owned(),
            user: user.clone(),
            pin: pin.map_or_else(String::new, |pin| pin.to_string()),
        }
    }
}

impl MailboxPage {
    fn new(shell: Shell, id: Option<&str>) -> Self {
        Self {
            shell,
            title: "Add a catch-all",
            action: match id {
                Some(id) => step(id, "mailbox"),
                None => "/manage/catch-all/add".to_owned(),
            },
            fields: Fields::default(),
            has_password: false,
            wrong: None,
            notes: Vec::new(),
            lines: Vec::new(),
            card: None,
            shown_key: None,
        }
    }

    fn said(&self, field: &str) -> Option<&str> {
        Wrong::said(&self.wrong, field)
    }

    fn securities(&self) -> &'static [(&'static str, &'static str, Option<Security>)] {
        &SECURITIES
    }

    fn refuse(self, wrong: Wrong) -> Response {
        let page = Self {
            wrong: Some(wrong),
            ..self
        };
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Page::new(page).with_status(status).into_response()
    }

    /// Fills in the server of the domain. No password is sent anywhere.
    async fn find(mut self, app: &App, drafts: &Drafts) -> Response {
        let domain = match domains(&self.fields.domains) {
            Ok(domains) => domains.into_iter().next().unwrap_or_default(),
            Err(wrong) => return self.refuse(wrong),
        };
        // Detection asks by address; any name of the domain leads to its server.
        let address = format!("postmaster@{domain}");
        let detected = app.runs().detect(&address, None, &|_| {}).await;
        match detected {
            Ok(found) => {
                drafts.found(&found);
                self.fields.server = format!("{} {}", found.host, found.port);
                let word = SECURITIES.iter().find(|one| one.2 == Some(found.security));
                self.fields.security = word.map_or("", |one| one.0).to_owned();
                self.notes = found.notes;
                self.card = found.not_possible;
                Page::new(self).into_response()
            }
            Err(DetectionFailure::BadAddress(what)) => self.refuse(Wrong::at("domains", what)),
            Err(DetectionFailure::NotOffered(what)) => self.refuse(Wrong::at("server", what)),
            Err(DetectionFailure::NothingFound(names)) => {
                let mut what = format!(
                    "No server was found for {domain}. The provider's help page lists it under POP3 \
                     or incoming mail."
                );
                if !names.is_empty() {
                    what.push_str(&format!(" Usual names: {}.", names.join(", ")));
                }
                self.refuse(Wrong::at("server", what))
            }
        }
    }
}
