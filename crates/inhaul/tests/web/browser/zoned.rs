//! Times in the zone that somebody has chosen, by the server's words and by the script's.

use inhaul_testkit::{Browser, By, Scripts};

use crate::house::House;

/// The words of the first time, those it has in Kolkata, five and a half hours ahead, and the full time.
const TOLD: &str = "
    const time = document.querySelector('time[data-time=at]');
    const there = new Date(Date.parse(time.dateTime) + 330 * 60e3).toISOString();
    return [time.textContent, there.slice(11, 16), time.title].join('|')";

#[test]
fn times_are_told_in_the_zone_that_was_chosen() {
    let browser = Browser::start().unwrap();
    let house = House::new();
    house.set_up(&browser);
    browser.open(&house.at("/preferences")).unwrap();
    browser.choose(&By::field("Time zone"), "Kolkata").unwrap();
    let save = By::button("Save the time zone");
    browser.click(&save).unwrap();
    browser
        .wait_for(&By::css("[data-time-zone] time[data-told]"))
        .unwrap();
    for (scripts, zone) in [
        (Scripts::On, ["IST", "GMT+5:30"]),
        (Scripts::Off, ["IST"; 2]),
    ] {
        browser.scripts(scripts).unwrap();
        browser.open(&house.at("/preferences")).unwrap();
        browser.wait_for(&By::css("time[data-time=at]")).unwrap();
        let told = browser.script(TOLD, &[]).unwrap();
        let told: Vec<_> = told.as_str().unwrap().split('|').collect();
        assert!(told[0].contains(told[1]), "{scripts:?}: {told:?}");
        let names_it = zone.iter().any(|zone| told[2].ends_with(zone));
        assert!(names_it, "{scripts:?}: {told:?}");
    }
}
