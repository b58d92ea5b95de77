//! axe-core, Deque's accessibility rules, of one version: taken from npm once and kept below the
//! workspace's `target`. It is under the MPL-2.0, so it is used by tests and never part of the
//! repository or the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// Whether it is here.
pub(super) fn is_installed() -> bool {
    script_path().is_file()
}

/// Its script; takes it from npm first, if it is not here.
pub(super) fn script() -> Result<String> {
    install()?;
    let path = script_path();
    fs::read_to_string(&path).with_context(|| path.display().to_string())
}

/// Takes it from npm, if it is not here, and returns its name and version.
pub(super) fn install() -> Result<&'static str> {
    if is_installed() {
        return Ok(PACKAGE);
    }
    let place = place();
    fs::create_dir_all(&place).with_context(|| place.display().to_string())?;
    // Made beside its place and renamed when it is whole: several tests may do this at once.
    let making = tempfile::tempdir_in(&place).context("no folder for axe-core")?;
    let packed = Command::new("npm")
        .args(["pack", PACKAGE, "--json", "--ignore-scripts", "--no-audit"])
        .arg("--pack-destination")
        .arg(making.path())
        .current_dir(making.path())
        .env("npm_config_update_notifier", "false")
        .stdin(Stdio::null())
        .output()
        .context("no npm here (Debian package npm)")?;
    let said = String::from_utf8_lossy(&packed.stdout);
    ensure!(
        packed.status.success(),
        "npm pack {PACKAGE}: {}{said}",
        String::from_utf8_lossy(&packed.stderr)
    );
    ensure!(
        said.contains(INTEGRITY),
        "npm's {PACKAGE} is not the one we know: {said}"
    );
    let unpacked = Command::new("tar")
        .args(["-xzf", &format!("{}.tgz", PACKAGE.replace('@', "-"))])
        .current_dir(making.path())
        .status()
        .context("no tar here")?;
    ensure!(unpacked.success(), "tar cannot unpack {PACKAGE}");
    let renamed = fs::rename(making.path().join("package"), folder());
    ensure!(
        is_installed(),
        "{PACKAGE} does not reach its place: {renamed:?}"
    );
    Ok(PACKAGE)
}

fn script_path() -> PathBuf {
    folder().join("axe.min.js")
}

fn folder() -> PathBuf {
    place().join(PACKAGE.replace('@', "-"))
}

/// Where the other servers of the tests are kept, too.
fn place() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers")
}

const PACKAGE: &str = "axe-core@4.14.1";
/// What npm's register says of this version's archive.
const INTEGRITY: &str = "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==";
