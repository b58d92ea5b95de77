//! Two files that somebody else looks after.

use super::*;

#[test]
fn a_key_file_that_everyone_can_read_is_told_of_and_used() {
    let world = World::new();
    world.put_pair(&pair());
    let key = world.path("key.pem");
    for (permissions, shown) in [
        (0o600, None),
        (0o640, None),
        (0o644, Some("(0644)")),
        (0o604, Some("(0604)")),
    ] {
        fs::set_permissions(&key, Permissions::from_mode(permissions)).unwrap();
        let tls = world.open(world.files()).unwrap();
        let open = tls.open_key();
        match shown {
            None => assert_eq!(open, None),
            Some(shown) => {
                let open = open.unwrap();
                assert!(open.to_string().ends_with(shown), "{open}");
                assert!(open.advice().contains("chmod o= /"), "{}", open.advice());
            }
        }
        assert!(!tls.is_self_made());
    }
}

#[test]
fn a_fingerprint_is_written_as_openssl_does() {
    let world = World::new();
    world.put_pair(&pair());
    let tls = world.open(world.files()).unwrap();
    let shown = tls.fingerprint();
    let octets: Vec<&str> = shown.split(':').collect();
    assert_eq!(octets.len(), 32);
    let is_hex = |octet: &&str| octet.len() == 2 && u8::from_str_radix(octet, 16).is_ok();
    assert!(octets.iter().all(is_hex), "{shown}");
    assert_eq!(shown, shown.to_uppercase());
}

#[test]
fn what_cannot_be_used_leaves_the_old_one_in_force_and_says_why() {
    let world = World::new();
    let (good, other) = (pair(), pair());
    world.put_pair(&good);
    let tls = world.open(world.files()).unwrap();
    let fingerprint = tls.fingerprint();
    let half = &good.chain[..good.chain.len() / 2];
    let locked =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIG=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let old_locked = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
                      DEK-Info: AES-128-CBC,00\n\nMIG=\n-----END RSA PRIVATE KEY-----\n";
    let no_key = "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n";
    let no_chain = "-----BEGIN CERTIFICATE-----\nMIGH\n-----END CERTIFICATE-----\n";
    let spoilt = good.chain.replace("MII", "M!!");
    let endless = "x".repeat((1 << 20) + 1);
    for (chain, key, what, advice) in [
        (
            &other.chain[..],
            &good.key[..],
            "does not belong to the first certificate",
            "together",
        ),
        (
            &good.key,
            &good.key,
            "there is no certificate in",
            "BEGIN CERTIFICATE",
        ),
        (
            "",
            &good.key,
            "there is no certificate in",
            "BEGIN CERTIFICATE",
        ),
        (half, &good.key, "lacks an -----END line", "anew"),
        (&spoilt, &good.key, "base64 is damaged", "anew"),
        (no_chain, &good.key, "chain.pem cannot be used", "anew"),
        (&endless, &good.key, "too long", "anew"),
        (
            &good.chain,
            "",
            "there is no private key in",
            "BEGIN PRIVATE KEY",
        ),
        (
            &good.chain,
            &good.chain,
            "there is no private key in",
            "BEGIN PRIVATE KEY",
        ),
        (&good.chain, no_key, "key.pem cannot be used", "anew"),
        (
            &good.chain,
            locked,
            "locked with a passphrase",
            "openssl pkey",
        ),
        (
            &good.chain,
            old_locked,
            "locked with a passphrase",
            "openssl pkey",
        ),
    ] {
        world.put("chain.pem", chain);
        world.put("key.pem", key);
        let problem = tls.reload().unwrap_err();
        let text = problem.to_string();
        assert!(text.contains(what), "{what}: {text}");
        assert!(
            text.contains(&world.dir.path().display().to_string()),
            "{text}"
        );
        assert!(problem.advice().contains(advice), "{}", problem.advice());
        assert_eq!(tls.fingerprint(), fingerprint, "{what}");
        // What the operator has just been told is not told again.
        assert!(matches!(tls.look(), Renewal::Unchanged), "{what}");
        world.open(world.files()).unwrap_err();
    }
    fs::remove_file(world.path("key.pem")).unwrap();
    let problem = tls.reload().unwrap_err();
    assert!(
        problem.to_string().ends_with("key.pem cannot be read"),
        "{problem}"
    );
    assert!(
        problem.advice().starts_with("Put the file there"),
        "{}",
        problem.advice()
    );
    assert_eq!(tls.fingerprint(), fingerprint);

    world.put_pair(&other);
    assert!(matches!(tls.look(), Renewal::Renewed));
    assert_ne!(tls.fingerprint(), fingerprint);
}

#[test]
fn chain_and_key_may_be_one_file() {
    let world = World::new();
    let pair = pair();
    world.put("both.pem", &(pair.key + &pair.chain));
    let file = world.path("both.pem");
    let source = CertificateSource::Files {
        chain: file.clone(),
        key: file,
    };
    world.open(source).unwrap();
}

#[test]
fn changed_files_are_noticed_without_being_told() {
    let world = World::new();
    world.put_pair(&pair());
    let tls = world.open(world.files()).unwrap();
    assert!(matches!(tls.look(), Renewal::Unchanged));
    let fingerprint = tls.fingerprint();
    world.put_pair(&pair());
    assert!(matches!(tls.look(), Renewal::Renewed));
    assert_ne!(tls.fingerprint(), fingerprint);
    assert!(matches!(tls.look(), Renewal::Unchanged));
}

#[test]
fn a_pair_that_is_half_written_is_no_fault_until_it_stays_so() {
    let world = World::new();
    world.put_pair(&pair());
    let tls = world.open(world.files()).unwrap();
    let new = pair();
    world.put("chain.pem", &new.chain);
    assert!(matches!(tls.look(), Renewal::Unchanged));
    world.put("key.pem", &new.key);
    assert!(matches!(tls.look(), Renewal::Renewed));

    world.put("chain.pem", &pair().chain);
    assert!(matches!(tls.look(), Renewal::Unchanged));
    assert!(matches!(
        tls.look(),
        Renewal::Broken(CertificateProblem::Mismatch { .. })
    ));
    assert!(
        matches!(tls.look(), Renewal::Unchanged),
        "it was told twice"
    );
    // Back to what is in force: nothing is wrong, nothing is new for clients.
    let fingerprint = tls.fingerprint();
    world.put("chain.pem", &new.chain);
    assert!(matches!(tls.look(), Renewal::Renewed));
    assert_eq!(tls.fingerprint(), fingerprint);
}

#[tokio::test]
async fn who_watches_is_told() {
    let world = World::new();
    world.put_pair(&pair());
    let tls = world.open(world.files()).unwrap();
    let fingerprint = tls.fingerprint();
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let watching = Arc::clone(&tls).watch_every(Duration::from_millis(1), move |renewal| {
        tell.send(renewal).unwrap();
    });
    let watching = tokio::spawn(watching);
    world.put_pair(&pair());
    let renewal = told.recv().await.unwrap();
    assert!(matches!(renewal, Renewal::Renewed), "{renewal:?}");
    assert_ne!(tls.fingerprint(), fingerprint);
    watching.abort();
}
