//! What Firefox is told before it starts: its proxy, and to ask for nothing on its own account.

use std::fmt::Write as _;

/// The file `user.js` of a profile whose proxy listens there.
pub(super) fn user_js(proxy: u16) -> String {
    let mut file = String::new();
    for (name, value) in PREFERENCES {
        let value = value.replace("PROXY", &proxy.to_string());
        writeln!(file, "user_pref(\"{name}\", {value});").ok();
    }
    file
}

/// What Marionette sets by itself (`remote/shared/RecommendedPreferences.sys.mjs`) is not here
/// again. What pages may do is left as people have it: prefetching, preconnecting, a second origin.
const PREFERENCES: [(&str, &str); 35] = [
    // A free one; it is said on the output.
    ("marionette.port", "0"),
    ("network.proxy.type", "1"),
    ("network.proxy.http", "\"127.0.0.1\""),
    ("network.proxy.http_port", "PROXY"),
    ("network.proxy.ssl", "\"127.0.0.1\""),
    ("network.proxy.ssl_port", "PROXY"),
    ("network.proxy.no_proxies_on", "\"\""),
    ("network.proxy.allow_hijacking_localhost", "true"),
    ("network.proxy.failover_direct", "false"),
    ("network.trr.mode", "5"),
    ("network.http.http3.enable", "false"),
    ("network.http.speculative-parallel-limit", "6"),
    ("network.captive-portal-service.enabled", "false"),
    ("network.connectivity-service.enabled", "false"),
    ("app.update.enabled", "false"),
    ("app.update.auto", "false"),
    ("app.normandy.enabled", "false"),
    ("extensions.update.enabled", "false"),
    ("extensions.getAddons.cache.enabled", "false"),
    ("extensions.systemAddon.update.enabled", "false"),
    ("media.gmp-manager.updateEnabled", "false"),
    ("media.gmp-manager.url", "\"\""),
    (
        "services.settings.server",
        "\"data:,#remote-settings-dummy/v1\"",
    ),
    ("datareporting.policy.dataSubmissionEnabled", "false"),
    ("datareporting.healthreport.uploadEnabled", "false"),
    ("toolkit.telemetry.enabled", "false"),
    ("toolkit.telemetry.server", "\"\""),
    ("browser.safebrowsing.malware.enabled", "false"),
    ("browser.safebrowsing.phishing.enabled", "false"),
    ("browser.safebrowsing.downloads.remote.enabled", "false"),
    ("browser.region.update.enabled", "false"),
    ("browser.search.update", "false"),
    ("browser.newtabpage.enabled", "false"),
    ("dom.push.connection.enabled", "false"),
    ("intl.accept_languages", "\"en\""),
];
