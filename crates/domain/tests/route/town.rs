//! One catch-all for firm.example with a few people, for the tables of the other files.

use inhaul_domain::route::{
    AddressBook, BookEntry, BookName, CatchAll, OwnNames, Place, RecipientSource, Routed, Router,
    Rule,
};
use inhaul_message::HeaderBlock;
use inhaul_types::{AccountId, FolderId};

/// A catch-all and the accounts around it; a test changes what it is about.
#[derive(Clone, Debug)]
pub(crate) struct Town {
    pub(crate) catch_all: CatchAll,
    pub(crate) book: AddressBook,
}

/// The folders by name; the first part is the account.
const PLACES: [&str; 8] = [
    "unclaimed/INBOX",
    "alice/INBOX",
    "alice/News",
    "petr/INBOX",
    "petr/Shop",
    "eva/INBOX",
    "otto/INBOX",
    "jörg/INBOX",
];

/// The place of this name.
pub(crate) fn place(shown: &str) -> Place {
    let at = PLACES
        .iter()
        .position(|known| *known == shown)
        .expect("a known place");
    let account = shown.split('/').next().expect("an account");
    let owner = PLACES
        .iter()
        .position(|known| known.starts_with(account))
        .expect("an account");
    Place {
        account: AccountId::new(i64::try_from(owner).expect("few")),
        folder: FolderId::new(i64::try_from(at).expect("few")),
        shown: shown.to_owned(),
    }
}

impl Town {
    /// alice and petr have addresses of their names, eva only signs in, otto is switched off; the
    /// provider is isp.example.
    pub(crate) fn new() -> Self {
        let book = AddressBook {
            entries: Vec::new(),
            names: ["alice", "petr", "eva", "otto", "unclaimed"]
                .map(|name| BookName {
                    name: name.to_owned(),
                    account: place(&format!("{name}/INBOX")).account,
                    place: place(&format!("{name}/INBOX")),
                    receives: name != "otto",
                })
                .into(),
            local_domains: vec!["local.example".to_owned()],
        };
        let catch_all = CatchAll {
            source: RecipientSource::default(),
            domains: vec!["firm.example".to_owned()],
            domain_aliases: vec![("firm.test".to_owned(), "firm.example".to_owned())],
            separators: "+".to_owned(),
            max_recipients: 50,
            own_names: OwnNames {
                user: "catchall@isp.example".to_owned(),
                host: "pop.isp.example".to_owned(),
            },
            rules: Vec::new(),
            fallback: place("unclaimed/INBOX"),
        };
        Self { catch_all, book }
            .with_address("alice@firm.example", "alice/INBOX")
            .with_address("petr@firm.example", "petr/INBOX")
            .with_address("otto@firm.example", "otto/INBOX")
    }

    pub(crate) fn with_address(mut self, address: &str, shown: &str) -> Self {
        let place = place(shown);
        self.book.entries.push(BookEntry {
            address: address.parse().expect("an address"),
            account: place.account,
            receives: !shown.starts_with("otto/"),
            place,
        });
        self
    }

    pub(crate) fn with_rule(mut self, address: &str, shown: &str) -> Self {
        let address = address.parse().expect("an address");
        self.catch_all.rules.push(Rule {
            address,
            place: place(shown),
        });
        self
    }

    pub(crate) fn with_source(mut self, source: RecipientSource) -> Self {
        self.catch_all.source = source;
        self
    }

    pub(crate) fn with_header(self, name: &str, index: u32, strip: &str) -> Self {
        self.with_source(RecipientSource::Header {
            name: name.to_owned(),
            index,
            strip: strip.to_owned(),
        })
    }

    pub(crate) fn with_user(mut self, user: &str, host: &str) -> Self {
        self.catch_all.own_names = OwnNames {
            user: user.to_owned(),
            host: host.to_owned(),
        };
        self
    }

    pub(crate) fn router(&self) -> Router {
        Router::new(self.catch_all.clone(), &self.book)
    }

    /// Routes a header of these lines.
    pub(crate) fn route(&self, lines: &[&str]) -> Routed {
        route(&self.router(), lines)
    }

    /// Where a header of these lines goes, and the explanations behind one another.
    pub(crate) fn told(&self, lines: &[&str]) -> (Vec<String>, String) {
        told(&self.route(lines))
    }
}

pub(crate) fn route(router: &Router, lines: &[&str]) -> Routed {
    let header = format!("{}\r\n\r\n", lines.join("\r\n"));
    router.route(&HeaderBlock::new(header.as_bytes()))
}

pub(crate) fn told(routed: &Routed) -> (Vec<String>, String) {
    let places = routed
        .placements
        .iter()
        .map(|placement| placement.place.shown.clone());
    let whys: Vec<_> = routed
        .placements
        .iter()
        .map(|placement| placement.why.as_str())
        .collect();
    (places.collect(), whys.join("\n"))
}

/// One row of a table: what it shows, the header, where it goes, how that is explained.
pub(crate) type Row<'t> = (&'t str, &'t [&'t str], &'t [&'t str], &'t str);

pub(crate) fn check(town: &Town, rows: &[Row<'_>]) {
    for (shows, header, places, why) in rows {
        let (gone, explained) = town.told(header);
        assert_eq!(
            (gone.as_slice(), explained.as_str()),
            (
                &places
                    .iter()
                    .map(|place| (*place).to_owned())
                    .collect::<Vec<_>>()[..],
                *why
            ),
            "{shows}"
        );
    }
}
