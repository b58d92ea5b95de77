//! What a person does to a page: presses, fills in, chooses.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::find::By;
use super::webdriver::{Element, Refused};
use super::{Browser, text};

impl Browser {
    /// Presses it with the mouse, and waits for the page it leads to. What lies under something
    /// else, or is switched off, cannot be pressed.
    pub fn click(&self, by: &By) -> Result<()> {
        self.with(by, |browser, element| {
            browser.session.post_to(element, "click", &json!({}))?;
            Ok(())
        })?;
        self.settle()
    }

    /// Replaces what is in a field by typing.
    pub fn fill(&self, by: &By, value: &str) -> Result<()> {
        self.with(by, |browser, element| {
            let is_file = browser.get_attribute(element, "type")?.as_deref() == Some("file");
            if !is_file {
                browser.session.post_to(element, "clear", &json!({}))?;
            }
            if !value.is_empty() {
                let body = json!({ "text": value });
                browser.session.post_to(element, "value", &body)?;
            }
            Ok(())
        })
    }

    /// Chooses the option that reads so from a list.
    pub fn choose(&self, by: &By, option: &str) -> Result<()> {
        self.with(by, |browser, element| {
            let chosen = browser.script(CHOOSE, &[element.to_value(), json!(option)])?;
            ensure!(chosen == json!(true), "{by} has no option {option:?}");
            Ok(())
        })
    }

    /// Presses keys where the focus is: `"Tab"`, `"Shift+Tab"`, `"Escape"`, `"Control+Enter"`,
    /// `"?"`. Several strokes are several words: `"g i"`.
    pub fn press(&self, strokes: &str) -> Result<()> {
        for stroke in strokes.split(' ') {
            let keys = keys(stroke)?;
            let down = keys.iter().map(|key| action("keyDown", *key));
            let up = keys.iter().rev().map(|key| action("keyUp", *key));
            let actions: Vec<_> = down.chain(up).collect();
            let body = json!({ "actions": [{ "type": "key", "id": "keys", "actions": actions }] });
            self.session.post("actions", &body)?;
        }
        self.settle()
    }

    /// Types a text where the focus is, key by key.
    pub fn type_text(&self, text: &str) -> Result<()> {
        let strokes = text
            .chars()
            .flat_map(|key| [action("keyDown", key), action("keyUp", key)]);
        let actions: Vec<_> = strokes.collect();
        let body = json!({ "actions": [{ "type": "key", "id": "keys", "actions": actions }] });
        self.session.post("actions", &body)?;
        self.settle()
    }

    /// What a field holds now.
    pub fn value(&self, by: &By) -> Result<String> {
        text(&self.of(by, "property/value")?)
    }

    /// Whether a box is ticked or an option chosen.
    pub fn is_ticked(&self, by: &By) -> Result<bool> {
        let ticked = self.of(by, "selected")?;
        ticked.as_bool().context("neither ticked nor not")
    }

    /// Whether a field or button can be used.
    pub fn is_enabled(&self, by: &By) -> Result<bool> {
        let enabled = self.of(by, "enabled")?;
        enabled.as_bool().context("neither enabled nor not")
    }

    /// An attribute as the page wrote it; `None` where it did not.
    pub fn attribute(&self, by: &By, name: &str) -> Result<Option<String>> {
        self.with(by, |browser, element| browser.get_attribute(element, name))
    }

    /// Finds it and does something with it, again where the page changed in between.
    pub(super) fn with<T>(
        &self,
        by: &By,
        with: impl Fn(&Self, &Element) -> Result<T>,
    ) -> Result<T> {
        self.wait_until(&format!("{by}, to use it"), |browser| {
            let element = browser.find(by)?;
            with(browser, &element).map(Some)
        })
    }

    /// Lets the page do what an action has begun: a form is sent a moment after its button was
    /// pressed, and only then chromedriver knows that it has to wait for a page.
    fn settle(&self) -> Result<()> {
        // Not a timer of the page's: with scripts switched off none would ring. Nor a picture: of a
        // page that is about to go it may never come.
        for _ in 0..TURNS {
            let turned = self.devtools("Runtime.evaluate", &json!({ "expression": "0" }));
            match turned {
                Err(error) if !error.is::<Refused>() => return Err(error),
                // The page has gone meanwhile: that is what we wait for.
                Err(_) => break,
                Ok(_) => {}
            }
        }
        Ok(())
    }

    fn of(&self, by: &By, what: &str) -> Result<Value> {
        self.with(by, |browser, element| browser.session.get_of(element, what))
    }

    fn get_attribute(&self, element: &Element, name: &str) -> Result<Option<String>> {
        let body = "return arguments[0].getAttribute(arguments[1])";
        let value = self.script(body, &[element.to_value(), json!(name)])?;
        Ok(value.as_str().map(String::from))
    }
}

/// Turns of the page's own loop that are waited for: more than a form needs to be sent.
const TURNS: u32 = 8;

fn action(kind: &str, key: char) -> Value {
    json!({ "type": kind, "value": key.to_string() })
}

/// The keys of one stroke, those to hold first.
fn keys(stroke: &str) -> Result<Vec<char>> {
    let key = |name: &str| {
        let mut characters = name.chars();
        if let (Some(character), None) = (characters.next(), characters.next()) {
            return Ok(character);
        }
        let known = KEYS.iter().find(|(known, _)| *known == name);
        match known {
            Some((_, code)) => Ok(*code),
            None => bail!("no key is called {name:?}"),
        }
    };
    if stroke == "+" {
        return Ok(vec!['+']);
    }
    stroke.split('+').map(key).collect()
}

/// The W3C's code points of keys without a character (WebDriver 2, section 17.4.2).
const KEYS: [(&str, char); 19] = [
    ("Backspace", '\u{e003}'),
    ("Tab", '\u{e004}'),
    ("Enter", '\u{e007}'),
    ("Shift", '\u{e008}'),
    ("Control", '\u{e009}'),
    ("Alt", '\u{e00a}'),
    ("Escape", '\u{e00c}'),
    ("Space", ' '),
    ("PageUp", '\u{e00e}'),
    ("PageDown", '\u{e00f}'),
    ("End", '\u{e010}'),
    ("Home", '\u{e011}'),
    ("Left", '\u{e012}'),
    ("Up", '\u{e013}'),
    ("Right", '\u{e014}'),
    ("Down", '\u{e015}'),
    ("Insert", '\u{e016}'),
    ("Delete", '\u{e017}'),
    ("Meta", '\u{e03d}'),
];

/// Chooses as a person does: the page hears of it.
const CHOOSE: &str = r"
const [list, wanted] = arguments;
const option = [...list.options].find(o => o.label.replace(/\s+/g, ' ').trim() === wanted);
if (!option || option.disabled) return false;
list.focus();
option.selected = true;
list.dispatchEvent(new Event('input', { bubbles: true }));
list.dispatchEvent(new Event('change', { bubbles: true }));
return true;
";

#[cfg(test)]
mod key_names {
    use super::keys;

    #[test]
    fn a_stroke_is_a_key_and_those_held_with_it() {
        assert_eq!(keys("Shift+Tab").unwrap(), ['\u{e008}', '\u{e004}']);
        assert_eq!(keys("?").unwrap(), ['?']);
        assert_eq!(keys("+").unwrap(), ['+']);
        assert!(keys("Tba").is_err());
    }
}
