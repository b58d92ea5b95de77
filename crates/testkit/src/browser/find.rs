//! How a test names a part of the page: as a person does, or by a CSS selector.

use std::fmt;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::webdriver::Element;
use super::{Browser, text};

/// One part of the page.
///
/// Buttons, links and fields are named by what a screen reader calls them, so that a test that
/// finds them has proven their names. A name is compared whole; spaces and line ends count as one
/// space.
#[derive(Clone, Debug)]
pub struct By {
    kind: Kind,
    words: String,
    within: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Css,
    Button,
    Link,
    Field,
    Heading,
    Text,
}

impl By {
    /// What a CSS selector selects; the first one, where it selects several.
    pub fn css(selector: impl Into<String>) -> Self {
        Self::new(Kind::Css, selector)
    }

    /// The button of this name.
    pub fn button(name: impl Into<String>) -> Self {
        Self::new(Kind::Button, name)
    }

    /// The link of this name.
    pub fn link(name: impl Into<String>) -> Self {
        Self::new(Kind::Link, name)
    }

    /// The field to fill in, box to tick or list to choose from of this name.
    pub fn field(label: impl Into<String>) -> Self {
        Self::new(Kind::Field, label)
    }

    /// The heading of this name.
    pub fn heading(name: impl Into<String>) -> Self {
        Self::new(Kind::Heading, name)
    }

    /// The smallest part that says this, among other words perhaps; the first one of several.
    pub fn text(words: impl Into<String>) -> Self {
        Self::new(Kind::Text, words)
    }

    /// The same, looked for only within what this CSS selector selects: a row's own "Remove".
    #[must_use]
    pub fn within(mut self, selector: impl Into<String>) -> Self {
        self.within = Some(selector.into());
        self
    }

    fn new(kind: Kind, words: impl Into<String>) -> Self {
        Self {
            kind,
            words: words.into(),
            within: None,
        }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Css => "selector",
            Kind::Button => "button",
            Kind::Link => "link",
            Kind::Field => "field",
            Kind::Heading => "heading",
            Kind::Text => "text",
        };
        write!(f, "{kind} {:?}", self.words)?;
        if let Some(within) = &self.within {
            write!(f, " within {within:?}")?;
        }
        Ok(())
    }
}

impl Kind {
    /// What may be one of these, as a CSS selector; the name decides.
    fn candidates(self) -> &'static str {
        match self {
            Self::Css | Self::Text => "*",
            Self::Button => {
                "button:not([role]), input:is([type=submit], [type=button], [type=reset], \
                 [type=image]), summary, [role=button], [role=menuitem], [role=tab]"
            }
            Self::Link => "a[href]:not([role]), area[href], [role=link]",
            Self::Field => {
                "input:not([type=hidden], [type=submit], [type=button], [type=reset], \
                 [type=image]), select, textarea, [contenteditable=true], [role=textbox], \
                 [role=checkbox], [role=switch], [role=combobox]"
            }
            Self::Heading => "h1, h2, h3, h4, h5, h6, [role=heading]",
        }
    }
}

impl Browser {
    /// Waits until it is there to see.
    pub fn wait_for(&self, by: &By) -> Result<()> {
        self.find(by).map(drop)
    }

    /// Waits until the page says this, among other words.
    pub fn wait_for_text(&self, words: &str) -> Result<()> {
        self.wait_for(&By::text(words))
    }

    /// Waits until it is not to be seen any more.
    pub fn wait_until_gone(&self, by: &By) -> Result<()> {
        self.wait_until(&format!("the end of {by}"), |browser| {
            Ok(browser.look_for(by)?.is_empty().then_some(()))
        })
    }

    /// Whether it is there to see now; does not wait.
    pub fn shows(&self, by: &By) -> Result<bool> {
        Ok(!self.look_for(by)?.is_empty())
    }

    /// How many there are to see now; does not wait.
    pub fn count(&self, by: &By) -> Result<usize> {
        Ok(self.look_for(by)?.len())
    }

    /// The element, waited for. Several of one name are an error: a person could not tell which.
    pub(super) fn find(&self, by: &By) -> Result<Element> {
        let mut found = self.wait_until(&by.to_string(), |browser| {
            let found = browser.look_for(by)?;
            Ok((!found.is_empty()).then_some(found))
        })?;
        let named = !matches!(by.kind, Kind::Css | Kind::Text);
        ensure!(
            found.len() == 1 || !named,
            "{} of {by} are on {}",
            found.len(),
            self.url()?
        );
        Ok(found.swap_remove(0))
    }

    /// The elements that are there to see, in the order of the page.
    fn look_for(&self, by: &By) -> Result<Vec<Element>> {
        let selector = match by.kind {
            Kind::Css => &by.words,
            kind => kind.candidates(),
        };
        let script = match by.kind {
            Kind::Css => ALL,
            Kind::Text => SAYING,
            _ => LIKELY,
        };
        let arguments = [json!(selector), json!(by.within), json!(by.words)];
        let found = self.script(&format!("{VISIBLE}{script}"), &arguments)?;
        let elements = |list: &Value| -> Vec<Element> {
            let list = list.as_array().into_iter().flatten();
            list.filter_map(Element::from_value).collect()
        };
        if matches!(by.kind, Kind::Css | Kind::Text) {
            return Ok(elements(&found));
        }
        // Each name is a question of its own, so those that will hardly have it come only if the
        // others do not.
        let likely = self.named(elements(&found["likely"]), &by.words)?;
        if likely.is_empty() {
            return self.named(elements(&found["others"]), &by.words);
        }
        Ok(likely)
    }

    /// Those that a screen reader calls so.
    fn named(&self, elements: Vec<Element>, name: &str) -> Result<Vec<Element>> {
        let mut named = Vec::new();
        for element in elements {
            let computed = text(&self.session.get_of(&element, "computedlabel")?)?;
            if one_spaced(&computed) == one_spaced(name) {
                named.push(element);
            }
        }
        Ok(named)
    }
}

/// With one space wherever there are some.
fn one_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The visible elements of a selector within another one.
const VISIBLE: &str = r"
const [selector, within, words] = arguments;
const scopes = within === null ? [document] : [...document.querySelectorAll(within)];
const seen = e => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
const all = [...new Set(scopes.flatMap(scope => [...scope.querySelectorAll(selector)]))].filter(seen);
";

const ALL: &str = "return all;";

/// The innermost that say the words.
const SAYING: &str = r"
const spaced = text => (text || '').replace(/\s+/g, ' ').trim();
const says = e => spaced(e.innerText).includes(spaced(words));
return all.filter(e => says(e) && ![...e.children].some(c => seen(c) && says(c)));
";

/// Those that have the words where names mostly come from, and the others.
const LIKELY: &str = r"
const bare = text => text.replace(/\s+/g, '').toLowerCase();
const sources = e => [
  e.getAttribute('aria-label'), e.innerText, e.value, e.placeholder, e.alt, e.title,
  ...(e.getAttribute('aria-labelledby') || '').split(/\s+/).map(id => document.getElementById(id)?.innerText),
  ...[...(e.labels || [])].map(label => label.innerText),
  ...[...e.querySelectorAll('[alt], [aria-label], title')].map(c => c.getAttribute('aria-label') || c.alt || c.textContent),
];
const hint = e => bare(sources(e).filter(s => typeof s === 'string').join(''));
const likely = all.filter(e => hint(e).includes(bare(words)));
return { likely, others: all.filter(e => !likely.includes(e)) };
";
