//! One message: its text, its files, and the frame that formatted text is in.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use inhaul_message::{HeaderBlock, Prefer, Structure};
use inhaul_store::{FlagChange, Flags, Folder, Message, StoreError};
use inhaul_types::{MessageId, Octets};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::acts;
use crate::app::App;
use crate::letter::{Formatted, Letter, Pictures, plain, saved};
use crate::look::size::size;
use crate::look::time::{When, moment};
use crate::request::{ByItself, Person};
use crate::response::{Problem, see_other};

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
        /// With pictures from elsewhere, while there are any that are hidden.
        with_pictures: Option<String>,
        hidden: usize,
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
    pub(crate) fn is_among(&mut self, folders: &[Folder], message: &Message, before: &str) {
        let before = match before {
            "" => String::new(),
            before => format!("?before={before}"),
        };
        self.list = match message.folder_name.as_str() {
            "INBOX" => format!("/{before}"),
            _ => format!("/folder/{}{before}", message.folder),
        };
        self.here.push_str(&before);
        self.folders = acts::others(folders, message.folder);
    }
}

impl View {
    fn word(self) -> &'static str {
        match self {
            Self::Formatted => "formatted",
            Self::Plain => "plain",
            Self::Source => "source",
        }
    }
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
    view: View,
    pictures: Pictures,
) -> Result<Opened, Problem> {
    let store = app.store();
    let letter = Letter::open(store, message.id).await?;
    let now = app.now();
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
            let (document, is_cut) = document(app, &letter, pictures).await?;
            let address = |pictures| frame(person, message.id, pictures);
            let text = Text::Frame {
                address: address(pictures),
                with_pictures: (document.hidden > 0).then(|| address(Pictures::Shown)),
                hidden: document.hidden,
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
                inhaul_message::TransferEncoding::Base64 => packed / 78 * 57 + packed % 78 * 3 / 4,
                _ => packed,
            })),
        })
    }
}

/// The document of a message, as a frame shows it.
struct Document {
    html: String,
    hidden: usize,
}

async fn document(
    app: &App,
    letter: &Letter,
    pictures: Pictures,
) -> Result<(Document, bool), Problem> {
    let store = app.store();
    let reading = letter.reading(Prefer::Formatted);
    let (texts, is_cut) = letter.texts(store, &reading.texts).await?;
    let asked: Vec<usize> = reading
        .inline
        .iter()
        .copied()
        .filter(|part| {
            let id = letter.structure.part(*part);
            let id = id.and_then(|part| part.described.content_id.as_deref());
            id.is_some_and(|id| texts.iter().any(|text| text.contains(id)))
        })
        .collect();
    let octets = letter.unpacked(store, &asked, INLINE_MOST / 4).await?;
    let mut room = usize::try_from(INLINE_MOST).unwrap_or(usize::MAX);
    let mut inline = HashMap::new();
    for (part, octets) in asked.iter().zip(octets) {
        let Some(part) = letter.structure.part(*part) else {
            continue;
        };
        let Some(left) = room.checked_sub(octets.len()) else {
            break;
        };
        room = left;
        let media = picture_type(&part.described);
        if let (Some(media), Some(id)) = (media, &part.described.content_id) {
            let address = format!("data:{media};base64,{}", STANDARD.encode(octets));
            inline.insert(id.clone(), address);
        }
    }
    let kinds: Vec<bool> = reading
        .texts
        .iter()
        .filter_map(|text| letter.structure.part(*text))
        .map(|part| part.described.is("text", "html"))
        .collect();
    // The sanitiser takes its time: nobody else is to wait for it, and few do it at once.
    let _turn = app
        .sanitising()
        .acquire()
        .await
        .map_err(Problem::internal)?;
    let sanitise = move || {
        let inline = Arc::new(inline);
        let (mut html, mut hidden) = (String::new(), 0);
        for (is_html, text) in kinds.into_iter().zip(&texts) {
            let sanitised = is_html
                .then(|| Formatted::of(text, &inline, pictures))
                .flatten();
            match sanitised {
                Some(piece) => {
                    html.push_str(&piece.html);
                    hidden += piece.hidden;
                }
                None => {
                    let words = match is_html {
                        true => inhaul_message::words_of_html(text),
                        false => text.clone(),
                    };
                    write!(html, "<pre>{}</pre>", plain(&words)).ok();
                }
            }
        }
        Document { html, hidden }
    };
    let document = tokio::task::spawn_blocking(sanitise);
    let document = document.await.map_err(Problem::internal)?;
    Ok((document, is_cut))
}

/// A picture that browsers show, and that is nothing else.
fn picture_type(described: &inhaul_message::Described) -> Option<&'static str> {
    match (described.kind.as_str(), described.subtype.as_str()) {
        ("image", "png" | "x-png") => Some("image/png"),
        ("image", "jpeg" | "jpg" | "pjpeg") => Some("image/jpeg"),
        ("image", "gif") => Some("image/gif"),
        ("image", "webp") => Some("image/webp"),
        ("image", "bmp" | "x-ms-bmp") => Some("image/bmp"),
        _ => None,
    }
}

/// Where a message's document is. The key is of this session, message and choice: what a message
/// itself leads to shows no pictures that nobody asked for.
fn frame(person: &Person, id: MessageId, pictures: Pictures) -> String {
    let key = frame_key(person, id, pictures);
    match pictures {
        Pictures::Hidden => format!("/m/{id}/body?k={key}"),
        Pictures::Shown => format!("/m/{id}/body?k={key}&pictures=shown"),
    }
}

fn frame_key(person: &Person, id: MessageId, pictures: Pictures) -> String {
    let what = format!("frame {id} {pictures:?}");
    let key = Sha256::new()
        .chain_update(person.session.0)
        .chain_update(what)
        .finalize();
    URL_SAFE_NO_PAD.encode(&key[..16])
}

/// What a frame asks for.
#[derive(Debug, Deserialize)]
pub(crate) struct Framed {
    #[serde(default)]
    k: String,
    #[serde(default)]
    pictures: String,
}

/// The document of a message.
pub(crate) async fn body(
    State(app): State<App>,
    person: Person,
    Path(id): Path<i64>,
    Query(framed): Query<Framed>,
) -> Result<Response, Problem> {
    let message = own(&app, &person, id).await?;
    let pictures = match framed.pictures.as_str() {
        "shown" => Pictures::Shown,
        _ => Pictures::Hidden,
    };
    if framed.k != frame_key(&person, message.id, pictures) {
        return Err(Problem::not_found(&person.shell));
    }
    let letter = Letter::open(app.store(), message.id).await?;
    let (document, _) = document(&app, &letter, pictures).await?;
    let html = format!("{FRAME_TOP}{}</body></html>\n", document.html);
    let policy = match pictures {
        Pictures::Hidden => FRAME_POLICY,
        Pictures::Shown => FRAME_POLICY_WITH_PICTURES,
    };
    let fixed = HeaderValue::from_static;
    let headers = [
        (CONTENT_TYPE, fixed("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, fixed(policy)),
        (PREFETCH, fixed("off")),
        (X_FRAME_OPTIONS, fixed("SAMEORIGIN")),
        (CACHE_CONTROL, fixed("no-store")),
    ];
    Ok((headers, html).into_response())
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

/// Pictures that are in a message, all together; larger ones stay files.
const INLINE_MOST: u64 = 10 << 20;

const FRAME_TOP: &str = "<!doctype html><html><head><meta charset=\"utf-8\"><base target=\"_blank\">\
    <style>html{background:#fff;color:#1b1f24}body{margin:1rem;font:1rem/1.5 system-ui,sans-serif;\
    overflow-wrap:anywhere}img{max-width:100%;height:auto}pre{white-space:pre-wrap}\
    blockquote{margin:0 0 0 .5rem;padding-left:.75rem;border-left:3px solid #dfe2e7}</style></head><body>";

/// Tested: nothing leaves the frame (UX 2.6).
const FRAME_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; \
    default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'";
const FRAME_POLICY_WITH_PICTURES: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; \
    default-src 'none'; img-src data: https:; style-src 'unsafe-inline'; frame-ancestors 'self'";
const PREFETCH: HeaderName = HeaderName::from_static("x-dns-prefetch-control");
