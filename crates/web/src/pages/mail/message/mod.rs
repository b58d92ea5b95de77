//! One message: its text, its files, where it came from, and what answers it.

mod frame;
mod reply;
mod story;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use inhaul_message::{HeaderBlock, Prefer, Structure, TransferEncoding, addresses};
use inhaul_store::{FlagChange, Flags, Message, StoreError};
use inhaul_types::{MessageId, Octets};
use serde::Deserialize;

use self::reply::Replies;
use self::story::Story;
use super::place::{Place, with};
use crate::app::App;
use crate::letter::{Letter, Pictures, plain, saved};
use crate::look::size::size;
use crate::look::time::{When, moment};
use crate::pages::sign_in::is_ours;
use crate::request::{ByItself, Person};
use crate::response::{Problem, see_other};

pub(super) use self::frame::{Light, body};

/// How a message is read.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum View {
    /// As its sender laid it out.
    #[default]
    Formatted,
    /// Its words.
    Plain,
    /// What came over the line.
    Source,
}

/// What an address says of how a message is opened.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct How {
    view: View,
    /// `shown`: those from elsewhere, too.
    pictures: String,
    light: Light,
}

impl How {
    fn pictures(&self) -> Pictures {
        match self.pictures.as_str() {
            "shown" => Pictures::Shown,
            _ => Pictures::Hidden,
        }
    }
}

/// A message that is open beside its folder.
#[derive(Debug, Template)]
#[template(path = "message.html")]
pub(crate) struct Opened {
    id: i64,
    from: String,
    to: String,
    cc: String,
    subject: String,
    arrived: When,
    date: Option<When>,
    size: String,
    why: String,
    story: Option<Story>,
    /// Who can be trusted with pictures.
    sender: Option<String>,
    replies: Replies,
    is_starred: bool,
    is_unread: bool,
    /// Where its list is,
    list: String,
    /// and its own address.
    here: String,
    /// Other folders.
    folders: Vec<(i64, String)>,
    views: Vec<(View, &'static str)>,
    view: View,
    text: Text,
    files: Vec<File>,
    /// Text that was not shown: it is too long.
    is_cut: bool,
    header: String,
}

#[derive(Debug)]
enum Text {
    /// A piece of the page.
    Words(String),
    /// A document of its own, at this address.
    Frame {
        address: String,
        /// Pictures from elsewhere that are not shown.
        hidden: usize,
        pictures: Pictures,
        light: Light,
    },
    /// The message has none.
    Nothing,
}

#[derive(Debug)]
struct File {
    number: usize,
    name: String,
    size: String,
}

impl Opened {
    /// Says where its list is, and where else it may be put.
    pub(crate) fn is_beside(&mut self, place: &Place, others: Vec<(i64, String)>) {
        self.list = place.address();
        self.here = place.of_message(MessageId::new(self.id));
        self.folders = others;
    }

    /// Its own address, with one more thing that it says.
    fn here_with(&self, said: &str) -> String {
        with(&self.here, said)
    }

    /// The same pictures on another sheet.
    fn sheet(&self, pictures: &Pictures, light: Light) -> String {
        let shown = match pictures {
            Pictures::Hidden => "",
            Pictures::Shown => "pictures=shown",
        };
        let light = match light {
            Light::Light => "",
            Light::Dark => "light=dark",
        };
        with(&self.here_with(shown), light)
    }
}

impl View {
    /// As an address says it; nothing of the usual one.
    fn said(self) -> &'static str {
        match self {
            Self::Formatted => "",
            Self::Plain => "view=plain",
            Self::Source => "view=source",
        }
    }
}

/// The one address that a message says it is from.
fn sender(letter: &Letter) -> Option<String> {
    let header = HeaderBlock::new(&letter.header);
    let mut fields = header.fields().filter(|field| field.is("from"));
    let mut found = addresses(fields.next()?.value);
    let sender = found.next()?.to_string();
    (found.next().is_none() && fields.next().is_none()).then_some(sender)
}

/// From now on the sender's pictures are shown.
pub(super) async fn trust(
    State(app): State<App>,
    person: Person,
    Path(id): Path<i64>,
    Form(trusting): Form<Trusting>,
) -> Result<Response, Problem> {
    let message = own(&app, &person, id).await?;
    let letter = Letter::open(app.store(), message.id).await?;
    if let Some(sender) = sender(&letter) {
        let visitors = app.store().visitors();
        let now = app.now();
        visitors
            .trusted_sender_add(person.id(), &sender, now)
            .await?;
    }
    Ok(see_other(match is_ours(&trusting.to) {
        true => &trusting.to,
        false => "/",
    }))
}

/// Where they are.
#[derive(Deserialize)]
pub(super) struct Trusting {
    #[serde(default)]
    to: String,
}

/// Somebody's own message.
pub(crate) async fn own(app: &App, person: &Person, id: i64) -> Result<Message, Problem> {
    match app.store().message_by_id(MessageId::new(id)).await {
        Ok(message) if message.account == person.id() => Ok(message),
        Ok(_) | Err(StoreError::Missing { .. }) => Err(Problem::not_found(&person.shell)),
        Err(error) => Err(error.into()),
    }
}

/// Opens a message.
pub(crate) async fn open(
    app: &App,
    person: &Person,
    message: &Message,
    how: &How,
) -> Result<Opened, Problem> {
    let store = app.store();
    let letter = Letter::open(store, message.id).await?;
    let now = app.now();
    let view = how.view;
    let sender = sender(&letter);
    let pictures = match &sender {
        Some(sender) if how.pictures() == Pictures::Hidden => {
            match store.visitors().is_trusted(person.id(), sender).await? {
                true => Pictures::Shown,
                false => Pictures::Hidden,
            }
        }
        _ => how.pictures(),
    };
    let formatted = letter.reading(Prefer::Formatted);
    let has_format = letter.structure.is_formatted(&formatted);
    let prefer = match view {
        View::Formatted => Prefer::Formatted,
        View::Plain | View::Source => Prefer::Plain,
    };
    let reading = letter.reading(prefer);
    let (text, is_cut) = match view {
        View::Source => {
            let (source, is_cut) = letter.source(store).await?;
            (Text::Words(plain(&source)), is_cut)
        }
        View::Formatted if has_format => {
            let (document, is_cut) = frame::document(app, &letter, pictures).await?;
            let text = Text::Frame {
                address: frame::address(person, message.id, pictures, how.light),
                hidden: document.hidden,
                light: how.light,
                pictures,
            };
            (text, is_cut)
        }
        View::Formatted | View::Plain => {
            let (texts, is_cut) = letter.words(store, &reading.texts).await?;
            let words: Vec<String> = texts.iter().map(|text| plain(text)).collect();
            match words.iter().all(|text| text.trim().is_empty()) {
                true => (Text::Nothing, is_cut),
                false => (Text::Words(words.join("<hr>")), is_cut),
            }
        }
    };
    let mut files = reading.files.clone();
    if !has_format || view != View::Formatted {
        // Nothing shows them.
        files.extend(&reading.inline);
        files.sort_unstable();
    }
    let header = HeaderBlock::new(&letter.header);
    let field = |name: &str| inhaul_message::shown(&header, name);
    let views = [
        (
            View::Formatted,
            if has_format { "Formatted" } else { "Text" },
        ),
        (View::Plain, "Plain"),
        (View::Source, "Source"),
    ];
    Ok(Opened {
        id: message.id.row(),
        from: field("from"),
        to: field("to"),
        cc: field("cc"),
        subject: message.summary.subject.clone(),
        arrived: moment(message.internal_date, now),
        date: message.summary.date.map(|date| moment(date, now)),
        size: size(message.size),
        why: message.why.clone(),
        sender,
        story: Story::of(app, message).await?,
        replies: Replies::of(store, &letter, message).await?,
        is_starred: message.flags.has(Flags::FLAGGED),
        is_unread: !message.flags.has(Flags::SEEN),
        list: "/".to_owned(),
        here: format!("/message/{}", message.id),
        folders: Vec::new(),
        views: views
            .into_iter()
            .filter(|(view, _)| has_format || *view != View::Plain)
            .collect(),
        view,
        text,
        files: files
            .iter()
            .filter_map(|number| File::of(&letter.structure, *number))
            .collect(),
        is_cut,
        header: String::from_utf8_lossy(&letter.header).replace("\r\n", "\n"),
    })
}

impl File {
    fn of(structure: &Structure, number: usize) -> Option<Self> {
        let part = structure.part(number)?;
        let packed = part.body.end - part.body.start;
        Some(Self {
            number,
            name: saved::file_name(&part.described, number),
            size: size(Octets::new(match part.described.encoding {
                // Three octets in four letters, and line ends.
                TransferEncoding::Base64 => packed / 78 * 57 + packed % 78 * 3 / 4,
                _ => packed,
            })),
        })
    }
}

/// One file of a message.
pub(crate) async fn part(
    State(app): State<App>,
    person: Person,
    Path((id, number)): Path<(i64, usize)>,
) -> Result<Response, Problem> {
    let message = own(&app, &person, id).await?;
    let letter = Letter::open(app.store(), message.id).await?;
    let file = saved::part(app.store(), &letter, number).await?;
    file.ok_or_else(|| Problem::not_found(&person.shell))
}

/// The whole message as a file.
pub(crate) async fn raw(
    State(app): State<App>,
    person: Person,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let message = own(&app, &person, id).await?;
    Ok(saved::whole(app.store(), &message).await?)
}

/// Somebody has had it before their eyes for a moment.
pub(crate) async fn seen(
    State(app): State<App>,
    person: Person,
    by_itself: ByItself,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let message = own(&app, &person, id).await?;
    let seen = FlagChange {
        set: Flags::SEEN,
        clear: Flags::default(),
    };
    let mail = app.store().mail();
    mail.mark(person.id(), &[message.id], seen).await?;
    Ok(match by_itself {
        ByItself::Yes => StatusCode::NO_CONTENT.into_response(),
        ByItself::No => see_other(&format!("/message/{id}")),
    })
}

#[cfg(test)]
pub(in crate::pages::mail) mod tests;
