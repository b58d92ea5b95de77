//! The password is known to the two ends, and written down nowhere.

use inhaul_sample::switches::{AuthPlain, Refusal, SignIn};
use inhaul_store::{RemoteSecret, RetrievalChange, Store as _};
use inhaul_types::{ErrorCode, Secret};

use crate::harness::{PASSWORD, Setup, USER, letters};

/// The password, and what AUTH PLAIN makes of it (RFC 4616: `\0anna\0password`), as far as its
/// base64 does not hang on what stands before.
fn traces() -> [String; 2] {
    let blob = "AGFubmEAZml2ZS1sb3VkLWhlcm9ucy0yMDkz";
    assert_eq!(format!("\0{USER}\0{PASSWORD}").len() * 4, blob.len() * 3);
    [PASSWORD.to_owned(), blob.to_owned()]
}

fn assert_clean(text: &str, what: &str) {
    for trace in traces() {
        assert!(!text.contains(&trace), "{what}: {text}");
    }
}

#[tokio::test]
async fn the_password_is_in_no_record_of_any_run() {
    for auth_plain in [AuthPlain::Works, AuthPlain::Absent] {
        let world = Setup::default().start().await;
        world
            .server
            .set(|switches| switches.auth_plain = auth_plain);
        world.send(letters(0..2));
        let heard = if auth_plain == AuthPlain::Works {
            traces().concat()
        } else {
            PASSWORD.into()
        };
        let echo = format!("no, {heard} is not it");
        for (sign_in, code) in [
            (SignIn::Works, None),
            (SignIn::Refused(Refusal::Auth), Some(ErrorCode::AuthRefused)),
            // Servers that repeat what they heard exist.
            (
                SignIn::Refused(Refusal::Text(echo.clone())),
                Some(ErrorCode::AuthRefused),
            ),
            (SignIn::Refused(Refusal::HangUp), Some(ErrorCode::CutOff)),
        ] {
            world
                .mailbox
                .set(|switches| switches.sign_in = sign_in.clone());
            let report = world.run().await;
            assert_eq!(report.failure.as_ref().map(|failure| failure.code), code);
            assert_clean(&format!("{report:?}"), "the report");
            let conversation = world.conversation().await;
            assert!(
                conversation.contains("****") || conversation.contains("PASS"),
                "{conversation}"
            );
            assert_clean(&conversation, "the conversation");
            let retrieval = world.retrieval().await;
            let runs = world.store.run_list(retrieval.id, 10).await.unwrap();
            assert_clean(&format!("{retrieval:?} {runs:?}"), "the record");
            world.mailbox.idle().await;
        }
        assert_clean(&world.log(), "pop3.log");
        assert_clean(
            &format!("{:?} {:?}", world.engine, world.store),
            "the rooms",
        );
        let secret = world
            .store
            .retrieval_secret(world.retrieval().await.id)
            .await
            .unwrap();
        assert_clean(&format!("{secret:?}"), "the secret itself");
    }
}

#[tokio::test]
async fn a_password_with_a_line_end_is_never_sent() {
    let world = Setup::default().start().await;
    world
        .server
        .set(|switches| switches.auth_plain = AuthPlain::Absent);
    let secret = RemoteSecret::Stored(Secret::new(format!("{PASSWORD}\r\nDELE 1")));
    world
        .change(RetrievalChange {
            secret: Some(secret),
            ..RetrievalChange::default()
        })
        .await;
    world.fails(ErrorCode::AuthRefused).await;
    assert_eq!(world.mailbox.count("PASS"), 0);
    assert_clean(&world.log(), "pop3.log");
}
