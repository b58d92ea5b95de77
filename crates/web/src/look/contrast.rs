//! The contrasts of UX 2.3, computed from the style sheet itself (WCAG 2.2, 1.4.3 and 1.4.11).

use std::collections::HashMap;

use super::lean::lean;
use crate::assets::packed;
use flate2::Compression;

const SHEET: &str = include_str!("../../assets/inhaul.css");

/// The colours of a theme: `--name: light-dark(#light, #dark);`.
fn tokens(theme: Theme) -> HashMap<&'static str, [u8; 3]> {
    let lines = SHEET.lines().filter_map(|line| {
        let (name, value) = line
            .trim()
            .strip_prefix("--")?
            .split_once(": light-dark(#")?;
        let (light, dark) = value.strip_suffix(");")?.split_once(", #")?;
        let colour = match theme {
            Theme::Light => light,
            Theme::Dark => dark,
        };
        let [_, red, green, blue] = u32::from_str_radix(colour, 16).ok()?.to_be_bytes();
        Some((name, [red, green, blue]))
    });
    lines.collect()
}

#[derive(Clone, Copy, Debug)]
enum Theme {
    Light,
    Dark,
}

/// Relative luminance, as WCAG defines it.
fn luminance(colour: [u8; 3]) -> f64 {
    let channel = |octet: u8| match f64::from(octet) / 255.0 {
        low if low <= 0.040_45 => low / 12.92,
        high => ((high + 0.055) / 1.055).powf(2.4),
    };
    let [red, green, blue] = colour.map(channel);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_text_and_graphic_stands_out_from_page_and_panel() {
    for theme in [Theme::Light, Theme::Dark] {
        let tokens = tokens(theme);
        for ground in ["page", "panel", "raised"] {
            for (token, least) in [
                ("text", 4.5),
                ("muted", 4.5),
                ("link", 4.5),
                ("good", 4.5),
                ("trying", 4.5),
                ("failed", 4.5),
                ("paused", 4.5),
                ("none", 3.0),
            ] {
                let found = contrast(tokens[token], tokens[ground]);
                assert!(found >= least, "{theme:?} {token} on {ground}: {found:.2}");
            }
        }
        // Under a pointer, and the open place of a menu.
        for token in ["text", "muted"] {
            let found = contrast(tokens[token], tokens["line"]);
            assert!(found >= 4.5, "{theme:?} {token} on line: {found:.2}");
        }
    }
}

#[test]
fn colours_are_those_of_the_specification() {
    let (light, dark) = (tokens(Theme::Light), tokens(Theme::Dark));
    for (token, of_light, of_dark) in [
        ("page", 0xff_ffff, 0x14_171c),
        ("panel", 0xf5_f6f8, 0x1c_2128),
        ("text", 0x1b_1f24, 0xe6_e9ee),
        ("muted", 0x57_606a, 0x9a_a4b1),
        ("link", 0x0b_5cad, 0x7a_b7ff),
        ("good", 0x1a_7f37, 0x4c_c06a),
        ("trying", 0x8a_4b00, 0xf0_a35e),
        ("failed", 0xb4_2318, 0xff_8a80),
        ("paused", 0x65_6d76, 0x9a_a4b1),
        ("none", 0x7d_8590, 0x7d_8793),
    ] {
        let number = |[red, green, blue]: [u8; 3]| u32::from_be_bytes([0, red, green, blue]);
        assert_eq!(number(light[token]), of_light, "{token}, light");
        assert_eq!(number(dark[token]), of_dark, "{token}, dark");
    }
    assert!((contrast(light["text"], light["page"]) - 16.6).abs() < 0.1);
}

#[test]
fn no_text_is_smaller_than_15_pixels() {
    for piece in SHEET.split("font-size: ").skip(1) {
        let size = piece.split([';', ' ', '}']).next().unwrap_or("");
        if let Some(rem) = size.strip_suffix("rem") {
            let rem: f64 = rem.trim().parse().unwrap();
            assert!(rem * 16.0 >= 15.0, "{size}");
        }
    }
}

#[test]
fn a_page_its_sheet_and_its_script_weigh_less_than_30_kb_as_they_are_sent() {
    let script = include_str!("../../assets/inhaul.js");
    let base = include_str!("../../templates/base.html");
    // The top bar has them twice: in its row, and in a phone's menu.
    let places = include_str!("../../templates/places.html");
    let files =
        [SHEET, script].map(|text| packed(lean(text).as_bytes(), Compression::best()).len());
    let weight = files.iter().sum::<usize>() + base.len() + 2 * places.len();
    // The other half of 60 KB is the page's own.
    assert!(weight < 30 * 1024, "{weight} octets");
}

#[test]
fn sheet_and_pages_ask_nobody_else_for_anything() {
    assert!(!SHEET.contains("url(") && !SHEET.contains("@import"));
}
