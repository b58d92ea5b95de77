//! What a person has set in the system or the browser: the window, colours, motion, scripts.

use std::sync::PoisonError;

use anyhow::Result;
use serde_json::json;

use super::Browser;

/// A wish of the person's that CSS asks about. Without any: light, with motion.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Preference {
    /// `prefers-color-scheme: dark`.
    Dark,
    /// `prefers-reduced-motion: reduce`.
    LessMotion,
    /// `prefers-contrast: more`.
    MoreContrast,
    /// `forced-colors: active`, as Windows' contrast themes do.
    ForcedColors,
}

/// Whether pages may run scripts of their own.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Scripts {
    /// They may.
    #[default]
    On,
    /// They may not, as with a person who has switched them off. [`Browser::script`] still works,
    /// but none of its timers rings.
    Off,
}

/// The size of the window, in CSS pixels.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum View {
    /// A desktop: 1280 by 900.
    #[default]
    Wide,
    /// A tablet held upright: 768 by 1024.
    Tablet,
    /// A phone: 390 by 844, with touch.
    Phone,
    /// A desktop at 400 % zoom, as WCAG 2.2's 1.4.10 wants it: 320 by 640.
    Narrow,
}

impl View {
    /// All of them, the largest first.
    pub const ALL: [Self; 4] = [Self::Wide, Self::Tablet, Self::Phone, Self::Narrow];

    /// Width and height in CSS pixels.
    pub fn size(self) -> (u32, u32) {
        match self {
            Self::Wide => (1280, 900),
            Self::Tablet => (768, 1024),
            Self::Phone => (390, 844),
            Self::Narrow => (320, 640),
        }
    }
}

/// What is set now. Chromium keeps it for each tab, so a new one has to be told.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    view: View,
    preferences: Vec<Preference>,
    scripts: Scripts,
}

impl Browser {
    /// Changes the size of the window. A phone obeys the page's `viewport`, as phones do: without
    /// one it shows the page 980 pixels wide.
    pub fn view(&self, view: View) -> Result<()> {
        self.set(|settings| settings.view = view)
    }

    /// Sets these wishes and no others, on this page and all later ones.
    pub fn prefer(&self, preferences: &[Preference]) -> Result<()> {
        self.set(|settings| settings.preferences = preferences.into())
    }

    /// Lets pages run scripts or not, from the next page on.
    pub fn scripts(&self, scripts: Scripts) -> Result<()> {
        self.set(|settings| settings.scripts = scripts)
    }

    /// Tells the tab what is set.
    pub(super) fn apply_settings(&self) -> Result<()> {
        self.set(|_| {})
    }

    /// Does something with timers running, even where they are switched off.
    pub(super) fn with_scripts<T>(&self, work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        self.allow_scripts(Scripts::On)?;
        let done = work(self);
        self.apply_settings()?;
        done
    }

    fn set(&self, change: impl FnOnce(&mut Settings)) -> Result<()> {
        let settings = {
            let mut settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut settings);
            settings.clone()
        };
        self.set_size(settings.view)?;
        self.set_preferences(&settings.preferences)?;
        self.allow_scripts(settings.scripts)
    }

    fn set_size(&self, view: View) -> Result<()> {
        let (width, height) = view.size();
        let phone = view == View::Phone;
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", &size)?;
        let touch = json!({ "enabled": phone });
        self.devtools("Emulation.setTouchEmulationEnabled", &touch)
            .map(drop)
    }

    fn set_preferences(&self, preferences: &[Preference]) -> Result<()> {
        let feature = |name: &str, wish: Preference, with: &str, without: &str| {
            let value = if preferences.contains(&wish) {
                with
            } else {
                without
            };
            json!({ "name": name, "value": value })
        };
        let none = "no-preference";
        let features = [
            feature("prefers-color-scheme", Preference::Dark, "dark", "light"),
            feature(
                "prefers-reduced-motion",
                Preference::LessMotion,
                "reduce",
                none,
            ),
            feature("prefers-contrast", Preference::MoreContrast, "more", none),
            feature("forced-colors", Preference::ForcedColors, "active", "none"),
        ];
        let media = json!({ "media": "", "features": features });
        self.devtools("Emulation.setEmulatedMedia", &media)
            .map(drop)
    }

    fn allow_scripts(&self, scripts: Scripts) -> Result<()> {
        let value = json!({ "value": scripts == Scripts::Off });
        self.devtools("Emulation.setScriptExecutionDisabled", &value)
            .map(drop)
    }
}
