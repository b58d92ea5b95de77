//! The socket file: made so that nobody else can connect, found stale, removed.

use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use tokio::net::UnixListener;

use crate::exit::{Exit, Failure};

/// Who may connect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Access {
    /// The server's own user, and root.
    Owner,
    /// The members of the socket's group as well.
    Group,
}

impl Access {
    /// In the data directory, which is the owner's alone, the socket is too. Whoever puts it
    /// elsewhere wants others to reach it.
    pub(super) fn to(path: &Path, data: &Path) -> Self {
        match path.parent() == Some(data) {
            true => Self::Owner,
            false => Self::Group,
        }
    }

    fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Group => 0o660,
        }
    }
}

/// Connections that wait to be accepted.
const BACKLOG: i32 = 128;

/// Listens at this path. The data directory's lock is held: a socket there that nobody listens at
/// is what a killed server left.
pub(super) fn listen(path: &Path, access: Access) -> Result<UnixListener, Failure> {
    let address = match SocketAddrUnix::new(path) {
        Err(Errno::NAMETOOLONG) => return Err(too_long(path)),
        address => address.map_err(|error| unusable(path, &error.into()))?,
    };
    make_way(path)?;
    let listen = || -> io::Result<UnixListener> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket =
            rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        rustix::net::bind(&socket, &address)?;
        // Nobody can connect before it listens: the mode is in place by then.
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(access.mode()))?;
        rustix::net::listen(&socket, BACKLOG)?;
        UnixListener::from_std(socket.into())
    };
    listen().map_err(|error| unusable(path, &error))
}

/// Removes a socket that nobody listens at any more.
fn make_way(path: &Path) -> Result<(), Failure> {
    let Ok(there) = std::fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !there.file_type().is_socket() {
        let what = format!("{} is no socket", path.display());
        return Err(Failure::new(Exit::CANT_CREATE, what)
            .hint("Move it away, or set another path for [server] control."));
    }
    match UnixStream::connect(path) {
        Ok(_) => {
            let what = format!("another inhaul listens at {}", path.display());
            Err(Failure::new(Exit::UNAVAILABLE, what)
                .hint("Give each its own path: [server] control."))
        }
        Err(_) => std::fs::remove_file(path).map_err(|error| unusable(path, &error)),
    }
}

fn too_long(path: &Path) -> Failure {
    let what = format!(
        "the control socket's path has {} octets, more than the system takes: {}",
        path.as_os_str().len(),
        path.display()
    );
    Failure::new(Exit::CONFIG, what)
        .hint("Set a shorter one, such as /run/inhaul/control.sock: [server] control, or INHAUL_SERVER__CONTROL.")
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    let what = format!("cannot listen at {}: {error}", path.display());
    Failure::new(Exit::CANT_CREATE, what)
        .hint("Its directory must be there and belong to the user who runs inhaul.")
}
