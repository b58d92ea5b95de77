//! What was done with a mailbox: for tests to count and for the demo to show.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::mailbox::SampleId;

/// How sign-ins ended.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SignIns {
    /// They got the maildrop.
    pub accepted: u64,
    /// They got a refusal, silence, or a closed line.
    pub refused: u64,
}

/// The record of one mailbox.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) sign_ins: SignIns,
    retrieved: HashMap<SampleId, u64>,
    verbs: BTreeMap<String, u64>,
    lines: VecDeque<String>,
}

/// Lines kept: enough for any test to look at, and no more than a MB.
const LINES_MOST: usize = 10_000;

impl Tally {
    /// Takes a line that is masked already.
    pub(crate) fn note_command(&mut self, line: String) {
        let verb = line.split(' ').next().unwrap_or_default();
        match self.verbs.get_mut(verb) {
            Some(count) => *count += 1,
            None => drop(self.verbs.insert(verb.to_owned(), 1)),
        }
        if self.lines.len() == LINES_MOST {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    pub(crate) fn note_retrieval(&mut self, id: SampleId) {
        *self.retrieved.entry(id).or_default() += 1;
    }

    pub(crate) fn retrieved(&self, id: SampleId) -> u64 {
        self.retrieved.get(&id).copied().unwrap_or_default()
    }

    pub(crate) fn count(&self, verb: &str) -> u64 {
        self.verbs
            .get(&verb.to_ascii_uppercase())
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.iter().cloned().collect()
    }
}
