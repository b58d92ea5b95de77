//! What a person has set in the system or the browser: colours, motion, scripts.

use std::sync::atomic::Ordering;

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
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Scripts {
    /// They may.
    On,
    /// They may not, as with a person who has switched them off. [`Browser::script`] still works,
    /// but none of its timers rings.
    Off,
}

impl Browser {
    /// Sets these wishes and no others, on this page and all later ones.
    pub fn prefer(&self, preferences: &[Preference]) -> Result<()> {
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

    /// Lets pages run scripts or not, from the next page on.
    pub fn scripts(&self, scripts: Scripts) -> Result<()> {
        self.allow_scripts(scripts)?;
        self.scripts_off
            .store(scripts == Scripts::Off, Ordering::Relaxed);
        Ok(())
    }

    /// Does something with timers running, even where they are switched off.
    pub(super) fn with_scripts<T>(&self, work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        if !self.scripts_off.load(Ordering::Relaxed) {
            return work(self);
        }
        self.allow_scripts(Scripts::On)?;
        let done = work(self);
        self.allow_scripts(Scripts::Off)?;
        done
    }

    fn allow_scripts(&self, scripts: Scripts) -> Result<()> {
        let value = json!({ "value": scripts == Scripts::Off });
        self.devtools("Emulation.setScriptExecutionDisabled", &value)
            .map(drop)
    }
}
