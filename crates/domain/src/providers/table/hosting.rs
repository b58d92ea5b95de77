//! Providers of mailboxes in their customers' own domains: known by their servers' names.

use super::{Provider, at};

pub(super) static ROWS: &[Provider] = &[
    at("IONOS", "pop.ionos.de", &["kundenserver.de"]).also(&[
        "pop.ionos.com",
        "pop.ionos.co.uk",
        "pop.ionos.es",
        "pop.ionos.fr",
        "pop.ionos.it",
        "pop.ionos.mx",
        "pop.kundenserver.de",
    ]),
    at("Strato", "pop3.strato.de", &["strato.de", "rzone.de"]),
    at("Hetzner", "mail.your-server.de", &[]),
    at("DomainFactory", "sslmailpool.ispgate.de", &[]),
    at("Aruba", "pop3s.aruba.it", &[]).also(&["pop3.aruba.it"]),
    at("OVHcloud", "ssl0.ovh.net", &[]).also(&[".mail.ovh.net"]),
    at("Gandi", "mail.gandi.net", &[]),
    at("Loopia", "mailcluster.loopia.se", &[]),
    at("one.com", "pop.one.com", &["one.com"]),
    at("Migadu", "pop.migadu.com", &[]),
    at("Hostinger", "pop.hostinger.com", &[]),
    at("GoDaddy", "pop.secureserver.net", &[]).also(&[".secureserver.net"]),
    at("Rackspace", "secure.emailsrvr.com", &[]).also(&["pop.emailsrvr.com"]),
    at("Namecheap Private Email", "mail.privateemail.com", &[]),
    at("DreamHost", "pop.dreamhost.com", &[]),
];
