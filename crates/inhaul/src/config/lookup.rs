//! Which files are read, and where the data directory is when nobody says.

use std::fs;
use std::path::{Path, PathBuf};

use super::Sources;
use super::environment::Environment;
use super::problems::Problem;
use super::tree::Place;

/// Where a package puts the configuration of the whole machine.
pub(super) const SYSTEM: &str = "/etc/inhaul";

/// The files to read, weakest first.
///
/// A file that was named must exist. Of the places nobody named, the first that has a file or a
/// `conf.d` counts; none at all is fine.
pub(super) fn files(
    sources: &Sources,
    environment: &Environment,
    system: &Path,
    problems: &mut Vec<Problem>,
) -> Vec<PathBuf> {
    if let Some(named) = sources.file.as_ref().or(environment.config.as_ref()) {
        let mut files = vec![named.clone()];
        files.extend(additions(named, problems));
        return files;
    }
    for directory in directories(environment, system) {
        let main = directory.join("inhaul.toml");
        let mut files = additions(&main, problems);
        // Says yes as well where the answer is "permission denied": reading it then reports that.
        if fs::exists(&main).unwrap_or(true) {
            files.insert(0, main);
        }
        if !files.is_empty() {
            return files;
        }
    }
    Vec::new()
}

/// The data directory of an installation that names none.
pub(super) fn default_data(environment: &Environment) -> PathBuf {
    let share = environment.xdg_data.clone().or_else(|| {
        environment
            .home
            .as_ref()
            .map(|home| home.join(".local/share"))
    });
    share.map_or_else(|| PathBuf::from(SERVICE_DATA), |share| share.join("inhaul"))
}

fn directories(environment: &Environment, system: &Path) -> Vec<PathBuf> {
    let personal = environment
        .xdg_config
        .clone()
        .or_else(|| environment.home.as_ref().map(|home| home.join(".config")));
    let personal = personal.map(|config| config.join("inhaul"));
    personal.into_iter().chain([system.to_owned()]).collect()
}

/// `conf.d/*.toml` beside a file, in the order of their names. Hidden files are an editor's.
fn additions(beside: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let directory = beside.with_file_name("conf.d");
    if !directory.is_dir() {
        return Vec::new();
    }
    let entries = fs::read_dir(&directory).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = match entries {
        Ok(entries) => entries,
        Err(error) => {
            problems.push(Problem {
                place: Place::Whole(directory),
                key: String::new(),
                what: format!("cannot be read: {error}"),
                help: "Let this user read the directory, or remove it.".to_owned(),
            });
            return Vec::new();
        }
    };
    let is_hidden = |path: &Path| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'))
    };
    let mut files: Vec<PathBuf> = entries
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .filter(|path| !is_hidden(path))
        .collect();
    files.sort();
    files
}

/// A service without a home: what a package's directory is called.
const SERVICE_DATA: &str = "/var/lib/inhaul";

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &Path)]) -> Environment {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, path)| ((*name).to_owned(), path.display().to_string()))
            .collect();
        Environment::new(&pairs)
    }

    fn put(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }

    #[test]
    fn the_first_place_that_has_a_file_counts() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        let sources = Sources::default();
        let xdg = environment(&[("XDG_CONFIG_HOME", &at("xdg")), ("HOME", &at("home"))]);
        let home = environment(&[("HOME", &at("home"))]);
        let mut none = Vec::new();

        assert!(
            files(&sources, &xdg, &at("etc"), &mut none).is_empty(),
            "no file at all"
        );
        put(&at("etc/inhaul.toml"));
        assert_eq!(
            files(&sources, &xdg, &at("etc"), &mut none),
            [at("etc/inhaul.toml")]
        );
        put(&at("home/.config/inhaul/inhaul.toml"));
        let of_home = [at("home/.config/inhaul/inhaul.toml")];
        assert_eq!(files(&sources, &home, &at("etc"), &mut none), of_home);
        assert_eq!(
            files(&sources, &xdg, &at("etc"), &mut none),
            [at("etc/inhaul.toml")]
        );
        put(&at("xdg/inhaul/inhaul.toml"));
        assert_eq!(
            files(&sources, &xdg, &at("etc"), &mut none),
            [at("xdg/inhaul/inhaul.toml")]
        );
        assert!(none.is_empty());
    }

    #[test]
    fn a_named_file_hides_every_other_place() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        put(&at("etc/inhaul.toml"));
        let both = environment(&[("INHAUL_CONFIG", &at("variable.toml"))]);
        let option = Sources {
            file: Some(at("option.toml")),
            ..Sources::default()
        };
        let mut none = Vec::new();
        assert_eq!(
            files(&option, &both, &at("etc"), &mut none),
            [at("option.toml")]
        );
        let sources = Sources::default();
        assert_eq!(
            files(&sources, &both, &at("etc"), &mut none),
            [at("variable.toml")]
        );
    }

    #[test]
    fn additions_follow_in_the_order_of_their_names() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        for path in [
            "conf.d/20-b.toml",
            "conf.d/10-a.toml",
            "conf.d/x.bak",
            "conf.d/.y.toml",
        ] {
            put(&at(path));
        }
        let mut none = Vec::new();
        let only_additions = files(
            &Sources::default(),
            &Environment::default(),
            root.path(),
            &mut none,
        );
        assert_eq!(
            only_additions,
            [at("conf.d/10-a.toml"), at("conf.d/20-b.toml")]
        );
        put(&at("inhaul.toml"));
        let all = files(
            &Sources::default(),
            &Environment::default(),
            root.path(),
            &mut none,
        );
        let expected = [
            at("inhaul.toml"),
            at("conf.d/10-a.toml"),
            at("conf.d/20-b.toml"),
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn the_data_directory_follows_the_person_and_then_the_service() {
        let rows: [(&[(&str, &str)], &str); 4] = [
            (&[("XDG_DATA_HOME", "/x"), ("HOME", "/home/a")], "/x/inhaul"),
            (
                &[("XDG_DATA_HOME", "x"), ("HOME", "/home/a")],
                "/home/a/.local/share/inhaul",
            ),
            (&[("HOME", "/home/a")], "/home/a/.local/share/inhaul"),
            (&[], "/var/lib/inhaul"),
        ];
        for (pairs, expected) in rows {
            let pairs: Vec<_> = pairs
                .iter()
                .map(|(name, path)| (*name, Path::new(*path)))
                .collect();
            assert_eq!(
                default_data(&environment(&pairs)),
                Path::new(expected),
                "{pairs:?}"
            );
        }
    }
}
