//! `catch_all` and `rules` of a `[[retrieval]]`: mail that is shared out by recipient.

use inhaul_domain::route::{DEFAULT_MAX_RECIPIENTS, DEFAULT_SEPARATORS, RecipientSource};
use inhaul_types::Address;

use super::Destination;
use super::group::{inner, show_table};
use crate::config::reader::{KeyPath, Reader, Session, Setting};
use crate::config::tree::{Node, Placed, Table, quoted};
use crate::sharing::{
    DomainName, HeaderName, Misfit, Separators, SourceParts, SourceWord, check_aliases,
};

/// How mail is shared out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CatchAll {
    /// What shows the recipient.
    pub(crate) source: RecipientSource,
    /// The local domains.
    pub(crate) domains: Vec<String>,
    /// Other names of them.
    pub(crate) domain_aliases: Vec<(String, String)>,
    /// What may stand between a name and its tag.
    pub(crate) separators: String,
    /// Accounts that get one message at most.
    pub(crate) max_recipients: u32,
    /// Where mail goes that matches nobody.
    pub(crate) fallback: Destination,
    /// Rules beside the accounts' own addresses, which come first.
    pub(crate) rules: Vec<Rule>,
}

/// Mail for this address goes there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule {
    /// The address; `*` stands for anything.
    pub(crate) address: Address,
    /// Where its mail goes.
    pub(crate) to: Destination,
}

/// `{ "firm.net" = "firm.example" }`.
#[derive(Debug, Default)]
struct DomainAliases(Vec<(String, String)>);

impl Setting for CatchAll {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let help = "Add fallback = \"account/Folder\": mail that matches nobody needs a place.";
        let mut reader = inner(from, path, session, "{ fallback = \"account/Folder\" }")?;
        let source = read_source(&mut reader);
        let domains = reader.value("domains", Vec::new());
        let domains: Vec<String> = domains.into_iter().map(|DomainName(name)| name).collect();
        let DomainAliases(domain_aliases) =
            reader.value("domain_aliases", DomainAliases::default());
        if let Err(why) = check_aliases(&domains, &domain_aliases) {
            reader.check(&["domain_aliases"], false, &why, "Add it to `domains`.");
        }
        let usual = Separators(DEFAULT_SEPARATORS.to_owned());
        let Separators(separators) = reader.value("separators", usual);
        let max_recipients = reader.value("max_recipients", DEFAULT_MAX_RECIPIENTS);
        let what = "0 accounts would get nothing";
        let help_most = "Write 1 or more.";
        reader.check(&["max_recipients"], max_recipients > 0, what, help_most);
        let fallback = reader.required("fallback", help);
        reader.finish();
        Some(Self {
            source: source?,
            domains,
            domain_aliases,
            separators,
            max_recipients,
            fallback: fallback?,
            rules: Vec::new(),
        })
    }

    fn show(&self) -> String {
        let mut parts = show_source(&self.source);
        let domains: Vec<_> = self.domains.iter().cloned().map(DomainName).collect();
        parts.push(format!("domains = {}", domains.show()));
        if !self.domain_aliases.is_empty() {
            let aliases = DomainAliases(self.domain_aliases.clone());
            parts.push(format!("domain_aliases = {}", aliases.show()));
        }
        parts.push(format!("separators = {}", quoted(&self.separators)));
        parts.push(format!("max_recipients = {}", self.max_recipients));
        parts.push(format!("fallback = {}", self.fallback.show()));
        show_table(&parts)
    }
}

fn read_source(reader: &mut Reader<'_>) -> Option<RecipientSource> {
    let word = reader.value("header", SourceWord::Auto);
    let evidence = reader.optional("evidence");
    let index = reader.optional("index");
    let help = "The topmost header of its name is 1.";
    reader.check(&["index"], index != Some(0), "there is no header 0", help);
    let strip = reader.optional("strip");
    let parts = SourceParts {
        word: Some(word),
        evidence,
        index,
        strip,
    };
    let misfit = match parts.apply(None) {
        Ok(source) => return Some(source),
        Err(misfit) => misfit,
    };
    let named = "Remove it, or name the header: header = \"Delivered-To\".";
    let (key, what, help) = match misfit {
        Misfit::Evidence => (
            "evidence",
            "`evidence` is what `header = \"auto\"` asks",
            "Remove it, or write header = \"auto\".",
        ),
        Misfit::Index => ("index", "`index` counts headers of one name", named),
        Misfit::Strip => ("strip", "`strip` is taken off one header", named),
    };
    reader.check(&[key], false, what, help);
    None
}

fn show_source(source: &RecipientSource) -> Vec<String> {
    let mut parts = vec![format!("header = {}", SourceWord::of(source).show())];
    match source {
        RecipientSource::Auto { evidence } => {
            let names: Vec<_> = evidence.iter().cloned().map(HeaderName).collect();
            parts.push(format!("evidence = {}", names.show()));
        }
        RecipientSource::Header { index, strip, .. } => {
            parts.push(format!("index = {index}"));
            if !strip.is_empty() {
                parts.push(format!("strip = {}", quoted(strip)));
            }
        }
        RecipientSource::ToCc => {}
    }
    parts
}

impl Setting for Rule {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let example = "{ address = \"sales@example.org\", to = \"petr/Shop\" }";
        let mut reader = inner(from, path, session, example)?;
        let help = format!("Write {example}.");
        let address = reader.required("address", &help);
        let to = reader.required("to", &help);
        reader.finish();
        Some(Self {
            address: address?,
            to: to?,
        })
    }

    fn show(&self) -> String {
        let (address, to) = (self.address.show(), self.to.show());
        format!("{{ address = {address}, to = {to} }}")
    }
}

impl Setting for DomainAliases {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let help = "Write { \"firm.net\" = \"firm.example\" }.";
        let Node::Table(Table(keys)) = &from.node else {
            let what = format!("expected a table, found {}", from.node.describe());
            session.refuse(&from.place, path, what, help);
            return None;
        };
        let mut aliases = Some(Vec::new());
        for (other, (place, domain)) in keys {
            let name = match other.parse() {
                Ok(DomainName(name)) => Some(name),
                Err(why) => {
                    session.refuse(place, path, why, help);
                    None
                }
            };
            let domain = DomainName::read(domain, path, session);
            aliases = match (aliases, name, domain) {
                (Some(mut all), Some(name), Some(DomainName(domain))) => {
                    all.push((name, domain));
                    Some(all)
                }
                _ => None,
            };
        }
        aliases.map(Self)
    }

    fn show(&self) -> String {
        let pairs = self.0.iter();
        let pairs = pairs.map(|(other, domain)| format!("{} = {}", quoted(other), quoted(domain)));
        show_table(&pairs.collect::<Vec<_>>())
    }
}

/// A text that is parsed; why it is refused is said by its parser.
fn parsed<T: std::str::FromStr<Err = String>>(
    from: &Placed,
    path: &KeyPath,
    session: &mut Session,
    help: &str,
) -> Option<T> {
    let text = from.text(path, session, help)?;
    text.parse()
        .map_err(|why| session.refuse(&from.place, path, why, help))
        .ok()
}

impl Setting for SourceWord {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let help = "Write \"auto\", \"to-cc\" or a header's name, such as \"Delivered-To\".";
        parsed(from, path, session, help)
    }

    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

impl Setting for HeaderName {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        parsed(
            from,
            path,
            session,
            "Write a header's name, such as \"Delivered-To\".",
        )
    }

    fn show(&self) -> String {
        quoted(&self.0)
    }
}

impl Setting for DomainName {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        parsed(
            from,
            path,
            session,
            "Write a domain, such as \"firm.example\".",
        )
    }

    fn show(&self) -> String {
        quoted(&self.0)
    }
}

impl Setting for Separators {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        parsed(
            from,
            path,
            session,
            "Write \"+\", or \"\" if nothing is a tag.",
        )
    }

    fn show(&self) -> String {
        quoted(&self.0)
    }
}
