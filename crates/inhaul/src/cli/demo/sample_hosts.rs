//! Where the servers of a demo are: a file in its data directory, for commands that dial by
//! themselves. Names that end in `.example` are nobody's (RFC 2606 section 3), so no name service
//! knows them.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Writes the file.
pub(super) fn write<'a>(
    data: &Path,
    hosts: impl Iterator<Item = (&'a str, IpAddr)>,
) -> io::Result<()> {
    let lines: String = hosts
        .map(|(name, address)| format!("{address} {name}\n"))
        .collect();
    fs::write(path(data), lines)
}

/// The names in the file; none where the data directory is no demo's.
pub(crate) fn read(data: &Path) -> Vec<(String, IpAddr)> {
    let lines = fs::read_to_string(path(data)).unwrap_or_default();
    let host = |line: &str| {
        let (address, name) = line.split_once(' ')?;
        let name = name.strip_suffix(".example")?;
        Some((format!("{name}.example"), address.parse().ok()?))
    };
    lines.lines().filter_map(host).collect()
}

/// Whether the data directory is a demo's.
pub(crate) fn is_demo(data: &Path) -> bool {
    path(data).exists()
}

fn path(data: &Path) -> PathBuf {
    data.join("sample-hosts")
}

#[cfg(test)]
mod tests {
    use inhaul_testkit::TestDir;

    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_but_samples() {
        let data = TestDir::new("sample-hosts").unwrap();
        let data = data.path();
        assert_eq!(read(data), []);
        assert!(!is_demo(data));
        let here = IpAddr::from([127, 0, 0, 1]);
        write(
            data,
            [("old-isp.example", here), ("isp.net", here)].into_iter(),
        )
        .unwrap();
        assert!(is_demo(data));
        assert_eq!(read(data), [("old-isp.example".to_owned(), here)]);
    }
}
