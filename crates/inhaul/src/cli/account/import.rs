//! `inhaul account import`: accounts from a CSV file.
//!
//! The file is read whole and judged against what is there before anything is written; one problem
//! stops all of it, unless `--keep-going`. What is there already is left as it is, so the same file
//! again does only what is missing. Passwords never stand in such a file.

mod plan;
mod sheet;

use std::path::{Path, PathBuf};

use clap::Args;
use inhaul_store::{AccountChange, NewAccount, Store};
use serde_json::json;

use super::Globals;
use crate::caller;
use crate::cli::audited::{self, Change};
use crate::cli::output::{complain, counted, plain, print, print_json, table};
use crate::exit::{Exit, Failure};
use plan::{Deed, Plan, Step};
use sheet::{Problem, SAMPLE, Sheet};

#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The file, or - for standard input. Its first line names the columns: name, addresses, group,
    /// admin, quota
    #[arg(required_unless_present = "sample")]
    file: Option<PathBuf>,
    /// Say what would be done, and do nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Do what can be done, whatever is wrong with other lines
    #[arg(long)]
    keep_going: bool,
    /// Print such a file to begin with
    #[arg(long, conflicts_with_all = ["file", "dry_run", "keep_going"])]
    sample: bool,
}

/// What a client may send to a server in one piece; some ten thousand accounts.
const MOST: u64 = 1 << 20;

/// What was done, or would be.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    added: u64,
    completed: u64,
    complete: u64,
}

impl Import {
    pub(super) fn file(&self) -> Option<&Path> {
        self.file.as_deref().filter(|file| *file != Path::new("-"))
    }

    pub(super) fn needs_data(&self) -> bool {
        !self.sample
    }

    pub(super) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let Some(file) = &self.file else {
            print(SAMPLE)?;
            return Ok(Exit::OK);
        };
        let sheet = Sheet::read(&self.text(file)?);
        let does = !self.dry_run;
        let plan = globals
            .with_store(async |store, _| {
                let accounts = store.account_list().await?;
                let groups = store.group_list().await?;
                let plan = Plan::new(sheet, &accounts, &groups);
                if does && (plan.problems.is_empty() || self.keep_going) {
                    for (done, step) in plan.steps.iter().enumerate() {
                        carry_out(&*store, step)
                            .await
                            .map_err(|failure| half_done(failure, step, done))?;
                    }
                }
                Ok(plan)
            })
            .await?;
        self.tell(globals, &plan)
    }

    fn text(&self, file: &Path) -> Result<String, Failure> {
        let caller = caller::current();
        let read = match self.file() {
            Some(path) => caller.read_file(path, MOST),
            None => caller.read_input(MOST),
        };
        let name = file.display();
        let text = read.map_err(|error| {
            let failure = Failure::new(Exit::NO_INPUT, format!("{name}: {error}"));
            // Across the control socket the kind is lost.
            match error.to_string().contains("UTF-8") {
                true => Failure::new(Exit::DATA, format!("{name} is no text in UTF-8"))
                    .hint("Save it as \"CSV UTF-8\"."),
                false => failure,
            }
        })?;
        if text.expose().len() as u64 == MOST {
            let what = format!("{name} is larger than 1 MB");
            return Err(Failure::new(Exit::DATA, what).hint("Bring it in as several files."));
        }
        Ok(text.expose().to_owned())
    }

    fn tell(&self, globals: &Globals, plan: &Plan) -> Result<Exit, Failure> {
        let stopped = !plan.problems.is_empty() && !self.keep_going;
        let is_done = !stopped && !self.dry_run;
        let count = Count::of(&plan.steps);
        if globals.json {
            print_json(&json!({
                "done": is_done,
                "accounts": plan.steps.iter().map(document).collect::<Vec<_>>(),
                "problems": plan.problems.iter().map(problem_document).collect::<Vec<_>>(),
                "added": count.added,
                "completed": count.completed,
                "complete": count.complete,
            }))?;
        } else {
            for Problem { line, what } in &plan.problems {
                complain(&format!("line {line}: {}\n", plain(what)));
            }
            let shows = self.dry_run || globals.verbose > 0;
            if shows && !plan.steps.is_empty() {
                print(&steps_table(&plan.steps))?;
            }
            if !globals.quiet && !stopped {
                print(&summary(count, is_done))?;
            }
        }
        if plan.problems.is_empty() {
            return Ok(Exit::OK);
        }
        let problems = counted(plan.problems.len() as u64, "problem");
        if !globals.json {
            let (what, how) = match (stopped, self.dry_run) {
                (true, true) => (
                    "Nothing would be changed",
                    "Mend them, or add --keep-going.",
                ),
                (true, false) => ("Nothing was changed", "Mend them, or add --keep-going."),
                (false, _) => (
                    "The lines with problems were left out",
                    "Mend them and run it again.",
                ),
            };
            complain(&format!("{what}: {problems}. {how}\n"));
        }
        Ok(Exit::DATA)
    }
}

async fn carry_out(store: &dyn Store, step: &Step) -> Result<(), Failure> {
    let (before, mut change) = match &step.deed {
        Deed::Nothing(_) => return Ok(()),
        Deed::Add { group, admin } => {
            let new = NewAccount {
                name: step.name.clone(),
                addresses: step.addresses.clone(),
                group: group.clone(),
                admin: *admin,
                password: None,
            };
            store.account_create(new).await?;
            (None, AccountChange::default())
        }
        Deed::Complete(account) => {
            let change = AccountChange {
                add_addresses: step.addresses.clone(),
                ..AccountChange::default()
            };
            (Some(account), change)
        }
    };
    let now = match before {
        Some(account) => (**account).clone(),
        None => store.account_by_name(&step.name).await?,
    };
    if let Some(quota) = step.quota {
        let mut limits = now.limits;
        quota.apply(&mut limits);
        change.limits = Some(limits);
    }
    if before.is_some() || change.limits.is_some() {
        store.account_change(now.id, change).await?;
    }
    let after = store.account_by_name(&step.name).await?;
    let changes = match before {
        Some(before) => Change::between(&**before, &after),
        None => vec![Change::added(&after)],
    };
    audited::take_down(store, changes).await;
    Ok(())
}

/// What stopped in the middle says how far it came.
fn half_done(failure: Failure, step: &Step, done: usize) -> Failure {
    let what = format!("line {}: {}", step.line, failure.what);
    let done = counted(done as u64, "account");
    Failure::new(failure.exit, what).hint(format!(
        "{done} before it in the file are done. Run it again: what is there is left as it is."
    ))
}

impl Count {
    fn of(steps: &[Step]) -> Self {
        let mut count = Self::default();
        for step in steps {
            *match step.deed {
                Deed::Add { .. } => &mut count.added,
                Deed::Complete(_) => &mut count.completed,
                Deed::Nothing(_) => &mut count.complete,
            } += 1;
        }
        count
    }
}

fn summary(count: Count, is_done: bool) -> String {
    let [added, completed, complete] =
        [count.added, count.completed, count.complete].map(|number| counted(number, "account"));
    let done = match is_done {
        true => format!("Added {added}, completed {completed}, left {complete} as they were."),
        false => format!("Would add {added}, complete {completed}, leave {complete} as they are."),
    };
    match is_done && count.added > 0 {
        true => format!("{done} The new ones have no password yet: inhaul account password NAME\n"),
        false => format!("{done}\n"),
    }
}

fn steps_table(steps: &[Step]) -> String {
    let rows: Vec<Vec<String>> = steps
        .iter()
        .map(|step| vec![step.line.to_string(), step.name.clone(), step.words()])
        .collect();
    table(&["LINE", "NAME", "WHAT"], &rows)
}

fn document(step: &Step) -> serde_json::Value {
    let deed = match step.deed {
        Deed::Add { .. } => "add",
        Deed::Complete(_) => "complete",
        Deed::Nothing(_) => "nothing",
    };
    let addresses: Vec<_> = step.addresses.iter().map(ToString::to_string).collect();
    json!({ "line": step.line, "name": step.name, "deed": deed, "addresses": addresses })
}

fn problem_document(problem: &Problem) -> serde_json::Value {
    json!({ "line": problem.line, "what": problem.what })
}
