//! Sign-ins that are refused, and how often a password is tried.

use std::sync::Mutex;
use std::time::Duration;

use inhaul_domain::reach::Reach;
use inhaul_engine::{Found, InspectionObserver, RunOptions, Stage};
use inhaul_sample::SignIns;
use inhaul_sample::switches::{
    Apop, AuthPlain, Greeting, Refusal, Scram, ScramPlus, SignIn, TokenSteps,
};
use inhaul_store::{RemoteSecret, Security, SignInMemory};
use inhaul_testkit::Script;
use inhaul_types::{ErrorCode, Mechanism, Secret};

use crate::harness::{PASSWORD, Setup, USER, World, letters};
use crate::relay::Relay;

/// An installation whose server knows this mechanism, and USER and PASS, and nothing else.
async fn knowing(mechanism: Mechanism, security: Security) -> World {
    let setup = Setup {
        security,
        ..Setup::default()
    };
    let world = setup.start().await;
    world.send(letters(0..2));
    offer(&world, &[mechanism]).await;
    world
}

/// Has the server offer these, best or not, and the retrieval sign in by what it has for them.
async fn offer(world: &World, mechanisms: &[Mechanism]) {
    world.server.set(|switches| {
        switches.mechanisms = mechanisms.to_vec();
        switches.auth_plain = AuthPlain::Absent;
        switches.greeting = Greeting::Stamped;
        switches.apop = Apop::Works;
        if mechanisms.contains(&Mechanism::Plain) {
            switches.auth_plain = AuthPlain::Works;
        }
    });
    if mechanisms.iter().any(|mechanism| mechanism.takes_a_token()) {
        world.set_secret(token(PASSWORD)).await;
    }
    if mechanisms == [Mechanism::Apop] {
        choose(world, Mechanism::Apop).await;
    }
}

/// To the sample server, a token is right if it is the password.
fn token(token: &str) -> RemoteSecret {
    RemoteSecret::Token(["printf", "%s\n", token].map(str::to_owned).to_vec())
}

async fn choose(world: &World, mechanism: Mechanism) {
    world
        .set_remote(|remote| remote.sign_in = Some(mechanism))
        .await;
}

async fn memory(world: &World) -> Option<SignInMemory> {
    world.retrieval().await.sign_in_memory
}

/// What the sign-in of the last run began with.
async fn said_first(world: &World) -> String {
    let conversation = world.conversation().await;
    let said = conversation
        .lines()
        .filter_map(|line| line.strip_prefix("C: "));
    let mut sign_ins = said.filter(|line| {
        ["AUTH", "USER", "APOP"]
            .iter()
            .any(|verb| line.starts_with(verb))
    });
    sign_ins.next().unwrap_or_default().replace(" ********", "")
}

#[tokio::test]
async fn every_mechanism_signs_in() {
    for security in [Security::None, Security::Tls] {
        for mechanism in Mechanism::ALL {
            let world = knowing(mechanism, security).await;
            for _ in 0..2 {
                world.good().await;
                let expected = match (mechanism, mechanism.sasl_name()) {
                    (_, Some(name)) => format!("AUTH {name}"),
                    (Mechanism::Apop, None) => format!("APOP {USER}"),
                    (_, None) => format!("USER {USER}"),
                };
                assert_eq!(said_first(&world).await, expected, "{security:?}");
                assert_eq!(memory(&world).await, Some(SignInMemory::Worked(mechanism)));
                assert!(!world.conversation().await.contains(PASSWORD));
            }
            let accepted = SignIns {
                accepted: 2,
                refused: 0,
            };
            assert_eq!(world.mailbox.sign_ins(), accepted, "{mechanism}");
            world.assert_each_once().await;
        }
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_once_a_session_by_every_mechanism() {
    for mechanism in Mechanism::ALL {
        let world = knowing(mechanism, Security::None).await;
        world.mailbox.set_password("another");
        let failure = world.fails(ErrorCode::AuthRefused).await;
        let secret = if mechanism.takes_a_token() {
            "refuses the token"
        } else {
            "refuses the password"
        };
        assert!(failure.what.contains(secret), "{mechanism}: {failure:?}");
        assert_eq!(world.mailbox.sign_ins().refused, 1, "{mechanism}");
        assert_eq!(world.server.connections(), 1, "{mechanism}");
        // And by the next session, however it does it.
        world.fails(ErrorCode::AuthRefused).await;
        assert_eq!(world.mailbox.sign_ins().refused, 2, "{mechanism}");
        world.mailbox.set_password(PASSWORD);
        world.good().await;
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn the_best_mechanism_on_offer_is_taken() {
    use Mechanism::*;
    let world = Setup::default().start().await;
    let mut offered = vec![Login, Plain, CramMd5, ScramSha1, ScramSha256];
    while let Some(best) = offered.pop() {
        let all = [&offered[..], &[best]].concat();
        offer(&world, &all).await;
        // Nothing is remembered of another way in.
        choose(&world, best).await;
        world.set_remote(|remote| remote.sign_in = None).await;
        world.good().await;
        // PLAIN is better than LOGIN, and the list has them the other way round.
        assert_eq!(memory(&world).await, Some(SignInMemory::Worked(best)));
    }
}

#[tokio::test]
async fn scram_is_bound_to_the_encrypted_line_where_that_is_offered() {
    for mechanism in [Mechanism::ScramSha256, Mechanism::ScramSha1] {
        for security in [Security::Tls, Security::StartTls] {
            let world = knowing(mechanism, security).await;
            let plus = |how| world.server.set(|switches| switches.scram_plus = how);
            plus(ScramPlus::Offered);
            let bound = format!("AUTH {}-PLUS", mechanism.sasl_name().unwrap());
            for _ in 0..2 {
                world.good().await;
                assert_eq!(said_first(&world).await, bound);
            }
            // Somebody takes it off the list: no sign-in at all.
            plus(ScramPlus::Hidden);
            choose(&world, mechanism).await;
            let failure = world.fails(ErrorCode::BadAnswer).await;
            assert!(failure.what.contains("safer"), "{failure:?}");
            assert_eq!(world.mailbox.sign_ins().refused, 0);
            plus(ScramPlus::Absent);
            world.good().await;
        }
    }
}

#[tokio::test]
async fn a_server_that_does_not_prove_itself_is_no_server() {
    for scram in [Scram::WrongProof, Scram::NoProof, Scram::TooManyIterations] {
        let world = knowing(Mechanism::ScramSha256, Security::None).await;
        world.server.set(|switches| switches.scram = scram);
        let card = world.fails(ErrorCode::BadAnswer).await.card();
        let told = format!("{}. {}", card.title, card.what);
        let words = match scram {
            Scram::TooManyIterations => "in the sign-in by SCRAM-SHA-256, it asks for more",
            _ => "did not prove by SCRAM-SHA-256 that it knows the password",
        };
        assert!(told.contains(words), "{scram:?}: {told}");
        assert_eq!(world.mailbox.count("RETR"), 0, "{scram:?}");
        assert_eq!(world.mailbox.sign_ins().refused, 0, "{scram:?}");
        // No password is said to it either, the next time.
        world.fails(ErrorCode::BadAnswer).await;
        assert_eq!(world.mailbox.count("USER") + world.mailbox.count("PASS"), 0);
        world.server.set(|switches| switches.scram = Scram::Works);
        world.good().await;
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn an_unknown_mechanism_is_followed_by_the_next_best_in_the_same_session() {
    use Mechanism::*;
    let world = Setup::default().start().await;
    world.send(letters(0..2));
    offer(&world, &[ScramSha256, ScramSha1, CramMd5, Login]).await;
    world.server.set(|switches| {
        switches.unknown_mechanisms = vec![ScramSha256, ScramSha1, CramMd5];
    });
    world.good().await;
    assert_eq!(world.server.connections(), 1);
    assert_eq!(memory(&world).await, Some(SignInMemory::Worked(Login)));
    // It is not asked for again.
    world.good().await;
    assert_eq!(said_first(&world).await, "AUTH LOGIN");
    // One that refuses the password ends the session, whatever else there is.
    world.mailbox.set_password("another");
    world.fails(ErrorCode::AuthRefused).await;
    assert_eq!(world.mailbox.sign_ins().refused, 1);
}

#[tokio::test]
async fn a_refused_proof_is_followed_by_the_password_in_the_next_session() {
    use Mechanism::*;
    for security in [Security::None, Security::Tls] {
        for mechanism in [ScramSha256, ScramSha1, CramMd5] {
            let world = knowing(mechanism, security).await;
            offer(&world, &[mechanism, Plain]).await;
            world
                .server
                .set(|switches| switches.refusing_mechanisms = vec![mechanism]);
            world.fails(ErrorCode::AuthRefused).await;
            assert_eq!(memory(&world).await, Some(SignInMemory::Refused(mechanism)));
            world.good().await;
            let worked = Some(SignInMemory::Worked(Plain));
            assert_eq!(memory(&world).await, worked, "{mechanism}");
            assert_eq!(world.mailbox.sign_ins().refused, 1, "{mechanism}");
            world.good().await;
            assert_eq!(said_first(&world).await, "AUTH PLAIN");
            world.assert_each_once().await;
        }
    }
}

#[tokio::test]
async fn a_test_of_a_mailbox_says_the_password_where_its_proof_is_refused() {
    use Mechanism::*;
    let world = knowing(ScramSha256, Security::Tls).await;
    offer(&world, &[ScramSha256, Plain]).await;
    let secret = || RemoteSecret::Stored(Secret::new(PASSWORD.into()));
    let remote = world.retrieval().await.remote;
    // A wrong password: once each in two sessions, and no more.
    world.mailbox.set_password("another");
    let failure = world
        .engine
        .inspect(&remote, secret(), &Reach::Anywhere)
        .await
        .unwrap_err();
    assert_eq!(failure.code, ErrorCode::AuthRefused);
    assert_eq!(world.mailbox.sign_ins().refused, 2);
    assert_eq!(world.server.connections(), 2);
    world.mailbox.set_password(PASSWORD);
    world
        .server
        .set(|switches| switches.refusing_mechanisms = vec![ScramSha256]);
    let found = world
        .engine
        .inspect(&remote, secret(), &Reach::Anywhere)
        .await
        .unwrap();
    assert_eq!(found.sign_in_memory, Some(SignInMemory::Worked(Plain)));
    // Where there was no proof, there is no second session.
    offer(&world, &[Plain]).await;
    world.mailbox.set_password("another");
    world.mailbox.forget();
    drop(
        world
            .engine
            .inspect(&remote, secret(), &Reach::Anywhere)
            .await
            .unwrap_err(),
    );
    assert_eq!(world.mailbox.sign_ins().refused, 1);
}

#[tokio::test]
async fn a_look_says_the_password_at_once_where_its_proof_is_refused() {
    use Mechanism::*;
    let world = knowing(ScramSha256, Security::Tls).await;
    offer(&world, &[ScramSha256, Plain]).await;
    world
        .server
        .set(|switches| switches.refusing_mechanisms = vec![ScramSha256]);
    let look = || {
        world.run_with(RunOptions {
            dry_run: true,
            ..RunOptions::default()
        })
    };
    let report = look().await;
    assert!(report.failure.is_none(), "{report:?}");
    assert_eq!(report.would_retrieve, 2);
    assert_eq!(world.server.connections(), 2);
    // It is no run: nothing is remembered.
    assert_eq!(memory(&world).await, None);
    // A wrong password: once each in two sessions, and no more.
    world.mailbox.set_password("another");
    world.mailbox.forget();
    let code = look().await.failure.map(|failure| failure.code);
    assert_eq!(code, Some(ErrorCode::AuthRefused));
    assert_eq!(world.mailbox.sign_ins().refused, 2);
    // A run has found that out already: the look says the password in its only session.
    world.fails(ErrorCode::AuthRefused).await;
    world.mailbox.forget();
    look().await;
    assert_eq!(world.mailbox.sign_ins().refused, 1);
}

#[tokio::test]
async fn a_second_session_of_a_test_tells_no_stage_again() {
    let world = knowing(Mechanism::ScramSha256, Security::StartTls).await;
    offer(&world, &[Mechanism::ScramSha256, Mechanism::Plain]).await;
    world
        .server
        .set(|switches| switches.refusing_mechanisms = vec![Mechanism::ScramSha256]);
    let remote = world.retrieval().await.remote;
    let secret = || RemoteSecret::Stored(Secret::new(PASSWORD.into()));
    let heard = Heard::default();
    let engine = &world.engine;
    let looked = engine
        .inspect_by_stages(&remote, secret(), &Reach::Anywhere, &heard)
        .await;
    assert_eq!(looked.unwrap().messages, 2);
    assert_eq!(world.server.connections(), 2);
    let stages = [
        Stage::FindServer,
        Stage::Connect,
        Stage::Secure,
        Stage::SignIn,
        Stage::LookInside,
        Stage::LeaveCopies,
    ];
    let told = stages
        .iter()
        .flat_map(|stage| [(false, *stage), (true, *stage)]);
    assert_eq!(*heard.0.lock().unwrap(), told.collect::<Vec<_>>());
    // Where both are refused, it is the sign-in that failed.
    world.mailbox.set_password("another");
    let heard = Heard::default();
    let looked = engine
        .inspect_by_stages(&remote, secret(), &Reach::Anywhere, &heard)
        .await;
    assert_eq!(looked.unwrap_err().stage, Stage::SignIn);
}

/// What an inspection told, in order: whether it was the end of a stage, and which.
#[derive(Default)]
struct Heard(Mutex<Vec<(bool, Stage)>>);

impl InspectionObserver for Heard {
    fn begins(&self, stage: Stage) {
        self.0.lock().unwrap().push((false, stage));
    }

    fn found(&self, stage: Stage, _: &Found, _: Duration) {
        self.0.lock().unwrap().push((true, stage));
    }
}

#[tokio::test]
async fn what_worked_is_forgotten_with_the_password() {
    let world = knowing(Mechanism::CramMd5, Security::None).await;
    world.good().await;
    let worked = Some(SignInMemory::Worked(Mechanism::CramMd5));
    assert_eq!(memory(&world).await, worked);
    // A server that is busy says nothing of mechanisms.
    world
        .mailbox
        .set(|switches| switches.sign_in = SignIn::Refused(Refusal::SysTemp));
    world.fails(ErrorCode::ServerBusy).await;
    assert_eq!(memory(&world).await, worked);
    let secret = RemoteSecret::Stored(Secret::new(PASSWORD.into()));
    world.set_secret(secret).await;
    assert_eq!(memory(&world).await, None);
}

#[tokio::test]
async fn a_token_is_asked_for_anew_in_every_session() {
    for mechanism in [Mechanism::XOauth2, Mechanism::OauthBearer] {
        let world = knowing(mechanism, Security::Tls).await;
        let count = world.file("count");
        let script = format!(
            "echo x >> '{}'; echo {PASSWORD}; echo more",
            count.display()
        );
        let command = ["sh", "-c", &script].map(str::to_owned).to_vec();
        world.set_secret(RemoteSecret::Token(command)).await;
        for run in 1..=3 {
            world.good().await;
            let counted = std::fs::read_to_string(&count).unwrap();
            assert_eq!(counted.lines().count(), run);
        }
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn a_refused_token_says_why() {
    for mechanism in [Mechanism::XOauth2, Mechanism::OauthBearer] {
        for steps in [TokenSteps::OneOrTwo, TokenSteps::Two] {
            let world = knowing(mechanism, Security::Tls).await;
            world.server.set(|switches| switches.token_steps = steps);
            // Longer than a command line: asked for in a second step by all servers.
            let old = "0ld-t0ken.".repeat(100);
            world.set_secret(token(&old)).await;
            let failure = world.fails(ErrorCode::AuthRefused).await;
            let said = failure.said.unwrap();
            assert!(said.contains(r#""status":"401""#), "{mechanism}: {said}");
            assert!(!format!("{said} {}", world.conversation().await).contains("0ld-t0ken"));
            assert_eq!(world.mailbox.sign_ins().refused, 1);
        }
    }
}

#[tokio::test]
async fn microsofts_two_steps_are_taken_by_a_short_token_too() {
    let world = knowing(Mechanism::XOauth2, Security::Tls).await;
    world
        .server
        .set(|switches| switches.token_steps = TokenSteps::Two);
    world.good().await;
    assert_eq!(said_first(&world).await, "AUTH XOAUTH2");
    world.assert_each_once().await;
}

#[tokio::test]
async fn a_program_without_a_token_is_told_from_a_refused_token() {
    let world = knowing(Mechanism::XOauth2, Security::Tls).await;
    let command = vec!["false".to_owned()];
    world.set_secret(RemoteSecret::Token(command)).await;
    let failure = world.fails(ErrorCode::AuthRefused).await;
    assert!(
        failure.what.contains("program that gives the token"),
        "{failure:?}"
    );
    assert_eq!(world.mailbox.sign_ins(), SignIns::default());
}

#[tokio::test]
async fn apop_needs_a_stamp_and_a_server_that_has_it() {
    let world = knowing(Mechanism::Apop, Security::None).await;
    world
        .server
        .set(|switches| switches.greeting = Greeting::Banner);
    let failure = world.fails(ErrorCode::AuthNotPossible).await;
    assert!(failure.what.contains("APOP"), "{failure:?}");
    assert_eq!(world.mailbox.sign_ins(), SignIns::default());
    // Nobody takes it who was not told to.
    world
        .server
        .set(|switches| switches.greeting = Greeting::Stamped);
    world.set_remote(|remote| remote.sign_in = None).await;
    world.good().await;
    assert_eq!(said_first(&world).await, format!("USER {USER}"));
}

#[tokio::test]
async fn a_chosen_mechanism_is_the_only_one() {
    let world = knowing(Mechanism::Login, Security::None).await;
    choose(&world, Mechanism::ScramSha256).await;
    let failure = world.fails(ErrorCode::AuthNotPossible).await;
    assert_eq!(failure.said.as_deref(), Some("-ERR unknown mechanism"));
    assert_eq!(world.mailbox.sign_ins(), SignIns::default());
    choose(&world, Mechanism::Login).await;
    world.good().await;
}

#[tokio::test]
async fn one_password_is_refused_in_a_session_and_no_more() {
    for auth_plain in [AuthPlain::Works, AuthPlain::Absent] {
        let world = Setup::default().start().await;
        world.send(letters(0..2));
        world
            .server
            .set(|switches| switches.auth_plain = auth_plain);
        world.mailbox.set_password("another");
        world.fails(ErrorCode::AuthRefused).await;
        let refused = SignIns {
            accepted: 0,
            refused: 1,
        };
        assert_eq!(world.mailbox.sign_ins(), refused, "{auth_plain:?}");
        assert_eq!(world.server.connections(), 1);
        world.mailbox.set_password(PASSWORD);
        world.good().await;
        world.assert_each_once().await;
    }
}

#[tokio::test]
async fn a_mechanism_that_refused_the_password_is_not_followed_by_another() {
    let world = Setup::default().start().await;
    world
        .server
        .set(|switches| switches.auth_plain = AuthPlain::Refused);
    let relay = Relay::to(world.server.address()).await;
    world.redirect(relay.address()).await;
    world.fails(ErrorCode::AuthRefused).await;
    assert!(relay.heard("AUTH PLAIN") && !relay.heard("USER") && !relay.heard("PASS"));
}

#[tokio::test]
async fn another_mechanism_is_tried_where_the_server_does_not_know_the_first() {
    let server = Script::parse(
        "S: +OK hello
         C: CAPA
         S: +OK
         S: SASL PLAIN
         S: .
         C: AUTH PLAIN *
         S: -ERR unknown mechanism
         C: USER anna
         S: +OK
         C: PASS five-loud-herons-2093
         S: +OK
         C: CAPA
         S: -ERR not any more
         C: STAT
         S: +OK 0 0
         C: UIDL
         S: +OK
         S: .
         C: LIST
         S: +OK
         S: .
         C: QUIT
         S: +OK",
    );
    let server = server.unwrap().serve().unwrap();
    let world = Setup::default().start().await;
    world.redirect(server.addr()).await;
    world.good().await;
    // The good-bye needs this thread.
    let finished = tokio::task::spawn_blocking(move || server.finish()).await;
    finished.unwrap().unwrap();
}

#[tokio::test]
async fn a_refused_sign_in_has_its_code_and_costs_no_mail() {
    use ErrorCode::*;
    let text = |text: &str| Refusal::Text(text.to_owned());
    for (refusal, code) in [
        (Refusal::InUse, MailboxInUse),
        (Refusal::LoginDelay, TooOften),
        (Refusal::SysTemp, ServerBusy),
        (Refusal::SysPerm, ServerRefuses),
        (Refusal::Auth, AuthRefused),
        (Refusal::Bare, AuthRefused),
        (
            text("Your account is not enabled for POP access"),
            PopSwitchedOff,
        ),
        (
            text("[AUTH] Application-specific password required"),
            AuthAppPassword,
        ),
        (Refusal::Silence, NoAnswer),
        (Refusal::HangUp, CutOff),
    ] {
        let world = Setup::deleting().impatient().start().await;
        world.send(letters(0..2));
        world
            .mailbox
            .set(|switches| switches.sign_in = SignIn::Refused(refusal.clone()));
        let failure = world.fails(code).await;
        assert!(
            failure.what.contains("127.0.0.1"),
            "{refusal:?}: {failure:?}"
        );
        // A maildrop that somebody else has open is no failure, nor is having come too often.
        let is_busy = matches!(code, MailboxInUse | TooOften);
        let failures = u32::from(!is_busy);
        assert_eq!(world.retrieval().await.failures, failures, "{refusal:?}");
        world.behave();
        world.good().await;
        world.assert_each_once().await;
        assert_eq!(world.retrieval().await.failures, 0, "{refusal:?}");
    }
}

#[tokio::test]
async fn how_often_one_may_come_is_told_in_minutes() {
    let server = Script::parse(
        "S: +OK hello
         C: CAPA
         S: +OK
         S: SASL PLAIN
         S: LOGIN-DELAY 900
         S: .
         C: AUTH PLAIN *
         S: +OK
         C: CAPA
         S: -ERR not any more
         C: STAT
         S: +OK 0 0
         C: UIDL
         S: +OK
         S: .
         C: LIST
         S: +OK
         S: .
         C: QUIT
         S: +OK
         ---
         S: +OK hello
         C: AUTH PLAIN *
         S: -ERR [LOGIN-DELAY] not yet",
    );
    let server = server.unwrap().serve().unwrap();
    let world = Setup::default().start().await;
    world.redirect(server.addr()).await;
    world.good().await;
    let card = world.fails(ErrorCode::TooOften).await.card();
    assert_eq!(card.what, "It allows one check every 15 minutes.");
    server.finish().unwrap();
}
