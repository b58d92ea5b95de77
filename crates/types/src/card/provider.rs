//! What a card says of a provider: its name, and where things are on its website.
//!
//! Which provider a server belongs to is not known here; the room that saw the failure looks it up.

/// A provider that people know by a name. One that is not known is called by its server's name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Provider {
    /// What people call it.
    pub name: &'static str,
    /// Where an app password is made: completes "Create an app password".
    pub app_password_at: Option<&'static str>,
    /// Where POP is switched on: completes "On Gmail's website:".
    pub pop_switch: Option<&'static str>,
}

impl Provider {
    /// One of which no more than the name is known.
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            app_password_at: None,
            pop_switch: None,
        }
    }
}
