//! `inhaul catch-all headers`: which header says whom a message was for.

use clap::Args;
use inhaul_domain::route::{
    AddressesEach, ONLY_TO_CC, Reliability, Surveyed, SurveyedSource, best,
};
use inhaul_manage::words::source_words;
use inhaul_message::HeaderBlock;
use inhaul_store::{CatchAllSettings, Retrieval, Routing};
use serde_json::json;

use super::sorting::{Headers, LAST_MOST, Wanted, router};
use crate::cli::Globals;
use crate::cli::names::retrieval_named;
use crate::cli::output::{plain, print, print_json, table};
use crate::exit::{Exit, Failure};
use crate::sharing::DomainName;

#[derive(Args, Debug)]
pub(crate) struct HeadersCommand {
    /// Which retrieval; it need not be a catch-all yet
    name: String,
    /// How many of the newest messages to look at, 200 at most
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u16).range(1..=LAST_MOST))]
    last: u16,
    /// Read them from the server, also if they were read within the last hour
    #[arg(long)]
    fresh: bool,
    /// A domain whose addresses are recipients, in place of those that are set (several allowed)
    #[arg(long = "domain", value_name = "DOMAIN")]
    domains: Vec<DomainName>,
}

impl HeadersCommand {
    pub(super) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let (retrieval, headers, sources) = globals
            .with_store(async |store, config| {
                let retrieval = retrieval_named(&*store, &self.name).await?;
                let settings = self.settings(&retrieval.routing);
                // Measured as if it were one, where it is none.
                let as_one = Retrieval {
                    routing: Routing::CatchAll(settings.clone()),
                    ..retrieval.clone()
                };
                let wanted = Wanted {
                    last: self.last,
                    fresh: self.fresh,
                };
                let router = router(&*store, &as_one, &[]).await?;
                let domains = &settings.domains;
                let headers =
                    Headers::read(globals, &store, config, &retrieval, domains, wanted).await?;
                let blocks = headers.all().iter();
                let sources =
                    router.survey(blocks.map(|surveyed| HeaderBlock::new(&surveyed.header)));
                Ok((retrieval, headers, sources))
            })
            .await?;
        if globals.json {
            print_json(&json!({
                "retrieval": retrieval.name,
                "read_at": headers.at().to_string(),
                "from_memory": headers.kept,
                "listed": headers.listed(),
                "messages": headers.all().len(),
                "sources": sources.iter().map(document).collect::<Vec<_>>(),
                "best": best(&sources).map(|best| best.source.to_string()),
            }))?;
            return Ok(Exit::OK);
        }
        if headers.all().is_empty() {
            print("There is no message to look at.\n")?;
            return Ok(Exit::OK);
        }
        let rows: Vec<Vec<String>> = sources.iter().map(row).collect();
        let mut text = table(&["HEADER", "IN", "NAMES", ""], &rows);
        text.push_str(&format!("\n{}\n", advice(&retrieval.name, &sources)));
        if let Routing::CatchAll(settings) = &retrieval.routing {
            let now = source_words(&settings.source);
            text.push_str(&format!("Now it asks {}.\n", plain(&now)));
        }
        text.push_str("Only headers were read. Nothing was stored or deleted.\n");
        print(&text)?;
        if !globals.quiet {
            headers.tell_age();
        }
        Ok(Exit::OK)
    }

    fn settings(&self, routing: &Routing) -> CatchAllSettings {
        let mut settings = routing.catch_all().cloned().unwrap_or_default();
        if !self.domains.is_empty() {
            settings.domains = self.domains.iter().map(|one| one.0.clone()).collect();
        }
        settings
    }
}

/// `Delivered-To   20 of 20   always one address   Reliable`.
fn row(source: &SurveyedSource) -> Vec<String> {
    let SurveyedSource { present, of, .. } = source;
    let width = of.to_string().len();
    vec![
        plain(&source.source.to_string()),
        format!("{present:>width$} of {of}"),
        source.names().to_owned(),
        source.reliability.label().to_owned(),
    ]
}

/// What to do now.
fn advice(name: &str, sources: &[SurveyedSource]) -> String {
    let name = plain(name);
    match best(sources) {
        Some(SurveyedSource { source: Surveyed::Received, .. }) => format!(
            "Received is the best there is, and --catch-all auto asks it:\n  inhaul retrieval set \"{name}\" --catch-all auto"
        ),
        Some(SurveyedSource { source: Surveyed::Other(header), .. }) => format!(
            "No header that inhaul knows says it, but this one may:\n  inhaul retrieval set \"{name}\" --catch-all {}",
            plain(header)
        ),
        Some(SurveyedSource { source, reliability: Reliability::Reliable, .. }) => format!(
            "{source} says of every message whom it was for. --catch-all auto asks it; to ask nothing else:\n  inhaul retrieval set \"{name}\" --catch-all {source}"
        ),
        Some(SurveyedSource { source, .. }) => format!(
            "{source} says it of most messages. Auto asks other headers about the rest:\n  inhaul retrieval set \"{name}\" --catch-all auto"
        ),
        None if sources.iter().all(|source| source.accepted == 0) => {
            "No header names an address in the domains that count. Name the domain: --domain firm.example.".to_owned()
        }
        None => {
            format!("! {ONLY_TO_CC}")
        }
    }
}

fn document(source: &SurveyedSource) -> serde_json::Value {
    json!({
        "header": source.source.to_string(),
        "present": source.present,
        "of": source.of,
        "accepted": source.accepted,
        "distinct": source.distinct,
        "addresses": match source.addresses {
            AddressesEach::None => "none",
            AddressesEach::AlwaysOne => "one",
            AddressesEach::Several => "several",
        },
        "verdict": match source.reliability {
            Reliability::Reliable => "reliable",
            Reliability::Mostly => "mostly",
            Reliability::NotReliable => "not-reliable",
            Reliability::None => "none",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(source: Surveyed, present: u32, reliability: Reliability) -> SurveyedSource {
        let addresses = match present {
            0 => AddressesEach::None,
            _ => AddressesEach::AlwaysOne,
        };
        SurveyedSource {
            source,
            present,
            of: 20,
            accepted: present,
            distinct: usize::try_from(present).unwrap(),
            addresses,
            reliability,
        }
    }

    #[test]
    fn the_table_is_the_one_of_the_pages() {
        let delivered = Surveyed::Evidence("Delivered-To".into());
        for (source, cells) in [
            (
                source(delivered.clone(), 20, Reliability::Reliable),
                ["Delivered-To", "20 of 20", "always one address", "Reliable"],
            ),
            (
                source(delivered, 0, Reliability::None),
                ["Delivered-To", " 0 of 20", "", ""],
            ),
            (
                source(Surveyed::Received, 17, Reliability::Mostly),
                [
                    "Received ... for",
                    "17 of 20",
                    "always one address",
                    "Mostly",
                ],
            ),
            (
                source(Surveyed::ToCc, 14, Reliability::NotReliable),
                [
                    "To and Cc",
                    "14 of 20",
                    "misses Bcc and lists",
                    "Not reliable",
                ],
            ),
        ] {
            assert_eq!(row(&source), cells);
        }
    }

    #[test]
    fn where_only_to_and_cc_say_it_people_are_warned() {
        let delivered = || Surveyed::Evidence("Delivered-To".into());
        let to_cc = source(Surveyed::ToCc, 14, Reliability::NotReliable);
        let nothing = source(delivered(), 0, Reliability::None);
        let said = advice("firm", &[nothing.clone(), to_cc.clone()]);
        assert!(
            said.starts_with("! This provider does not record"),
            "{said}"
        );
        let good = source(delivered(), 20, Reliability::Reliable);
        let said = advice("firm", &[good, to_cc]);
        assert!(said.contains("--catch-all Delivered-To"), "{said}");
        let said = advice("firm", &[nothing]);
        assert!(said.contains("--domain"), "{said}");
    }
}
