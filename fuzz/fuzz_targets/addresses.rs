//! `addresses` for libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| inhaul_fuzz::addresses_and_received(data));
