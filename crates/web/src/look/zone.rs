//! The zone of whoever reads: what they chose in their preferences, else UTC.
//!
//! A page is made by one task, which knows from its first look at the session on whose it is. So the
//! zone lies beside that task, and nothing that writes a time has to be handed it. Outside of it
//! (live streams, programs) times are UTC, as they say. Start at [`within`].

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use jiff::tz::TimeZone;

tokio::task_local! {
    static READER: RefCell<TimeZone>;
}

/// Answers a request whose reader is not known yet.
pub(crate) async fn within(request: Request, next: Next) -> Response {
    READER
        .scope(RefCell::new(TimeZone::UTC), next.run(request))
        .await
}

/// From now on the page is written for somebody who has chosen this zone, or none.
pub(crate) fn read_in(name: Option<&str>) {
    let zone = name.and_then(find).unwrap_or(TimeZone::UTC);
    // Without a page there is nobody to tell times to.
    READER.try_with(|reader| reader.replace(zone)).ok();
}

/// The zone times are written in.
pub(super) fn reader() -> TimeZone {
    READER
        .try_with(|reader| reader.borrow().clone())
        .unwrap_or(TimeZone::UTC)
}

/// A zone by one of [`names`].
pub(crate) fn find(name: &str) -> Option<TimeZone> {
    let is_known = NAMES.binary_search_by(|known| known.as_str().cmp(name));
    is_known.ok().and_then(|_| TimeZone::get(name).ok())
}

/// The zones that can be chosen by the part of the world they are in, with the rest of their names.
pub(crate) fn names() -> BTreeMap<&'static str, Vec<(&'static str, String)>> {
    let mut parts: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for name in &*NAMES {
        let (part, place) = name.split_once('/').unwrap_or(("UTC", name));
        let place = place.replace('_', " ").replace('/', ", ");
        parts.entry(part).or_default().push((&**name, place));
    }
    parts
}

/// All of this machine's database that are named after a place, in order, and UTC.
static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let known = jiff::tz::db().available().map(|name| name.to_string());
    let mut names: Vec<String> = known.filter(|name| is_a_place(name)).collect();
    names.push("UTC".to_owned());
    names.sort_unstable();
    names.dedup();
    names
});

/// Zones have other names, too: of countries, of single offsets.
fn is_a_place(name: &str) -> bool {
    let part = name.split_once('/').map(|(part, _)| part);
    part.is_some_and(|part| PARTS.contains(&part))
}

const PARTS: [&str; 10] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];

/// What a page in this zone says.
#[cfg(test)]
pub(super) fn told_in<T>(name: &str, tell: impl FnOnce() -> T) -> T {
    let zone = find(name).expect("this machine has a database of zones");
    READER.sync_scope(RefCell::new(zone), tell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_those_named_after_places() {
        for name in ["Europe/Prague", "America/Argentina/Ushuaia", "UTC"] {
            assert!(find(name).is_some(), "{name}");
        }
        for name in [
            "",
            "europe/prague",
            "Etc/GMT+5",
            "CET",
            "Europe/Nowhere",
            "../../etc/passwd",
            "Europe/../Europe/Prague",
        ] {
            assert!(find(name).is_none(), "{name}");
        }
        let names = names();
        let ushuaia = ("America/Argentina/Ushuaia", "Argentina, Ushuaia".to_owned());
        assert!(names["America"].contains(&ushuaia));
        assert_eq!(names["UTC"], [("UTC", "UTC".to_owned())]);
        assert!(names.len() <= PARTS.len() + 1);
    }

    #[tokio::test]
    async fn without_a_page_times_are_utc() {
        read_in(Some("Europe/Prague"));
        assert_eq!(reader(), TimeZone::UTC);
        let scope = READER.scope(RefCell::new(TimeZone::UTC), async {
            read_in(Some("Europe/Prague"));
            tokio::task::yield_now().await;
            let chosen = reader();
            read_in(Some("Nowhere"));
            (chosen, reader())
        });
        let (chosen, unknown) = scope.await;
        assert_eq!(chosen.iana_name(), Some("Europe/Prague"));
        assert_eq!(unknown, TimeZone::UTC);
    }
}
