//! What lets live progress through a proxy that holds it back (UX 2.11): where "How to fix" leads.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::request::Person;
use crate::response::{Page, Problem, Shell};

#[derive(Template)]
#[template(path = "live_progress.html")]
struct LiveProgress {
    shell: Shell,
    title: &'static str,
    proxies: [(&'static str, &'static str, &'static str); 3],
}

/// Anybody may read it: whoever runs the proxy may have no account here.
pub(crate) async fn page(
    State(app): State<App>,
    person: Result<Person, Problem>,
) -> Result<Response, Problem> {
    let outside = |_| Shell::outside(&app);
    let page = LiveProgress {
        shell: person.map_or_else(outside, |person| person.shell),
        title: "Live progress is blocked by a proxy",
        proxies: PROXIES,
    };
    Ok(Page::new(page).into_response())
}

/// Name, what is said of it, lines of its configuration.
const PROXIES: [(&str, &str, &str); 3] = [
    (
        "nginx",
        "inhaul asks nginx not to buffer, by X-Accel-Buffering. Where proxy_ignore_headers keeps \
         that from it, say it here.",
        "location / {\n    proxy_pass http://127.0.0.1:8110;\n    proxy_http_version 1.1;\n    \
         proxy_set_header Host $host;\n    proxy_buffering off;\n    proxy_read_timeout 60s;\n}",
    ),
    (
        "Apache",
        "Packets are handed on as they come, and are not compressed, which would collect them.",
        "ProxyPreserveHost On\nProxyPass / http://127.0.0.1:8110/ flushpackets=on\n\
         SetEnvIf Request_URI \"/events$\" no-gzip",
    ),
    (
        "Caddy",
        "Caddy hands this on at once by itself. Where something was set that keeps it from that, \
         say it here.",
        "reverse_proxy 127.0.0.1:8110 {\n    flush_interval -1\n}",
    ),
];

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use crate::testing::House;

    #[tokio::test]
    async fn how_to_fix_leads_to_a_page() {
        let house = House::new().await;
        let script = include_str!("../../assets/inhaul.js");
        let (_, rest) = script.split_once("HOW_TO_FIX = \"").unwrap();
        let address = rest.split('"').next().unwrap();
        let shown = house.visitor("alice").await.get(address).await;
        assert_eq!(shown.status, StatusCode::OK, "{shown:?}");
        for words in [
            "proxy_buffering off;",
            "flushpackets=on",
            "flush_interval -1",
        ] {
            assert!(shown.says(words), "{words}: {shown:?}");
        }
    }
}
