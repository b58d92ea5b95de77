//! What retrievals, accounts and groups say, field by field.

use inhaul_store::{Account, Group, Retrieval};
use inhaul_types::{Activation, Address};

use super::{Audited, Fields};
use crate::words::{
    after_storing_words, domains_words, every_word, every_words, limits_words,
    retrieval_limits_words, rules_words, security_word, sign_in_word, source_words,
    users_may_words,
};

fn yes_no(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

impl Audited for Retrieval {
    fn object(&self) -> String {
        format!("retrieval {}", self.name)
    }

    fn fields(&self) -> Fields {
        let remote = &self.remote;
        let file = remote.ca_file.as_ref();
        let place = format!("{}/{}", self.account_name, self.folder_name);
        let nothing = String::new;
        let [to, source, domains, tags, most, rules, fallback] = match self.routing.catch_all() {
            None => [
                place,
                nothing(),
                nothing(),
                nothing(),
                nothing(),
                nothing(),
                nothing(),
            ],
            Some(settings) => [
                nothing(),
                source_words(&settings.source),
                domains_words(settings),
                settings.separators.clone(),
                settings.max_recipients.to_string(),
                rules_words(&settings.rules),
                place,
            ],
        };
        vec![
            (
                "server",
                format!(
                    "{}:{} {}",
                    remote.host,
                    remote.port,
                    security_word(remote.security)
                ),
            ),
            ("user", remote.user.clone()),
            ("sign-in", sign_in_word(remote.sign_in).to_owned()),
            (
                "pin",
                remote.pin.map(|pin| pin.to_string()).unwrap_or_default(),
            ),
            (
                "authority",
                file.map(|file| file.display().to_string())
                    .unwrap_or_default(),
            ),
            ("to", to),
            ("shared out by", source),
            ("domains", domains),
            ("tags", tags),
            ("recipients at most", most),
            ("rules", rules),
            ("fallback", fallback),
            ("every", every_word(self.every)),
            ("after storing", after_storing_words(self.retention)),
            ("limits", retrieval_limits_words(&self.limits)),
            ("paused", yes_no(self.paused)),
        ]
    }
}

impl Audited for Account {
    fn object(&self) -> String {
        format!("account {}", self.name)
    }

    fn fields(&self) -> Fields {
        let addresses: Vec<_> = self.addresses.iter().map(Address::as_str).collect();
        vec![
            ("addresses", addresses.join(" ")),
            ("group", self.group.clone()),
            ("administrator", yes_no(self.admin)),
            ("enabled", yes_no(self.enabled)),
            ("limits", limits_words(&self.limits)),
        ]
    }
}

impl Audited for Group {
    fn object(&self) -> String {
        format!("group {}", self.name)
    }

    fn fields(&self) -> Fields {
        let switch = |activation: Activation| match self.triggers.get(&activation) {
            Some(0) => format!("{activation}=on"),
            Some(seconds) => format!("{activation}={}", every_words(*seconds)),
            None => format!("{activation}=off"),
        };
        let triggers: Vec<_> = Activation::ALL.into_iter().map(switch).collect();
        vec![
            ("enabled", yes_no(self.enabled)),
            ("triggers", triggers.join(" ")),
            ("people may", users_may_words(self.users_may)),
            ("limits", limits_words(&self.limits)),
        ]
    }
}
