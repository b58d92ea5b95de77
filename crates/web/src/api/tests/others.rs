//! What is somebody else's is not there, whatever is asked of it.

use inhaul_store::{CatchAllSettings, Routing, Store as _};

use super::house::{House, Owner};
use crate::api::all;
use crate::api::openapi::names_in;
use crate::api::route::{Reply, Route, Who};

/// A route's address with these names in it, and its example.
fn line(route: &Route, names: &[String]) -> (String, &'static str) {
    let mut path = route.path.to_owned();
    for (name, it) in names_in(route.path).zip(names) {
        path = path.replace(&format!("{{{name}}}"), it);
    }
    let body = route.body.map_or("", |body| body.example);
    (format!("{} {path}", route.verb.as_str()), body)
}

/// One thing of each kind, of somebody: `id` of `/retrievals/{id}/...`.
struct Things {
    check: String,
    retrieval: i64,
    run: i64,
    message: i64,
    account: i64,
    group: i64,
    key: i64,
}

impl Things {
    async fn of(house: &House, who: &Owner, name: &str) -> Self {
        let retrieval = house.retrieval(who, name).await;
        let (run, message) = house.run(retrieval, b"Subject: secret\r\n\r\nhi\r\n").await;
        let check = house.ask(who, "POST /check", "").await.is(200);
        let groups = house.store.group_list().await.unwrap();
        Self {
            check: check["check_id"].as_str().unwrap().to_owned(),
            retrieval: retrieval.row(),
            run: run.row(),
            message: message.row(),
            account: who.id.row(),
            group: groups[0].id.row(),
            key: who.key_id.row(),
        }
    }

    fn names(&self, route: &Route) -> Vec<String> {
        let number = match route.path.split('/').nth(1).unwrap() {
            "check" => return vec![self.check.clone()],
            "retrievals" => self.retrieval,
            "messages" => self.message,
            "accounts" => self.account,
            "groups" => self.group,
            "api-keys" => self.key,
            other => panic!("whose are {other}? Say it here"),
        };
        vec![number.to_string(), self.run.to_string()]
    }
}

#[tokio::test]
async fn every_route_says_of_somebody_elses_things_that_they_are_not_there() {
    let house = House::new().await;
    let theirs = Things::of(&house, &house.alice, "Club").await;
    let with_numbers = all().filter(|route| names_in(route.path).count() > 0);
    let mut asked = 0;
    for route in with_numbers {
        let (line, body) = line(route, &theirs.names(route));
        let answer = house.ask(&house.bob, &line, body).await;
        answer.refuses(404, "not-found", None);
        asked += 1;
    }
    assert!(asked >= 15, "{asked}");
    // Nothing happened to them.
    house.ask(&house.alice, "GET /retrievals", "").await.is(200);
    let line = format!("GET /retrievals/{}", theirs.retrieval);
    let club = house.ask(&house.alice, &line, "").await.is(200);
    assert_eq!(
        (&club["name"], &club["paused"]),
        (&"Club".into(), &false.into())
    );
    let started = house.runs.started.lock().unwrap();
    assert!(
        started
            .iter()
            .all(|start| start.by.unwrap().account == house.alice.id)
    );
}

#[tokio::test]
async fn a_run_of_another_retrieval_is_not_there_even_for_whoever_owns_one() {
    let house = House::new().await;
    let theirs = Things::of(&house, &house.alice, "Club").await;
    let own = Things::of(&house, &house.bob, "Work").await;
    let conversation =
        |run: i64| format!("GET /retrievals/{}/runs/{run}/conversation", own.retrieval);
    house
        .ask(&house.bob, &conversation(own.run), "")
        .await
        .is(200);
    let answer = house.ask(&house.bob, &conversation(theirs.run), "").await;
    answer.refuses(404, "not-found", None);
}

#[tokio::test]
async fn what_administrators_do_is_not_there_for_people() {
    let house = House::new().await;
    let own = Things::of(&house, &house.bob, "Work").await;
    let managing = all().filter(|route| route.who == Who::Administrator);
    for route in managing {
        let names = match names_in(route.path).count() {
            0 => Vec::new(),
            _ => own.names(route),
        };
        let (line, body) = line(route, &names);
        let answer = house.ask(&house.bob, &line, body).await;
        answer.refuses(404, "not-found", None);
    }
}

#[tokio::test]
async fn nobody_is_let_in_to_any_route_without_a_key() {
    let house = House::new().await;
    for route in all().filter(|route| route.who != Who::Anybody) {
        let (line, body) = line(route, &["1".into(), "1".into()]);
        house
            .send(&line, &[], body)
            .await
            .refuses(401, "not-signed-in", None);
    }
}

#[tokio::test]
async fn lists_hold_nothing_of_others() {
    let house = House::new().await;
    Things::of(&house, &house.alice, "Club").await;
    let lists = all().filter(|route| {
        names_in(route.path).count() == 0
            && route.body.is_none()
            && route.who == Who::Person
            && matches!(route.reply, Reply::Document(_))
    });
    let mut asked = 0;
    for route in lists {
        let (line, _) = line(route, &[]);
        let answer = house.ask(&house.bob, &line, "").await;
        let text = answer.is(200).to_string();
        assert!(
            !text.contains("Club") && !text.contains("alice"),
            "{line}: {text}"
        );
        asked += 1;
    }
    assert_eq!(asked, 4, "check, retrievals, messages, status");
}

#[tokio::test]
async fn an_administrator_sees_all_mailboxes_and_nobody_elses_mail() {
    let house = House::new().await;
    let theirs = Things::of(&house, &house.alice, "Club").await;
    let line = format!("GET /retrievals/{}", theirs.retrieval);
    house.ask(&house.boss, &line, "").await.is(200);
    for line in [
        format!("GET /messages/{}", theirs.message),
        format!("GET /messages/{}/raw", theirs.message),
    ] {
        let answer = house.ask(&house.boss, &line, "").await;
        answer.refuses(404, "not-found", None);
    }
}

#[tokio::test]
async fn a_catch_all_is_not_there_for_the_owner_of_its_fallback() {
    let house = House::new().await;
    let id = house.retrieval(&house.boss, "Firm").await;
    let change = inhaul_store::RetrievalChange {
        routing: Some(Routing::CatchAll(CatchAllSettings::default())),
        destination: Some((house.alice.id, "INBOX".into())),
        ..inhaul_store::RetrievalChange::default()
    };
    house.store.retrieval_change(id, change).await.unwrap();
    let line = format!("GET /retrievals/{id}");
    house.ask(&house.alice, &line, "").await.is(404);
    let firm = house.ask(&house.boss, &line, "").await.is(200);
    assert_eq!(firm["catch_all"]["header"], "auto");
    assert_eq!(firm["catch_all"]["fallback"], "alice/INBOX");
}
