//! Pages that somebody comes to by doing something: steps of wizards, answers, refusals, dialogs. Each
//! in the looks of `looking.rs`.

use inhaul_testkit::{Browser, By};
use serde_json::json;

use super::demonstrated::come_in;
use super::looking::look;
use crate::demonstration::Running;

/// A demo, somebody who manages it, and what they have seen that is no good.
struct Walk {
    demo: Running,
    browser: Browser,
    faults: Vec<String>,
}

impl Walk {
    fn begin() -> Self {
        let browser = Browser::start().unwrap();
        let mut demo = Running::start();
        demo.wait_for("  Firm   20 new");
        come_in(&browser, &demo);
        browser.wait_for(&By::css("#demo")).unwrap();
        let faults = Vec::new();
        Self {
            demo,
            browser,
            faults,
        }
    }

    /// Looks at the page that is open, which has to say this.
    fn look(&mut self, what: &str, words: &str) {
        if let Err(error) = self.browser.wait_for_text(words) {
            self.faults.push(format!("{what}: {error:#}"));
        }
        self.faults.extend(look(&self.browser, what));
    }

    fn open(&mut self, path: &str, words: &str) {
        let address = format!("http://{}{path}", self.demo.address);
        self.browser.open(&address).unwrap();
        self.look(path, words);
    }

    /// Sends a form with these fields, whatever the page would hold back, and looks at what comes.
    fn send(&mut self, path: &str, fields: &[(&str, &str)], words: &str) {
        self.submit(path, fields);
        self.look(&format!("{path} with {fields:?}"), words);
    }

    fn submit(&self, path: &str, fields: &[(&str, &str)]) {
        const SEND: &str = "
            window.isOld = true;
            const form = document.createElement('form');
            form.method = 'post';
            form.action = arguments[0];
            for (const [name, value] of arguments[1]) {
                const input = document.createElement('input');
                input.name = name;
                input.value = value;
                form.append(input);
            }
            document.body.append(form);
            HTMLFormElement.prototype.submit.call(form);";
        let browser = &self.browser;
        browser.script(SEND, &[json!(path), json!(fields)]).unwrap();
        browser
            .wait_until("another page", |browser| {
                let is_there = "return !window.isOld && document.readyState === 'complete'";
                Ok((browser.script(is_there, &[])? == true).then_some(()))
            })
            .unwrap();
    }

    /// Where we are, without query.
    fn here(&self) -> String {
        let place = self
            .browser
            .script("return location.pathname", &[])
            .unwrap();
        place.as_str().unwrap().to_owned()
    }

    /// The page of what a list of links calls this.
    fn page_of(&self, list: &str, name: &str) -> String {
        const FIND: &str = "
            const links = [...document.querySelectorAll('main a')];
            return links.find((link) => link.textContent.trim() === arguments[0]).pathname;";
        let address = format!("http://{}{list}", self.demo.address);
        self.browser.open(&address).unwrap();
        let page = self.browser.script(FIND, &[json!(name)]).unwrap();
        page.as_str().unwrap().to_owned()
    }

    /// What the drawer tells to try with: in this paragraph, this word of it.
    fn told(&self, link: &str, place: usize) -> String {
        let told = format!(
            "return document.querySelector('#demo p:has(a[href=\"{link}\"])')
                .querySelectorAll('code')[{place}].textContent"
        );
        let told = self.browser.script(&told, &[]).unwrap();
        told.as_str().unwrap().to_owned()
    }

    fn end(self) {
        assert!(self.faults.is_empty(), "{}", self.faults.join("\n"));
        let errors = self.browser.console_errors().unwrap();
        // A refusal is an answer of 4xx, which the browser tells.
        let other = errors.iter().filter(|error| !error.contains("status of 4"));
        assert_eq!(other.collect::<Vec<_>>(), Vec::<&String>::new());
    }
}

#[test]
fn the_steps_of_a_person_are_accessible_in_every_look() {
    let mut walk = Walk::begin();
    let address = walk.told("/retrievals/add", 0);
    let password = walk.told("/retrievals/add", 1);
    walk.open("/retrievals/add", "Find my settings");
    let nothing = [("address", ""), ("password", "")];
    walk.send("/retrievals/add", &nothing, "address");
    let mistyped = [("address", &*address), ("password", "wrong")];
    walk.send("/retrievals/add", &mistyped, "Where this comes from");
    walk.browser.click(&By::button("Test it")).unwrap();
    walk.look("a failed test", "refuses the password");
    let typed = [("address", &*address), ("password", &*password)];
    walk.send("/retrievals/add", &typed, "Where this comes from");
    walk.browser.click(&By::button("Test it")).unwrap();
    walk.look("a good test", "2 messages");
    walk.browser.click(&By::link("Continue")).unwrap();
    walk.look("where", "What to bring");
    let at = walk.here();
    walk.send(&at, &[("name", "")], "Continue");
    let boats = [("name", "Boats"), ("go", "copy")];
    walk.send(&at, &boats, "After a message is stored here");
    let at = walk.here();
    walk.send(&at, &[("after", "now")], "Tick the box");

    let club = walk.page_of("/retrievals", "Club");
    walk.open(&club, "What to do");
    walk.send(&format!("{club}/test"), &[], "Test again");
    let old_isp = walk.page_of("/retrievals", "Old ISP");
    walk.send(&format!("{old_isp}/test"), &[], "Look inside");
    walk.open(&format!("{old_isp}/edit"), "Save without testing");
    let at_once = "document.querySelector('input[name=after][value=now]').click()";
    walk.browser.script(at_once, &[]).unwrap();
    walk.look("a deletion to be meant", "Messages will be deleted");
    walk.browser.click(&By::button("Save")).unwrap();
    walk.look("a deletion that is not meant", "Tick the box");
    walk.send(&format!("{old_isp}/pause"), &[], "Resume");
    walk.open("/where?words=invoice&days=365", "seen on old-isp.example");
    walk.open("/where?words=nobody-wrote-this", "No remote server listed");
    walk.open("/", "via ");
    let folder = By::css("a[href^=\"/folder/\"]");
    let folder = walk.browser.attribute(&folder, "href").unwrap().unwrap();
    walk.open(&folder, "inhaul");
    walk.open("/", "via ");
    walk.browser.click(&By::button("Check mail")).unwrap();
    walk.browser.wait_for(&By::css(".dock")).unwrap();
    walk.look("the dock", "Big");
    walk.send("/check", &[], "Big");
    walk.send("/check/waiting", &[], "Waiting");
    let weak = [("old", "x"), ("new", "y")];
    walk.send("/preferences/password", &weak, "password");

    walk.submit("/sign-out", &[]);
    let guess = [("name", "you"), ("password", "a guess")];
    walk.send("/sign-in", &guess, "password");
    for number in 0..30 {
        let guess = format!("guess {number}");
        walk.submit("/sign-in", &[("name", "you"), ("password", &guess)]);
    }
    walk.send("/sign-in", &guess, "Too many tries");
    walk.submit("/welcome", &[("code", &walk.demo.code.clone())]);
    walk.look("a link used twice", "link");
    walk.end();
}

#[test]
fn the_steps_of_a_manager_are_accessible_in_every_look() {
    let mut walk = Walk::begin();
    walk.open("/manage/accounts/add", "Sign-in name");
    walk.send("/manage/accounts/add", &[("name", "")], "name");
    walk.send("/manage/accounts/add", &[("name", "zora")], "zora");
    let anna = walk.page_of("/manage/accounts", "anna");
    walk.send(&anna, &[("name", "a/b")], "anna");
    walk.send(&format!("{anna}/link"), &[], "link");
    walk.send(
        &format!("{anna}/password"),
        &[("password", "x")],
        "password",
    );
    walk.open(&format!("{anna}/remove"), "anna");
    walk.send("/manage/groups", &[("name", "")], "Groups");
    let group = walk.page_of("/manage/groups", "Everyone");
    walk.send(
        &group,
        &[("name", "Everyone")],
        "Nothing would start a check",
    );
    walk.send(&format!("{group}/remove"), &[], "Everyone");
    walk.send("/manage/keys", &[("name", "cron")], "cron");
    walk.send("/manage/keys", &[("name", "")], "Settings");
    walk.send("/manage/settings/outside", &[], "Settings");
    walk.send("/manage/notices/test", &[], "Settings");
    walk.open("/manage/retrievals?state=needs-you", "Club");
    walk.open("/manage/retrievals?find=nobody", "Retrievals");
    walk.open("/manage/log?level=error", "Log");

    let firm = walk.page_of("/manage/retrievals", "Firm");
    walk.open(&firm, "Rules");
    walk.open(&format!("{firm}/rules"), "Mail without a rule");
    let rule = [
        ("address", "info@firm.example"),
        ("to", "bob"),
        ("do", "move"),
    ];
    walk.send(&format!("{firm}/rules"), &rule, "There is no account bob.");
    walk.open(&format!("{firm}/preview"), "Look");
    walk.send(&format!("{firm}/preview"), &[("do", "look")], "would go to");
    walk.open(&format!("{firm}/sharing"), "Everything else goes to");
    walk.send(
        &format!("{firm}/sharing"),
        &[("source", "auto")],
        "Everything else goes to",
    );
    walk.end();
}

#[test]
fn the_steps_to_a_catch_all_are_accessible_in_every_look() {
    let mut walk = Walk::begin();
    let user = walk.told("/manage/catch-all/add", 0);
    let password = walk.told("/manage/catch-all/add", 1);
    let add = "/manage/catch-all/add";
    walk.open(add, "Find the server");
    walk.send(add, &[("do", "test")], "Write the domain");
    let find = [
        ("domains", "firm.example"),
        ("user", &*user),
        ("do", "find"),
    ];
    walk.send(add, &find, "Sign-in name");
    let found = |field: &str| {
        let value = format!("return document.querySelector('#{field}').value");
        let value = walk.browser.script(&value, &[]).unwrap();
        value.as_str().unwrap().to_owned()
    };
    let (server, security) = (found("server"), found("security"));
    let mut fields = [
        ("domains", "firm.example"),
        ("server", &*server),
        ("security", &*security),
        ("user", &*user),
        ("password", "wrong"),
        ("do", "test"),
    ];
    walk.send(add, &fields, "refuses the password");
    fields[4].1 = &password;
    walk.send(add, &fields, "Continue");
    let at = walk.here();
    walk.send(
        &at,
        &[("source", "another header"), ("do", "choose")],
        "Continue",
    );
    walk.send(&at, &[("source", "auto"), ("do", "choose")], "Add a rule");
    let at = walk.here();
    let rules = [
        ("address", "sales@firm.example"),
        ("to", "bob"),
        ("do", "preview"),
    ];
    walk.send(&at, &rules, "There is no account bob.");
    let rules = [("fallback", "you / Lost"), ("do", "preview")];
    walk.send(&at, &rules, "would go to");
    let at = walk.here();
    let rule = [
        ("address", "info@firm.example"),
        ("to", "bob"),
        ("do", "rule"),
    ];
    walk.send(&at, &rule, "There is no account bob.");
    let save = [("name", ""), ("copies", "delete"), ("do", "start")];
    walk.send(&at.replace("/preview", "/save"), &save, "Save and start");
    walk.end();
}
