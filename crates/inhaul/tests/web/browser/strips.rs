//! Health strips without colours (UX A16): what failed, brought mail, found nothing or found the
//! mailbox in use has a shape of its own, in both themes and on a phone.

use std::collections::HashMap;

use inhaul_sample::switches::{Refusal, SignIn};
use inhaul_testkit::{Browser, By, Preference, View};
use serde_json::{Value, json};

use super::scene::Scene;

/// What the strip shows, the oldest first.
const SHOWN: [&str; 6] = ["mail", "quiet", "failed", "quiet", "busy", "quiet"];

/// What somebody sees of a bar and its gap: relative luminances (WCAG 2.2), row by row.
type Picture = Vec<f64>;

#[test]
fn every_outcome_can_be_told_apart_in_greyscale() {
    let browser = Browser::start().unwrap();
    let scene = Scene::new(&browser);
    scene.retrieval("Old ISP", "u1", "secret");
    scene.letters(12);
    let pull = || scene.house.home.inhaul.run(&["pull", "Old ISP"]).unwrap();
    for outcome in SHOWN {
        let sign_in = match outcome {
            "failed" => SignIn::Refused(Refusal::SysPerm),
            "busy" => SignIn::Refused(Refusal::InUse),
            _ => SignIn::Works,
        };
        scene.mailbox.set(|switches| switches.sign_in = sign_in);
        pull();
    }
    browser.open(&scene.house.at("/retrievals")).unwrap();
    let told = browser.heard().unwrap();
    let told = told.iter().find(|heard| heard.role == "image").unwrap();
    assert_eq!(
        told.name,
        "Last 6 checks: 4 good, 1 failed, 1 busy, 12 messages"
    );

    for view in [View::Wide, View::Phone] {
        for preferences in [&[][..], &[Preference::Dark]] {
            browser.view(view).unwrap();
            browser.prefer(preferences).unwrap();
            let looks = format!("{view:?}, {preferences:?}");
            let bars = bars(&browser);
            for (one, picture) in &bars {
                assert!(ink(picture) >= 0.03, "{looks}: {one} is hardly there");
                for (other, other_picture) in &bars {
                    let share = difference(picture, other_picture);
                    assert!(
                        one == other || share >= 0.04,
                        "{looks}: {one} looks like {other}: {share:.3}"
                    );
                }
            }
            // Hollow, and as high as the strip; solid where there is mail; short where there is none.
            let stands = |outcome, x, y| stands_out(&bars[outcome], x, y);
            assert!(
                stands("failed", 3, 1) && !stands("failed", 3, 18),
                "{looks}"
            );
            assert!(!stands("mail", 3, 1) && stands("mail", 3, 18), "{looks}");
            assert!(!stands("quiet", 3, 18) && stands("quiet", 3, 22), "{looks}");
        }
    }
    browser.prefer(&[]).unwrap();
    // The same in words.
    browser.wait_for(&By::text("Last good")).unwrap();
}

/// Pixels of one side of a CSS pixel in the picture.
const SCALE: usize = 4;
const WIDTH: usize = 8 * SCALE;
const HEIGHT: usize = 24 * SCALE;

/// The strip's last bars by outcome.
fn bars(browser: &Browser) -> HashMap<&'static str, Picture> {
    let strip = By::css(".strip svg");
    browser.wait_for(&strip).unwrap();
    let script = "const b = document.querySelector('.strip svg').getBoundingClientRect();
        return { right: b.right + scrollX, y: b.y + scrollY, height: b.height };";
    let place = browser.script(script, &[]).unwrap();
    assert_eq!(place["height"], 24);
    let wide = SHOWN.len() * 8;
    let x = place["right"].as_f64().unwrap() - wide as f64 + 2.0;
    let clip = json!({ "x": x, "y": place["y"], "width": wide, "height": 24, "scale": SCALE });
    let how = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
    let picture = browser.devtools("Page.captureScreenshot", &how).unwrap();
    let levels = browser
        .script(LUMINANCES, &[picture["data"].clone()])
        .unwrap();
    let row: Vec<Vec<f64>> = levels.as_array().unwrap().iter().map(numbers).collect();
    assert_eq!((row.len(), row[0].len()), (HEIGHT, SHOWN.len() * WIDTH));
    let bar = |place: usize| {
        let from = place * WIDTH;
        row.iter()
            .flat_map(move |line| line[from..from + WIDTH].to_vec())
    };
    let all = SHOWN.iter().enumerate();
    all.map(|(place, outcome)| (*outcome, bar(place).collect()))
        .collect()
}

fn numbers(line: &Value) -> Vec<f64> {
    let line = line.as_array().unwrap();
    line.iter().map(|number| number.as_f64().unwrap()).collect()
}

fn contrast(one: f64, other: f64) -> f64 {
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The share of a bar that stands out from its ground, which is what lies in the gap beside it
/// (WCAG 2.2, 1.4.11).
fn ink(picture: &[f64]) -> f64 {
    let ground = picture[WIDTH - 1];
    share(picture.iter().map(|dot| contrast(*dot, ground)))
}

/// The share of two pictures in which one stands out from the other.
fn difference(one: &[f64], other: &[f64]) -> f64 {
    share(
        one.iter()
            .zip(other)
            .map(|(one, other)| contrast(*one, *other)),
    )
}

/// Whether something is drawn at this place of a bar, in CSS pixels.
fn stands_out(picture: &[f64], x: usize, y: usize) -> bool {
    let dot = picture[y * SCALE * WIDTH + x * SCALE];
    contrast(dot, picture[WIDTH - 1]) >= 3.0
}

fn share(contrasts: impl ExactSizeIterator<Item = f64>) -> f64 {
    let all = contrasts.len();
    contrasts.filter(|contrast| *contrast >= 3.0).count() as f64 / all as f64
}

/// The picture's dots without their colours, line by line.
const LUMINANCES: &str = "
const picture = new Image();
picture.src = 'data:image/png;base64,' + arguments[0];
return picture.decode().then(() => {
  const canvas = document.createElement('canvas');
  canvas.width = picture.width;
  canvas.height = picture.height;
  const pen = canvas.getContext('2d');
  pen.drawImage(picture, 0, 0);
  const { data } = pen.getImageData(0, 0, picture.width, picture.height);
  const channel = (octet) => { const part = octet / 255; return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; };
  const lines = [];
  for (let y = 0; y < picture.height; y++) {
    const line = [];
    for (let x = 0; x < picture.width; x++) {
      const at = 4 * (y * picture.width + x);
      line.push(0.2126 * channel(data[at]) + 0.7152 * channel(data[at + 1]) + 0.0722 * channel(data[at + 2]));
    }
    lines.push(line);
  }
  return lines;
});";
