//! A moment of the past as a program asks for it: `2h` ago, or a date and time.

use inhaul_manage::words::parse_duration;
use inhaul_types::Timestamp;

use super::problem::ApiProblem;

/// The moment that `field` names: `30m`, `14d`, `2026-03-14T10:22:00Z`.
pub(super) fn moment(
    field: &'static str,
    text: &str,
    now: Timestamp,
) -> Result<Timestamp, ApiProblem> {
    if let Ok(ago) = parse_duration(text) {
        return Ok(now.minus(ago));
    }
    let moment = text.parse::<jiff::Timestamp>();
    let moment = moment.map_err(|_| {
        let what =
            "Write how long ago, such as 2h or 14d, or a moment such as 2026-03-14T10:22:00Z.";
        ApiProblem::invalid(field, what)
    })?;
    Ok(Timestamp::from_millis(moment.as_millisecond()))
}
