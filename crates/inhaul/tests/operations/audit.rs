//! `inhaul audit`: what every change by command leaves.

use crate::{By, House};

/// What the audit says, the oldest first, without times.
fn told(house: &House, more: &[&str]) -> Vec<String> {
    let rows = house.home.json(&[&["audit"], more].concat());
    let rows = rows["changes"].as_array().unwrap().iter().rev();
    let word = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or("").to_owned();
    let told = rows.map(|row| {
        assert_eq!(row["channel"], "command line", "{row}");
        assert_ne!(word(row, "who"), "", "{row}");
        let [action, object, old, new] =
            ["action", "object", "old", "new"].map(|key| word(row, key));
        format!("{action} {object} [{old}] [{new}]")
    });
    told.collect()
}

#[test]
fn every_change_is_taken_down_with_both_values_and_no_secret() {
    for by in [By::Itself, By::Server] {
        let house = House::new(by);
        let inhaul = &house.home.inhaul;
        for words in [
            &["retrieval", "pause", "isp"][..],
            &["retrieval", "resume", "isp"],
            &["retrieval", "set", "isp", "--folder", "Isp"],
            &["group", "add", "Staff"],
            &["group", "set", "Staff", "--limit", "retrievals=3"],
            &["account", "set", "anna", "--group", "Staff"],
            &["retrieval", "remove", "isp", "--yes"],
            &["account", "set", "anna", "--group", "Everyone"],
            &["group", "remove", "Staff"],
        ] {
            inhaul.ok(words).unwrap();
        }
        let new_password = "hidden-lantern-5583";
        let words = ["account", "password", "anna", "--password-stdin"];
        inhaul.ok_with_input(&words, new_password).unwrap();
        inhaul.ok(&["account", "remove", "anna", "--yes"]).unwrap();
        let told = told(&house, &[]);
        let told: Vec<&str> = told.iter().map(String::as_str).collect();
        assert!(
            told[0].starts_with("added account anna [] [group Everyone"),
            "{told:#?}"
        );
        assert!(
            told[1].starts_with("added retrieval isp [] [server "),
            "{told:#?}"
        );
        assert_eq!(
            told[2..5],
            [
                "changed retrieval isp: paused [no] [yes]",
                "changed retrieval isp: paused [yes] [no]",
                "changed retrieval isp: to [anna/INBOX] [anna/Isp]",
            ]
        );
        assert!(told[5].starts_with("added group Staff"), "{told:#?}");
        assert!(
            told[6].starts_with("changed group Staff: limits ["),
            "{told:#?}"
        );
        assert!(told[6].contains("retrievals=3"), "{told:#?}");
        assert_eq!(told[7], "changed account anna: group [Everyone] [Staff]");
        assert!(
            told[8].starts_with("removed retrieval isp [server "),
            "{told:#?}"
        );
        assert!(told[10].starts_with("removed group Staff"), "{told:#?}");
        assert_eq!(told[11], "changed account anna: password [] [changed]");
        assert!(told[12].starts_with("removed account anna ["), "{told:#?}");
        let all = told.concat();
        for secret in [
            new_password,
            "\"secret\"",
            crate::installation::LOCAL_PASSWORD,
        ] {
            assert!(!all.contains(secret), "{all}");
        }
        assert_eq!(self::told(&house, &["--what", "PASSWORD"]).len(), 1);
        assert_eq!(
            self::told(&house, &["--who", "nobody in particular"]).len(),
            0
        );
        assert_eq!(
            self::told(&house, &["--limit", "2", "--since", "1h"]).len(),
            2
        );
        let text = inhaul.ok(&["audit"]).unwrap();
        assert!(
            text.contains("changed account anna: password changed"),
            "{text}"
        );
        assert!(
            text.contains("changed retrieval isp: paused no -> yes"),
            "{text}"
        );
    }
}
