//! What an `-ERR` means.
//!
//! By its response code (RFC 2449, RFC 3206, RFC 6856) where it has one, else by its words, as far
//! as servers and providers are known to use them. Words come first where a provider's code says
//! less than its words. Without either, a refused sign-in is a wrong password: the code with the
//! slowest tries, so a wrong guess locks nobody out.

use inhaul_domain::providers::{self, Passwords, Provider};
use inhaul_pop3_proto::ResponseCode;
use inhaul_types::ErrorCode;

use crate::failure::Doing;

/// The code for what `host` said when it refused.
pub(crate) fn refusal_code(
    doing: Doing,
    code: Option<&ResponseCode>,
    text: &str,
    host: &str,
) -> ErrorCode {
    let text = Words(text.to_lowercase());
    if let Some(code) = text.in_plain_words() {
        return code;
    }
    match code {
        Some(ResponseCode::InUse) => return ErrorCode::MailboxInUse,
        Some(ResponseCode::LoginDelay) => return ErrorCode::TooOften,
        Some(ResponseCode::SysTemp) => return ErrorCode::ServerBusy,
        Some(ResponseCode::SysPerm) => return ErrorCode::ServerRefuses,
        Some(ResponseCode::Auth) => return secret_refused(doing, host),
        _ => {}
    }
    if let Some(code) = text.in_servers_words() {
        return code;
    }
    match doing {
        Doing::SignIn | Doing::TokenSignIn => secret_refused(doing, host),
        Doing::Greeting => ErrorCode::ServerBusy,
        Doing::Stls => ErrorCode::StlsRefused,
        Doing::Listing => ErrorCode::ServerRefuses,
    }
}

/// A password or token was refused and nothing else was said: some providers never take the
/// password that people have.
fn secret_refused(doing: Doing, host: &str) -> ErrorCode {
    if doing == Doing::TokenSignIn {
        return ErrorCode::AuthRefused;
    }
    match providers::of_host(host).map(Provider::passwords) {
        Some(Passwords::Never) => ErrorCode::AuthNotPossible,
        Some(Passwords::AppOnly) => ErrorCode::AuthAppPassword,
        Some(Passwords::Work) | None => ErrorCode::AuthRefused,
    }
}

/// How long a server says one has to wait, in seconds: a number with a unit behind it.
pub(crate) fn delay_in(text: &str) -> Option<u64> {
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    words.windows(2).find_map(|pair| {
        let number: u64 = pair[0].parse().ok()?;
        let unit = pair[1].to_ascii_lowercase();
        let factor = match unit.as_str() {
            "s" | "sec" | "secs" | "second" | "seconds" => 1,
            "m" | "min" | "mins" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3600,
            _ => return None,
        };
        number.checked_mul(factor)
    })
}

/// A refusal's text in lower case.
struct Words(String);

impl Words {
    fn say(&self, any: &[&str]) -> bool {
        any.iter().any(|words| self.0.contains(words))
    }

    /// Words that mean one thing whatever the response code: Gmail says `[SYS/PERM]` where POP is
    /// switched off, and `[AUTH]` where one came too often.
    fn in_plain_words(&self) -> Option<ErrorCode> {
        if self.say(APP_PASSWORD) {
            return Some(ErrorCode::AuthAppPassword);
        }
        if self.say(NO_PASSWORDS) {
            return Some(ErrorCode::AuthNotPossible);
        }
        // "login failure or POP3 disabled" (Yandex) says that it does not say.
        let is_sure = !self.say(&["failure or pop", "failed or pop"]);
        if self.say(&["pop"]) && self.say(SWITCHED_OFF) && is_sure {
            return Some(ErrorCode::PopSwitchedOff);
        }
        self.say(BANDWIDTH).then_some(ErrorCode::TooOften)
    }

    /// What servers say that have no response codes.
    fn in_servers_words(&self) -> Option<ErrorCode> {
        let is_account = self.say(&["account", "user"]) && !self.say(&["maildrop", "mailbox"]);
        if self.say(IN_USE) || self.say(&["locked"]) && !is_account {
            return Some(ErrorCode::MailboxInUse);
        }
        // "Too many failed attempts" is about the password.
        if self.say(TOO_OFTEN) && !self.say(&["invalid", "fail", "wrong", "incorrect", "bad "]) {
            return Some(ErrorCode::TooOften);
        }
        if self.say(NO_MAILDROP) {
            return Some(ErrorCode::ServerRefuses);
        }
        // "Temporarily locked" or "blocked" is what too many wrong passwords bring.
        let is_lock = self.say(&["lock"]);
        (self.say(TROUBLE) && !is_lock).then_some(ErrorCode::ServerBusy)
    }
}

/// Gmail, Mail.ru, Yahoo, and in China QQ and NetEase.
const APP_PASSWORD: &[&str] = &[
    "application-specific",
    "application specific",
    "application password",
    "app password",
    "app-password",
    "app-specific",
    "web login required",
    "authorization code",
    "authorized code",
    "授权码",
];

/// Microsoft and others that went the same way.
const NO_PASSWORDS: &[&str] = &[
    "basic authentication is disabled",
    "basic authentication is not supported",
    "basicauthblocked",
    "basic auth is disabled",
    "password authentication is disabled",
    "oauth2 is required",
    "oauth is required",
    "must use oauth",
];

const SWITCHED_OFF: &[&str] = &[
    "not enabled",
    "disabled",
    "not allowed",
    "not permitted",
    "not activated",
    "deactivated",
    "switched off",
    "turned off",
    "nicht aktiviert",
    "nicht freigeschaltet",
];

/// Gmail and Hotmail.
const BANDWIDTH: &[&str] = &[
    "command or bandwidth limits",
    "exceeded the login limit",
    "reduce the frequency",
];

const IN_USE: &[&str] = &[
    "in use",
    "is busy",
    "lock busy",
    "unable to lock",
    "get lock",
    "another session",
    "already open",
    "already logged in",
];

const TOO_OFTEN: &[&str] = &[
    "too many",
    "too often",
    "too frequent",
    "too soon",
    "login rate",
    "login delay",
    "login frequency",
    "rate limit",
    "minimum time between",
    "minimum interval",
];

/// Courier's and others' words to a right password where the maildrop itself is not to be had.
const NO_MAILDROP: &[&str] = &["chdir", "maildir", "no such file"];

/// Exchange, Dovecot, Courier.
const TROUBLE: &[&str] = &[
    "authenticated but not connected",
    "temporar",
    "internal error",
    "internal server error",
    "server error",
    "unavailable",
    "not available",
];

#[cfg(test)]
mod tests {
    use ErrorCode::*;

    use super::*;

    #[test]
    fn a_refused_sign_in_is_told_by_its_code_then_by_its_words() {
        for (code, text, expected) in [
            (Some(ResponseCode::InUse), "", MailboxInUse),
            (Some(ResponseCode::LoginDelay), "", TooOften),
            (Some(ResponseCode::SysTemp), "", ServerBusy),
            (Some(ResponseCode::SysPerm), "", ServerRefuses),
            (
                Some(ResponseCode::Auth),
                "Invalid login or password",
                AuthRefused,
            ),
            (
                Some(ResponseCode::Auth),
                "Application-specific password required",
                AuthAppPassword,
            ),
            (
                None,
                "Your account is not enabled for POP access",
                PopSwitchedOff,
            ),
            (None, "Maildrop is locked by another client", MailboxInUse),
            (None, "Too many logins, wait a little", TooOften),
            (None, "chdir Maildir failed", ServerRefuses),
            (
                None,
                "Temporary problem, please try again later",
                ServerBusy,
            ),
            (None, "Authentication failed.", AuthRefused),
            (None, "", AuthRefused),
        ] {
            let told = refusal_code(Doing::SignIn, code.as_ref(), text, "pop.example.org");
            assert_eq!(told, expected, "{text:?}");
        }
    }

    /// What providers and servers are on record as saying.
    #[test]
    fn known_providers_are_understood() {
        let (auth, perm) = (Some(ResponseCode::Auth), Some(ResponseCode::SysPerm));
        for (host, code, text, expected) in [
            (
                "pop.gmail.com",
                &auth,
                "Username and password not accepted.",
                AuthAppPassword,
            ),
            (
                "pop.gmail.com",
                &auth,
                "Application-specific password required: https://support.google.com/accounts/answer/185833",
                AuthAppPassword,
            ),
            (
                "pop.gmail.com",
                &auth,
                "Web login required: https://support.google.com/mail/answer/78754",
                AuthAppPassword,
            ),
            (
                "pop.gmail.com",
                &perm,
                "Your account is not enabled for POP access. Please visit your Gmail settings page and enable your account for POP access.",
                PopSwitchedOff,
            ),
            (
                "pop.gmail.com",
                &auth,
                "Account exceeded pop command or bandwidth limits (Failure)",
                TooOften,
            ),
            (
                "pop.mail.yahoo.com",
                &None,
                "Your account is not enabled for POP access. Please visit options section in yahoo mail accounts for enable POP access.",
                PopSwitchedOff,
            ),
            (
                "pop.mail.yahoo.com",
                &auth,
                "(#MBR1212) Incorrect username or password",
                AuthAppPassword,
            ),
            (
                "outlook.office365.com",
                &None,
                "Logon failure: unknown user name or bad password.",
                AuthNotPossible,
            ),
            (
                "outlook.office365.com",
                &None,
                "Authentication failure: basic authentication is disabled.",
                AuthNotPossible,
            ),
            (
                "outlook.office365.com",
                &None,
                "User is authenticated but not connected.",
                ServerBusy,
            ),
            (
                "outlook.office365.com",
                &None,
                "POP3 access is disabled for this mailbox",
                PopSwitchedOff,
            ),
            (
                "pop3.live.com",
                &None,
                "Exceeded the login limit for a 15 minute period. Reduce the frequency of requests to the POP3 server.",
                TooOften,
            ),
            (
                "pop3.live.com",
                &None,
                "Login to your account via a web browser",
                AuthNotPossible,
            ),
            // Exchange in a house of its own takes passwords.
            (
                "mail.firm.example",
                &None,
                "Logon failure: unknown user name or bad password.",
                AuthRefused,
            ),
            (
                "pop.yandex.com",
                &auth,
                "login failure or POP3 disabled, try later. sc=gUbDTQ",
                AuthAppPassword,
            ),
            (
                "mail.example.org",
                &auth,
                "login failure or POP3 disabled, try later.",
                AuthRefused,
            ),
            (
                "pop.mail.ru",
                &None,
                "Application password is REQUIRED",
                AuthAppPassword,
            ),
            (
                "pop.qq.com",
                &None,
                "Login Fail. Please enter your authorization code to login.",
                AuthAppPassword,
            ),
            ("pop.163.com", &None, "Unable to log on", AuthAppPassword),
            (
                "pop.gmx.net",
                &None,
                "POP3 access is not activated",
                PopSwitchedOff,
            ),
            // hMailServer, qpopper, Dovecot, Cyrus, Courier.
            (
                "mail.firm.example",
                &auth,
                "Invalid user name or password. Too many invalid logon attempts.",
                AuthRefused,
            ),
            (
                "mail.firm.example",
                &None,
                "Too many failed attempts, account locked",
                AuthRefused,
            ),
            (
                "mail.firm.example",
                &None,
                "User account is locked",
                AuthRefused,
            ),
            (
                "mail.firm.example",
                &None,
                "maildrop lock busy!  Is another session active?",
                MailboxInUse,
            ),
            (
                "mail.firm.example",
                &None,
                "Unable to lock maildrop: mailbox is locked by another POP session",
                MailboxInUse,
            ),
            (
                "mail.firm.example",
                &None,
                "Temporary authentication failure.",
                ServerBusy,
            ),
            (
                "mail.firm.example",
                &None,
                "Minimum time between logins not met",
                TooOften,
            ),
        ] {
            let told = refusal_code(Doing::SignIn, code.as_ref(), text, host);
            assert_eq!(told, expected, "{host}: {text}");
        }
    }

    #[test]
    fn a_refused_token_is_no_password_that_a_provider_never_takes() {
        for host in ["pop.gmail.com", "outlook.office365.com", "pop.example.org"] {
            for (code, text) in [
                (
                    None,
                    "Authentication failure: unknown user name or bad password.",
                ),
                (Some(ResponseCode::Auth), "Authentication failed."),
                (None, ""),
            ] {
                let told = refusal_code(Doing::TokenSignIn, code.as_ref(), text, host);
                assert_eq!(told, AuthRefused, "{host}: {text}");
            }
        }
        let text = "Account exceeded pop command or bandwidth limits";
        let told = refusal_code(Doing::TokenSignIn, None, text, "pop.gmail.com");
        assert_eq!(told, TooOften);
    }

    #[test]
    fn where_no_password_was_looked_at_none_is_refused() {
        for (doing, text, expected) in [
            (Doing::Greeting, "go away", ServerBusy),
            (Doing::Greeting, "too many connections", TooOften),
            (Doing::Stls, "no", StlsRefused),
            (Doing::Listing, "no", ServerRefuses),
            (
                Doing::Listing,
                "Your account is not enabled for POP access.",
                PopSwitchedOff,
            ),
        ] {
            let told = refusal_code(doing, None, text, "pop.gmail.com");
            assert_eq!(told, expected, "{text}");
        }
    }

    #[test]
    fn a_delay_is_a_number_with_a_unit() {
        for (text, seconds) in [
            ("wait 300 seconds", Some(300)),
            ("login limit for a 15 minute period", Some(900)),
            ("once in 10min.", None),
            ("error 42 occurred", None),
            ("99999999999999999999 minutes", None),
            ("", None),
        ] {
            assert_eq!(delay_in(text), seconds, "{text}");
        }
    }
}
