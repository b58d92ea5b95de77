//! What a layer is made of: packages, and scripts around their installation.

/// Packages that are installed into a layer of their own.
#[derive(Clone, Copy, Debug)]
pub struct Kit {
    /// The layer's name.
    pub(crate) name: &'static str,
    /// Debian packages.
    pub(crate) packages: &'static [&'static str],
    /// A script that is run first.
    pub(crate) before: &'static str,
    /// A script that ends the installation. The users are there.
    pub(crate) setup: &'static str,
}

impl Kit {
    /// Its name in paths and reports.
    pub fn name(&self) -> &'static str {
        self.name
    }
}
