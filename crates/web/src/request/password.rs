//! A password in a form.

use std::fmt;

use inhaul_types::Secret;
use serde::{Deserialize, Deserializer};

/// A password that somebody typed. It is wiped from memory when it is dropped, and nothing prints it.
#[derive(Clone)]
pub(crate) struct Password(pub(crate) Secret);

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}
