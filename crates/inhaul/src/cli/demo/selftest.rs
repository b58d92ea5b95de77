//! `inhaul demo --selftest`: brings, cuts, renumbers, refuses, recovers, and counts.

use std::collections::BTreeMap;
use std::time::Instant;

use inhaul_domain::Retention;
use inhaul_engine::RunReport;
use inhaul_sample::switches::{Cut, Line, Refusal, SignIn, Times};
use inhaul_store::{RetrievalChange, Store};
use inhaul_types::ErrorCode;
use serde::Serialize;

use super::{ACCOUNT, Installation};
use crate::cli::Globals;
use crate::cli::message::{each_message, find_folder};
use crate::cli::output::{print, print_json};
use crate::exit::{Exit, Failure};

#[derive(Serialize)]
struct Step {
    step: &'static str,
    ok: bool,
    took_ms: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// Runs the scenario; 0 if every step held, 70 if not.
pub(super) async fn run(globals: &Globals) -> Result<Exit, Failure> {
    let installation = Installation::start().await?;
    let mut test = SelfTest {
        installation,
        steps: Vec::new(),
    };
    test.scenario().await?;
    let ok = test.steps.iter().all(|step| step.ok);
    if globals.json {
        print_json(&serde_json::json!({ "ok": ok, "steps": test.steps }))?;
    } else {
        for step in &test.steps {
            let mark = if step.ok { 'v' } else { 'X' };
            let why = step
                .why
                .as_deref()
                .map(|why| format!("   {why}"))
                .unwrap_or_default();
            print(&format!(
                "{mark} {:<52} {:>6} ms{why}\n",
                step.step, step.took_ms
            ))?;
        }
    }
    test.installation.end().await?;
    Ok(if ok { Exit::OK } else { Exit::SOFTWARE })
}

struct SelfTest {
    installation: Installation,
    steps: Vec<Step>,
}

impl SelfTest {
    async fn scenario(&mut self) -> Result<(), Failure> {
        let total = inhaul_sample::messages().len() as u64;
        let mailbox = self.installation.mailbox.clone();

        mailbox.set(|switches| {
            switches.line = Some(Line {
                cut: Some(Cut {
                    after: 9_000,
                    times: Times::Once,
                }),
                ..Line::default()
            });
        });
        self.pull("the line is cut in the middle", |report| {
            expect_code(report, ErrorCode::CutOff)?;
            expect("some messages are stored", report.stored < total)
        })
        .await?;
        self.pull("the rest comes, nothing twice", |report| {
            expect_good(report)?;
            expect("new messages came", report.stored > 0)
        })
        .await?;
        self.folder_holds_each_once("every message is here once, octet for octet")
            .await?;
        self.pull("nothing new", |report| {
            expect_good(report)?;
            expect("nothing is stored again", report.stored == 0)
        })
        .await?;

        mailbox.set(|switches| switches.sign_in = SignIn::Refused(Refusal::Auth));
        self.pull("the password is refused", |report| {
            expect_code(report, ErrorCode::AuthRefused)
        })
        .await?;
        mailbox.behave();
        self.pull("it recovers", expect_good).await?;

        mailbox.renumber();
        self.pull("all unique-ids change, nothing comes twice", |report| {
            expect_good(report)?;
            expect("nothing is stored again", report.stored == 0)
        })
        .await?;

        mailbox.append(inhaul_sample::shop_message(
            1,
            inhaul_types::Timestamp::from_millis(0),
        ));
        self.delete_after_storing().await?;
        self.pull("a new message comes and is deleted there", |report| {
            expect_good(report)?;
            expect("one message is stored", report.stored == 1)?;
            expect("one deletion is confirmed", report.deleted == 1)
        })
        .await?;
        self.folder_holds_each_once("still every message once")
            .await
    }

    async fn pull(
        &mut self,
        step: &'static str,
        judge: impl Fn(&RunReport) -> Result<(), String>,
    ) -> Result<(), Failure> {
        let began = Instant::now();
        let report = self.installation.pull().await?;
        self.note(step, began, judge(&report));
        Ok(())
    }

    async fn delete_after_storing(&self) -> Result<(), Failure> {
        let store = &self.installation.store;
        let retrieval = store.retrieval_by_name("Old ISP").await?;
        let change = RetrievalChange {
            retention: Some(Retention::Delete),
            ..RetrievalChange::default()
        };
        Ok(store.retrieval_change(retrieval.id, change).await?)
    }

    /// What is in the folder, against what the sample messages are.
    async fn folder_holds_each_once(&mut self, step: &'static str) -> Result<(), Failure> {
        let began = Instant::now();
        let store = &self.installation.store;
        let account = store.account_by_name(ACCOUNT).await?;
        let folder = find_folder(&**store, account.id, "INBOX").await?;
        let mut here: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
        each_message(&**store, &folder, async |message| {
            let mut body = store.message_body(message.id).await?;
            let mut octets = Vec::new();
            loop {
                let chunk = body.next_chunk().await?;
                if chunk.is_empty() {
                    break;
                }
                octets.extend_from_slice(&chunk);
            }
            *here.entry(octets).or_default() += 1;
            Ok(())
        })
        .await?;
        let missing = inhaul_sample::messages()
            .iter()
            .filter(|sent| here.get(**sent) != Some(&1))
            .count();
        let outcome = match missing {
            0 => Ok(()),
            missing => Err(format!("{missing} messages are not here exactly once")),
        };
        self.note(step, began, outcome);
        Ok(())
    }

    fn note(&mut self, step: &'static str, began: Instant, outcome: Result<(), String>) {
        self.steps.push(Step {
            step,
            ok: outcome.is_ok(),
            took_ms: began.elapsed().as_millis(),
            why: outcome.err(),
        });
    }
}

fn expect(what: &str, holds: bool) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(format!("expected: {what}"))
    }
}

fn expect_good(report: &RunReport) -> Result<(), String> {
    match &report.failure {
        None => Ok(()),
        Some(failure) => Err(format!("{}: {}", failure.code, failure.what)),
    }
}

fn expect_code(report: &RunReport, code: ErrorCode) -> Result<(), String> {
    match &report.failure {
        Some(failure) if failure.code == code => Ok(()),
        Some(failure) => Err(format!(
            "expected {code}, got {}: {}",
            failure.code, failure.what
        )),
        None => Err(format!("expected {code}, but the run was good")),
    }
}
