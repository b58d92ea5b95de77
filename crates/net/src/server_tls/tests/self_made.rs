//! The certificate this program makes for itself.

use super::*;

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn the_first_start_makes_a_certificate_for_this_machine() {
    let world = World::new();
    let tls = world.open(world.self_made()).unwrap();
    assert_eq!(mode(&world.path("tls")), 0o700);
    assert_eq!(mode(&world.path("tls/key.pem")), 0o600);
    let ca = world.path("tls/cert.pem");
    let connector = connector(&ca, &[&TLS13, &TLS12]);
    let host = host_name().filter(|host| ServerName::try_from(host.as_str()).is_ok());
    for name in ["localhost", "127.0.0.1", "::1"]
        .into_iter()
        .chain(host.as_deref())
    {
        let (client, server) = meet(&tls, &connector, name).await;
        talk(&mut client.unwrap(), &mut server.unwrap()).await;
    }
    let (client, server) = meet(&tls, &connector, "pop.example.org").await;
    assert!(client.is_err() && server.is_err());
}

#[test]
fn the_next_start_shows_the_same_certificate() {
    let world = World::new();
    let first = world.open(world.self_made()).unwrap();
    assert!(first.is_self_made());
    let second = world.open(world.self_made()).unwrap();
    assert_eq!(second.fingerprint(), first.fingerprint());
    assert_eq!(second.not_after(), first.not_after());
    assert!(first.not_after() <= Some(world.now().plus(DAY * 825)));
    assert!(first.not_after() > Some(world.now().plus(DAY * 800)));
}

#[tokio::test]
async fn a_self_made_certificate_is_renewed_before_its_end_and_keeps_its_key() {
    let world = World::new();
    let tls = world.open(world.self_made()).unwrap();
    let (fingerprint, pin, end) = (tls.fingerprint(), tls.key_pin(), tls.not_after().unwrap());
    let (mut client, mut server) = line(&tls, &world.path("tls/cert.pem")).await;

    world.passes(DAY * 793);
    assert!(matches!(tls.look(), Renewal::Unchanged));
    world.passes(DAY);
    assert!(matches!(tls.look(), Renewal::Renewed));
    assert_ne!(tls.fingerprint(), fingerprint);
    assert_eq!(tls.key_pin(), pin);
    assert!(tls.not_after().unwrap() > end.plus(DAY * 700));
    assert!(matches!(tls.look(), Renewal::Unchanged));

    talk(&mut client, &mut server).await;
    let reopened = world.open(world.self_made()).unwrap();
    assert_eq!(reopened.fingerprint(), tls.fingerprint());
}

#[test]
fn two_certificates_of_one_name_never_have_one_number() {
    let world = World::new();
    let mut numbers = Vec::new();
    for _ in 0..2 {
        let tls = world.open(world.self_made()).unwrap();
        let file = world.path("tls/cert.pem");
        let certificate = rustls::pki_types::CertificateDer::from_pem_file(&file).unwrap();
        // Behind two headers and the version: the number, with its own header.
        numbers.push(certificate[8 + 5..][..18].to_vec());
        fs::remove_file(file).unwrap();
        drop(tls);
    }
    assert_eq!(numbers[0][..2], [2, 16]);
    assert_ne!(numbers[0], numbers[1]);
}

#[test]
fn a_self_made_pair_that_is_damaged_is_mended() {
    let world = World::new();
    let first = world.open(world.self_made()).unwrap();
    let (chain, key) = world.self_made().files();
    let other = pair();
    for (what, file, content, keeps_key) in [
        ("no certificate", &chain, None, true),
        ("no PEM", &chain, Some("damaged"), true),
        ("of another key", &chain, Some(&other.chain[..]), true),
        ("another key", &key, Some(&other.key), false),
        ("no key", &key, None, false),
        ("no PEM", &key, Some("damaged"), false),
        (
            "half a key",
            &key,
            Some("-----BEGIN PRIVATE KEY-----\nMIG"),
            false,
        ),
    ] {
        let before = world.open(world.self_made()).unwrap();
        match content {
            Some(content) => fs::write(file, content).unwrap(),
            None => fs::remove_file(file).unwrap(),
        }
        let after = world.open(world.self_made()).unwrap();
        assert_eq!(after.key_pin() == before.key_pin(), keeps_key, "{what}");
        assert_ne!(after.fingerprint(), before.fingerprint(), "{what}");
        assert_eq!(mode(&key), 0o600, "{what}");
    }
    drop(first);
}

#[test]
fn a_certificate_made_under_a_wrong_clock_is_made_anew() {
    let world = World::new();
    let right = world.now();
    for wrong in [right.plus(DAY * 5_000), Timestamp::from_millis(0)] {
        world.now.store(wrong.millis(), Ordering::Relaxed);
        world.open(world.self_made()).unwrap();
        world.now.store(right.millis(), Ordering::Relaxed);
        let tls = world.open(world.self_made()).unwrap();
        assert!(tls.not_after() > Some(right.plus(DAY * 800)), "{wrong}");
        assert!(tls.not_after() < Some(right.plus(DAY * 830)), "{wrong}");
    }
}

#[test]
fn a_clock_out_of_its_mind_makes_a_certificate_all_the_same() {
    for millis in [i64::MIN, i64::MAX] {
        let world = World::new();
        world.now.store(millis, Ordering::Relaxed);
        world.open(world.self_made()).unwrap();
    }
}

#[test]
fn a_self_made_key_is_closed_to_others() {
    let world = World::new();
    world.open(world.self_made()).unwrap();
    let key = world.path("tls/key.pem");
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let tls = world.open(world.self_made()).unwrap();
    assert_eq!(mode(&key), 0o600);
    assert_eq!(tls.open_key(), None);
}

#[test]
fn a_folder_that_takes_no_files_is_named() {
    let world = World::new();
    // No folder can be made where a file is, whoever asks.
    fs::write(world.path("tls"), "").unwrap();
    let problem = world.open(world.self_made()).unwrap_err();
    let text = problem.to_string();
    assert!(
        text.contains(&world.path("tls").display().to_string()),
        "{text}"
    );
}

#[test]
fn a_renewal_that_fails_is_told_of_once_and_tried_until_it_succeeds() {
    let world = World::new();
    let tls = world.open(world.self_made()).unwrap();
    world.passes(DAY * 800);
    // The new file cannot be put beside the old one: something is there that does not go away.
    let beside = world.path("tls/cert.pem.new");
    fs::create_dir(&beside).unwrap();
    let told = (0..5)
        .filter(|_| matches!(tls.look(), Renewal::Broken(_)))
        .count();
    assert_eq!(told, 1);
    fs::remove_dir(&beside).unwrap();
    assert!(matches!(tls.look(), Renewal::Renewed));
    assert!(tls.not_after() > Some(world.now().plus(DAY * 800)));
}
