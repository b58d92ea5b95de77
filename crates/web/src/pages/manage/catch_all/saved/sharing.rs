//! Where a catch-all that exists reads recipients, and which addresses are recipients at all.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use inhaul_domain::route::{DEFAULT_EVIDENCE, RecipientSource};
use inhaul_manage::Refused;
use inhaul_manage::sharing::{
    DomainAlias, HeaderName, Separators, SourceParts, SourceWord, check_aliases,
};
use inhaul_store::{CatchAllSettings, RetrievalChange, Routing};
use inhaul_types::RetrievalId;

use super::super::places::{Place, choices};
use super::super::typed::{Typed, Wrong};
use super::Opened;
use crate::app::App;
use crate::request::{Administrator, Person};
use crate::response::{Page, Problem, Shell, see_other};

#[derive(Template)]
#[template(path = "manage/catch_all/saved_sharing.html")]
struct SharingPage {
    shell: Shell,
    title: String,
    id: RetrievalId,
    name: String,
    /// The file that says it, where one does.
    written: Option<String>,
    fields: Fields,
    choices: Vec<String>,
    wrong: Option<Wrong>,
}

/// What stands in the fields.
#[derive(Clone, Debug)]
struct Fields {
    /// `auto`, `header` or `to-cc`.
    source: String,
    /// The headers that `auto` asks.
    evidence: String,
    /// The header that is named,
    header: String,
    /// which of several of its name,
    index: String,
    /// and what is taken off in front.
    strip: String,
    domains: String,
    aliases: String,
    separators: String,
    most: String,
    fallback: String,
}

/// As it is set.
pub(in super::super) async fn page(
    State(app): State<App>,
    Administrator(person): Administrator,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let opened = Opened::find(&app, &person, RetrievalId::new(id)).await?;
    let fields = Fields::of(&opened);
    let page = show(&app, person, &opened, fields, None).await?;
    Ok(Page::new(page).into_response())
}

/// Saves what differs.
pub(in super::super) async fn change(
    State(app): State<App>,
    Administrator(person): Administrator,
    Path(id): Path<i64>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let id = RetrievalId::new(id);
    let opened = Opened::find(&app, &person, id).await?;
    let fields = Fields::typed(&typed);
    let wrong = match save(&app, &person, &opened, &fields).await? {
        Ok(()) => {
            let to = format!("/manage/retrievals/{id}/preview?saved=changed");
            return Ok(see_other(&to));
        }
        Err(wrong) => wrong,
    };
    let page = show(&app, person, &opened, fields, Some(wrong)).await?;
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(Page::new(page).with_status(status).into_response())
}

async fn save(
    app: &App,
    person: &Person,
    opened: &Opened,
    fields: &Fields,
) -> Result<Result<(), Wrong>, Problem> {
    let settings = match fields.read(&opened.settings) {
        Ok(settings) => settings,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let fallback = match Place::find(app.store(), &fields.fallback).await? {
        Ok(fallback) => fallback,
        Err(what) => return Ok(Err(Wrong::at("fallback", what))),
    };
    let change = RetrievalChange {
        routing: Some(Routing::CatchAll(settings)),
        destination: Some((fallback.account.id, fallback.folder)),
        ..RetrievalChange::default()
    };
    let id = opened.retrieval.id;
    let actor = person.actor();
    match app.manage().retrieval_change(&actor, id, change).await {
        Ok(()) => Ok(Ok(())),
        // Of what is sent here only the fallback's folder can be refused.
        Err(Refused::Invalid { what, .. }) => Ok(Err(Wrong::at("fallback", what))),
        Err(other) => Err(other.into()),
    }
}

async fn show(
    app: &App,
    person: Person,
    opened: &Opened,
    fields: Fields,
    wrong: Option<Wrong>,
) -> Result<SharingPage, Problem> {
    let name = opened.retrieval.name.clone();
    Ok(SharingPage {
        title: format!("How {name} is shared out"),
        id: opened.retrieval.id,
        written: opened.written(),
        choices: choices(app.store()).await?,
        shell: person.shell,
        name,
        fields,
        wrong,
    })
}

impl Fields {
    fn of(opened: &Opened) -> Self {
        let settings = &opened.settings;
        let mut fields = Self {
            source: SourceWord::of(&settings.source).to_string(),
            evidence: DEFAULT_EVIDENCE.join(", "),
            header: String::new(),
            index: "1".to_owned(),
            strip: String::new(),
            domains: settings.domains.join(", "),
            aliases: alias_lines(settings).join(", "),
            separators: settings.separators.clone(),
            most: settings.max_recipients.to_string(),
            fallback: opened.fallback(),
        };
        match &settings.source {
            RecipientSource::Auto { evidence } => fields.evidence = evidence.join(", "),
            RecipientSource::Header { name, index, strip } => {
                fields.source = HEADER.to_owned();
                fields.header.clone_from(name);
                fields.index = index.to_string();
                fields.strip.clone_from(strip);
            }
            RecipientSource::ToCc => {}
        }
        fields
    }

    fn typed(typed: &Typed) -> Self {
        let text = |name| typed.text(name).to_owned();
        Self {
            source: text("source"),
            evidence: text("evidence"),
            header: text("header"),
            index: text("index"),
            strip: text("strip"),
            domains: text("domains"),
            aliases: text("aliases"),
            separators: text("separators"),
            most: text("most"),
            fallback: text("fallback"),
        }
    }

    /// What is meant, with the rules as they are.
    fn read(&self, before: &CatchAllSettings) -> Result<CatchAllSettings, Wrong> {
        let domains = match words(&self.domains).next() {
            // Those of all accounts and rules.
            None => Vec::new(),
            Some(_) => super::super::typed::domains(&self.domains)?,
        };
        let mut domain_aliases = Vec::new();
        for word in words(&self.aliases) {
            let DomainAlias(other, domain) = parse("aliases", word)?;
            domain_aliases.push((other, domain));
        }
        check_aliases(&domains, &domain_aliases)
            .map_err(|why| Wrong::at("aliases", sentence(&why)))?;
        let Separators(separators) = parse("separators", &self.separators)?;
        let most = self.most.parse().ok().filter(|most| *most > 0);
        let what = "Write a number from 1 on. Usual is 50.";
        Ok(CatchAllSettings {
            source: self.source()?,
            domains,
            domain_aliases,
            separators,
            max_recipients: most.ok_or_else(|| Wrong::at("most", what))?,
            rules: before.rules.clone(),
        })
    }

    fn source(&self) -> Result<RecipientSource, Wrong> {
        let parts = match self.source.as_str() {
            "auto" => {
                let names = words(&self.evidence).map(|word| parse("evidence", word));
                let names: Vec<HeaderName> = names.collect::<Result<_, _>>()?;
                SourceParts {
                    word: Some(SourceWord::Auto),
                    evidence: (!names.is_empty()).then_some(names),
                    ..SourceParts::default()
                }
            }
            HEADER => {
                let index = self.index.parse().ok().filter(|index| *index > 0);
                let what = "Write which one from the top counts: 1 is the first.";
                SourceParts {
                    word: Some(SourceWord::Header(parse("header", &self.header)?)),
                    index: Some(index.ok_or_else(|| Wrong::at("index", what))?),
                    strip: Some(self.strip.clone()),
                    ..SourceParts::default()
                }
            }
            "to-cc" => SourceParts {
                word: Some(SourceWord::ToCc),
                ..SourceParts::default()
            },
            _ => return Err(Wrong::at("source", "Choose where recipients are read.")),
        };
        // Each choice has its own fields and no other's.
        let source = parts.apply(None);
        source.map_err(|_| Wrong::at("source", "Choose where recipients are read."))
    }
}

/// Words between blanks and commas.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| c.is_whitespace() || c == ',');
    words.filter(|word| !word.is_empty())
}

/// `firm.net=firm.example`, as it is typed.
fn alias_lines(settings: &CatchAllSettings) -> Vec<String> {
    let aliases = settings.domain_aliases.iter();
    let lines = aliases.map(|(other, domain)| format!("{other}={domain}"));
    lines.collect()
}

fn parse<T: std::str::FromStr<Err = String>>(field: &str, text: &str) -> Result<T, Wrong> {
    text.parse()
        .map_err(|why: String| Wrong::at(field, sentence(&why)))
}

fn sentence(why: &str) -> String {
    format!("{why}.")
}

impl SharingPage {
    fn said(&self, field: &str) -> Option<&str> {
        Wrong::said(&self.wrong, field)
    }
}

/// The choice of one header.
const HEADER: &str = "header";
