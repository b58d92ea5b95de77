//! What a person sees of a page: its words, a picture of it, what does not fit.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::find::By;
use super::{Browser, text};

impl Browser {
    /// The words of the page that are there to see.
    pub fn text(&self) -> Result<String> {
        let body = "return document.body ? document.body.innerText : ''";
        text(&self.script(body, &[])?)
    }

    /// The words of a part of the page, waited for.
    pub fn text_of(&self, by: &By) -> Result<String> {
        let body = "return arguments[0].innerText";
        self.with(by, |browser, element| {
            text(&browser.script(body, &[element.to_value()])?)
        })
    }

    /// A picture of the whole page, also of what a person would have to scroll to, as PNG. It is as
    /// wide as the window, or as the page where that is wider.
    pub fn screenshot(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let metrics = self.devtools("Page.getLayoutMetrics", &json!({}))?;
        let side = |name: &str| metrics["cssContentSize"][name].as_f64();
        let (width, height) = (side("width"), side("height"));
        let clip = json!({
            "x": 0, "y": 0, "scale": 1,
            "width": width.context("a page without a width")?,
            "height": height.context("a page without a height")?.min(HIGHEST),
        });
        let how = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let picture = self.devtools("Page.captureScreenshot", &how)?;
        let picture = BASE64_STANDARD.decode(text(&picture["data"])?)?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        fs::write(path, picture).with_context(|| path.display().to_string())
    }

    /// What sticks out of the window sideways, as `tag#id.class` with its right edge; empty where
    /// nobody has to scroll sideways.
    pub fn sticks_out(&self) -> Result<Vec<String>> {
        let found = self.script(STICKS_OUT, &[])?;
        let found = found.as_array().into_iter().flatten();
        Ok(found.filter_map(Value::as_str).map(String::from).collect())
    }
}

/// The highest picture that Chromium draws in one piece, in pixels.
const HIGHEST: f64 = 16_384.0;

/// Only where the page itself scrolls: a table may scroll within a box of its own.
const STICKS_OUT: &str = r"
const page = document.documentElement;
if (page.scrollWidth <= page.clientWidth) return [];
const named = e => e.tagName.toLowerCase() + (e.id ? '#' + e.id : '')
  + [...e.classList].map(c => '.' + c).join('');
const edge = e => Math.round(e.getBoundingClientRect().right + scrollX);
const wide = [...document.querySelectorAll('body *')].filter(e => edge(e) > page.clientWidth);
return ['the page is ' + page.scrollWidth + ' wide in a window of ' + page.clientWidth,
  ...wide.slice(0, 20).map(e => named(e) + ' ends at ' + edge(e))];
";
