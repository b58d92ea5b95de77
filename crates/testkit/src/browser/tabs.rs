//! Tabs of one visitor, and frames within a page.

use anyhow::Result;
use serde_json::json;

use super::find::By;
use super::{Browser, text};

/// A tab of the browser.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Tab(String);

impl Browser {
    /// The tab that everything here acts on.
    pub fn tab(&self) -> Result<Tab> {
        Ok(Tab(text(&self.session.get("window")?)?))
    }

    /// All tabs, also those that a page has opened; in no order.
    pub fn tabs(&self) -> Result<Vec<Tab>> {
        let tabs = self.session.get("window/handles")?;
        let tabs = tabs.as_array().into_iter().flatten();
        tabs.map(|tab| Ok(Tab(text(tab)?))).collect()
    }

    /// Opens an empty tab of the same visitor and acts on it from now on.
    pub fn open_tab(&self) -> Result<Tab> {
        let made = self.session.post("window/new", &json!({ "type": "tab" }))?;
        let tab = Tab(text(&made["handle"])?);
        self.switch_to(&tab)?;
        Ok(tab)
    }

    /// Acts on this tab from now on, with the window and the wishes set last.
    pub fn switch_to(&self, tab: &Tab) -> Result<()> {
        self.session.post("window", &json!({ "handle": tab.0 }))?;
        // Chromium keeps them for each tab.
        self.apply_settings()
    }

    /// Closes the tab that everything acts on, and acts on this one from now on.
    pub fn close_tab(&self, next: &Tab) -> Result<()> {
        self.session.delete("window")?;
        self.switch_to(next)
    }

    /// Acts within a frame of the page for as long as `work` lasts; what the page's policy keeps
    /// from scripts is open to it. Clicks, texts and scripts are the frame's, the address is not.
    pub fn in_frame<T>(&self, frame: &By, work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        let element = self.find(frame)?.to_value();
        self.session.post("frame", &json!({ "id": element }))?;
        let done = work(self);
        self.session.post("frame", &json!({ "id": null }))?;
        done
    }
}
