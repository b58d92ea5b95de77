//! The same where no Postfix can run: messages as one leaves them, in a Dovecot's maildrop.

use std::collections::HashSet;

use inhaul_testkit::{Copies, Dovecot, DovecotOptions, Firm, Postfix, Provider, Source};

use crate::home::{Home, assert_same};

#[test]
fn every_habit_of_a_provider_gives_each_person_what_was_theirs() {
    let firm = Firm::with_letters(120);
    for (provider, by, source) in [
        (Provider::DeliveredTo, "auto", Source::Auto),
        (Provider::OriginalTo, "auto", Source::Auto),
        (Provider::EnvelopeTo(Copies::One), "auto", Source::Auto),
        (
            Provider::EnvelopeTo(Copies::One),
            "Envelope-To",
            Source::Auto,
        ),
        (Provider::Silent(Copies::PerRecipient), "auto", Source::Auto),
        (Provider::Silent(Copies::One), "to-cc", Source::ToCc),
    ] {
        let mut server = Dovecot::start(&DovecotOptions::default()).unwrap();
        let home = Home::of(&firm);
        home.catch_all(server.pop3_addr(), Postfix::USER, by);
        let mut octets = HashSet::new();
        // In several runs, and copies of one message in different ones.
        for some in firm.as_left_by(provider).chunks(70) {
            server.fill(Postfix::USER, some).unwrap();
            octets.extend(server.retr_all(Postfix::USER).unwrap());
            let pulled = home.installation.pull("firm");
            let count = some.len() as u64;
            assert_eq!((pulled.listed, pulled.deleted), (count, count));
        }
        assert_same(&home.folders(&octets), &firm, provider, source);
    }
}
