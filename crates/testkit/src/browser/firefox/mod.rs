//! A headless Firefox of the test's own, for what must be true in a second make of browser.
//!
//! It reaches everything, the loopback as well, through a proxy of the test's: that one hands on
//! what is for this machine, refuses the rest and remembers both ([`Firefox::passed`]). A
//! connection past the proxy that leaves this machine makes Firefox crash. Beyond that it can do
//! what a test of foreign content needs and no more; people's ways are tested with
//! [`Browser`](super::Browser).
//!
//! A start takes three seconds on two busy cores. The tests that use it live in modules whose names
//! end with `firefox`, because `cargo xtask test` leaves those out where it cannot be installed.

mod marionette;
mod preferences;
mod proxy;

#[cfg(test)]
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

pub use self::proxy::Passed;

use self::marionette::Wire;
use self::proxy::Proxy;
use super::process::{Driver, Program};
use super::webdriver::Element;
use super::{POLL, is_passing, text};

/// The Debian packages that Firefox's tests need and that are not there.
pub fn firefox_missing() -> Vec<&'static str> {
    FIREFOX.missing()
}

/// A running Firefox with one window. Dropping it ends it.
#[derive(Debug)]
pub struct Firefox {
    wire: Wire,
    // Ends before the proxy that it asks.
    _driver: Driver,
    proxy: Proxy,
}

impl Firefox {
    /// Starts it with an empty profile in memory.
    pub fn start() -> Result<Self> {
        let proxy = Proxy::start()?;
        let preferences = preferences::user_js(proxy.port());
        let driver = Driver::start(&FIREFOX, &preferences)?;
        let wire = Wire::begin(driver.port()).context("Firefox does not start")?;
        Ok(Self {
            wire,
            _driver: driver,
            proxy,
        })
    }

    /// The folder of its profile, as it sees it.
    #[cfg(test)]
    pub(super) fn profile(&self) -> PathBuf {
        self._driver.profile()
    }

    /// Opens an address, as typed into the address bar, and waits until the page is loaded.
    pub fn open(&self, url: &str) -> Result<()> {
        let opened = self.wire.command("Navigate", &json!({ "url": url }));
        opened
            .map(drop)
            .with_context(|| format!("cannot open {url}"))
    }

    /// The address of the page.
    pub fn url(&self) -> Result<String> {
        text(&self.wire.command("GetCurrentURL", &json!({}))?["value"])
    }

    /// The title of the page.
    pub fn title(&self) -> Result<String> {
        text(&self.wire.command("GetTitle", &json!({}))?["value"])
    }

    /// Runs the body of a function with the page's own rights and returns what it returns;
    /// `arguments[0]` is the first argument. Neither the page's security policy nor its sandbox
    /// stops it.
    pub fn script(&self, body: &str, arguments: &[Value]) -> Result<Value> {
        let script = json!({ "script": body, "args": arguments });
        let mut answer = self.wire.command("ExecuteScript", &script)?;
        Ok(answer["value"].take())
    }

    /// Types text into the field that a CSS selector selects, in the place of what it holds.
    pub fn fill(&self, selector: &str, words: &str) -> Result<()> {
        let field = self.find(selector)?;
        self.wire.command("ElementClear", &json!({ "id": field }))?;
        let keys = json!({ "id": field, "text": words });
        self.wire.command("ElementSendKeys", &keys).map(drop)
    }

    /// Clicks what a CSS selector selects.
    pub fn click(&self, selector: &str) -> Result<()> {
        let element = self.find(selector)?;
        let clicked = self.wire.command("ElementClick", &json!({ "id": element }));
        clicked.map(drop)
    }

    /// Waits until the page has what a CSS selector selects.
    pub fn wait_for(&self, selector: &str) -> Result<()> {
        self.find(selector).map(drop)
    }

    /// Acts within the frame that a CSS selector selects for as long as `work` lasts.
    pub fn in_frame<T>(&self, selector: &str, work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        let frame = self.script(QUERY, &[selector.into()])?;
        let frame = Element::from_value(&frame).with_context(|| format!("no {selector} here"))?;
        let into = json!({ "element": id_of(&frame)? });
        self.wire.command("SwitchToFrame", &into)?;
        let done = work(self);
        self.wire.command("SwitchToFrame", &json!({}))?;
        done
    }

    /// Everything that was asked for through the proxy since this was last asked, in order.
    pub fn passed(&self) -> Vec<Passed> {
        self.proxy.passed()
    }

    /// The element's id, as soon as it is there.
    fn find(&self, selector: &str) -> Result<Value> {
        let what = json!({ "using": "css selector", "value": selector });
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.wire.command("FindElement", &what) {
                Ok(answer) => {
                    let found = Element::from_value(&answer["value"]);
                    return id_of(&found.context("no element in the answer")?);
                }
                Err(error) if is_passing(&error) && Instant::now() < deadline => {
                    std::thread::sleep(POLL);
                }
                Err(error) => {
                    let url = self.url().unwrap_or_default();
                    bail!("no {selector} on {url}: {error:#}");
                }
            }
        }
    }
}

/// As commands name it; scripts have it within a member of its own.
fn id_of(element: &Element) -> Result<Value> {
    let value = element.to_value();
    let id = value
        .as_object()
        .and_then(|members| members.values().next());
    id.cloned().context("an element without an id")
}

const QUERY: &str = "return document.querySelector(arguments[0])";

/// It crashes rather than reach another machine, and asks what the preferences say for the
/// settings that its makers hand out.
const FIREFOX: Program = Program {
    packages: &[("firefox-esr", &["firefox-esr"])],
    command: r#"mkdir "$1/profile" && printf %s "$2" > "$1/profile/user.js" || exit
export MOZ_DISABLE_NONLOCAL_CONNECTIONS=1 MOZ_REMOTE_SETTINGS_DEVTOOLS=1 MOZ_CRASHREPORTER_DISABLE=1
firefox-esr --headless --marionette --profile "$1/profile" --no-remote < /dev/null 3<&- |
    grep --line-buffered "Listening on port""#,
    listens: "Listening on port ",
};
/// How long an action waits for what it acts on.
const PATIENCE: Duration = Duration::from_secs(30);
