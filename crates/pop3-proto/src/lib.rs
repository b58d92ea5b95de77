#![doc = include_str!("../README.md")]

pub mod client;
mod input_buffer;
mod output_buffer;
mod response_code;
pub mod sasl_plain;
pub mod server;
mod session_state;
mod transparency;

pub use response_code::ResponseCode;
pub use session_state::SessionState;
