//! How to sign in to a remote server and which key to trust there, as typed.

use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use inhaul_manage::words::sign_in_word;
use inhaul_types::{BadPin, KeyPin, Mechanism};

/// A way to sign in; `None` is `auto`, the best that the server offers.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct SignIn(pub(crate) Option<Mechanism>);

impl SignIn {
    /// Reads one of the words on a command line.
    pub(crate) fn parser() -> impl TypedValueParser<Value = Self> {
        let ways = [None].into_iter().chain(Mechanism::ALL.map(Some));
        let words = ways.map(sign_in_word);
        PossibleValuesParser::new(words).map(|word| Self(word.parse().ok()))
    }
}

/// A key to trust.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Pin {
    /// This one.
    Key(KeyPin),
    /// The one that the server shows now.
    First,
    /// None: authorities are asked again.
    None,
}

impl FromStr for Pin {
    type Err = BadPin;

    fn from_str(text: &str) -> Result<Self, BadPin> {
        match text {
            "first" => Ok(Self::First),
            "none" => Ok(Self::None),
            key => key.parse().map(Self::Key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_a_key_or_a_word() {
        let key = KeyPin::new([1; KeyPin::LEN]);
        for (text, pin) in [
            (key.to_string().as_str(), Ok(Pin::Key(key))),
            ("first", Ok(Pin::First)),
            ("none", Ok(Pin::None)),
            ("ask", Err(BadPin)),
            ("", Err(BadPin)),
        ] {
            assert_eq!(text.parse(), pin, "{text:?}");
        }
    }
}
