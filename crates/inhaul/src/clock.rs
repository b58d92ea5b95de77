//! The clock of this process.

use std::sync::Arc;
use std::time::SystemTime;

use inhaul_engine::Clock;
use inhaul_types::Timestamp;

/// The system's clock. A test build reads the time from the file that `INHAUL_TEST_CLOCK` names
/// (milliseconds since 1970), if it is set; a release never does.
pub(crate) fn clock() -> Clock {
    #[cfg(feature = "test-clock")]
    if let Some(file) = std::env::var_os("INHAUL_TEST_CLOCK") {
        return Arc::new(move || read(std::path::Path::new(&file)));
    }
    Arc::new(|| Timestamp::from_system_time(SystemTime::now()))
}

#[cfg(feature = "test-clock")]
fn read(file: &std::path::Path) -> Timestamp {
    let text = std::fs::read_to_string(file).expect("INHAUL_TEST_CLOCK names a file");
    Timestamp::from_millis(
        text.trim()
            .parse()
            .expect("the clock file holds milliseconds"),
    )
}
