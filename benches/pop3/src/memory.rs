//! Many sessions at the same time, and the memory of the server that has them.

use std::collections::HashMap;
use std::fs;
use std::thread;

use anyhow::{Context as _, Result};

use crate::client::Session;
use crate::ground::{Pop3, session_user};

/// Who signs in at the same time: passwords are slow to check, on purpose.
const AT_ONCE: usize = 8;

/// Octets, in KiB.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    /// Shared pages count in every process.
    resident: u64,
    /// Shared pages count once.
    proportional: u64,
    processes: usize,
}

/// Opens so many sessions at each server in turn and prints what its processes take.
pub(crate) fn measure(servers: &[Pop3; 2], sessions: usize) -> Result<()> {
    println!("{sessions} sessions at the same time, each behind STAT, UIDL and RETR 1");
    for (name, server) in ["inhaul", "Dovecot"].into_iter().zip(servers) {
        let before = memory(server.process)?;
        let open = open(server, sessions)?;
        let during = memory(server.process)?;
        for session in open {
            session.quit()?;
        }
        let mib = |kib: u64| kib as f64 / 1024.0;
        println!(
            "  {name:8} {:7.1} MiB resident, {:7.1} MiB with shared pages counted once, in {} \
             processes; before {:.1} MiB in {}",
            mib(during.resident),
            mib(during.proportional),
            during.processes,
            mib(before.resident),
            before.processes
        );
    }
    println!("  wanted: under 150 MiB for 500");
    Ok(())
}

fn open(server: &Pop3, sessions: usize) -> Result<Vec<Session>> {
    let one = |number: usize| -> Result<Session> {
        let user = session_user(number);
        let mut session = Session::sign_in(server.at, &user, &server.password)?;
        session.stat()?;
        session.many("UIDL")?;
        session.many("RETR 1")?;
        Ok(session)
    };
    let parts = thread::scope(|scope| {
        let part = |first| (first..sessions).step_by(AT_ONCE);
        let threads: Vec<_> = (0..AT_ONCE)
            .map(|first| scope.spawn(move || part(first).map(one).collect::<Result<Vec<_>>>()))
            .collect();
        let ended = threads.into_iter();
        let ended = ended.map(|thread| thread.join().expect("it panics nowhere"));
        ended.collect::<Result<Vec<_>>>()
    })?;
    Ok(parts.into_iter().flatten().collect())
}

/// What a process and all below it take.
fn memory(first: u32) -> Result<Memory> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let name = entry.file_name();
        let Some(process) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if let Some(parent) = number(process, "status", "PPid:") {
            let parent = u32::try_from(parent).context("a process id beyond 32 bits")?;
            children.entry(parent).or_default().push(process);
        }
    }
    let (mut memory, mut waiting) = (Memory::default(), vec![first]);
    while let Some(process) = waiting.pop() {
        waiting.extend(children.remove(&process).unwrap_or_default());
        memory.processes += 1;
        memory.resident += number(process, "status", "VmRSS:").unwrap_or(0);
        memory.proportional += number(process, "smaps_rollup", "Pss:").unwrap_or(0);
    }
    Ok(memory)
}

/// The number behind a word in a process's file; `None` where either is missing.
fn number(process: u32, file: &str, word: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/{file}")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(word))?;
    line.split_whitespace().next()?.parse().ok()
}
