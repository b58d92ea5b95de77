//! The rest of Europe, Russia and Ukraine.

use super::{Note, Provider, UserName, at};

pub(super) static ROWS: &[Provider] = &[
    at(
        "Seznam.cz",
        "pop3.seznam.cz",
        &["seznam.cz", "email.cz", "post.cz", "spoluzaci.cz"],
    ),
    at("Centrum.cz", "pop3.centrum.cz", &["centrum.cz"]),
    at("Poczta WP", "pop3.wp.pl", &["wp.pl"]).named_by(UserName::LocalPart),
    at(
        "o2 Poczta",
        "poczta.o2.pl",
        &["o2.pl", "go2.pl", "tlen.pl", "prokonto.pl"],
    )
    .named_by(UserName::LocalPart),
    at(
        "Onet",
        "pop3.poczta.onet.pl",
        &[
            "onet.pl",
            "onet.eu",
            "op.pl",
            "vp.pl",
            "poczta.onet.pl",
            "poczta.onet.eu",
        ],
    ),
    at(
        "Interia",
        "poczta.interia.pl",
        &["interia.pl", "interia.eu", "interia.com", "poczta.fm"],
    ),
    at(
        "Libero Mail",
        "popmail.libero.it",
        &["libero.it", "iol.it", "blu.it", "inwind.it", "giallo.it"],
    ),
    at("Virgilio Mail", "in.virgilio.it", &["virgilio.it"]),
    at("Tiscali Mail", "pop.tiscali.it", &["tiscali.it"]),
    at("TIM Mail", "pop.tim.it", &["tim.it"]).by_stls(),
    at("Fastweb", "pop.fastwebnet.it", &["fastwebnet.it"]),
    at("Orange", "pop.orange.fr", &["orange.fr", "wanadoo.fr"]),
    at("Free", "pop.free.fr", &["free.fr"]).named_by(UserName::LocalPart),
    at("SFR", "pop.sfr.fr", &["sfr.fr", "neuf.fr"]),
    at("La Poste", "pop.laposte.net", &["laposte.net"]).named_by(UserName::Unsaid),
    at("Bouygues Telecom", "pop3.bbox.fr", &["bbox.fr"]).named_by(UserName::Unsaid),
    at(
        "KPN",
        "pop.kpnmail.nl",
        &[
            "kpnmail.nl",
            "kpnplanet.nl",
            "planet.nl",
            "wxs.nl",
            "hetnet.nl",
            "freeler.nl",
            "onsbrabantnet.nl",
            "onsmail.nl",
            "onsnet.nu",
            "xs4all.nl",
            "telfort.nl",
            "tip.nl",
            "tiscali.nl",
            "tiscalimail.nl",
        ],
    ),
    at(
        "Ziggo",
        "pop.ziggo.nl",
        &[
            "ziggo.nl",
            "ziggomail.com",
            "casema.nl",
            "zinders.nl",
            "zeggis.nl",
            "zeggis.com",
            "razcall.nl",
            "razcall.com",
            "upcmail.nl",
            "chello.nl",
            "multiweb.nl",
            "home.nl",
            "quicknet.nl",
        ],
    ),
    at(
        "Proximus",
        "pop.proximus.be",
        &["proximus.be", "skynet.be", "belgacom.net", "kidcity.be"],
    ),
    at("Telenet", "pop.telenet.be", &["telenet.be"]).named_by(UserName::Unsaid),
    at("YouSee", "pop3.mail.dk", &["mail.dk"]),
    at("Telia", "mailin.telia.com", &["telia.com"]).named_by(UserName::Unsaid),
    at(
        "BT",
        "mail.btinternet.com",
        &["btinternet.com", "btopenworld.com", "talk21.com"],
    ),
    at("Sky", "pop.tools.sky.com", &["sky.com"]),
    at("TalkTalk", "mail.talktalk.net", &["talktalk.net"]),
    at("Virgin Media", "pop3.virginmedia.com", &["virginmedia.com"]),
    at("SAPO", "pop.sapo.pt", &["sapo.pt"]),
    at("ABV", "pop3.abv.bg", &["abv.bg"]),
    at("Inbox.lv", "mail.inbox.lv", &["inbox.lv"]).noting(&[Note::SwitchOn {
        path: "Settings > POP3/IMAP access",
    }]),
    at(
        "Yandex",
        "pop.yandex.com",
        &[
            "yandex.ru",
            "yandex.com",
            "yandex.by",
            "yandex.kz",
            "yandex.ua",
            "ya.ru",
            "narod.ru",
        ],
    )
    .also(&[".yandex.com", ".yandex.ru"])
    .noting(&[
        Note::SwitchOn {
            path: "Settings > Email clients > POP3",
        },
        Note::AppPassword {
            at: "at https://id.yandex.com/security/app-passwords",
        },
    ]),
    at(
        "Mail.ru",
        "pop.mail.ru",
        &["mail.ru", "inbox.ru", "list.ru", "bk.ru", "internet.ru"],
    )
    .also(&[".mail.ru"])
    .noting(&[Note::AppPassword {
        at: "on their website under Security > Passwords for external apps",
    }]),
    at("Rambler", "pop.rambler.ru", &["rambler.ru"]),
    at("UKR.NET", "pop3.ukr.net", &["ukr.net"]).noting(&[Note::AppPassword {
        at: "on their website in the settings for external programs",
    }]),
];
