//! What an `-ERR` says to programs: the word in brackets (RFC 2449 section 8, RFC 3206, RFC 6856).

use std::fmt;

/// The response code of a refusal.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum ResponseCode {
    /// `[IN-USE]`: another session has the maildrop.
    InUse,
    /// `[LOGIN-DELAY]`: signed in again too soon.
    LoginDelay,
    /// `[SYS/TEMP]`: the server's trouble, likely to pass.
    SysTemp,
    /// `[SYS/PERM]`: the server's trouble, and it will not pass by itself.
    SysPerm,
    /// `[AUTH]`: it is the credentials.
    Auth,
    /// `[UTF8]`: the maildrop or message needs `UTF8` first.
    Utf8,
    /// A code we do not know: as sent, upper case, at most [`ResponseCode::LONGEST`] octets.
    Other(String),
}

impl ResponseCode {
    /// No registered code comes near it; what is longer is text that happens to have brackets.
    pub const LONGEST: usize = 64;

    /// Reads the code at the start of a refusal's text, and says where the text behind it starts.
    pub(crate) fn parse_prefix(text: &[u8]) -> Option<(Self, usize)> {
        let inside = text.strip_prefix(b"[")?;
        let len = inside
            .iter()
            .take(Self::LONGEST + 1)
            .position(|octet| *octet == b']')?;
        let code = &inside[..len];
        // RFC 2449: any visible octets but brackets.
        if code.is_empty()
            || !code
                .iter()
                .all(|octet| octet.is_ascii_graphic() && *octet != b'[')
        {
            return None;
        }
        Some((Self::from_word(&String::from_utf8_lossy(code)), len + 2))
    }

    fn from_word(word: &str) -> Self {
        match word.to_ascii_uppercase().as_str() {
            "IN-USE" => Self::InUse,
            "LOGIN-DELAY" => Self::LoginDelay,
            "SYS/TEMP" => Self::SysTemp,
            "SYS/PERM" => Self::SysPerm,
            "AUTH" => Self::Auth,
            "UTF8" => Self::Utf8,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The word between the brackets.
    pub fn word(&self) -> &str {
        match self {
            Self::InUse => "IN-USE",
            Self::LoginDelay => "LOGIN-DELAY",
            Self::SysTemp => "SYS/TEMP",
            Self::SysPerm => "SYS/PERM",
            Self::Auth => "AUTH",
            Self::Utf8 => "UTF8",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_word_in_brackets_at_the_start() {
        let other = |word: &str| Some(ResponseCode::Other(word.to_owned()));
        for (text, code, rest) in [
            ("[IN-USE] locked", Some(ResponseCode::InUse), " locked"),
            ("[login-delay]", Some(ResponseCode::LoginDelay), ""),
            ("[SYS/TEMP]later", Some(ResponseCode::SysTemp), "later"),
            ("[SYS/PERM] never", Some(ResponseCode::SysPerm), " never"),
            ("[Auth] who", Some(ResponseCode::Auth), " who"),
            ("[UTF8] send it", Some(ResponseCode::Utf8), " send it"),
            ("[x-mine/sub] text", other("X-MINE/SUB"), " text"),
            ("[SYS/OTHER] text", other("SYS/OTHER"), " text"),
            ("no code [AUTH]", None, ""),
            ("[] empty", None, ""),
            ("[two words]", None, ""),
            ("[[AUTH]]", None, ""),
            ("[AUTH", None, ""),
            ("", None, ""),
        ] {
            let parsed = ResponseCode::parse_prefix(text.as_bytes());
            assert_eq!(
                parsed.as_ref().map(|(code, _)| code),
                code.as_ref(),
                "{text:?}"
            );
            if let Some((_, end)) = parsed {
                assert_eq!(&text[end..], rest, "{text:?}");
            }
        }
    }

    #[test]
    fn a_code_of_any_length_is_not_kept() {
        let longest = format!("[{}]", "X".repeat(ResponseCode::LONGEST));
        assert!(ResponseCode::parse_prefix(longest.as_bytes()).is_some());
        let longer = format!("[{}]", "X".repeat(ResponseCode::LONGEST + 1));
        assert_eq!(ResponseCode::parse_prefix(longer.as_bytes()), None);
    }
}
