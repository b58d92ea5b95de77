//! Error cards (UX 2.11): what a template needs beside the card itself.
//!
//! A template that has `card: &Card` in scope says `{% include "card.html" %}`; one that puts
//! buttons on it calls the macro of `card_macro.html`. Both show [`steps`]: what a card says for a
//! terminal names commands, and a page names its own buttons and links in their place.

use std::fmt;

use askama::filters::HtmlSafe;

/// Text of a card: what stands in backticks is a command and becomes `<code>`.
#[derive(Clone, Copy, Debug)]
pub struct Marked<'a>(&'a str);

/// The text with its commands marked, everything in it escaped.
pub fn marked(text: &str) -> Marked<'_> {
    Marked(text)
}

impl HtmlSafe for Marked<'_> {}

impl fmt::Display for Marked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        // A backtick without its fellow is one.
        while let Some((before, behind)) = rest.split_once('`')
            && let Some((command, after)) = behind.split_once('`')
        {
            write!(f, "{}<code>{}</code>", Escaped(before), Escaped(command))?;
            rest = after;
        }
        write!(f, "{}", Escaped(rest))
    }
}

/// Text in HTML, as content or in a quoted attribute.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            f.write_str(&rest[..at])?;
            f.write_str(match rest.as_bytes()[at] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => "&#39;",
            })?;
            rest = &rest[at + 1..];
        }
        f.write_str(rest)
    }
}

/// The steps of a card, as a page shows them.
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a>(&'a [String]);

/// The steps as items of a list, with what a page calls the things that commands do.
pub fn steps(todo: &[String]) -> Steps<'_> {
    Steps(todo)
}

impl HtmlSafe for Steps<'_> {}

impl fmt::Display for Steps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|step| write!(f, "<li>{}</li>", marked(&on_a_page(step))))
    }
}

/// Where a page does what a command does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// The button "Enter password" is on the card.
    Password,
    /// Under "Edit".
    Edit,
    /// Under "Edit", where a test shows the key.
    Trust,
    /// The button "Try again" is on the card.
    TryAgain,
    /// On the pages of runs.
    Conversation,
    /// Around the card are the settings that it is about.
    Here,
    /// Nowhere, so that the command stays.
    Terminal,
    /// Nowhere, and the retrieval is yet to be made: an option of the command that makes it.
    NewInTerminal,
}

/// A step with the places of a page.
fn on_a_page(step: &str) -> String {
    let step = step
        // What a command that failed says of itself.
        .replace(": run this command once more", "")
        .replace("run this command once more", "try again")
        .replace("Run this command once more", "Try again")
        .replace("run the command again", "try again")
        .replace("inhaul retrieval list", "the list of retrievals");
    let mut text = String::with_capacity(step.len());
    let mut rest = &*step;
    while let Some((before, command, behind)) = next_command(rest) {
        let is_condition = before.starts_with("If ") && !before.contains(',');
        text.push_str(before);
        match place(command) {
            _ if is_condition && place(command) == Place::Edit => {
                text.push_str(", correct it under Edit");
            }
            Place::Here if is_condition => text.push_str(", correct it"),
            Place::Password | Place::Here => {}
            Place::Edit => text.push_str(" under Edit"),
            Place::Trust => text.push_str(": press Save under Edit, and tick it there"),
            Place::TryAgain => match text.strip_suffix("try again") {
                Some(before) => text = format!("{before}press Try again"),
                None => text.push_str(" with Try again"),
            },
            Place::Conversation => text.push_str(": the page of each run has it"),
            Place::Terminal => text.push_str(&format!(": `{command}`")),
            Place::NewInTerminal => {
                text.push_str(&format!(
                    ", in a terminal: `inhaul retrieval add {command}`"
                ));
            }
        }
        rest = behind;
    }
    text.push_str(rest);
    text
}

/// What stands before a command and the colon that announces it, the command, and what is behind.
fn next_command(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once(": `")?;
    let (command, behind) = rest.split_once('`')?;
    Some((before, command, behind))
}

fn place(command: &str) -> Place {
    let has = |option: &str| command.starts_with(option) || command.contains(&format!(" {option}"));
    let is_trial = command.starts_with("--");
    match () {
        () if command.starts_with("inhaul pull ") && command.ends_with(" -v") => {
            Place::Conversation
        }
        () if command.starts_with("inhaul pull ") => Place::TryAgain,
        () if !is_trial && !command.starts_with("inhaul retrieval set ") => Place::Terminal,
        () if has("--ca-file ") || has("--token-command ") || has("--sign-in ") => match is_trial {
            true => Place::NewInTerminal,
            false => Place::Terminal,
        },
        () if is_trial => Place::Here,
        () if has("--pin ") => Place::Trust,
        () if has("--password") => Place::Password,
        () => Place::Edit,
    }
}

#[cfg(test)]
mod tests {
    use askama::Template;
    use inhaul_types::card::{CertificateFact, Detail, Occasion, Spoken};
    use inhaul_types::{Card, ErrorCode, Facts};

    use super::*;

    #[derive(Template)]
    #[template(source = r#"{% include "card.html" %}"#, ext = "html")]
    struct Shown<'a> {
        card: &'a Card,
    }

    #[test]
    fn backticks_make_commands_and_nothing_escapes_the_escaping() {
        for (text, html) in [
            (
                "Run `inhaul status` now",
                "Run <code>inhaul status</code> now",
            ),
            ("a ` b", "a ` b"),
            ("`<b>` & <i>", "<code>&lt;b&gt;</code> &amp; &lt;i&gt;"),
            ("``", "<code></code>"),
            ("'\"", "&#39;&quot;"),
        ] {
            assert_eq!(marked(text).to_string(), html);
        }
    }

    #[test]
    fn a_card_shows_headline_code_steps_and_the_servers_own_words_folded() {
        let facts = Facts {
            server: Some("pop.club.example".into()),
            said: Some("-ERR <script>alert(1)</script>".into()),
            ..Facts::default()
        };
        let card = Card::of(ErrorCode::AuthRefused, &facts);
        let html = Shown { card: &card }.render().unwrap();
        assert!(
            html.contains("pop.club.example refuses the password"),
            "{html}"
        );
        assert!(html.contains("auth-refused"));
        assert!(html.contains("<ol"), "{html}");
        assert!(html.contains("<details"), "{html}");
        assert!(!html.contains("<script"), "{html}");
    }

    #[test]
    fn every_code_has_a_card_that_shows() {
        for code in ErrorCode::ALL {
            let card = Card::new(*code);
            let html = Shown { card: &card }.render().unwrap();
            assert!(html.contains(code.as_str()), "{code:?}");
            assert!(!html.contains("<details"), "nothing said, nothing folded");
        }
    }
    /// Cards whose steps speak of commands, with the retrieval's name and without.
    fn cards() -> Vec<Card> {
        let shown = || Some("sha256//cd34ef+/=".to_owned());
        let names = vec!["pop.other.example".to_owned()];
        let fact = |fact| (ErrorCode::Certificate, Some(Detail::Certificate(fact)));
        let mut all: Vec<(ErrorCode, Option<Detail>)> =
            ErrorCode::ALL.iter().map(|code| (*code, None)).collect();
        all.extend([
            fact(CertificateFact::UnknownIssuer { shown: shown() }),
            fact(CertificateFact::WrongName {
                names,
                shown: shown(),
            }),
            (ErrorCode::NotPop3, Some(Detail::Speaks(Spoken::Tls))),
            (ErrorCode::NotPop3, Some(Detail::Speaks(Spoken::Smtp))),
            (ErrorCode::AuthRefused, Some(Detail::Unspeakable)),
            (ErrorCode::AuthRefused, Some(Detail::TokenRefused)),
            (ErrorCode::AuthNotPossible, Some(Detail::NoStamp)),
            (ErrorCode::CutOff, Some(Detail::Stopped)),
        ]);
        let both = [Occasion::Run, Occasion::Trial];
        let of = |(code, detail): &(ErrorCode, Option<Detail>)| {
            both.map(|occasion| {
                let facts = Facts {
                    server: Some("pop.club.example".into()),
                    retrieval: Some("Old ISP".into()),
                    port: Some(110),
                    detail: detail.clone(),
                    occasion,
                    ..Facts::default()
                };
                Card::of(*code, &facts)
            })
        };
        all.iter().flat_map(of).collect()
    }

    #[test]
    fn a_page_names_its_own_buttons_and_no_command_that_they_stand_for() {
        for card in cards() {
            for step in &card.todo {
                let told = on_a_page(step);
                assert!(told.ends_with(['.', ')']), "{told}");
                assert_eq!(told.matches('`').count() % 2, 0, "{told}");
                assert!(!told.contains("command once more"), "{told}");
                assert!(!told.contains("`inhaul pull "), "{told}");
                for option in ["--password", "--server", "--security", "--user", "--pin"] {
                    assert!(!told.contains(option), "{}: {told}", card.code);
                }
            }
        }
    }

    #[test]
    fn a_step_is_told_with_the_places_of_a_page() {
        for (step, told) in [
            (
                "Enter the password here again: `inhaul retrieval set Club --password`.",
                "Enter the password here again.",
            ),
            (
                "Correct it: `inhaul retrieval set \"Old ISP\" --server HOST`.",
                "Correct it under Edit.",
            ),
            (
                "If the name is wrong: `inhaul retrieval set Club --user NAME`.",
                "If the name is wrong, correct it under Edit.",
            ),
            (
                "If the name is wrong: `--user NAME`.",
                "If the name is wrong, correct it.",
            ),
            (
                "Try port 995 with TLS: `inhaul retrieval set Club --server a:995 --security tls`.",
                "Try port 995 with TLS under Edit.",
            ),
            (
                "Try port 995 with TLS: `--server a:995 --security tls`.",
                "Try port 995 with TLS.",
            ),
            (
                "Then try again: `inhaul pull Club`.",
                "Then press Try again.",
            ),
            (
                "Then try again: run this command once more.",
                "Then try again.",
            ),
            (
                "Show the conversation to them: `inhaul pull Club -v`.",
                "Show the conversation to them: the page of each run has it.",
            ),
            (
                "If it is yours, trust exactly its key: `inhaul retrieval set Club --pin sha256//a=`.",
                "If it is yours, trust exactly its key: press Save under Edit, and tick it there.",
            ),
            (
                "Trust the authority: `inhaul retrieval set Club --ca-file FILE`.",
                "Trust the authority: `inhaul retrieval set Club --ca-file FILE`.",
            ),
            (
                "Trust the authority: `--ca-file FILE`.",
                "Trust the authority, in a terminal: `inhaul retrieval add --ca-file FILE`.",
            ),
            (
                "Only if cron runs `inhaul pull`, let it run less often.",
                "Only if cron runs `inhaul pull`, let it run less often.",
            ),
        ] {
            assert_eq!(on_a_page(step), told);
        }
    }
}
