//! Preferences as a browser without script meets them.

use inhaul_store::Store as _;

use crate::testing::House;

#[tokio::test]
async fn times_are_told_in_the_zone_that_was_chosen() {
    let house = House::new().await;
    let browser = house.visitor("alice").await;
    let preferences = async || {
        let alice = house.named("alice").await.id;
        house.store.visitors().preferences(alice).await.unwrap()
    };
    let page = browser.get("/preferences").await.text;
    assert!(page.contains("UTC\""), "{page}");
    assert!(!page.contains("data-time-zone"), "{page}");
    let zone = |name| [("zone", name)];
    let shown = browser
        .post("/preferences/time-zone", &zone("Asia/Kolkata"))
        .await;
    assert_eq!(shown.path, "/preferences");
    let chosen = "<option value=\"Asia/Kolkata\" selected>Kolkata</option>";
    assert!(shown.text.contains(chosen), "{}", shown.text);
    assert!(shown.text.contains(" data-time-zone=\"Asia/Kolkata\""));
    assert!(shown.text.contains(" IST\""), "{}", shown.text);
    assert_eq!(
        preferences().await.time_zone.as_deref(),
        Some("Asia/Kolkata")
    );
    // What is saved elsewhere leaves it as it is.
    browser
        .post("/preferences/look", &[("theme", "dark")])
        .await;
    let kept = preferences().await;
    assert_eq!(kept.theme.as_str(), "dark");
    assert_eq!(kept.time_zone.as_deref(), Some("Asia/Kolkata"));
    for nonsense in ["Asia/Nowhere", "EST5EDT\"", "../../etc/passwd"] {
        let shown = browser
            .post("/preferences/time-zone", &zone(nonsense))
            .await;
        assert_eq!(shown.status.as_u16(), 422, "{nonsense}");
        assert!(shown.text.contains("knows no such time zone"));
    }
    assert_eq!(preferences().await, kept);
    // Nobody else's times change.
    let bobs = house.visitor("bob").await.get("/preferences").await.text;
    assert!(!bobs.contains(" IST\""), "{bobs}");
    let shown = browser.post("/preferences/time-zone", &zone("")).await;
    assert!(!shown.text.contains("data-time-zone"), "{}", shown.text);
    assert_eq!(preferences().await.time_zone, None);
}

#[tokio::test]
async fn trusted_senders_are_listed_and_removed_by_whose_they_are() {
    let house = House::new().await;
    let browser = house.visitor("alice").await;
    let page = browser.get("/preferences").await.text;
    assert!(page.contains("No trusted senders. When a message hides pictures"));
    let visitors = house.store.visitors();
    let (alice, now) = (house.named("alice").await.id, house.clock.now());
    for address in ["news@shop.example", "\"<b>\"@x.example"] {
        let added = visitors.trusted_sender_add(alice, address, now).await;
        assert!(added.unwrap());
    }
    let page = browser.get("/preferences").await.text;
    assert!(page.contains("Remove<span class=\"unseen\">: news@shop.example"));
    assert!(!page.contains("<b>"), "{page}");
    let news = [("address", "News@shop.example")];
    let bobs = house.visitor("bob").await;
    bobs.post("/preferences/trusted/remove", &news).await;
    assert_eq!(visitors.trusted_senders(alice).await.unwrap().len(), 2);
    for _ in ["once", "and again"] {
        let shown = browser.post("/preferences/trusted/remove", &news).await;
        assert_eq!(shown.path, "/preferences");
        assert!(!shown.text.contains("news@shop.example"), "{}", shown.text);
    }
    assert_eq!(visitors.trusted_senders(alice).await.unwrap().len(), 1);
}
