//! `inhaul catch-all preview`: where the newest messages would go.

mod lines;

use clap::Args;
use inhaul_domain::route::{Counts, Routed, Router};
use inhaul_engine::Surveyed;
use inhaul_message::{HeaderBlock, Summary, summarize};
use serde_json::{Value, json};

use super::sorting::{Headers, LAST_MOST, Wanted, catch_all_named, router};
use crate::cli::Globals;
use crate::cli::output::{print, print_json, table};
use crate::exit::{Exit, Failure};
use crate::sharing::RuleWord;
use lines::{row, sentence, source, sources, without_rule};

#[derive(Args, Debug)]
pub(crate) struct Preview {
    /// Which catch-all
    name: String,
    /// How many of the newest messages to look at, 200 at most
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u16).range(1..=LAST_MOST))]
    last: u16,
    /// Read their headers from the server, also if they were read within the last hour
    #[arg(long)]
    fresh: bool,
    /// Try a rule without saving it (several allowed)
    #[arg(long = "rule", value_name = "ADDRESS=ACCOUNT[/FOLDER]")]
    rules: Vec<RuleWord>,
}

/// One message and where it would go.
struct Sorted<'a> {
    message: &'a Surveyed,
    summary: Summary,
    routed: Routed,
}

impl<'a> Sorted<'a> {
    fn new(router: &Router, message: &'a Surveyed) -> Self {
        Self {
            message,
            summary: summarize(&message.header),
            routed: router.route(&HeaderBlock::new(&message.header)),
        }
    }
}

impl Preview {
    pub(super) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let (retrieval, headers, router) = globals
            .with_store(async |store, config| {
                let (retrieval, settings) = catch_all_named(&*store, &self.name).await?;
                let router = router(&*store, &retrieval, &self.rules).await?;
                let wanted = Wanted {
                    last: self.last,
                    fresh: self.fresh,
                };
                let domains = &settings.domains;
                let headers =
                    Headers::read(globals, &store, config, &retrieval, domains, wanted).await?;
                Ok((retrieval, headers, router))
            })
            .await?;
        let sorted: Vec<Sorted<'_>> = headers
            .all()
            .iter()
            .map(|message| Sorted::new(&router, message))
            .collect();
        let counts = Counts::of(sorted.iter().map(|one| &one.routed));
        if globals.json {
            print_json(&json!({
                "retrieval": retrieval.name,
                "read_at": headers.at().to_string(),
                "from_memory": headers.kept,
                "listed": headers.listed(),
                "messages": sorted.iter().map(document).collect::<Vec<_>>(),
                "to_one": counts.one,
                "to_two": counts.two,
                "to_more": counts.more,
                "to_fallback": counts.fallback,
            }))?;
            return Ok(Exit::OK);
        }
        if sorted.is_empty() {
            print("There is no message to look at.\n")?;
            return Ok(Exit::OK);
        }
        let now = (crate::clock::clock())();
        let rows: Vec<Vec<String>> = sorted.iter().map(|one| row(one, now)).collect();
        let mut text = format!("Header: {}\n", sources(&sorted));
        text.push_str(&table(
            &["DATE", "FROM", "SUBJECT", "FOUND", "WOULD GO TO"],
            &rows,
        ));
        text.push_str(&sentence(counts));
        text.push_str(&without_rule(&retrieval.name, &sorted));
        text.push_str("Only headers were read. Nothing was stored or deleted.\n");
        print(&text)?;
        if !globals.quiet {
            headers.tell_age();
        }
        Ok(Exit::OK)
    }
}

fn document(sorted: &Sorted<'_>) -> Value {
    let Sorted {
        message,
        summary,
        routed,
    } = sorted;
    let place = |placement: &inhaul_domain::route::Placement| {
        json!({
            "to": placement.place.shown,
            "recipients": placement.recipients,
            "why": placement.why,
        })
    };
    let found = |found: &inhaul_domain::route::Found| json!({ "header": found.source, "number": found.number, "address": found.address });
    json!({
        "number": message.number.number(),
        "unique_id": message.unique_id.as_ref().map(ToString::to_string),
        "bytes": message.size.map(inhaul_types::Octets::count),
        "date": summary.date.map(|date| date.to_string()),
        "from": summary.from,
        "subject": summary.subject,
        "by": source(&routed.by),
        "found": routed.found.iter().map(found).collect::<Vec<_>>(),
        "places": routed.placements.iter().map(place).collect::<Vec<_>>(),
        "unclaimed": routed.unclaimed,
    })
}
