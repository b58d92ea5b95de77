//! Everything pages are made of, on one page: what people look at after a change to the style sheet.
//!
//! With `INHAUL_GALLERY=DIRECTORY` the test leaves it there, with the sheet and the script beside it.

use std::path::Path;
use std::time::Duration;
use std::{env, fs};

use askama::Template;
use inhaul_domain::standing::Standing;
use inhaul_store::{Bar, BarOutcome};
use inhaul_types::{Card, ErrorCode, Facts, RunId, Timestamp};

use super::chart::{HourChart, Reach, RunChart, hours, runs};
use super::strip::{Strip, strip};
use super::time;
use crate::assets;
use crate::response::{Place, Shell};

#[derive(Template)]
#[template(path = "gallery.html")]
struct Gallery<'a> {
    shell: Shell,
    title: &'a str,
    states: Vec<(Standing, Strip)>,
    charts: Vec<(Reach, RunChart)>,
    hours: HourChart,
    card: Card,
}

/// Sat 14 Mar 2026, 10:22:06 UTC.
const NOW: Timestamp = Timestamp::from_millis(1_773_483_726_000);

/// A day's runs, every so many minutes.
fn bars(count: u64, minutes: u64) -> Vec<Bar> {
    let bar = |back: u64| {
        let (outcome, stored) = match back {
            0 | 1 | 17 => (BarOutcome::Failed, 0),
            9 => (BarOutcome::Busy, 0),
            13 => (BarOutcome::Stopped, 0),
            back if back % 23 == 5 => (BarOutcome::Good, 117),
            back if back % 7 == 3 => (BarOutcome::Good, back % 5 + 1),
            _ => (BarOutcome::Good, 0),
        };
        Bar {
            run: RunId::new(1),
            started: NOW.minus(Duration::from_secs((back * minutes + 2) * 60)),
            outcome,
            stored,
            took: Duration::from_millis(600 + 40 * (back % 11) + 20 * stored),
            folded: 0,
        }
    };
    (0..count).rev().map(bar).collect()
}

fn gallery() -> Gallery<'static> {
    let states = [
        (Standing::NeedsYou, bars(40, 5)),
        (Standing::Failing, bars(30, 5)),
        (Standing::Trying, bars(3, 5)),
        (Standing::Busy, bars(40, 60)),
        (Standing::Checking, bars(40, 5)),
        (Standing::Working, bars(40, 5)),
        (Standing::Overdue, bars(24, 5)),
        (Standing::Offline, bars(1, 5)),
        (Standing::Paused, bars(40, 5)),
        (Standing::New, Vec::new()),
    ];
    let facts = Facts {
        server: Some("pop.club.example".into()),
        said: Some("-ERR [AUTH] Invalid login or password".into()),
        ..Facts::default()
    };
    let mut counts = [0_u64; 24];
    for (hour, count) in counts.iter_mut().enumerate() {
        *count = [3, 0, 1, 0, 0, 2, 14, 80, 160, 120, 98, 77][hour % 12];
    }
    Gallery {
        shell: Shell {
            person: Some("alice".into()),
            is_admin: true,
            need_you: 1,
            need_someone: 3,
            shortcuts: true,
            is_demo: true,
            offline: Some(time::at(NOW, NOW)),
            place: Place::Retrievals,
            now: Some(NOW),
            ..Shell::default()
        },
        title: "Gallery",
        states: states
            .into_iter()
            .map(|(standing, bars)| {
                let strip = strip(&bars, NOW, standing == Standing::Paused);
                (standing, strip)
            })
            .collect(),
        charts: Reach::ALL
            .map(|reach| (reach, runs(&bars(280, 5), reach, NOW)))
            .to_vec(),
        hours: hours(counts, NOW),
        card: Card::of(ErrorCode::AuthRefused, &facts),
    }
}

#[test]
fn everything_is_drawn_without_inline_style_or_script() {
    let html = gallery().render().unwrap();
    assert!(!html.contains("style=") && !html.contains("<style"));
    assert!(!html.contains(" onclick") && !html.contains("javascript:"));
    assert_eq!(html.matches("<script").count(), 1);
    assert_eq!(html.matches("<h1").count(), 1);
    if let Some(directory) = env::var_os("INHAUL_GALLERY") {
        leave_in(directory.as_ref());
    }
}

/// Writes it as `light.html` and `dark.html`, with what they need beside them.
pub(super) fn leave_in(directory: &Path) {
    let html = gallery()
        .render()
        .unwrap()
        .replace(&assets::address(""), "");
    for theme in ["light", "dark"] {
        let html = html.replace("data-theme=\"system\"", &format!("data-theme=\"{theme}\""));
        fs::write(directory.join(format!("{theme}.html")), html).unwrap();
    }
    for (name, text) in [
        ("inhaul.css", include_str!("../../assets/inhaul.css")),
        ("inhaul.js", include_str!("../../assets/inhaul.js")),
        ("icon.svg", include_str!("../../assets/icon.svg")),
        (
            "icon-alert.svg",
            include_str!("../../assets/icon-alert.svg"),
        ),
    ] {
        fs::write(directory.join(name), text).unwrap();
    }
}
