//! A running server with its pages, and whoever looks at them.

use std::net::SocketAddr;
use std::time::Duration;

use inhaul_testkit::{Browser, By, Running};

use crate::installation::Installation;

/// The first administrator, as the tests call her.
pub(crate) const NAME: &str = "alice";
/// Her password.
pub(crate) const PASSWORD: &str = "three-calm-herons-9021";

/// A server that runs, on an empty data directory at first.
pub(crate) struct House {
    pub(crate) home: Installation,
    running: Running,
    /// `http://127.0.0.1:PORT`.
    pub(crate) pages: String,
}

impl House {
    /// Starts the server on an empty directory.
    pub(crate) fn new() -> Self {
        Self::of(Installation::alone())
    }

    /// Starts the server over this installation.
    pub(crate) fn of(home: Installation) -> Self {
        let home = home.env("INHAUL_SERVER__LISTEN", "127.0.0.1:0");
        let running = home.inhaul.spawn(&["serve"]).unwrap();
        let pages = running.wait_for_line("web ", PATIENCE).unwrap();
        Self {
            home,
            running,
            pages,
        }
    }

    /// The link that the server printed for whoever sets it up.
    pub(crate) fn set_up_link(&self) -> String {
        let line = self.running.wait_for_line("  |  http", PATIENCE).unwrap();
        format!("http{}", line.trim_end_matches('|').trim())
    }

    /// Where the pages are.
    pub(crate) fn address(&self) -> SocketAddr {
        self.pages.rsplit_once('/').unwrap().1.parse().unwrap()
    }

    /// The server's process.
    pub(crate) fn process(&self) -> u32 {
        self.running.id()
    }

    /// Kills the server as a power cut would, and gives back what it leaves.
    pub(crate) fn kill(mut self) -> Installation {
        self.running.kill().unwrap();
        self.home
    }

    /// The address of a page.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.pages)
    }

    /// Sets it up as the screen says, with `NAME` and `PASSWORD`.
    pub(crate) fn set_up(&self, browser: &Browser) {
        browser.open(&self.set_up_link()).unwrap();
        browser.fill(&By::css("#name"), NAME).unwrap();
        browser.fill(&By::css("#password"), PASSWORD).unwrap();
        let create = By::button("Create account and continue");
        browser.click(&create).unwrap();
        browser.wait_for(&By::heading("What first?")).unwrap();
    }

    /// Signs in with these.
    pub(crate) fn sign_in(&self, browser: &Browser, name: &str, password: &str) {
        browser.open(&self.at("/sign-in")).unwrap();
        browser.fill(&By::css("#name"), name).unwrap();
        browser.fill(&By::css("#password"), password).unwrap();
        browser.click(&By::button("Sign in")).unwrap();
    }
}

const PATIENCE: Duration = Duration::from_secs(60);
