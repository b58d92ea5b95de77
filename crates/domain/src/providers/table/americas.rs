//! North and South America.

use super::{Note, Provider, at};

pub(super) static ROWS: &[Provider] = &[
    at("Verizon (AOL)", "pop.verizon.net", &["verizon.net"]).noting(&[Note::AppPassword {
        at: "at https://login.aol.com/account/security",
    }]),
    at(
        "AT&T",
        "inbound.att.net",
        &[
            "att.net",
            "ameritech.net",
            "bellsouth.net",
            "currently.com",
            "flash.net",
            "nvbell.net",
            "pacbell.net",
            "prodigy.net",
            "sbcglobal.net",
            "snet.net",
            "swbell.net",
            "wans.net",
        ],
    )
    .also(&["pop.att.yahoo.com"])
    .noting(&[Note::AppPassword {
        at: "(they call it a secure mail key) in your AT&T profile",
    }]),
    at(
        "Spectrum",
        "mobile.charter.net",
        &["charter.net", "spectrum.net", "bresnan.net"],
    ),
    // Everybody has a domain of their region there, as in tampabay.rr.com.
    at(
        "Spectrum (Roadrunner)",
        "mail.twc.com",
        &[".rr.com", "twc.com"],
    ),
    at(
        "EarthLink",
        "pop.earthlink.net",
        &[
            "earthlink.net",
            "mindspring.com",
            "ix.netcom.com",
            "peoplepc.com",
        ],
    ),
    at("Bell", "pophm.sympatico.ca", &["bell.net", "sympatico.ca"]),
    at("UOL", "pop3.uol.com.br", &["uol.com.br"]),
    at("BOL", "pop3.bol.com.br", &["bol.com.br"]),
];
