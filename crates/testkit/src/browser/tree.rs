//! The page as a screen reader has it: Chromium's tree of names and roles.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Browser;

/// A part of the page for a screen reader.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Heard {
    /// What it is: `button`, `link`, `heading`, `status`.
    pub role: String,
    /// What it is called.
    pub name: String,
    /// Whether the focus can come to it.
    pub focusable: bool,
    /// How what changes in it is announced: `polite`, `assertive`; empty where it is not.
    pub live: String,
}

impl Browser {
    /// All parts that a screen reader is told of, in the order of the page.
    pub fn heard(&self) -> Result<Vec<Heard>> {
        let tree = self.devtools("Accessibility.getFullAXTree", &json!({}))?;
        let nodes = tree["nodes"].as_array().context("no tree")?;
        let told = nodes.iter().filter(|node| node["ignored"] != true);
        Ok(told.map(heard).collect())
    }
}

fn heard(node: &Value) -> Heard {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let properties = node["properties"].as_array();
    let property = |name: &str| {
        let mut all = properties.into_iter().flatten();
        all.find(|property| property["name"] == name)
            .map(|property| property["value"]["value"].clone())
            .unwrap_or_default()
    };
    Heard {
        role: word(&node["role"]["value"]),
        name: word(&node["name"]["value"]),
        focusable: property("focusable") == true,
        live: word(&property("live")),
    }
}
