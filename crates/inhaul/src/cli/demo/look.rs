//! What the demo shows when asked: messages, mailboxes, the last conversation.

use std::collections::HashSet;
use std::time::Duration;

use inhaul_domain::Retention;
use inhaul_domain::schedule::{ScheduleState, interval};
use inhaul_domain::standing::{Checking, Standing, StandingFacts, sentence, standing};
use inhaul_engine::service::{RetrievalStatus, RunStage};
use inhaul_store::{Message, Retrieval, Store};

use super::installation::Installation;
use super::samples::Sample;
use crate::cli::output::{plain, shorten, size, table};
use crate::exit::Failure;

/// The messages of one mailbox's folder, or of all.
pub(super) async fn list(demo: &Installation, sample: Option<Sample>) -> Result<String, Failure> {
    let samples = Sample::ALL
        .into_iter()
        .filter(|one| sample.is_none_or(|wanted| wanted == *one));
    let mut rows = Vec::new();
    for sample in samples {
        demo.each_message(sample, async |place, message| {
            rows.push(vec![
                message.id.to_string(),
                place.to_owned(),
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

/// The mailboxes, and under them how each stands. `said_auth` tells whose last refusal was for
/// certain.
pub(super) async fn status(
    demo: &Installation,
    said_auth: impl Fn(Sample) -> bool,
) -> Result<String, Failure> {
    let mut mailboxes = Vec::new();
    let mut sentences = String::new();
    for sample in Sample::ALL {
        let Some(status) = demo.status(sample) else {
            continue;
        };
        let host = demo.host(sample);
        let (standing, sentence) = how_it_stands(demo, sample, &status, said_auth(sample));
        // One for several people is one message.
        let mut here = HashSet::new();
        demo.each_message(sample, async |_, message| {
            here.insert(message.body);
            Ok(())
        })
        .await?;
        mailboxes.push(vec![
            standing.as_str().to_owned(),
            sample.name().to_owned(),
            sample.user().to_owned(),
            here.len().to_string(),
            host.mailbox.len().to_string(),
            copies(&status.row),
            host.manner().to_owned(),
        ]);
        sentences.push_str(&format!(
            "{} {:<9} {sentence}\n",
            standing.glyph(),
            sample.name()
        ));
    }
    let headings = [
        "STATE", "NAME", "MAILBOX", "HERE", "THERE", "COPIES", "SERVER",
    ];
    let table = table(&headings, &mailboxes);
    let now = demo.clock.now();
    Ok(format!("{table}\n{sentences}\nThe demo's clock: {now}\n"))
}

/// The state and its sentence, which ends with the next check.
pub(super) fn how_it_stands(
    demo: &Installation,
    sample: Sample,
    status: &RetrievalStatus,
    said_auth: bool,
) -> (Standing, String) {
    let row = &status.row;
    let now = demo.clock.now();
    let schedule = ScheduleState {
        next_due: status.next.or(row.schedule.next_due),
        ..row.schedule
    };
    let going_on = status
        .doing
        .filter(|(_, come)| come.stage != RunStage::Waiting);
    let facts = StandingFacts {
        now,
        host: sample.domain(),
        paused: row.pause(),
        checking: going_on.map(|(_, come)| Checking {
            messages: (come.stage == RunStage::Bringing).then_some((come.stored, come.wanted)),
        }),
        offline_since: demo.service.status().offline_since,
        schedule: &schedule,
        interval: interval(row.every, &demo.pace(), &schedule, now).map(|found| found.length),
        last_good: row.last_good,
        last_error: row.last_error,
        failures: row.failures,
        failing_since: row.failing_since,
        said_auth,
    };
    let standing = standing(&facts);
    let mut sentence = sentence(&facts);
    let silent = matches!(standing, Standing::Working | Standing::NeedsYou);
    if let Some(next) = status.next.filter(|_| silent) {
        let wait = in_words(next.since(now));
        sentence.push_str(&format!(" Next check {wait}."));
    }
    if let Some(until) = status.waiting_until {
        let until = until.in_words();
        sentence.push_str(&format!(" Waiting for a message until {until}."));
    }
    (standing, sentence)
}

/// The newest message of a mailbox's folder: what it is about and from whom.
pub(super) async fn newest(demo: &Installation, sample: Sample) -> Result<Option<String>, Failure> {
    let mut newest: Option<Message> = None;
    demo.each_message(sample, async |_, message| {
        if newest.as_ref().is_none_or(|newest| newest.id < message.id) {
            newest = Some(message);
        }
        Ok(())
    })
    .await?;
    Ok(newest.map(|Message { summary, .. }| {
        let subject = shorten(&summary.subject, 50);
        format!("{subject:?} from {}", shorten(&summary.from, 34))
    }))
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

/// A time to wait: `in 40 s`.
pub(super) fn in_words(wait: Duration) -> String {
    match wait.as_secs() {
        seconds @ 0..120 => format!("in {seconds} s"),
        seconds @ 120..7200 => format!("in {} min", seconds / 60),
        seconds => format!("in {} h", seconds / 3600),
    }
}
