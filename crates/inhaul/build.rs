//! Lists what the program is made of and under which licences, for the page that shows it.
//!
//! Asks cargo, which has everything at hand by the time it builds us; no network, no other tool.
//! Where cargo cannot say (a build without its registry), the list is empty and the page says so.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=Cargo.toml");
    println!("cargo::rerun-if-changed=../../Cargo.lock");
    let list = tree().map(|tree| licences(&tree)).unwrap_or_else(|why| {
        println!("cargo::warning=no list of licences: {why}");
        String::new()
    });
    let place = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(place.join("licences.tsv"), list).expect("OUT_DIR can be written to");
}

/// Each package that is in the program, as `name v1.2.3 (where from)`, a tab, its licence.
fn tree() -> Result<String, String> {
    let cargo = env::var_os("CARGO").ok_or("cargo does not name itself")?;
    let target = env::var("TARGET").map_err(|error| error.to_string())?;
    let asked = Command::new(cargo)
        .args([
            "tree",
            "--offline",
            "--locked",
            "--package",
            env!("CARGO_PKG_NAME"),
        ])
        .args([
            "--edges", "normal", "--prefix", "none", "--format", "{p}\t{l}",
        ])
        .args(["--target", &target])
        .output()
        .map_err(|error| error.to_string())?;
    let said = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    match asked.status.success() {
        true => Ok(said(&asked.stdout)),
        false => Err(said(&asked.stderr)
            .lines()
            .next()
            .unwrap_or("cargo failed")
            .to_owned()),
    }
}

/// A line for each package of somebody else's: name, version, licence, separated by tabs.
fn licences(tree: &str) -> String {
    let lines: BTreeSet<String> = tree.lines().filter_map(line).collect();
    lines.into_iter().collect()
}

fn line(line: &str) -> Option<String> {
    let (package, licence) = line.split_once('\t')?;
    // Cargo marks what it has shown before.
    let licence = match licence.trim_end_matches("(*)").trim() {
        "" => "see its sources",
        licence => licence,
    };
    let mut words = package.split_whitespace();
    let (name, version) = (words.next()?, words.next()?);
    // Our own packages come from a path; macros work while we are built, and stay behind.
    let is_of_others = words.next().is_none();
    is_of_others.then(|| format!("{name}\t{}\t{licence}\n", version.trim_start_matches('v')))
}
