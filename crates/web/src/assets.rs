//! Style sheet, script and icons, embedded in the program.
//!
//! Their addresses carry a digest of what they hold, so browsers may keep them for ever.

use std::borrow::Cow;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::look::lean::lean;

/// A file of the pages.
struct Asset {
    name: &'static str,
    kind: &'static str,
    octets: &'static [u8],
}

impl Asset {
    /// What a browser gets.
    fn sent(&self) -> Cow<'static, [u8]> {
        let is_ours_to_read = self.kind.starts_with("text/");
        match str::from_utf8(self.octets) {
            Ok(text) if is_ours_to_read => lean(text).into_bytes().into(),
            _ => self.octets.into(),
        }
    }
}

const ASSETS: &[Asset] = &[
    Asset {
        name: "inhaul.css",
        kind: "text/css; charset=utf-8",
        octets: include_bytes!("../assets/inhaul.css"),
    },
    Asset {
        name: "demo.css",
        kind: "text/css; charset=utf-8",
        octets: include_bytes!("../assets/demo.css"),
    },
    Asset {
        name: "inhaul.js",
        kind: "text/javascript; charset=utf-8",
        octets: include_bytes!("../assets/inhaul.js"),
    },
    Asset {
        name: "icon.svg",
        kind: "image/svg+xml",
        octets: include_bytes!("../assets/icon.svg"),
    },
    Asset {
        name: "icon-alert.svg",
        kind: "image/svg+xml",
        octets: include_bytes!("../assets/icon-alert.svg"),
    },
];

/// What changes with any of them.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut digest = Sha256::new();
    for asset in ASSETS {
        digest.update(asset.octets);
    }
    URL_SAFE_NO_PAD.encode(&digest.finalize()[..9])
});

/// The address of a file of the pages.
pub(crate) fn address(name: &str) -> String {
    format!("/assets/{}/{name}", *VERSION)
}

/// Hands a file out.
pub(crate) async fn asset(Path((version, name)): Path<(String, String)>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // An old page asks for an old file: it gets the present one, and is not to keep it.
    let keep = match version == *VERSION {
        true => "public, max-age=31536000, immutable",
        false => "no-store",
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(asset.kind)),
        (CACHE_CONTROL, HeaderValue::from_static(keep)),
    ];
    (headers, asset.sent()).into_response()
}
