//! `pop3_service` for libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| inhaul_fuzz::pop3_service(data));
