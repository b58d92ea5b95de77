//! Random octets from the system.

use rustix::rand::{GetRandomFlags, getrandom};

use super::errors::Doing;
use crate::StoreError;

/// An array of random octets.
pub(crate) fn octets<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut octets = [0; N];
    fill(&mut octets)?;
    Ok(octets)
}

/// Fills `buffer` with random octets.
pub(crate) fn fill(mut buffer: &mut [u8]) -> Result<(), StoreError> {
    while !buffer.is_empty() {
        match getrandom(&mut *buffer, GetRandomFlags::empty()) {
            Ok(filled) => buffer = &mut buffer[filled..],
            Err(rustix::io::Errno::INTR) => {}
            errno => {
                errno.doing("read random octets")?;
            }
        }
    }
    Ok(())
}
