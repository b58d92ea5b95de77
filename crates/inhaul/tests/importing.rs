//! Accounts from a CSV file, and addresses that are wildcards.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod installation;

use std::fs;

use serde_json::json;

use installation::Installation;

/// An installation with a group, and a file of this text.
fn house(text: &str) -> (Installation, String) {
    let home = Installation::new().account("anna");
    home.inhaul.ok(&["group", "add", "Staff"]).unwrap();
    let file = home.beside("people.csv");
    fs::write(&file, text).unwrap();
    (home, file.to_str().unwrap().to_owned())
}

fn addresses(home: &Installation, name: &str) -> serde_json::Value {
    home.json(&["account", "show", name])["addresses"].clone()
}

fn names(home: &Installation) -> Vec<String> {
    let accounts = home.json(&["account", "list"]);
    let all = accounts["accounts"].as_array().unwrap().iter();
    all.map(|account| account["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn an_account_may_have_a_whole_domain_and_no_password() {
    let home = Installation::new();
    let add = ["account", "add", "unclaimed", "--no-password"];
    let more = ["--address=*@firm.example", "--address=office@firm.example"];
    home.inhaul.ok(&[&add[..], &more].concat()).unwrap();
    let both = json!(["*@firm.example", "office@firm.example"]);
    assert_eq!(addresses(&home, "unclaimed"), both);
    let set = ["account", "set", "unclaimed"];
    let swap = [
        "--add-address=*@club.example",
        "--remove-address=*@firm.example",
    ];
    home.inhaul.ok(&[&set[..], &swap].concat()).unwrap();
    let both = json!(["*@club.example", "office@firm.example"]);
    assert_eq!(addresses(&home, "unclaimed"), both);
    home.fails(&[&set[..], &["--address=firm.example"]].concat(), 64);
}

#[test]
fn accounts_come_from_a_file_and_what_is_there_is_completed() {
    let text = "\u{feff}name;addresses;group;admin;quota\r\n\
                Anna;\"anna@firm.example; a@firm.example\";Staff;yes;5GB\r\n\
                ben;ben@firm.example;staff;yes;5GB\r\n\
                catch;*@firm.example;;;\r\n";
    let (home, file) = house(text);
    let import = ["account", "import", &file];
    let dry = home
        .inhaul
        .ok(&[&import[..], &["--dry-run"]].concat())
        .unwrap();
    let lines = [
        "2     anna   is there, in Everyone, gets anna@firm.example a@firm.example, gets its quota",
        "3     ben    new, in staff, administrator, gets ben@firm.example, gets its quota",
        "4     catch  new, in Everyone, gets *@firm.example",
        "Would add 2 accounts, complete 1 account, leave 0 accounts as they are.",
    ];
    for line in lines {
        assert!(dry.contains(line), "{dry}");
    }
    assert_eq!(names(&home), ["anna"]);

    let said = home.inhaul.ok(&import).unwrap();
    assert!(
        said.starts_with("Added 2 accounts, completed 1 account"),
        "{said}"
    );
    let anna = home.json(&["account", "show", "anna"]);
    assert_eq!(
        anna["addresses"],
        json!(["a@firm.example", "anna@firm.example"])
    );
    assert_eq!(
        (&anna["group"], &anna["admin"]),
        (&json!("Everyone"), &json!(false))
    );
    let ben = home.json(&["account", "show", "ben"]);
    assert_eq!(
        (&ben["group"], &ben["admin"]),
        (&json!("Staff"), &json!(true))
    );
    assert_eq!(ben["limits"]["mailbox"], 5_000_000_000_u64);

    let again = home.json(&import);
    assert_eq!(
        (&again["added"], &again["complete"]),
        (&json!(0), &json!(3)),
        "{again}"
    );
    let audit = home.json(&["audit"]).to_string();
    for taken_down in ["account ben", "account anna: addresses"] {
        assert!(audit.contains(taken_down), "{audit}");
    }
}

#[test]
fn a_problem_stops_all_of_it_unless_told_to_go_on() {
    let text = "name,addresses,group\n\
                ben,ben@firm.example,\n\
                clara,not-an-address,\n\
                dora,ben@firm.example,\n\
                emil,,Nowhere\n";
    let (home, file) = house(text);
    let import = ["account", "import", &file];
    let refused = home.fails(&import, 65);
    let problems = [
        "line 3: \"not-an-address\": an address needs",
        "line 4: ben@firm.example belongs to ben",
        "line 5: there is no group \"Nowhere\"",
        "Nothing was changed: 3 problems.",
    ];
    for problem in problems {
        assert!(refused.stderr.contains(problem), "{}", refused.stderr);
    }
    assert_eq!(names(&home), ["anna"]);
    home.fails(&[&import[..], &["--keep-going"]].concat(), 65);
    assert_eq!(names(&home), ["anna", "ben"]);
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let (home, file) = house("");
    fs::write(&file, b"name\nJ\xf6rg\n").unwrap();
    let refused = home.fails(&["account", "import", &file], 65);
    assert!(refused.stderr.contains("CSV UTF-8"), "{}", refused.stderr);
    home.fails(&["account", "import", "/nowhere/people.csv"], 66);
}

#[test]
fn the_sample_is_printed_anywhere_and_comes_in_as_it_is() {
    let home = Installation::new();
    let sample = home.inhaul.ok(&["account", "import", "--sample"]).unwrap();
    assert!(!home.data().exists());
    let import = ["account", "import", "-"];
    home.inhaul.ok_with_input(&import, &sample).unwrap();
    assert_eq!(names(&home), ["alice", "petr", "unclaimed"]);
}

#[test]
fn an_account_in_a_configuration_file_is_completed_there() {
    let (home, file) = house("name,addresses\nfiled,f@firm.example\n");
    let config = home.beside("inhaul.toml");
    fs::write(&config, "[[account]]\nname = \"filed\"\n").unwrap();
    let config = config.to_str().unwrap();
    let words = ["account", "import", &file, "--config", config];
    if env!("CARGO_CRATE_NAME") == "served" {
        return; // The server's configuration counts, and it has none.
    }
    let refused = home.fails(&words, 65);
    assert!(
        refused
            .stderr
            .contains("line 2: the account \"filed\" is set in"),
        "{}",
        refused.stderr
    );
}
