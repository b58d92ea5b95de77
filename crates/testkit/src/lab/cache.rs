//! The layers of installed packages: made once on a machine, kept, and shared by all tests.
//!
//! A layer is made beside its place and renamed when it is whole, so that one that was broken off
//! is never taken for one that is finished. Tests run in processes of their own at the same time:
//! whoever uses a layer holds a shared lock on it, whoever makes it an exclusive one.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use rustix::fs::{FlockOperation, flock, statfs};

use super::kit::Kit;
use super::root::{Layer, Root};

/// An installed layer, which nobody replaces as long as this lives.
#[derive(Debug)]
pub(crate) struct Installed {
    pub(crate) dir: PathBuf,
    /// The packages and their versions, one a line.
    pub(crate) versions: String,
    _lock: File,
}

/// Why the layers cannot be made on this machine, if so, and what to do about it.
pub(super) fn obstacle() -> Option<String> {
    if !is_root() {
        return Some(NOT_ROOT.into());
    }
    if !Path::new("/usr/bin/apt-get").exists() {
        return Some("they are installed from Debian's packages, and here is no apt-get".into());
    }
    let tried = place().and_then(|place| {
        fs::create_dir_all(place.join("trial/root"))?;
        Root::build(&place.join("trial"), Layer::Installed).map(drop)
    });
    tried.err().map(|error| {
        format!("{error:#} (needs a kernel with overlayfs, and a container needs --privileged)")
    })
}

/// Whether this layer is there and up to date.
pub(super) fn is_installed(kit: &Kit) -> bool {
    place().is_ok_and(|place| is_current(&place.join(kit.name), &stamp(kit)))
}

/// This layer; installs it if it is not there.
pub(crate) fn installed(kit: &Kit) -> Result<Installed> {
    if !is_root() {
        bail!("{} for the tests: {NOT_ROOT}", kit.name);
    }
    let place = place()?;
    fs::create_dir_all(&place).with_context(|| place.display().to_string())?;
    let dir = place.join(kit.name);
    let lock = File::create(place.join(format!("{}.lock", kit.name)))?;
    let stamp = stamp(kit);
    flock(&lock, FlockOperation::LockShared).context("cannot lock the layer")?;
    if !is_current(&dir, &stamp) {
        flock(&lock, FlockOperation::LockExclusive).context("cannot lock the layer")?;
        // Another process may have made it while we waited.
        if !is_current(&dir, &stamp) {
            install(kit, &dir, &stamp).with_context(|| format!("cannot install {}", kit.name))?;
        }
        flock(&lock, FlockOperation::LockShared).context("cannot lock the layer")?;
    }
    let versions = fs::read_to_string(dir.join(VERSIONS))?;
    Ok(Installed {
        dir,
        versions,
        _lock: lock,
    })
}

/// Whether we may mount and install.
pub(crate) fn is_root() -> bool {
    // The owner of our own entry in /proc is our effective user.
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn install(kit: &Kit, dir: &Path, stamp: &str) -> Result<()> {
    let making = dir.with_extension("making");
    for old in [&making, &dir.to_path_buf()] {
        match fs::remove_dir_all(old) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| old.display().to_string());
            }
            _ => {}
        }
    }
    fs::create_dir_all(making.join("root"))?;
    let root = Root::build(&making, Layer::Installed)?;
    let packages = kit.packages.join(" ");
    root.run(PREPARE)?;
    root.run(kit.before)?;
    let install = format!("apt-get install -y -q --no-install-recommends {packages}");
    // The machine's own lists may be old, or not there at all.
    root.run(&format!(
        "{install} || {{ apt-get update -q && {install}; }}"
    ))?;
    root.run(ADD_USERS)?;
    root.run(kit.setup)?;
    let versions = root.run(&format!(
        "dpkg-query --show --showformat '${{Package}} ${{Version}}\\n' {packages}"
    ))?;
    drop(root);
    fs::write(making.join(VERSIONS), versions)?;
    fs::write(making.join(STAMP), stamp)?;
    fs::rename(&making, dir).context("cannot put the layer in its place")
}

fn is_current(dir: &Path, stamp: &str) -> bool {
    fs::read_to_string(dir.join(STAMP)).is_ok_and(|found| found == stamp)
}

/// What a layer is made of: with other packages, or above another system, it is made anew.
fn stamp(kit: &Kit) -> String {
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let packages = kit.packages.join(" ");
    let scripts = [PREPARE, kit.before, ADD_USERS, kit.setup].join("\n");
    format!("{packages}\n{scripts}\n{system}")
}

/// Where the layers are: in the workspace's `target`, or in memory where that folder cannot
/// carry one.
fn place() -> Result<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = workspace.join("target");
    fs::create_dir_all(&target).with_context(|| target.display().to_string())?;
    let target = target.canonicalize()?;
    if carries_layers(&target) {
        return Ok(target.join("peers"));
    }
    let uid = fs::metadata("/proc/self")?.uid();
    Ok(PathBuf::from(format!("/dev/shm/inhaul-peers-{uid}")))
}

/// An overlay takes no layer that lies on an overlay (as a container's folders do), nor one that
/// lies within a folder it covers.
fn carries_layers(dir: &Path) -> bool {
    let covered = ["/etc", "/lib", "/opt", "/sbin", "/usr", "/var"];
    let within = covered.iter().any(|folder| dir.starts_with(folder));
    !within && statfs(dir).is_ok_and(|system| system.f_type != OVERLAYFS)
}

/// `OVERLAYFS_SUPER_MAGIC` of linux/magic.h.
const OVERLAYFS: rustix::fs::FsWord = 0x794c_7630;
const NOT_ROOT: &str = "servers of other makes run in overlays, and that takes root";
const STAMP: &str = "stamp";
const VERSIONS: &str = "versions";

/// Packages may not start services (Debian policy 9.3.3), and nobody is to read manuals here: their
/// index would take longest of all.
const PREPARE: &str = "printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
rm -f /var/lib/man-db/auto-update";
const ADD_USERS: &str = "for user in u1 u2; do
  useradd --shell /bin/sh --home-dir /home/$user $user
  echo $user:pass | chpasswd
done";

#[cfg(test)]
mod tests {
    use super::super::lab_kits;
    use super::*;

    #[test]
    fn a_folder_that_an_overlay_covers_carries_none() {
        assert!(!carries_layers(Path::new("/usr/lib")));
        assert!(!carries_layers(Path::new("/no-such-folder")));
    }

    #[test]
    fn another_kit_is_another_layer() {
        let stamps: std::collections::HashSet<_> = lab_kits().iter().map(stamp).collect();
        assert_eq!(stamps.len(), lab_kits().len());
    }
}
