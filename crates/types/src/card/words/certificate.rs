//! The words for what is wrong with a certificate.

use super::Words;
use crate::card::CertificateFact;

const A_PROVIDERS: &str =
    "If it is a provider's, tell them, and try from another network: somebody may be in between.";

pub(super) fn certificate(fact: &CertificateFact, general: Words) -> Words {
    match fact {
        CertificateFact::Expired { .. } => Words {
            what: "Its certificate expired{on_date}.",
            todo: &[
                "Wait for the provider to renew it, or tell them.",
                "If this happens with every server, set the clock of this computer.",
            ],
            ..general
        },
        CertificateFact::NotYetValid { .. } => Words {
            what: "Its certificate is not valid yet{on_date}.",
            todo: &[
                "Check the clock of this computer.",
                "If it is right, tell the provider.",
            ],
            ..general
        },
        CertificateFact::WrongName { names, .. } if names.is_empty() => Words {
            what: "Its certificate is for another name.",
            todo: &[
                "Ask the provider for the right name of their POP3 server, and use it: {set:--server HOST}.",
                "{trust_key}",
            ],
            ..general
        },
        CertificateFact::WrongName { .. } => Words {
            what: "Its certificate is for {names}.",
            todo: &[
                "If that is the provider's name too, use it as the server: {set_named_server}.",
                "If it is a stranger's, ask the provider.",
                "{trust_key}",
            ],
            ..general
        },
        CertificateFact::UnknownIssuer { .. } => Words {
            what: "Its certificate is signed by nobody this server knows.",
            todo: &[
                "If it is your own or your company's server, trust the authority that signed the certificate: {set:--ca-file FILE}.",
                "{trust_key}",
                A_PROVIDERS,
            ],
            ..general
        },
        CertificateFact::OwnAuthority { .. } => Words {
            what: "Its certificate is an authority's own, where one signed by it is needed. Self-signed certificates are often made that way.",
            todo: &["{trust_key}", A_PROVIDERS],
            ..general
        },
        CertificateFact::Revoked => Words {
            what: "Its certificate was taken back by the authority that had signed it.",
            todo: &["Tell the provider. It is not safe to go on."],
            ..general
        },
        CertificateFact::KeyChanged { .. } => Words {
            title: "The key of {server} has changed, and no password was sent",
            what: "You trusted {pinned}; it now shows {shown}. Either its key was renewed, or somebody is in between.",
            todo: &[
                "Ask whoever runs the server whether the key was renewed, and compare it with the one above.",
                "Only if it is theirs, trust the new key: {set:--pin SHOWN}.",
            ],
            ..general
        },
        CertificateFact::AuthorityFile { .. } => Words {
            title: "The certificate file {path} cannot be used",
            what: "It is meant to prove who {server} is, but inhaul cannot read it as one{because}.",
            todo: &["Put the right file there, or name another: {set:--ca-file FILE}."],
            ..general
        },
        CertificateFact::Other { .. } => Words {
            what: "Its certificate cannot be used{because}.",
            todo: &[
                "Tell the provider. If it is your own server, give it a new certificate.",
                "{trust_key}",
            ],
            ..general
        },
    }
}
