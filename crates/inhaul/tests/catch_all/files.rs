//! A catch-all that is written in a configuration file.

use std::fs;

use crate::house::{House, Kind, PASSWORD};

#[test]
fn a_catch_all_in_a_file_is_brought_in_and_changed_there_only() {
    let house = House::new(Kind::Alone);
    fs::write(house.home.beside("password"), PASSWORD).unwrap();
    let config = house.home.beside("inhaul.toml");
    let text = format!(
        "[[retrieval]]\nname = \"firm\"\nserver = \"{}\"\nsecurity = \"none\"\nuser = \"catchall\"\n\
         password = {{ file = \"password\" }}\nevery = \"never\"\n\
         catch_all = {{ header = \"Delivered-To\", domains = [\"firm.example\"], fallback = \"unclaimed/Inbox\" }}\n\
         rules = [ {{ address = \"d*@firm.example\", to = \"ben/Shop\" }} ]\n",
        house.remote.address()
    );
    fs::write(&config, text).unwrap();
    let config = ["--config", config.to_str().unwrap()];
    let with = |words: &[&'static str]| [words, &config[..]].concat();
    let rules = house.ok(&with(&["catch-all", "rules", "firm"]));
    assert!(
        rules.contains("1  d*@firm.example     ben / Shop"),
        "{rules}"
    );
    let preview = house.ok(&with(&["catch-all", "preview", "firm"]));
    assert!(
        preview.contains("12 messages: 8 to their person, 4 to the fallback account."),
        "{preview}"
    );
    for words in [
        &[
            "catch-all",
            "rule",
            "add",
            "firm",
            "sales@firm.example",
            "anna",
        ][..],
        &["catch-all", "rule", "remove", "firm", "1"],
        &["retrieval", "set", "firm", "--max-recipients=5"],
    ] {
        house.refuses(&with(words), 64, "\"firm\" is set in");
    }
}
