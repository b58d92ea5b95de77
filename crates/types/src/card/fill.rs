//! Fills the places in the words with facts.

use super::provider::Provider;
use super::{CertificateFact, Detail, Facts, Occasion};

/// Turns words with places into sentences.
pub(super) struct Filler<'a> {
    facts: &'a Facts,
    provider: Option<Provider>,
}

/// What stands for the server where its name is not known.
const SOME_SERVER: &str = "the server";
/// POP3 with TLS from the start.
const TLS_PORT: u16 = 995;

impl<'a> Filler<'a> {
    pub(super) fn new(facts: &'a Facts) -> Self {
        Self {
            facts,
            provider: facts.provider,
        }
    }

    /// Replaces every place. What a fact says is never searched for places again.
    pub(super) fn fill(&self, words: &str) -> String {
        let mut text = String::with_capacity(words.len() * 2);
        let mut rest = words;
        while let Some((before, behind)) = rest.split_once('{') {
            text.push_str(before);
            let (place, behind) = behind.split_once('}').unwrap_or((behind, ""));
            text.push_str(&self.place(place));
            rest = behind;
        }
        text.push_str(rest);
        text
    }

    /// The command of a card, without backticks; none where it is not for typing.
    pub(super) fn command(&self, words: &str) -> Option<String> {
        let filled = self.fill(words);
        let command = filled.trim_matches('`');
        let is_whole = self.facts.occasion == Occasion::Run && !command.is_empty();
        is_whole.then(|| command.to_owned())
    }

    fn place(&self, place: &str) -> String {
        if let Some(options) = place.strip_prefix("set:") {
            return self.set(options);
        }
        match place {
            "server" => self.server(),
            "Server" => known_or(self.facts.server.as_deref(), "The server"),
            "server_name" => known_or(self.facts.server.as_deref(), "of the server"),
            "called" => match &self.facts.server {
                Some(server) => format!("called {server}"),
                None => "of that name".into(),
            },
            "address" => self.address(),
            "on_port" => self.with_port(" on port "),
            "the_port" => match self.facts.port {
                Some(port) => format!("port {port}"),
                None => "the port".into(),
            },
            "other_port" => self.other_port(),
            "usual_port" => self.usual_port(),
            "usual_command" => match self.facts.port {
                Some(TLS_PORT) => self.set("--server HOST"),
                _ => self.set("--server SERVER:995 --security tls"),
            },
            "provider" => self.provider("the provider"),
            "Provider" => self.provider("The provider"),
            "provider_site" => match self.provider {
                Some(provider) => format!("{}'s website", provider.name),
                None => "the provider's website".into(),
            },
            "app_password_at" => self
                .provider
                .and_then(|provider| provider.app_password_at)
                .unwrap_or("in the security settings on the provider's website")
                .to_owned(),
            "pop_switch" => self
                .provider
                .and_then(|provider| provider.pop_switch)
                .unwrap_or("look for POP or POP3 in the mail settings and switch it on")
                .to_owned(),
            "pop_switch_too" => self.pop_switch_too(),
            "passwords_gone" => self.passwords_gone(),
            "says" => self.says(),
            "typical_names" => self.typical_names(),
            "trust_key" => self.trust_key(),
            "pull" => self.pull(""),
            "converse" => self.pull(" -v"),
            "it_said" => self.quoted(" It said: "),
            "It_said" => match self.quoted("It said: ") {
                none if none.is_empty() => "It greets like something else.".into(),
                said => said,
            },
            other => self.detail(other),
        }
    }

    fn server(&self) -> String {
        known_or(self.facts.server.as_deref(), SOME_SERVER)
    }

    fn with_port(&self, before: &str) -> String {
        let port = self.facts.port.map(|port| format!("{before}{port}"));
        port.unwrap_or_default()
    }

    fn address(&self) -> String {
        match &self.facts.server {
            Some(server) => format!("{server}{}", self.with_port(":")),
            None => "that address".into(),
        }
    }

    /// The port that the other one is mistaken for.
    fn other_port(&self) -> String {
        match self.facts.port {
            Some(TLS_PORT) => format!(
                "port 110 with STARTTLS: {}",
                self.set("--server SERVER:110 --security starttls")
            ),
            _ => format!(
                "port {TLS_PORT} with TLS: {}",
                self.set("--server SERVER:995 --security tls")
            ),
        }
    }

    /// Where something else speaks at the port: the port is wrong, or the name.
    fn usual_port(&self) -> String {
        match self.facts.port {
            Some(TLS_PORT) => format!(
                "The port is right, so the name may be wrong. {}.",
                self.typical_names()
            ),
            _ => format!("POP3 is usually port 995. Try {}.", self.other_port()),
        }
    }

    /// The name people know, else the server's.
    fn provider(&self, nobody: &str) -> String {
        match (self.provider, &self.facts.server) {
            (Some(provider), _) => provider.name.to_owned(),
            (None, Some(server)) => server.clone(),
            (None, None) => nobody.to_owned(),
        }
    }

    fn pop_switch_too(&self) -> String {
        match self.provider.and_then(|provider| provider.pop_switch) {
            Some(switch) => {
                format!("If it is one already, see that POP is switched on there: {switch}.")
            }
            None => String::new(),
        }
    }

    fn passwords_gone(&self) -> String {
        const MICROSOFT: &str = "Since 2024 Outlook.com, Hotmail, Live and MSN mailboxes only accept sign-in through Microsoft's own page.";
        const OTHERS: &str = "It only accepts sign-in through its own web page.";
        match (self.provider, &self.facts.server) {
            (Some(provider), _) if provider.name == "Microsoft" => MICROSOFT.into(),
            (_, Some(_)) => OTHERS.into(),
            (_, None) => format!("{OTHERS} {MICROSOFT}"),
        }
    }

    fn says(&self) -> String {
        match self.facts.last_good {
            Some(time) => format!(
                "It worked until {}. Since then the server says",
                time.in_words()
            ),
            None => "The server says".into(),
        }
    }

    /// A sentence without its full stop.
    fn typical_names(&self) -> String {
        let user = self.facts.user.as_deref();
        let domain = user.and_then(|user| user.rsplit_once('@'));
        let Some((_, domain)) = domain.filter(|(_, domain)| !domain.is_empty()) else {
            return "Typical names are pop. or mail. and what stands behind the @ in the address"
                .into();
        };
        let mut names = ["pop", "mail"]
            .map(|name| format!("{name}.{domain}"))
            .to_vec();
        names.retain(|name| Some(name) != self.facts.server.as_ref());
        match names.as_slice() {
            [one] => format!("A typical name is {one}"),
            names => format!("Typical names are {}", names.join(" and ")),
        }
    }

    fn quoted(&self, before: &str) -> String {
        match &self.facts.said {
            Some(said) => format!("{before}'{said}'."),
            None => String::new(),
        }
    }

    /// A command that changes the retrieval, or the options alone where there is none yet.
    fn set(&self, options: &str) -> String {
        let server = self.facts.server.as_deref().unwrap_or("HOST");
        let options = options.replace("SERVER", &shell_word(server));
        let options = options.replace("SHOWN", self.shown_key().unwrap_or("PIN"));
        match self.facts.occasion {
            Occasion::Run => format!("`inhaul retrieval set {} {options}`", self.name()),
            Occasion::Trial if options == "--password" => "run this command once more".into(),
            Occasion::Trial => format!("`{options}`"),
        }
    }

    fn shown_key(&self) -> Option<&str> {
        match &self.facts.detail {
            Some(Detail::Certificate(fact)) => fact.shown(),
            _ => None,
        }
    }

    /// A step, or nothing where the key is not known.
    fn trust_key(&self) -> String {
        match self.shown_key() {
            Some(_) => format!(
                "If it is your own server, trust exactly its key: {}.",
                self.set("--pin SHOWN")
            ),
            None => String::new(),
        }
    }

    fn pull(&self, more: &str) -> String {
        match self.facts.occasion {
            Occasion::Run => format!("`inhaul pull {}{more}`", self.name()),
            Occasion::Trial => "run this command once more".into(),
        }
    }

    fn name(&self) -> String {
        let name = self.facts.retrieval.as_deref();
        name.map_or_else(|| "NAME".into(), shell_word)
    }

    fn detail(&self, place: &str) -> String {
        let Some(detail) = &self.facts.detail else {
            return match place {
                "path" | "Path" => "the data directory".into(),
                "key_file" => "the key file".into(),
                _ => String::new(),
            };
        };
        match (place, detail) {
            ("because", detail) => because(detail),
            (
                "path" | "Path" | "key_file",
                Detail::Path(path) | Detail::Schema { path, .. } | Detail::NoRoom { path, .. },
            ) => path.clone(),
            ("path", Detail::PasswordFile { path, .. }) => path.clone(),
            ("path", Detail::Certificate(CertificateFact::AuthorityFile { path, .. })) => {
                path.clone()
            }
            ("path" | "Path", _) => "the data directory".into(),
            ("key_file", _) => "the key file".into(),
            ("seconds", Detail::NoReply { seconds } | Detail::Silent { seconds }) => {
                seconds.to_string()
            }
            ("delay", Detail::LoginDelay { seconds }) => span(*seconds),
            ("offered", Detail::NoMechanism { offered }) if offered.is_empty() => "none".into(),
            ("offered", Detail::NoMechanism { offered }) => offered.join(", "),
            ("mechanism", Detail::Unproven { mechanism }) => mechanism.clone(),
            ("doing", Detail::Unusable { doing, .. }) => doing.clone(),
            (place, Detail::Certificate(fact)) => self.certificate(place, fact),
            (place, detail) => number(place, detail),
        }
    }

    fn certificate(&self, place: &str, fact: &CertificateFact) -> String {
        match (place, fact) {
            ("on_date", CertificateFact::Expired { on: Some(time) }) => {
                format!(" on {}", time.date_in_words())
            }
            ("on_date", CertificateFact::NotYetValid { from: Some(time) }) => {
                format!(", but from {} on", time.date_in_words())
            }
            ("names", CertificateFact::WrongName { names, .. }) => some_of(names),
            ("set_named_server", CertificateFact::WrongName { names, .. }) => {
                // A wildcard names no server.
                let name = names.iter().find(|name| !name.contains('*'));
                let name = name.map_or_else(|| "HOST".into(), |name| shell_word(name));
                self.set(&format!("--server {name}{}", self.with_port(":")))
            }
            ("pinned", CertificateFact::KeyChanged { pinned, .. }) => pinned.clone(),
            ("shown", CertificateFact::KeyChanged { shown, .. }) => shown.clone(),
            _ => String::new(),
        }
    }
}

/// `: why`, or nothing.
fn because(detail: &Detail) -> String {
    let (Detail::Unreachable { why }
    | Detail::PasswordCommand { why }
    | Detail::TokenCommand { why }
    | Detail::PasswordFile { why, .. }
    | Detail::Nonsense { why }
    | Detail::Damaged { why }
    | Detail::Unusable { why, .. }
    | Detail::Certificate(
        CertificateFact::AuthorityFile { why, .. } | CertificateFact::Other { why, .. },
    )) = detail
    else {
        return String::new();
    };
    let why = why.trim().trim_end_matches('.');
    if why.is_empty() {
        String::new()
    } else {
        format!(": {why}")
    }
}

fn number(place: &str, detail: &Detail) -> String {
    match (place, detail) {
        ("stored", Detail::Cut { stored, .. }) => grouped(*stored),
        ("wanted", Detail::Cut { wanted, .. }) => grouped(*wanted),
        ("half", Detail::Cut { half, .. }) => half.map(grouped).unwrap_or_default(),
        ("stored_so_far", Detail::Cut { stored, .. }) => match stored {
            0 => "Not one of them is stored yet.".into(),
            1 => "1 message is stored.".into(),
            stored => format!("{} messages are stored.", grouped(*stored)),
        },
        ("listed", Detail::Renumbered { listed, .. }) => grouped(*listed),
        ("known", Detail::Renumbered { known, .. }) => grouped(*known),
        ("found", Detail::Schema { found, .. }) => found.to_string(),
        ("known", Detail::Schema { known, .. }) => known.to_string(),
        ("count", Detail::TooLarge { count, .. }) => grouped(*count),
        (
            "largest",
            Detail::TooLarge {
                largest: Some((subject, from, octets)),
                ..
            },
        ) => format!("'{subject}' from {from}, {}", octets.in_words()),
        ("used", Detail::Full { used, limit }) => {
            // "5.0 of 5.0 GB": the same unit is said once.
            let (used, limit) = (used.in_words(), limit.in_words());
            match (used.split_once(' '), limit.split_once(' ')) {
                (Some((number, unit)), Some((_, same))) if unit == same => number.to_owned(),
                _ => used,
            }
        }
        ("free", Detail::NoRoom { free, .. }) => free.in_words(),
        ("least", Detail::NoRoom { least, .. }) => least.in_words(),
        ("limit", Detail::Full { limit, .. } | Detail::TooLarge { limit, .. }) => limit.in_words(),
        _ => String::new(),
    }
}

fn known_or(known: Option<&str>, unknown: &str) -> String {
    known.unwrap_or(unknown).to_owned()
}

/// The first names of a certificate; some have hundreds.
fn some_of(names: &[String]) -> String {
    const MOST: usize = 3;
    let mut text = names[..names.len().min(MOST)].join(", ");
    if names.len() > MOST {
        text.push_str(&format!(" and {} more", names.len() - MOST));
    }
    text
}

fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} seconds"),
        60 => "minute".into(),
        _ if seconds.is_multiple_of(60) => format!("{} minutes", seconds / 60),
        _ => format!("{} minutes", seconds / 60 + 1),
    }
}

/// 2310 as 2,310.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A word as a shell takes it: in quotes only where it needs them.
fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.:/@+,%".contains(c);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(is_plain) {
        return word.to_owned();
    }
    if !word.contains(['"', '$', '`', '\\', '!']) {
        return format!("\"{word}\"");
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_quoted_where_a_shell_needs_it() {
        for (word, quoted) in [
            ("Club", "Club"),
            ("alice/old-isp", "alice/old-isp"),
            ("Old ISP", "\"Old ISP\""),
            ("", "\"\""),
            ("-n", "\"-n\""),
            ("a\"b", "'a\"b'"),
            ("it's $5", r"'it'\''s $5'"),
        ] {
            assert_eq!(shell_word(word), quoted);
        }
    }

    #[test]
    fn what_a_fact_says_is_not_searched_for_places() {
        let facts = Facts {
            server: Some("{provider}".into()),
            ..Facts::default()
        };
        assert_eq!(Filler::new(&facts).fill("a {server} b"), "a {provider} b");
    }

    #[test]
    fn numbers_are_grouped_and_spans_are_whole() {
        for (number, text) in [
            (7, "7"),
            (999, "999"),
            (2310, "2,310"),
            (1234567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
        for (seconds, text) in [
            (10, "10 seconds"),
            (60, "minute"),
            (61, "2 minutes"),
            (900, "15 minutes"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }
}
