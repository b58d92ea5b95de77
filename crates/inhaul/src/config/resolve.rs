//! What it means: from the files and the environment to the resolved [`Config`].
//!
//! The second of the two stages. Every section reads its own keys; here is only what spans them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::addresses::ListenAddress;
use super::entries::account::AccountEntry;
use super::entries::group::GroupEntry;
use super::entries::read_all;
use super::entries::retrieval::RetrievalEntry;
use super::environment::Environment;
use super::problems::Problem;
use super::raw::{LISTS, RawConfig, SECTIONS};
use super::reader::{Reader, Session};
use super::sections::checks::Checks;
use super::sections::detect::Detect;
use super::sections::imap::Imap;
use super::sections::log::Log;
use super::sections::metrics::Metrics;
use super::sections::notify::Notify;
use super::sections::ops::Ops;
use super::sections::pop3::Pop3;
use super::sections::server::Server;
use super::sections::storage::{Storage, read_data, read_key_file};
use super::sections::tls::Tls;
use super::show::Line;
use super::{Config, ConfigProblems, Sources, lookup};

/// Reads everything, with the machine's own directory at `system`.
pub(super) fn load(sources: &Sources, system: &Path) -> Result<Config, ConfigProblems> {
    match load_with_problems(sources, system) {
        (_, Some(problems)) => Err(problems),
        (config, None) => Ok(config),
    }
}

/// The same, and what can be made of a configuration that is wrong.
pub(super) fn load_with_problems(
    sources: &Sources,
    system: &Path,
) -> (Config, Option<ConfigProblems>) {
    let environment = Environment::new(&sources.environment);
    let mut session = Session {
        environment,
        ..Session::default()
    };
    let mut problems = Vec::new();
    let files = lookup::files(sources, &session.environment, system, &mut problems);
    session.problems = problems;
    let raw = RawConfig::read(&files, &mut session);
    let config = resolve(raw, &mut session, sources, files);
    (config, ConfigProblems::collect(session.problems))
}

/// Makes a configuration of it, faults or not: a caller must look at the session's problems.
fn resolve(
    mut raw: RawConfig,
    session: &mut Session,
    sources: &Sources,
    files: Vec<PathBuf>,
) -> Config {
    let (data, key_file, storage) = section(&mut raw, session, "storage", |reader| {
        let data = read_data(reader, sources);
        let key_file = read_key_file(reader, &data);
        (data, key_file, Storage::read(reader))
    });
    let server = section(&mut raw, session, "server", |reader| {
        Server::read(reader, &data)
    });
    let checks = section(&mut raw, session, "checks", Checks::read);
    let detect = section(&mut raw, session, "detect", Detect::read);
    let tls = section(&mut raw, session, "tls", Tls::read);
    let log = section(&mut raw, session, "log", Log::read);
    let notify = section(&mut raw, session, "notify", Notify::read);
    let metrics = section(&mut raw, session, "metrics", Metrics::read);
    let pop3 = section(&mut raw, session, "pop3", Pop3::read);
    let imap = section(&mut raw, session, "imap", Imap::read);
    let ops = section(&mut raw, session, "ops", Ops::read);
    Environment::refuse_unknown_sections(session, &SECTIONS, &LISTS);
    // The data directory is read first because other values lie in it; people read in file order.
    let place_of = |line: &Line| SECTIONS.iter().position(|section| line.section == *section);
    session.lines.sort_by_key(place_of);

    let groups = read_all(session, "group", raw.list("group"), GroupEntry::read);
    let accounts = read_all(session, "account", raw.list("account"), AccountEntry::read);
    let read_retrieval = |reader: &mut Reader<'_>| RetrievalEntry::read(reader, checks.every);
    let retrievals = read_all(session, "retrieval", raw.list("retrieval"), read_retrieval);
    let config = Config {
        data,
        key_file,
        server,
        storage,
        checks,
        detect,
        tls,
        log,
        notify,
        metrics,
        pop3,
        imap,
        ops,
        groups,
        accounts,
        retrievals,
        files,
        lines: std::mem::take(&mut session.lines),
    };
    session.problems.extend(shared_addresses(&config));
    config
}

fn section<T>(
    raw: &mut RawConfig,
    session: &mut Session,
    name: &'static str,
    read: impl FnOnce(&mut Reader<'_>) -> T,
) -> T {
    let mut reader = Reader::section(session, name, raw.section(name));
    let value = read(&mut reader);
    let lines = reader.finish();
    session.lines.extend(lines);
    value
}

/// Two services at one address: found here, with the keys' names, and not when the second starts.
fn shared_addresses(config: &Config) -> Vec<Problem> {
    let web = config
        .server
        .listen
        .iter()
        .filter_map(|address| match address {
            ListenAddress::Tcp(address) => Some(*address),
            ListenAddress::Unix(_) => None,
        });
    let web: Vec<SocketAddr> = web.collect();
    let listeners = [
        ("server", "listen", &web),
        ("pop3", "listen", &config.pop3.listen),
        ("pop3", "listen_tls", &config.pop3.listen_tls),
        ("imap", "listen", &config.imap.listen),
        ("imap", "listen_tls", &config.imap.listen_tls),
        ("ops", "listen", &config.ops.listen),
    ];
    let mut taken: HashMap<SocketAddr, (&str, &str)> = HashMap::new();
    let mut problems = Vec::new();
    for (section, key, addresses) in listeners {
        for address in addresses.iter().filter(|address| address.port() != 0) {
            let Some(first) = taken.insert(*address, (section, key)) else {
                continue;
            };
            // The same key twice was reported while it was read.
            if first == (section, key) {
                continue;
            }
            let origin = |at: (&str, &str)| {
                let line = config
                    .lines
                    .iter()
                    .find(|line| (&*line.section, line.key) == at);
                line.map(|line| line.origin.clone())
                    .filter(|origin| origin.is_written())
            };
            let (first_key, this_key) = (
                format!("{}.{}", first.0, first.1),
                format!("{section}.{key}"),
            );
            let (blamed, other, place) = match (origin((section, key)), origin(first)) {
                (Some(place), _) => (this_key, first_key, place),
                (None, Some(place)) => (first_key, this_key, place),
                (None, None) => continue,
            };
            problems.push(Problem {
                place,
                key: blamed,
                what: format!("{address} is the address of {other} as well"),
                help: "Give each a port of its own.".to_owned(),
            });
        }
    }
    problems
}
