//! The door with accounts in memory and a clock that the runtime turns.

mod accounts;
mod door;
mod log;
