//! Somebody who has a keyboard and nothing else.

use inhaul_testkit::{Browser, Focused};

/// Stops that somebody would look at before giving up.
const PATIENCE: usize = 120;

/// Somebody at the keyboard. Wherever the focus comes, they must see it and be told its name.
pub(crate) struct Hands<'a>(pub(crate) &'a Browser);

impl Hands<'_> {
    /// Presses Tab until they come to this.
    #[track_caller]
    pub(crate) fn go_to(&self, role: &str, name: &str) {
        self.go("Tab", role, name);
    }

    /// The same backwards.
    #[track_caller]
    pub(crate) fn go_back_to(&self, role: &str, name: &str) {
        self.go("Shift+Tab", role, name);
    }

    #[track_caller]
    fn go(&self, key: &str, role: &str, name: &str) {
        let mut passed = Vec::new();
        for _ in 0..PATIENCE {
            self.0.press(key).unwrap();
            let Some(stop) = self.0.focused().unwrap() else {
                passed.push("the browser itself".to_owned());
                continue;
            };
            assert_is_clear(&stop, &self.0.url().unwrap());
            if (stop.role.as_str(), stop.name.as_str()) == (role, name) {
                return;
            }
            passed.push(format!("{} {:?}", stop.role, stop.name));
        }
        let url = self.0.url().unwrap();
        panic!(
            "{key} never comes to {role} {name:?} on {url}, but to {}",
            passed.join(", ")
        );
    }

    /// Presses this where they are.
    #[track_caller]
    pub(crate) fn press(&self, strokes: &str) {
        self.0.press(strokes).unwrap();
    }

    /// Goes to a field and types something instead of what is in it.
    #[track_caller]
    pub(crate) fn fill(&self, name: &str, text: &str) {
        self.go_to("textbox", name);
        self.press("Control+a");
        self.0.type_text(text).unwrap();
    }

    /// Goes to a link or button and presses Enter.
    #[track_caller]
    pub(crate) fn enter(&self, role: &str, name: &str) {
        self.go_to(role, name);
        self.press("Enter");
    }

    /// Presses this until a check has begun: a mailbox is not asked twice within a second.
    #[track_caller]
    pub(crate) fn check(&self, stroke: &str) {
        let began = self.0.wait_until("a check to begin", |browser| {
            browser.press(stroke)?;
            browser.wait_until("an answer", |browser| {
                let told = "return document.querySelector('.dock')?.innerText ?? ''";
                let told = browser.script(told, &[])?;
                let told = told.as_str().unwrap_or_default();
                let is_late = told.contains("You can check again");
                Ok((!told.is_empty()).then_some((!is_late).then_some(())))
            })
        });
        began.unwrap();
    }

    /// Where they are: role and name.
    #[track_caller]
    pub(crate) fn at(&self) -> (String, String) {
        let focused = self.0.focused().unwrap();
        focused.map_or_else(Default::default, |stop| (stop.role, stop.name))
    }

    /// They are at this.
    #[track_caller]
    pub(crate) fn assert_at(&self, role: &str, name: &str) {
        let at = self.at();
        assert_eq!((at.0.as_str(), at.1.as_str()), (role, name));
    }
}

/// A person sees where the focus is, and a screen reader says it.
#[track_caller]
pub(crate) fn assert_is_clear(stop: &Focused, page: &str) {
    assert!(stop.ring >= 2.0, "{page}: no ring around {stop:?}");
    assert!(stop.seen, "{page}: something covers {stop:?}");
    assert!(!stop.name.is_empty(), "{page}: {stop:?} has no name");
}
