//! The document of a message, as a frame shows it (UX 2.6).

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, X_FRAME_OPTIONS,
};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use inhaul_message::Prefer;
use inhaul_types::MessageId;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::own;
use crate::app::App;
use crate::letter::{Formatted, Letter, Pictures, plain};
use crate::request::Person;
use crate::response::Problem;

/// What a frame shows.
pub(super) struct Document {
    pub(super) html: String,
    /// Pictures from elsewhere that are not shown.
    pub(super) hidden: usize,
}

/// Makes it; and whether some of the text is left out.
pub(super) async fn document(
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
pub(super) fn address(person: &Person, id: MessageId, pictures: Pictures, light: Light) -> String {
    let key = frame_key(person, id, pictures);
    let mut address = format!("/m/{id}/body?k={key}");
    if pictures == Pictures::Shown {
        address.push_str("&pictures=shown");
    }
    if light == Light::Dark {
        address.push_str("&light=dark");
    }
    address
}

/// What the sheet looks like.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Light {
    /// White, as senders expect it.
    #[default]
    Light,
    /// Turned round.
    Dark,
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
    #[serde(default)]
    light: Light,
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
    let light = match framed.light {
        Light::Light => "",
        Light::Dark => DARK,
    };
    let html = format!(
        "{FRAME_TOP}{light}</head><body>{}</body></html>\n",
        document.html
    );
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

/// Pictures that are in a message, all together; larger ones stay files.
const INLINE_MOST: u64 = 10 << 20;

const FRAME_TOP: &str = "<!doctype html><html><head><meta charset=\"utf-8\"><base target=\"_blank\">\
    <style>html{background:#fff;color:#1b1f24}body{margin:1rem;font:1rem/1.5 system-ui,sans-serif;\
    overflow-wrap:anywhere}img{max-width:100%;height:auto}pre{white-space:pre-wrap}\
    blockquote{margin:0 0 0 .5rem;padding-left:.75rem;border-left:3px solid #dfe2e7}</style>";
/// Pictures are turned back.
const DARK: &str = "<style>html{filter:invert(.9) hue-rotate(180deg)}img{filter:invert(1) hue-rotate(180deg)}</style>";

/// Tested: nothing leaves the frame (UX 2.6).
const FRAME_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; \
    default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'";
const FRAME_POLICY_WITH_PICTURES: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; \
    default-src 'none'; img-src data: https:; style-src 'unsafe-inline'; frame-ancestors 'self'";
const PREFETCH: HeaderName = HeaderName::from_static("x-dns-prefetch-control");
