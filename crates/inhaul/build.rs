//! Lists what the program is made of and under which licences, for the page that shows it.
//!
//! Asks cargo, which has everything at hand by the time it builds us; no network, no other tool.
//! Where cargo cannot say (a build without its registry), the list is empty and the page says so.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=Cargo.toml");
    println!("cargo::rerun-if-changed=../../Cargo.lock");
    let list = metadata().map(|metadata| licences(&metadata));
    let list = list.unwrap_or_else(|why| {
        println!("cargo::warning=no list of licences: {why}");
        String::new()
    });
    let place = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(place.join("licences.tsv"), list).expect("OUT_DIR can be written to");
}

fn metadata() -> Result<Value, String> {
    let cargo = env::var_os("CARGO").ok_or("cargo does not name itself")?;
    let target = env::var("TARGET").map_err(|error| error.to_string())?;
    let asked = Command::new(cargo)
        .args(["metadata", "--offline", "--locked", "--format-version=1"])
        .args(["--filter-platform", &target])
        .output()
        .map_err(|error| error.to_string())?;
    if !asked.status.success() {
        let said = String::from_utf8_lossy(&asked.stderr);
        return Err(said.lines().next().unwrap_or("cargo failed").to_owned());
    }
    serde_json::from_slice(&asked.stdout).map_err(|error| error.to_string())
}

/// A line for each package of somebody else's that is in the program: name, version, licence,
/// separated by tabs, in the order of the names.
fn licences(metadata: &Value) -> String {
    let packages: BTreeMap<&str, &Value> = rows(&metadata["packages"])
        .filter_map(|package| Some((package["id"].as_str()?, package)))
        .collect();
    let nodes: BTreeMap<&str, &Value> = rows(&metadata["resolve"]["nodes"])
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect();
    let own = |package: &&Value| package["name"] == env!("CARGO_PKG_NAME");
    let mut ways: Vec<&str> = packages
        .values()
        .copied()
        .filter(own)
        .filter_map(|package| package["id"].as_str())
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = ways.pop() {
        if !seen.insert(id) {
            continue;
        }
        for dependency in nodes
            .get(id)
            .into_iter()
            .flat_map(|node| rows(&node["deps"]))
        {
            // What only builds or tests us is not in the program.
            let is_in_it = rows(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null());
            ways.extend(dependency["pkg"].as_str().filter(|_| is_in_it));
        }
    }
    let lines: BTreeSet<String> = seen
        .iter()
        .filter_map(|id| packages.get(id))
        // Our own packages have no registry.
        .filter(|package| !package["source"].is_null())
        .map(|package| {
            let text = |key: &str, otherwise: &str| match package[key].as_str() {
                Some(text) => text.replace(['\t', '\n', '\r'], " "),
                None => otherwise.to_owned(),
            };
            let licence = text("license", "see its sources");
            format!("{}\t{}\t{licence}\n", text("name", ""), text("version", ""))
        })
        .collect();
    lines.into_iter().collect()
}

fn rows(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
