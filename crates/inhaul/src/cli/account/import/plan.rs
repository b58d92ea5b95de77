//! What a file of accounts means for the accounts that are there.

use std::collections::HashMap;

use inhaul_manage::words::LimitWord;
use inhaul_store::{Account, Group};
use inhaul_types::Address;

use super::sheet::{Entry, Problem, Sheet};
use crate::declared::refuse_written;

/// What is to be done, and what is in the way.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// In the order of the file.
    pub(super) steps: Vec<Step>,
    /// In the order of the lines.
    pub(super) problems: Vec<Problem>,
}

/// What is to be done for one account.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) line: usize,
    /// As it is written where the account is there already.
    pub(super) name: String,
    pub(super) deed: Deed,
    /// Those that it gets.
    pub(super) addresses: Vec<Address>,
    /// The quota that it gets.
    pub(super) quota: Option<LimitWord>,
}

/// What kind of step it is.
#[derive(Debug)]
pub(super) enum Deed {
    /// There is no such account.
    Add { group: Option<String>, admin: bool },
    /// It is there and lacks something.
    Complete(Box<Account>),
    /// It is there and has it all.
    Nothing(Box<Account>),
}

impl Plan {
    pub(super) fn new(sheet: Sheet, accounts: &[Account], groups: &[Group]) -> Self {
        let mut holders = holders(accounts);
        let mut plan = Self {
            steps: Vec::new(),
            problems: sheet.problems,
        };
        for entry in sheet.entries {
            let account = accounts.iter().find(|one| same(&one.name, &entry.name));
            let name = account.map_or(&entry.name, |account| &account.name).clone();
            let mut problems = Vec::new();
            let is_new_group =
                |wanted: &String| !groups.iter().any(|group| same(&group.name, wanted));
            if let Some(group) = entry.group.as_ref().filter(|group| is_new_group(group)) {
                let what = format!("there is no group {group:?}");
                problems.push(Problem {
                    line: entry.line,
                    what,
                });
            }
            let mut gets = Vec::new();
            for (line, address) in &entry.addresses {
                match holders.get(&address.as_str().to_lowercase()) {
                    Some(holder) if *holder == name => {}
                    Some(holder) => {
                        let what = format!("{address} belongs to {holder}");
                        problems.push(Problem { line: *line, what });
                    }
                    None => {
                        holders.insert(address.as_str().to_lowercase(), name.clone());
                        gets.push(address.clone());
                    }
                }
            }
            let step = Step::new(&entry, name, account, gets);
            if let Deed::Complete(account) = &step.deed
                && let Err(failure) =
                    refuse_written("account", &account.name, account.written_at.as_deref())
            {
                let what = failure.what;
                problems.push(Problem {
                    line: entry.line,
                    what,
                });
            }
            match problems.is_empty() {
                true => plan.steps.push(step),
                false => plan.problems.extend(problems),
            }
        }
        plan.problems.sort_by_key(|problem| problem.line);
        plan
    }
}

impl Step {
    fn new(
        entry: &Entry,
        name: String,
        account: Option<&Account>,
        addresses: Vec<Address>,
    ) -> Self {
        // What an account has, stays.
        let lacks_quota = account.is_none_or(|account| account.limits.mailbox.is_none());
        let quota = entry.quota.filter(|_| lacks_quota);
        let deed = match account {
            None => Deed::Add {
                group: entry.group.clone(),
                admin: entry.admin.unwrap_or(false),
            },
            Some(account) if addresses.is_empty() && quota.is_none() => {
                Deed::Nothing(Box::new(account.clone()))
            }
            Some(account) => Deed::Complete(Box::new(account.clone())),
        };
        Self {
            line: entry.line,
            name,
            deed,
            addresses,
            quota,
        }
    }

    /// What it does, for people.
    pub(super) fn words(&self) -> String {
        let addresses: Vec<_> = self.addresses.iter().map(Address::as_str).collect();
        let mut parts = vec![match &self.deed {
            Deed::Add { group, admin } => {
                let group = group.as_deref().unwrap_or("Everyone");
                let admin = if *admin { ", administrator" } else { "" };
                format!("new, in {group}{admin}")
            }
            Deed::Complete(account) => format!("is there, in {}", account.group),
            Deed::Nothing(account) => format!("is there, in {}, has it all", account.group),
        }];
        if !addresses.is_empty() {
            parts.push(format!("gets {}", addresses.join(" ")));
        }
        if self.quota.is_some() {
            parts.push("gets its quota".to_owned());
        }
        parts.join(", ")
    }
}

/// Addresses in lower case, and whose they are.
fn holders(accounts: &[Account]) -> HashMap<String, String> {
    let mut holders = HashMap::new();
    for account in accounts {
        for address in &account.addresses {
            holders.insert(address.as_str().to_lowercase(), account.name.clone());
        }
    }
    holders
}

fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}
