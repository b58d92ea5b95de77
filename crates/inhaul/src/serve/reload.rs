//! What a configuration that was read again changes in a running server.
//!
//! Every key counts at once, but for those in [`SECTIONS_AT_START`] and [`AT_START`]: what they say
//! was opened or laid out at the start. They keep their value until the next one, in the
//! configuration that commands see too.

use crate::config::Config;
use crate::config::show::Line;

/// The sections that are read at the start only.
const SECTIONS_AT_START: [&str; 4] = ["server", "tls", "imap", "ops"];

/// The keys of other sections that are.
const AT_START: [(&str, &str); 7] = [
    ("storage", "data"),
    ("storage", "secret_key"),
    ("storage", "database"),
    ("checks", "memory"),
    ("pop3", "listen"),
    ("pop3", "listen_tls"),
    ("pop3", "proxy_protocol"),
];

/// The keys that say something else than before, each as `[section] key`.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Changed {
    /// They count from now on.
    pub(super) now: Vec<String>,
    /// They count from the next start on.
    pub(super) at_start: Vec<String>,
}

impl Changed {
    /// What differs between the configuration that runs and the one that was read.
    pub(super) fn between(running: &Config, read: &Config) -> Self {
        let mut changed = Self::default();
        let before = running.lines().iter().filter(|line| is_key(line));
        let after = read.lines().iter().filter(|line| is_key(line));
        for (before, after) in before.zip(after) {
            debug_assert_eq!((&before.section, before.key), (&after.section, after.key));
            if before.value == after.value {
                continue;
            }
            let key = format!("[{}] {}", after.section, after.key);
            if is_at_start(after) {
                changed.at_start.push(key);
            } else {
                changed.now.push(key);
            }
        }
        changed
    }
}

/// The configuration from now on: what was read, with what is read at the start only as it runs.
pub(super) fn in_force(mut read: Config, running: &Config) -> Config {
    read.data.clone_from(&running.data);
    read.key_file.clone_from(&running.key_file);
    read.server.clone_from(&running.server);
    read.tls.clone_from(&running.tls);
    read.pop3 = running.pop3.reloaded(read.pop3);
    read.imap.clone_from(&running.imap);
    read.ops.clone_from(&running.ops);
    read.storage.database = running.storage.database;
    read.checks.memory = running.checks.memory;
    read.keep_lines(running, is_at_start);
    read
}

/// Sections have the same keys in the same order, whatever was written; entries of lists do not.
fn is_key(line: &Line) -> bool {
    !line.section.contains(' ')
}

fn is_at_start(line: &Line) -> bool {
    let section = line.section.as_str();
    SECTIONS_AT_START.contains(&section) || AT_START.contains(&(section, line.key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    fn of(text: &str) -> Config {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("inhaul.toml");
        std::fs::write(&file, text).unwrap();
        let sources = Sources {
            file: Some(file),
            data: Some("DATA".into()),
            ..Sources::default()
        };
        Config::load(&sources).unwrap()
    }

    #[test]
    fn what_the_same_file_says_is_no_change() {
        let text = "[checks]\nevery = \"5m\"\n[[group]]\nname = \"g\"\n";
        let changed = Changed::between(&of(text), &of(text));
        assert_eq!(changed, Changed::default());
        // Entries are told one by one, not as keys.
        let changed = Changed::between(&of(text), &of("[checks]\nevery = \"5m\"\n"));
        assert_eq!(changed, Changed::default());
    }

    #[test]
    fn each_changed_key_counts_now_or_at_the_next_start() {
        let running = of("[checks]\nevery = \"5m\"\nmemory = \"8MiB\"\n");
        let read = of(
            "[checks]\nfloor = \"2m\"\n[pop3]\nlisten = \"off\"\n[log]\nlevel = \"warn\"\n[storage]\nkeep_history = \"30d\"\n",
        );
        let changed = Changed::between(&running, &read);
        let now = [
            "[storage] keep_history",
            "[checks] every",
            "[checks] floor",
            "[log] level",
        ];
        assert_eq!(changed.now, now);
        assert_eq!(changed.at_start, ["[checks] memory", "[pop3] listen"]);
    }

    #[test]
    fn what_needs_a_start_stays_and_is_told_again() {
        let running = of("");
        let text = "[pop3]\nlisten = \"off\"\n[checks]\nmemory = \"8MiB\"\nfloor = \"2m\"\n";
        let config = in_force(of(text), &running);
        assert_eq!(config.pop3, running.pop3);
        assert_eq!(config.checks.memory, running.checks.memory);
        assert_eq!(config.checks.floor, of(text).checks.floor);
        let changed = Changed::between(&config, &of(text));
        assert_eq!(changed.at_start, ["[checks] memory", "[pop3] listen"]);
        assert!(changed.now.is_empty());
        let back = Changed::between(&config, &of("[checks]\nfloor = \"2m\"\n"));
        assert_eq!(back, Changed::default());
    }

    #[test]
    fn where_pop3_listens_needs_a_start_and_its_limits_do_not() {
        let running = of("");
        let text = "[pop3]\nlisten = \"off\"\nlisten_tls = \"off\"\nlogin_wait = \"2s\"\n\
                    connections = 7\nconnections_per_address = 3\nidle = \"20m\"\n\
                    proxy_protocol = [\"192.0.2.0/24\"]\n";
        let changed = Changed::between(&running, &of(text));
        let now = [
            "login_wait",
            "connections",
            "connections_per_address",
            "idle",
        ];
        assert_eq!(changed.now, now.map(|key| format!("[pop3] {key}")));
        let at_start = ["listen", "listen_tls", "proxy_protocol"];
        assert_eq!(
            changed.at_start,
            at_start.map(|key| format!("[pop3] {key}"))
        );
        let config = in_force(of(text), &running);
        assert_eq!(config.pop3.listen, running.pop3.listen);
        assert_eq!(config.pop3.listen_tls, running.pop3.listen_tls);
        assert_eq!(config.pop3.proxy_protocol, []);
        assert_eq!(config.pop3.login_wait.as_secs(), 2);
        assert_eq!(config.pop3.connections, 7);
        assert_eq!(config.pop3.connections_per_address, 3);
        assert_eq!(config.pop3.idle.as_secs(), 20 * 60);
    }

    #[test]
    fn each_name_of_a_section_or_key_is_one() {
        let config = of("");
        for section in SECTIONS_AT_START {
            let mut lines = config.lines().iter();
            assert!(lines.any(|line| line.section == section), "{section}");
        }
        for (section, key) in AT_START {
            let mut lines = config.lines().iter();
            let is_there = lines.any(|line| line.section == section && line.key == key);
            assert!(is_there, "[{section}] {key}");
        }
    }
}
