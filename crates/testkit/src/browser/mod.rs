//! A headless Chromium of the test's own, driven as a person drives one.
//!
//! It talks to nobody but this machine (every other name and address is "not found" to it), speaks
//! English, keeps UTC, and has an empty profile in memory. An action waits until what it acts on is
//! there, for up to 30 s; a failure says what was there instead.
//!
//! A start takes two or three seconds on two busy cores, and a browser some 400 MB;
//! [`Browser::forget`] makes a new visitor of a running one in a moment. So one test function visits many pages, and a second
//! browser is for the test in which two people are there at once.
//!
//! The tests of pages live in modules called `browser`, because `cargo xtask test` leaves those out
//! by name where no browser can run ([`browser_obstacle`], [`browser_missing`]).

mod act;
mod axe;
mod axe_core;
mod emulate;
mod find;
mod firefox;
mod focus;
mod look;
mod process;
mod requests;
mod tabs;
#[cfg(test)]
mod tests;
mod tree;
mod webdriver;

#[cfg(test)]
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

pub use self::axe::{FaultyNode, Violation};
pub use self::emulate::{Preference, Scripts, View};
pub use self::find::By;
pub use self::firefox::{Firefox, Passed, firefox_missing};
pub use self::focus::Focused;
pub use self::requests::Request;
pub use self::tabs::Tab;
pub use self::tree::Heard;

use self::emulate::Settings;
use self::process::{CHROMIUM, Driver};
use self::webdriver::{Refused, Session};

/// Why no browser can run here even with all packages installed, if so.
pub fn browser_obstacle() -> Option<String> {
    process::obstacle()
}

/// The Debian packages that Chromium's tests need and that are not there.
pub fn browser_missing() -> Vec<&'static str> {
    let mut missing = CHROMIUM.missing();
    if !axe_core::is_installed() && process::find("npm").is_none() {
        missing.push("npm");
    }
    missing
}

/// What is needed besides, and is not there: a package of npm's.
pub fn browser_extra_missing() -> bool {
    !axe_core::is_installed()
}

/// Installs that package below the workspace's `target`, and returns its name and version.
pub fn browser_install() -> Result<&'static str> {
    axe_core::install()
}

/// A running browser with one window. Dropping it ends it.
#[derive(Debug)]
pub struct Browser {
    session: Session,
    settings: Mutex<Settings>,
    _driver: Driver,
}

impl Browser {
    /// Starts a browser with the window [`View::Wide`].
    pub fn start() -> Result<Self> {
        let driver = Driver::start(&CHROMIUM, "")?;
        let profile = driver.profile();
        let capabilities = json!({
            "pageLoadStrategy": "normal",
            "timeouts": { "implicit": 0, "pageLoad": TIMEOUTS_MS, "script": TIMEOUTS_MS },
            "goog:loggingPrefs": { "performance": "ALL", "browser": "ALL" },
            "goog:chromeOptions": {
                "args": arguments(&profile.to_string_lossy()),
                "perfLoggingPrefs": { "enableNetwork": true, "enablePage": false },
                "prefs": {
                    "intl.accept_languages": "en",
                    "credentials_enable_service": false,
                    "profile.password_manager_enabled": false,
                    "profile.password_manager_leak_detection": false,
                },
            },
        });
        let session =
            Session::begin(driver.port(), &capabilities).context("Chromium does not start")?;
        let browser = Self {
            session,
            settings: Mutex::default(),
            _driver: driver,
        };
        browser.apply_settings()?;
        Ok(browser)
    }

    /// The folder of its profile, as it sees it.
    #[cfg(test)]
    fn profile(&self) -> PathBuf {
        self._driver.profile()
    }

    /// Opens an address, as typed into the address bar, and waits until the page is loaded.
    pub fn open(&self, url: &str) -> Result<()> {
        let opened = self.session.post("url", &json!({ "url": url }));
        opened
            .map(drop)
            .with_context(|| format!("cannot open {url}"))
    }

    /// Loads the page again.
    pub fn reload(&self) -> Result<()> {
        self.session.post("refresh", &json!({})).map(drop)
    }

    /// Goes back one page.
    pub fn back(&self) -> Result<()> {
        self.session.post("back", &json!({})).map(drop)
    }

    /// The address of the page.
    pub fn url(&self) -> Result<String> {
        text(&self.session.get("url")?)
    }

    /// The title of the page.
    pub fn title(&self) -> Result<String> {
        text(&self.session.get("title")?)
    }

    /// The page as the browser has it now, as HTML.
    pub fn html(&self) -> Result<String> {
        text(&self.session.get("source")?)
    }

    /// Runs the body of a function in the page and returns what it returns; `arguments[0]` is the
    /// first argument, and a promise is awaited. Neither scripts switched off nor the page's
    /// security policy stops it.
    pub fn script(&self, body: &str, arguments: &[Value]) -> Result<Value> {
        self.session.script(body, arguments)
    }

    /// A command of Chromium's own protocol, for what this type has no words for.
    pub fn devtools(&self, method: &str, parameters: &Value) -> Result<Value> {
        self.session.devtools(method, parameters)
    }

    /// Forgets cookies, what pages have kept and what the cache holds: the next page is opened by a
    /// new visitor.
    pub fn forget(&self) -> Result<()> {
        let url = self.url()?;
        if let Some(origin) = origin(&url) {
            let what = json!({ "origin": origin, "storageTypes": "all" });
            self.devtools("Storage.clearDataForOrigin", &what)?;
        }
        self.devtools("Network.clearBrowserCookies", &json!({}))?;
        self.devtools("Network.clearBrowserCache", &json!({}))?;
        self.open("about:blank")
    }

    /// Asks again and again until the answer is something; an error after 30 s.
    ///
    /// What the browser refuses because the page is just changing counts as "not yet".
    pub fn wait_until<T>(
        &self,
        what: &str,
        ask: impl FnMut(&Self) -> Result<Option<T>>,
    ) -> Result<T> {
        self.wait_within(PATIENCE, what, ask)
    }

    fn wait_within<T>(
        &self,
        patience: Duration,
        what: &str,
        mut ask: impl FnMut(&Self) -> Result<Option<T>>,
    ) -> Result<T> {
        let deadline = Instant::now() + patience;
        loop {
            let last = match ask(self) {
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) => None,
                Err(error) if is_passing(&error) => Some(error),
                Err(error) => return Err(error.context(format!("while waiting for {what}"))),
            };
            if Instant::now() >= deadline {
                let why = last
                    .map(|error| format!(" ({error:#})"))
                    .unwrap_or_default();
                bail!("waited in vain for {what}{why}\n{}", self.surroundings());
            }
            std::thread::sleep(POLL);
        }
    }

    /// What a person would see, for the message of a failure.
    fn surroundings(&self) -> String {
        let url = self.url().unwrap_or_default();
        let title = self.title().unwrap_or_default();
        let text = self.text().unwrap_or_else(|error| format!("{error:#}"));
        let cut: String = text.chars().take(MOST_TEXT).collect();
        format!("page {url} {title:?} says:\n{cut}")
    }
}

/// Whether the same question may be answered in a moment.
fn is_passing(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<Refused>()
        .is_some_and(Refused::is_passing)
}

/// A string of an answer.
fn text(value: &Value) -> Result<String> {
    let text = value
        .as_str()
        .with_context(|| format!("no text: {value}"))?;
    Ok(text.into())
}

/// Scheme, host and port of an address on the web.
fn origin(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    Some(&url[..scheme.len() + "://".len() + host.len()])
}

/// What Chromium is started with, besides what chromedriver adds.
fn arguments(profile: &str) -> Vec<String> {
    let mut arguments = ARGUMENTS.map(String::from).to_vec();
    arguments.push(format!("--user-data-dir={profile}"));
    arguments
}

/// The pages are our own, and the sandbox refuses root; nothing leaves this machine.
const ARGUMENTS: [&str; 16] = [
    "--headless=new",
    // So that a width is a width.
    "--hide-scrollbars",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--lang=en",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-breakpad",
    "--disable-sync",
    "--no-proxy-server",
    // Frames stay in the process of their page, so that the log has what they ask for.
    "--disable-site-isolation-trials",
    concat!(
        "--disable-features=IsolateSandboxedIframes,IsolateOrigins,site-per-process,",
        "Translate,OptimizationHints,MediaRouter,CertificateTransparencyComponentUpdater"
    ),
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost , EXCLUDE [::1]",
];
/// How long an action waits for what it acts on.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a page may take to load and a script to run: a busy machine is no failure.
const TIMEOUTS_MS: u32 = 120_000;
const POLL: Duration = Duration::from_millis(50);
/// How much of a page the message of a failure shows, in characters.
const MOST_TEXT: usize = 2_000;
