//! What the wizard looks at and what was typed in it, read as everywhere else (`crate::sharing`).

use std::sync::Arc;

use inhaul_domain::route::Router;
use inhaul_store::CatchAllSettings;
use inhaul_types::Card;

use super::draft::{Draft, Mailbox};
use super::typed::Wrong;
use crate::app::App;
use crate::request::{Administrator, Person};
use crate::response::Problem;
use crate::runs::Survey;
use crate::sharing::{self, At, Maildrop, Misread};

pub(super) use crate::sharing::{Meant, blocks};

/// Asks the server for the headers of its newest messages.
pub(super) async fn look(
    app: &App,
    admin: &Administrator,
    mailbox: &Mailbox,
    newest: u32,
) -> Result<Arc<Survey>, Card> {
    let maildrop = Maildrop {
        remote: mailbox.remote.clone(),
        secret: mailbox.secret(),
        memory: mailbox.found.sign_in_memory,
    };
    let (actor, of) = (admin.0.actor(), mailbox.domain());
    let survey = sharing::look(app, &actor, maildrop, newest, of).await?;
    Ok(Arc::new(survey))
}

/// What measures the sources of recipients.
pub(super) async fn measuring(
    app: &App,
    person: &Person,
    mailbox: &Mailbox,
) -> Result<Router, Problem> {
    let (actor, domains) = (person.actor(), &mailbox.domains);
    let router = sharing::measuring(app, &actor, &person.account, &mailbox.remote, domains);
    Ok(router.await?)
}

impl Meant {
    /// Reads the draft's rules and its fallback; the first that cannot be meant is said at its field:
    /// `address-2` or `to-2` of the third line, `fallback`.
    pub(super) async fn read(app: &App, draft: &Draft) -> Result<Result<Self, Wrong>, Problem> {
        let settings = CatchAllSettings {
            source: draft.source.clone().unwrap_or_default(),
            domains: draft.mailbox.domains.clone(),
            ..CatchAllSettings::default()
        };
        let rules = draft.rules.iter();
        let rules = rules.map(|rule| (rule.address.as_str(), rule.to.as_str()));
        let rules: Vec<_> = rules.collect();
        let read = Self::of_words(app.store(), settings, &rules, &draft.fallback);
        Ok(read.await?.map_err(Wrong::from))
    }

    /// What shares its mail out.
    pub(super) async fn router(
        &self,
        app: &App,
        person: &Person,
        mailbox: &Mailbox,
    ) -> Result<Router, Problem> {
        let actor = person.actor();
        Ok(self.sorter(app, &actor, &mailbox.remote).await?)
    }
}

impl From<Misread> for Wrong {
    fn from(misread: Misread) -> Self {
        let field = match misread.at {
            At::Address(line) => format!("address-{line}"),
            At::To(line) => format!("to-{line}"),
            At::Fallback => "fallback".to_owned(),
        };
        Self::at(field, misread.what)
    }
}
