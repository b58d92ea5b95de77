//! Groups.

use axum::http::StatusCode;
use inhaul_manage::words::LIMITS;
use inhaul_store::{Limits, Store as _, UsersMay};
use inhaul_types::{Activation, GroupId};

use super::house::House;

/// The fields of a form in a page, as a browser would send them back.
fn fields(page: &str) -> Vec<(String, String)> {
    let inputs = page.split("<input ").skip(1);
    let attribute = |input: &str, name: &str| {
        let (_, rest) = input.split_once(&format!(" {name}=\""))?;
        Some(rest.split('"').next().unwrap().to_owned())
    };
    inputs
        .filter_map(|input| {
            let input = format!(" {}", input.split('>').next().unwrap());
            let is_box = input.contains(r#" type="checkbox""#);
            let is_sent = !is_box || input.contains(" checked");
            let name = attribute(&input, "name").filter(|_| is_sent)?;
            Some((name, attribute(&input, "value").unwrap_or_default()))
        })
        .collect()
}

fn with(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    let pairs = fields.iter();
    pairs
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

#[tokio::test]
async fn every_switch_right_and_limit_goes_through_the_form_and_back() {
    let house = House::new().await;
    let root = house.browser("root").await;
    let place = root.goes_on("/manage/groups", &[("name", "Staff")]).await;
    let place = place.split('?').next().unwrap();
    let id = GroupId::new(place.rsplit('/').next().unwrap().parse().unwrap());
    let everything = async || {
        let groups = house.store.group_list().await.unwrap();
        groups.into_iter().find(|group| group.id == id).unwrap()
    };
    let before = everything().await;
    root.goes_on(place, &with(&fields(&root.page(place).await)))
        .await;
    assert_eq!(
        everything().await,
        before,
        "saving what is shown changes nothing"
    );

    for activation in Activation::ALL {
        let page = fields(&root.page(place).await);
        let word = activation.as_str();
        let without: Vec<_> = page.into_iter().filter(|(name, _)| name != word).collect();
        root.goes_on(place, &with(&without)).await;
        assert!(
            !everything().await.triggers.contains_key(&activation),
            "{word}"
        );
        let every = format!("{word}-every");
        let mut again: Vec<_> = without
            .into_iter()
            .filter(|(name, _)| *name != every)
            .collect();
        again.extend([
            (word.to_owned(), "true".to_owned()),
            (every, "7 min".to_owned()),
        ]);
        root.goes_on(place, &with(&again)).await;
        assert_eq!(everything().await.triggers[&activation], 420, "{word}");
    }
    for right in UsersMay::WORDS {
        let had = everything()
            .await
            .users_may
            .words()
            .any(|word| word == right);
        let mut page = fields(&root.page(place).await);
        match had {
            true => page.retain(|(name, _)| name != right),
            false => page.push((right.to_owned(), "true".to_owned())),
        }
        root.goes_on(place, &with(&page)).await;
        let has = everything()
            .await
            .users_may
            .words()
            .any(|word| word == right);
        assert_ne!(has, had, "{right}");
    }
    for limit in LIMITS {
        let is_size = ["mailbox", "message", "octets-per-run"].contains(&limit.word);
        let (typed, value) = if is_size {
            ("50 MB", 50_000_000)
        } else {
            ("3", 3)
        };
        for (typed, value) in [(typed, Some(value)), ("", None)] {
            let mut page = fields(&root.page(place).await);
            let field = page.iter_mut().find(|(name, _)| name == limit.word);
            field.unwrap().1 = typed.to_owned();
            root.goes_on(place, &with(&page)).await;
            let limits: Limits = everything().await.limits;
            assert_eq!(limit.value(&limits), value, "{}", limit.word);
        }
    }
}

#[tokio::test]
async fn turning_everything_off_is_asked_about_first() {
    let house = House::new().await;
    let root = house.browser("root").await;
    let group = house.named("alice").await.group_id;
    let place = format!("/manage/groups/{group}");
    let mut form = fields(&root.page(&place).await);
    form.retain(|(name, _)| name.parse::<Activation>().is_err());
    let asked = root.post(&place, &with(&form)).await;
    assert_eq!(asked.status, StatusCode::OK);
    let warning =
        "Nothing would start a check for these 2 accounts. Mail would stay on the remote servers.";
    assert!(asked.text.contains(warning), "{}", asked.text);
    let triggers = async || {
        house
            .store
            .group_by_name("Everyone")
            .await
            .unwrap()
            .triggers
    };
    assert_eq!(triggers().await.len(), 9, "nothing is saved yet");
    form.push(("sure".to_owned(), "true".to_owned()));
    root.goes_on(&place, &with(&form)).await;
    assert!(triggers().await.is_empty());
    let page = root.page(&place).await;
    assert!(
        page.contains("Nothing starts a check for 2 accounts."),
        "{page}"
    );
    assert!(page.contains("This affects 2 accounts with 0 retrievals."));
}

#[tokio::test]
async fn a_limit_that_is_exceeded_says_by_whom() {
    let house = House::new().await;
    house.retrieval("One", "pop.a.example").await;
    house.retrieval("Two", "pop.a.example").await;
    let root = house.browser("root").await;
    let place = format!("/manage/groups/{}", house.named("alice").await.group_id);
    let mut form = fields(&root.page(&place).await);
    let field = form.iter_mut().find(|(name, _)| name == "retrievals");
    field.unwrap().1 = "1".to_owned();
    let asked = root.post(&place, &with(&form)).await;
    assert!(
        asked
            .text
            .contains("1 account has more than 1 retrieval: alice. It keeps them."),
        "{}",
        asked.text
    );
    assert!(asked.text.contains(r#"name="sure""#));
}

#[tokio::test]
async fn a_wrong_interval_is_said_at_its_field() {
    let house = House::new().await;
    let root = house.browser("root").await;
    let place = format!("/manage/groups/{}", house.named("alice").await.group_id);
    let mut form = fields(&root.page(&place).await);
    let field = form.iter_mut().find(|(name, _)| name == "button-every");
    field.unwrap().1 = "often".to_owned();
    let answered = root.post(&place, &with(&form)).await;
    assert_eq!(answered.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answered
            .text
            .contains("aria-describedby=\"button-every-wrong\"")
    );
    assert!(answered.text.contains("Write 5 min, 90 s or 2 h."));
    assert!(answered.text.contains("value=\"often\""));
}

#[tokio::test]
async fn only_an_empty_group_of_ones_own_is_removed() {
    let house = House::new().await;
    let root = house.browser("root").await;
    let everyone = format!("/manage/groups/{}", house.named("alice").await.group_id);
    let refused = root.post(&format!("{everyone}/remove"), &[]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    let staff = root.goes_on("/manage/groups", &[("name", "Staff")]).await;
    let staff = staff.split('?').next().unwrap();
    let to = root.goes_on(&format!("{staff}/remove"), &[]).await;
    assert!(root.page(&to).await.contains("The group Staff is removed."));
}

#[tokio::test]
async fn mail_programs_that_nobody_serves_are_told_of() {
    let house = House::new().await;
    let root = house.browser("root").await;
    let place = format!("/manage/groups/{}", house.named("alice").await.group_id);
    let page = root.page(&place).await;
    assert!(page.contains("this server does not serve IMAP"), "{page}");
    assert!(!page.contains("does not serve POP3"));
}
