//! `cargo xtask peers`: the other programs our tests talk to, from Debian's packages.
//!
//! Installs only as root and only with apt-get; anybody else is told the packages. No service is
//! started: the tests start private copies of what they need. Servers of other makes than Dovecot,
//! and Postfix, whose packages exclude one another, are installed beside the system (`testkit`'s `lab`).
//! Where no browser can be had, only the tests of pages are left out.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use inhaul_testkit::{
    browser_extra_missing, browser_install, browser_missing, browser_obstacle, firefox_missing,
    lab_install, lab_missing, lab_obstacle,
};

/// How we see that a package is there.
enum Sign {
    Program(&'static str),
    File(&'static str),
}

/// The Debian packages.
const PEERS: [(&str, Sign); 12] = [
    ("dovecot-core", Sign::Program("dovecot")),
    ("dovecot-pop3d", Sign::File("/usr/lib/dovecot/pop3")),
    ("dovecot-imapd", Sign::File("/usr/lib/dovecot/imap")),
    ("dovecot-lmtpd", Sign::File("/usr/lib/dovecot/lmtp")),
    ("openssl", Sign::Program("openssl")),
    ("curl", Sign::Program("curl")),
    ("mutt", Sign::Program("mutt")),
    ("mpop", Sign::Program("mpop")),
    ("fetchmail", Sign::Program("fetchmail")),
    ("getmail6", Sign::Program("getmail")),
    ("python3", Sign::Program("python3")),
    // Only to read our units: as root in a container it starts nothing.
    ("systemd", Sign::Program("systemd-analyze")),
];

/// Makes sure that every peer is there: installs what is missing, or says what to install.
pub(crate) fn ensure() -> Result<()> {
    let wanted = missing();
    if wanted.is_empty() {
        return Ok(());
    }
    let list = wanted.join(" ");
    if !may_install() {
        bail!(
            "programs that the tests talk to are missing; as root:\n\n  \
             apt-get install --no-install-recommends {list}\n"
        );
    }
    eprintln!("   installing {list}");
    install(&wanted)?;
    match missing() {
        still if still.is_empty() => Ok(()),
        still => bail!("installed, but not to be found: {}", still.join(" ")),
    }
}

/// Makes sure that the servers of other makes are there, each in an overlay of its own that leaves
/// the machine as it is; or says why they cannot be.
pub(crate) fn ensure_servers() -> Result<()> {
    if let Some(why) = lab_obstacle() {
        eprintln!("   servers of other makes are not installed: {why}");
        return Ok(());
    }
    for kit in lab_missing() {
        let began = Instant::now();
        eprint!("   installing {} beside this system: ", kit.name());
        let versions = lab_install(&kit)?;
        let versions = versions.trim().replace('\n', ", ");
        eprintln!("{versions}, {:.0} s", began.elapsed().as_secs_f64());
    }
    Ok(())
}

/// Why no browser can be had here, if so, and what to do about it.
pub(crate) fn no_browser() -> Option<String> {
    unobtainable(&browser_missing())
}

/// The same of Firefox.
pub(crate) fn no_firefox() -> Option<String> {
    unobtainable(&firefox_missing())
}

fn unobtainable(missing: &[&str]) -> Option<String> {
    if !missing.is_empty() && !may_install() {
        let list = missing.join(" ");
        return Some(format!(
            "as root: apt-get install --no-install-recommends {list}"
        ));
    }
    browser_obstacle()
}

/// Makes sure that a browser is there and what judges its pages; or says why it cannot be.
pub(crate) fn ensure_browser() -> Result<()> {
    if let Some(why) = no_browser() {
        eprintln!("   no browser is installed: {why}");
        return Ok(());
    }
    ensure_packages(browser_missing)?;
    if browser_extra_missing() {
        eprintln!("   installing {} below target", browser_install()?);
    }
    Ok(())
}

/// Makes sure that Firefox is there; or says why it cannot be.
pub(crate) fn ensure_firefox() -> Result<()> {
    if let Some(why) = no_firefox() {
        eprintln!("   Firefox is not installed: {why}");
        return Ok(());
    }
    ensure_packages(firefox_missing)
}

fn ensure_packages(missing: fn() -> Vec<&'static str>) -> Result<()> {
    let wanted = missing();
    if wanted.is_empty() {
        return Ok(());
    }
    eprintln!("   installing {}", wanted.join(" "));
    install(&wanted)?;
    let still = missing();
    if !still.is_empty() {
        bail!("installed, but not to be found: {}", still.join(" "));
    }
    Ok(())
}

/// Prints the packages that are missing, on one line, for a script that installs them itself.
#[expect(clippy::print_stdout, reason = "the list is this command's result")]
pub(crate) fn print_missing() -> Result<()> {
    let all = [missing(), browser_missing(), firefox_missing()].concat();
    println!("{}", all.join(" "));
    Ok(())
}

/// The packages whose sign is not there.
fn missing() -> Vec<&'static str> {
    let absent = PEERS.iter().filter(|(_, sign)| match sign {
        Sign::Program(name) => find_program(name).is_none(),
        Sign::File(path) => !Path::new(path).exists(),
    });
    absent.map(|(package, _)| *package).collect()
}

/// Where a program is. Servers live in the sbin folders, which are not on everybody's path.
fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path)
        .chain(["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from));
    folders
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Installs packages with apt-get, without starting the services some of them bring.
fn install(packages: &[&str]) -> Result<()> {
    let _no_services = ServicesStayDown::begin(Path::new(POLICY))?;
    apt_get(&["update", "-q"])?;
    let words = ["install", "-y", "-q", "--no-install-recommends"];
    apt_get(&[&words, packages].concat())
}

fn apt_get(words: &[&str]) -> Result<()> {
    let status = Command::new("apt-get")
        .args(words)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .status()
        .context("apt-get cannot be started")?;
    if !status.success() {
        bail!("apt-get {}: {status}", words.join(" "));
    }
    Ok(())
}

/// While this lives, packages that are being installed may not start services (Debian policy
/// 9.3.3: `policy-rc.d` answers 101, "forbidden"). The machine's own `policy-rc.d` stays as it is.
struct ServicesStayDown {
    /// The file to remove, if it is ours.
    ours: Option<PathBuf>,
}

impl ServicesStayDown {
    fn begin(policy: &Path) -> Result<Self> {
        let about = || policy.display().to_string();
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o755)
            .open(policy)
        {
            Ok(mut file) => {
                let guard = Self {
                    ours: Some(policy.to_path_buf()),
                };
                file.write_all(FORBID.as_bytes()).with_context(about)?;
                Ok(guard)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                // Ours if an earlier installation was killed before it could remove it.
                let ours = fs::read_to_string(policy).is_ok_and(|text| text == FORBID);
                Ok(Self {
                    ours: ours.then(|| policy.to_path_buf()),
                })
            }
            Err(error) => Err(error).with_context(about),
        }
    }
}

impl Drop for ServicesStayDown {
    fn drop(&mut self) {
        if let Some(policy) = &self.ours
            && let Err(error) = fs::remove_file(policy)
        {
            eprintln!("   remove {} by hand: {error}", policy.display());
        }
    }
}

const POLICY: &str = "/usr/sbin/policy-rc.d";
const FORBID: &str =
    "#!/bin/sh\n# Here only while `cargo xtask peers` installs packages.\nexit 101\n";

/// Whether this process can install packages.
fn may_install() -> bool {
    is_root() && find_program("apt-get").is_some()
}

fn is_root() -> bool {
    // The owner of our own entry in /proc is our effective user.
    fs::metadata("/proc/self").is_ok_and(|entry| entry.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_on_the_path_or_in_an_sbin_folder() {
        assert!(find_program("sh").is_some());
        assert!(find_program("no-such-program-here").is_none());
    }

    #[test]
    fn our_policy_goes_and_the_machines_own_stays() {
        let policy = std::env::temp_dir().join(format!("xtask-policy-{}", std::process::id()));
        drop(ServicesStayDown::begin(&policy).unwrap());
        assert!(!policy.exists(), "ours was left behind");

        fs::write(&policy, FORBID).unwrap();
        drop(ServicesStayDown::begin(&policy).unwrap());
        assert!(!policy.exists(), "ours of an earlier time was left behind");

        fs::write(&policy, "#!/bin/sh\nexit 0\n").unwrap();
        drop(ServicesStayDown::begin(&policy).unwrap());
        assert!(
            fs::remove_file(&policy).is_ok(),
            "the machine's own is gone"
        );
    }
}
