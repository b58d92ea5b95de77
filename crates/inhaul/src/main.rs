//! inhaul.
fn main() {}
