//! The keyboard's way through a page: where the focus is, and whether a person can see it.

use anyhow::{Context as _, Result};
use serde_json::json;

use super::webdriver::Element;
use super::{Browser, text};

/// What has the focus.
#[derive(Clone, Debug, PartialEq)]
pub struct Focused {
    /// What a screen reader calls it.
    pub name: String,
    /// What a screen reader says it is: `button`, `link`, `textbox`.
    pub role: String,
    /// `tag#id.class`.
    pub element: String,
    /// How wide the ring around it is that CSS calls outline, in pixels; 0 where there is none.
    pub ring: f64,
    /// Whether it is in the window and nothing covers it wholly (WCAG 2.2, 2.4.11).
    pub seen: bool,
}

impl Browser {
    /// What has the focus now; `None` where only the page has it.
    pub fn focused(&self) -> Result<Option<Focused>> {
        Ok(self.active()?.map(|(_, focused)| focused))
    }

    /// Presses the Tab key until the focus leaves the page, or comes where it was before, or
    /// `most` times, and tells each stop. A page just opened begins at its top.
    pub fn tab_order(&self, most: usize) -> Result<Vec<Focused>> {
        let mut elements: Vec<Element> = Vec::new();
        let mut stops = Vec::new();
        for _ in 0..most {
            self.press("Tab")?;
            match self.active()? {
                Some((element, stop)) if !elements.contains(&element) => {
                    elements.push(element);
                    stops.push(stop);
                }
                _ => break,
            }
        }
        Ok(stops)
    }

    fn active(&self) -> Result<Option<(Element, Focused)>> {
        self.wait_until("the focus", |browser| {
            let active = browser.session.get("element/active")?;
            let element = Element::from_value(&active).context("no active element")?;
            let look = browser.script(LOOK, &[element.to_value()])?;
            let Some(name) = look["element"].as_str() else {
                return Ok(Some(None));
            };
            let focused = Focused {
                name: text(&browser.session.get_of(&element, "computedlabel")?)?,
                role: text(&browser.session.get_of(&element, "computedrole")?)?,
                element: name.into(),
                ring: look["ring"].as_f64().unwrap_or_default(),
                seen: look["seen"] == json!(true),
            };
            Ok(Some(Some((element, focused))))
        })
    }
}

/// How an element looks; nothing where it is the page itself.
const LOOK: &str = r"
const e = arguments[0];
if (e === document.body || e === document.documentElement) return {};
const style = getComputedStyle(e);
const drawn = style.outlineStyle !== 'none' && !/, 0\)$|\/ 0\)$/.test(style.outlineColor);
const box = e.getBoundingClientRect();
const inset = Math.min(2, box.width / 2, box.height / 2);
const [left, right, top, bottom] = [box.left + inset, box.right - inset, box.top + inset, box.bottom - inset];
const points = [[(left + right) / 2, (top + bottom) / 2], [left, top], [right, top], [left, bottom], [right, bottom]];
const hits = ([x, y]) => { const hit = document.elementFromPoint(x, y); return hit && (e.contains(hit) || hit.contains(e)
  && getComputedStyle(e).pointerEvents === 'none'); };
return {
  element: e.tagName.toLowerCase() + (e.id ? '#' + e.id : '') + [...e.classList].map(c => '.' + c).join(''),
  ring: drawn ? parseFloat(style.outlineWidth) : 0,
  seen: points.some(hits),
};
";
