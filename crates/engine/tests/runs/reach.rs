//! Where a retrieval may dial that a person saved who is no administrator: nowhere inside the
//! network that this server stands in.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::task::Poll;

use inhaul_domain::reach::Reach;
use inhaul_engine::FailureReport;
use inhaul_store::{EVERYONE, GroupChange, RemoteSecret, RetrievalChange, Store as _, UsersMay};
use inhaul_types::{ErrorCode, Secret};
use tokio::net::TcpListener;

use crate::harness::{PASSWORD, Setup, World, letters};

async fn confine(world: &World) {
    world
        .change(RetrievalChange {
            confined: Some(true),
            ..RetrievalChange::default()
        })
        .await;
}

/// A world whose retrieval a person saved, and leads to this port of this machine by name.
async fn world(port: u16, user_ports: Vec<u16>) -> World {
    let setup = Setup {
        user_ports,
        ..Setup::default()
    };
    let world = setup.start().await;
    world
        .set_remote(|remote| (remote.host, remote.port) = ("localhost".into(), port))
        .await;
    confine(&world).await;
    world
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Whether somebody has dialled.
async fn was_dialled(listener: &TcpListener) -> bool {
    poll_fn(|context| Poll::Ready(listener.poll_accept(context).is_ready())).await
}

/// What a run, a look inside, and a look at the key say.
async fn all_failures(world: &World) -> [FailureReport; 3] {
    let run = world.run().await.failure.unwrap();
    let retrieval = world.retrieval().await;
    let reach = world.engine.reach_of(&retrieval).await.unwrap();
    let secret = RemoteSecret::Stored(Secret::new(PASSWORD.to_owned()));
    let (engine, remote) = (&world.engine, &retrieval.remote);
    let look = engine.inspect(remote, secret, &reach).await.unwrap_err();
    let key = engine.shown_key(remote, &reach).await.unwrap_err();
    [run, look, key]
}

#[tokio::test]
async fn what_a_person_saved_is_not_dialled_on_this_machine_and_nobody_learns_who_listens_there() {
    let (listener, address) = listener().await;
    let port = address.port();
    // Neither the port nor, where that is allowed, the address.
    for user_ports in [vec![], vec![port]] {
        let world = world(port, user_ports).await;
        let with_listener = all_failures(&world).await;
        assert!(!was_dialled(&listener).await);
        world
            .set_remote(|remote| remote.host = address.ip().to_string())
            .await;
        for failure in all_failures(&world).await {
            assert_eq!(failure.code, ErrorCode::ServerNotAllowed, "{failure:?}");
        }
        assert!(!was_dialled(&listener).await);
        for failure in &with_listener {
            assert_eq!(failure.code, ErrorCode::ServerNotAllowed, "{failure:?}");
        }
        assert_eq!(
            world.retrieval().await.last_error,
            Some(ErrorCode::ServerNotAllowed)
        );
    }
    let world = world(port, vec![port]).await;
    // A failure that was there before reads like itself.
    world.fails(ErrorCode::ServerNotAllowed).await;
    let with_listener = all_failures(&world).await;
    drop(listener);
    let without = all_failures(&world).await;
    for (with, without) in with_listener.iter().zip(&without) {
        assert_eq!((&with.what, &with.said), (&without.what, &without.said));
        assert_eq!(with.card().title, without.card().title);
        assert_eq!(with.card().what, without.card().what);
    }
}

#[tokio::test]
async fn a_right_of_the_group_or_an_administrator_opens_the_way() {
    let world = Setup::default().start().await;
    world.send(letters(0..1));
    confine(&world).await;
    world.fails(ErrorCode::ServerNotAllowed).await;
    let users_may = |private_networks| GroupChange {
        users_may: Some(UsersMay {
            private_networks,
            ..UsersMay::NOTHING
        }),
        ..GroupChange::default()
    };
    let group = world.store.group_by_name(EVERYONE).await.unwrap().id;
    world
        .store
        .group_change(group, users_may(true))
        .await
        .unwrap();
    assert_eq!(world.good().await.stored, 1);
    // The right is looked at whenever it dials.
    world
        .store
        .group_change(group, users_may(false))
        .await
        .unwrap();
    world.fails(ErrorCode::ServerNotAllowed).await;
    let change = RetrievalChange {
        confined: Some(false),
        ..RetrievalChange::default()
    };
    world.change(change).await;
    world.good().await;
    let retrieval = world.retrieval().await;
    assert_eq!(
        world.engine.reach_of(&retrieval).await.unwrap(),
        Reach::Anywhere
    );
}
