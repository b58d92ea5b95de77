//! What is wrong with a form, at the field it is about.

use inhaul_manage::Refused;

use crate::response::Problem;

/// What is wrong with a form.
#[derive(Clone, Debug)]
pub(crate) struct Wrong {
    /// The field's name.
    pub(crate) field: &'static str,
    /// What, in words for a person.
    pub(crate) what: String,
}

impl Wrong {
    pub(crate) fn new(field: &'static str, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { field, what }
    }

    /// What was refused of a field; anything else is no matter of the form.
    pub(crate) fn of(refused: Refused) -> Result<Self, Problem> {
        match refused.field() {
            Some(field) => Ok(Self::new(field, refused.to_string())),
            None => Err(refused.into()),
        }
    }
}
