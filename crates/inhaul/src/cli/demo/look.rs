//! What the demo shows when asked: messages, mailboxes, the last conversation.

use std::time::Duration;

use inhaul_domain::Retention;
use inhaul_store::{Retrieval, Store};

use super::installation::Installation;
use super::samples::Sample;
use crate::cli::message::each_message;
use crate::cli::output::{plain, shorten, size, table};
use crate::cli::retrieval::state_word;
use crate::exit::Failure;

/// The messages of one mailbox's folder, or of all.
pub(super) async fn list(demo: &Installation, sample: Option<Sample>) -> Result<String, Failure> {
    let samples = Sample::ALL
        .into_iter()
        .filter(|one| sample.is_none_or(|wanted| wanted == *one));
    let mut rows = Vec::new();
    for sample in samples {
        let folder = demo.folder(sample).await?;
        each_message(&*demo.store, &folder, async |message| {
            rows.push(vec![
                message.id.to_string(),
                folder.name.clone(),
                shorten(&message.summary.from, 34),
                shorten(&message.summary.subject, 50),
                size(message.size),
            ]);
            Ok(())
        })
        .await?;
    }
    Ok(table(&["ID", "FOLDER", "FROM", "SUBJECT", "SIZE"], &rows))
}

/// What was said in a mailbox's last check.
pub(super) async fn conversation(demo: &Installation, sample: Sample) -> Result<String, Failure> {
    let retrieval = demo.retrieval(sample).await?;
    let runs = demo.store.run_list(retrieval.id, 1).await?;
    let Some(run) = runs.first() else {
        return Ok(format!("{} was not checked yet.\n", sample.name()));
    };
    let said = demo.store.run_conversation(run.id).await?;
    let said = said.unwrap_or_default();
    let mut text = format!("{}, run {}, {}:\n", sample.name(), run.id, run.started);
    for line in said.lines() {
        text.push_str(&format!("  {}\n", plain(line)));
    }
    if said.is_empty() {
        text.push_str("  (not a word)\n");
    }
    Ok(text)
}

/// One line for each mailbox. `next` is the time to its next check; `None` while it is checked.
pub(super) async fn status(
    demo: &Installation,
    next: impl Fn(Sample) -> Option<Duration>,
) -> Result<String, Failure> {
    let mut rows = Vec::new();
    for sample in Sample::ALL {
        let retrieval = demo.retrieval(sample).await?;
        let host = demo.host(sample);
        rows.push(vec![
            state_word(&retrieval).to_owned(),
            sample.name().to_owned(),
            sample.user().to_owned(),
            demo.folder(sample).await?.messages.to_string(),
            host.mailbox.len().to_string(),
            copies(&retrieval),
            next(sample).map_or_else(|| "now".to_owned(), in_words),
            host.manner().to_owned(),
            retrieval
                .last_error
                .map(|code| code.to_string())
                .unwrap_or_default(),
        ]);
    }
    let table = table(
        &[
            "STATE", "NAME", "MAILBOX", "HERE", "THERE", "COPIES", "NEXT", "SERVER", "WHY",
        ],
        &rows,
    );
    Ok(format!("{table}\nThe demo's clock: {}\n", demo.clock.now()))
}

fn copies(retrieval: &Retrieval) -> String {
    match retrieval.retention {
        Retention::Keep => "stay".to_owned(),
        Retention::Delete => "go at once".to_owned(),
        Retention::DeleteAfter { days } => format!("go after {days} d"),
    }
}

/// A time that may be short: `1.4 s`, `0.04 s`.
pub(super) fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1.0 {
        format!("{seconds:.2} s")
    } else {
        format!("{seconds:.1} s")
    }
}

fn in_words(wait: Duration) -> String {
    match wait.as_secs() {
        seconds @ 0..120 => format!("in {seconds} s"),
        seconds @ 120..7200 => format!("in {} min", seconds / 60),
        seconds => format!("in {} h", seconds / 3600),
    }
}
