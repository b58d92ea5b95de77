//! Style sheet, script and icons, embedded in the program.
//!
//! Their addresses carry a digest of what they hold, so browsers may keep them for ever. They are
//! packed once; who takes no gzip gets them as they are.

use std::borrow::Cow;
use std::io::Write as _;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;
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

/// All of them, packed, in their order.
static PACKED: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let sent = ASSETS.iter().map(Asset::sent);
    sent.map(|octets| packed(&octets, Compression::best()))
        .collect()
});

/// As gzip (RFC 1952).
pub(crate) fn packed(octets: &[u8], level: Compression) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), level);
    packer
        .write_all(octets)
        .and_then(|()| packer.finish())
        .expect("a Vec takes everything")
}

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
pub(crate) async fn asset(
    Path((version, name)): Path<(String, String)>,
    asked: HeaderMap,
) -> Response {
    let Some(number) = ASSETS.iter().position(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let asset = &ASSETS[number];
    // An old page asks for an old file: it gets the present one, and is not to keep it.
    let keep = match version == *VERSION {
        true => "public, max-age=31536000, immutable",
        false => "no-store",
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(asset.kind)),
        (CACHE_CONTROL, HeaderValue::from_static(keep)),
        (VARY, HeaderValue::from_static("accept-encoding")),
    ];
    if !takes_gzip(&asked) {
        return (headers, asset.sent()).into_response();
    }
    let encoding = [(CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
    (headers, encoding, PACKED[number].clone()).into_response()
}

/// Whether whoever asks unpacks gzip (RFC 9110 section 12.5.3). A quality of nothing is a no.
pub(crate) fn takes_gzip(asked: &HeaderMap) -> bool {
    let values = asked.get_all(ACCEPT_ENCODING).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        is_gzip && !parts.any(|part| part.trim_end_matches(['0', '.']) == "q=")
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn who_takes_gzip_gets_the_same_packed() {
        for (asked, takes) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, gzip;q=0.8", true),
            ("gzip;q=0", false),
            ("gzip;q=0.000", false),
            ("br", false),
            ("", false),
        ] {
            let asked = HeaderMap::from_iter([(ACCEPT_ENCODING, asked.parse().unwrap())]);
            assert_eq!(takes_gzip(&asked), takes, "{asked:?}");
        }
        for (asset, packed) in ASSETS.iter().zip(&*PACKED) {
            let mut there = Vec::new();
            GzDecoder::new(&packed[..]).read_to_end(&mut there).unwrap();
            assert_eq!(there, &*asset.sent(), "{}", asset.name);
        }
    }
}
