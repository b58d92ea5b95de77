//! What `inhaul pull -n` tells of each retrieval.

use inhaul_engine::{Preview, Previewed};
use inhaul_types::Octets;
use serde::Serialize;

use crate::cli::output::{counted, plain, shorten, size};

/// Messages named without `-v`, and with it.
const NAMED: (usize, usize) = (20, 100);

/// What would come, be deleted and be left, a line each.
pub(super) fn lines(preview: &Preview, verbose: bool) -> Vec<String> {
    let most = if verbose { NAMED.1 } else { NAMED.0 };
    let mut lines: Vec<String> = preview.retrieve.iter().take(most).map(line).collect();
    let unnamed = preview.retrieve.len().saturating_sub(most) as u64;
    if unnamed > 0 {
        lines.push(format!("and {} more", counted(unnamed, "message")));
    }
    if preview.delete_fetched > 0 {
        lines.push(format!(
            "{} of them would be deleted there once stored here",
            preview.delete_fetched
        ));
    }
    if !preview.delete.is_empty() {
        let number = preview.delete.len() as u64;
        lines.push(format!(
            "{} stored here before would be deleted there",
            counted(number, "message")
        ));
    }
    for (message, why) in &preview.leave {
        lines.push(format!(
            "number {} would be left there: {}",
            message.number,
            plain(why)
        ));
    }
    lines
}

fn line(message: &Previewed) -> String {
    let octets = message.size.map(size).unwrap_or_default();
    let heading = message.heading.as_ref().map(|heading| {
        format!(
            "   {:<30}   {}",
            shorten(&heading.from, 30),
            shorten(&heading.subject, 50)
        )
    });
    format!(
        "{:>6}  {octets:>9}{}",
        message.number.to_string(),
        heading.unwrap_or_default()
    )
    .trim_end()
    .to_owned()
}

#[derive(Serialize)]
pub(super) struct PreviewDocument<'a> {
    retrieve: Vec<PreviewedDocument<'a>>,
    /// How many of those would be deleted there once they are stored here.
    delete_fetched: u64,
    delete: Vec<PreviewedDocument<'a>>,
    leave: Vec<PreviewedDocument<'a>>,
}

#[derive(Serialize)]
struct PreviewedDocument<'a> {
    number: u32,
    unique_id: Option<String>,
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

impl<'a> From<&'a Preview> for PreviewDocument<'a> {
    fn from(preview: &'a Preview) -> Self {
        let all = |messages: &'a [Previewed]| {
            let messages = messages.iter();
            messages.map(PreviewedDocument::from).collect()
        };
        let left = preview
            .leave
            .iter()
            .map(|(message, why)| PreviewedDocument {
                why: Some(why.as_str()),
                ..message.into()
            });
        Self {
            retrieve: all(&preview.retrieve),
            delete_fetched: preview.delete_fetched,
            delete: all(&preview.delete),
            leave: left.collect(),
        }
    }
}

impl<'a> From<&'a Previewed> for PreviewedDocument<'a> {
    fn from(message: &'a Previewed) -> Self {
        let heading = message.heading.as_ref();
        Self {
            number: message.number.number(),
            unique_id: message.unique_id.as_ref().map(ToString::to_string),
            bytes: message.size.map(Octets::count),
            from: heading.map(|heading| heading.from.as_str()),
            subject: heading.map(|heading| heading.subject.as_str()),
            why: None,
        }
    }
}
