//! What people do with their mail, by keys, by mouse and without script; and mail that comes meanwhile.

use inhaul_testkit::{Browser, By, Scripts};

use super::scene::Scene;

/// Letters of their own, the last of them newest: they arrived in this minute.
fn bring(scene: &Scene, minute: usize, subjects: &[&str]) {
    for (n, subject) in subjects.iter().enumerate() {
        let letter = format!(
            "Received: from a by b; Fri, 13 Mar 2026 09:{minute:02}:0{n} +0000\r\nFrom: Jana <jana@work.example>\r\n\
             Subject: {subject}\r\nMessage-ID: <{subject}@work.example>\r\n\r\nAbout {subject}.\r\n"
        );
        scene.mailbox.append(letter.into_bytes());
    }
    scene.house.home.inhaul.ok(&["pull", "Old ISP"]).unwrap();
}

/// The subjects of the rows that are listed, one line each, with what stands before them.
fn rows(browser: &Browser) -> String {
    let script = "return [...document.querySelectorAll('.messages > li')].map((row) =>
        (row.contains(document.activeElement) ? '>' : '') + (row.querySelector('.unread') ? '*' : '')
        + (row.querySelector('.star') ? '+' : '')
        + row.querySelector('.words').lastChild.textContent.trim()).join(' ')";
    let rows = browser.script(script, &[]).unwrap();
    rows.as_str().unwrap().to_owned()
}

#[track_caller]
fn wait_for_rows_anywhere(browser: &Browser, wanted: &str) {
    let waited = browser.wait_until(wanted, |browser| {
        let is_there = rows(browser).replace('>', "") == wanted;
        Ok(is_there.then_some(()))
    });
    assert!(waited.is_ok(), "{wanted:?}, and not {:?}", rows(browser));
}

#[track_caller]
fn wait_for_rows(browser: &Browser, wanted: &str) {
    let waited = browser.wait_until(
        wanted,
        |browser| Ok((rows(browser) == wanted).then_some(())),
    );
    assert!(waited.is_ok(), "{wanted:?}, and not {:?}", rows(browser));
}

#[test]
fn mail_is_read_and_sorted_by_keys_alone() {
    let browser = Browser::start().unwrap();
    let scene = Scene::new(&browser);
    scene.retrieval("Old ISP", "u1", "secret");
    bring(&scene, 1, &["boat", "club", "dues", "evening"]);
    browser.open(&scene.house.at("/")).unwrap();
    wait_for_rows(&browser, "*evening *dues *club *boat");

    browser.press("j").unwrap();
    browser.press("j").unwrap();
    wait_for_rows(&browser, "*evening >*dues *club *boat");
    browser.press("s").unwrap();
    wait_for_rows(&browser, "*evening >*+dues *club *boat");
    browser.press("m").unwrap();
    wait_for_rows(&browser, "*evening >+dues *club *boat");
    browser.press("m").unwrap();
    wait_for_rows(&browser, "*evening >*+dues *club *boat");
    // The row goes, and the next one has the focus.
    browser.press("#").unwrap();
    wait_for_rows(&browser, "*evening >*club *boat");
    browser.wait_for_text("Moved to Trash.").unwrap();
    browser.press("z").unwrap();
    wait_for_rows(&browser, "*evening *+dues >*club *boat");

    // What is ticked goes together.
    browser.press("x").unwrap();
    browser.press("k").unwrap();
    browser.press("x").unwrap();
    browser.press("#").unwrap();
    wait_for_rows(&browser, "*evening >*boat");
    browser.press("z").unwrap();
    wait_for_rows(&browser, "*evening *+dues *club >*boat");

    // In, and out again to the same row; what was open for a second is read.
    browser.press("o").unwrap();
    browser.wait_for(&By::heading("boat")).unwrap();
    browser
        .wait_until("read", |browser| {
            let row = browser.count(&By::css(".message[aria-current].unread"))?;
            Ok((row == 0).then_some(()))
        })
        .unwrap();
    browser.press("u").unwrap();
    browser.wait_for(&By::heading("Inbox")).unwrap();
    wait_for_rows(&browser, "*evening *+dues *club >boat");
    browser.press("o").unwrap();
    browser.wait_for(&By::heading("boat")).unwrap();
    browser.press("#").unwrap();
    browser.wait_for(&By::heading("Inbox")).unwrap();
    wait_for_rows(&browser, "*evening *+dues >*club");

    browser.press("g").unwrap();
    browser.press("s").unwrap();
    browser.wait_for(&By::heading("Starred")).unwrap();
    wait_for_rows(&browser, "*+dues");
    browser.press("g").unwrap();
    browser.press("t").unwrap();
    browser.wait_for(&By::heading("Trash")).unwrap();
    wait_for_rows(&browser, "boat");

    // Found in all folders, and opened beside what else was found.
    browser.press("/").unwrap();
    browser.type_text("e -club -boat").unwrap();
    browser.press("Enter").unwrap();
    browser.wait_for(&By::heading("Search")).unwrap();
    browser.wait_for_text("Nothing found for").unwrap();
    browser
        .click(&By::link("search all folders").within(".empty"))
        .unwrap();
    wait_for_rows(&browser, "*evening *+dues");
    browser.press("k").unwrap();
    browser.press("o").unwrap();
    browser.wait_for(&By::css("article.reading")).unwrap();
    wait_for_rows(&browser, "*evening +dues");
    browser.press("u").unwrap();
    browser.wait_for(&By::heading("Search")).unwrap();
    wait_for_rows(&browser, "*evening >+dues");
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
}

#[test]
fn mail_is_sorted_without_script() {
    let browser = Browser::start().unwrap();
    let scene = Scene::new(&browser);
    scene.retrieval("Old ISP", "u1", "secret");
    bring(&scene, 1, &["boat", "club", "dues"]);
    browser.scripts(Scripts::Off).unwrap();
    browser.open(&scene.house.at("/")).unwrap();
    browser.wait_for_text("club").unwrap();
    browser.click(&By::css(".new-folder > summary")).unwrap();
    browser
        .fill(&By::css(".folders input[name=name]"), "Boats")
        .unwrap();
    browser.click(&By::button("Make it")).unwrap();
    browser.wait_for_text("No messages in Boats.").unwrap();
    browser.open(&scene.house.at("/")).unwrap();
    let tick = |row: usize| By::css(format!(".messages > li:nth-child({row}) input"));
    browser.click(&tick(3)).unwrap();
    browser
        .choose(&By::css("select[name=folder]"), "Boats")
        .unwrap();
    browser.click(&By::button("Move").within(".bulk")).unwrap();
    browser.wait_for_text("Moved to Boats.").unwrap();
    assert!(
        !browser
            .shows(&By::text("boat").within(".messages"))
            .unwrap()
    );
    browser.click(&By::button("Undo")).unwrap();
    browser
        .wait_for(&By::text("boat").within(".messages"))
        .unwrap();
    browser.click(&tick(1)).unwrap();
    browser.click(&By::button("Star").within(".bulk")).unwrap();
    browser.wait_for_text("Starred.").unwrap();
    browser
        .click(&By::link("Starred").within(".filters"))
        .unwrap();
    browser.wait_for_text("dues").unwrap();
    assert_eq!(browser.count(&By::css(".messages > li")).unwrap(), 1);
}

#[test]
fn new_mail_shows_in_an_open_list_and_nothing_moves() {
    let browser = Browser::start().unwrap();
    let scene = Scene::new(&browser);
    scene.retrieval("Old ISP", "u1", "secret");
    bring(&scene, 1, &["boat", "club"]);
    browser.open(&scene.house.at("/")).unwrap();
    wait_for_rows(&browser, "*club *boat");
    assert_eq!(browser.title().unwrap(), "(2) Inbox - inhaul");

    // Nobody is at the list: it comes in on top.
    bring(&scene, 2, &["x", "x", "dues"]);
    wait_for_rows(&browser, "*dues *x *x *club *boat");
    assert_eq!(browser.title().unwrap(), "(5) Inbox - inhaul");

    // Somebody is in it: it waits, and nothing moves.
    browser.press("j").unwrap();
    browser.press("j").unwrap();
    wait_for_rows(&browser, "*dues >*x *x *club *boat");
    let places = "return JSON.stringify([...document.querySelectorAll('.messages > li')]
        .map((row) => row.getBoundingClientRect().y))";
    let before = browser.script(places, &[]).unwrap();
    bring(&scene, 3, &["y", "y", "y", "evening"]);
    let pill = By::link("4 new messages").within(".list");
    browser.wait_for(&pill).unwrap();
    wait_for_rows(&browser, "*dues >*x *x *club *boat");
    assert_eq!(browser.script(places, &[]).unwrap(), before);
    browser.click(&pill).unwrap();
    wait_for_rows(&browser, ">*evening *y *y *y *dues *x *x *club *boat");
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
}

#[test]
fn rows_are_dragged_to_a_folder_and_a_folder_is_renamed_and_removed() {
    let browser = Browser::start().unwrap();
    let scene = Scene::new(&browser);
    scene.retrieval("Old ISP", "u1", "secret");
    bring(&scene, 1, &["boat", "club", "dues"]);
    browser.open(&scene.house.at("/")).unwrap();
    wait_for_rows(&browser, "*dues *club *boat");
    browser.click(&By::css(".new-folder > summary")).unwrap();
    browser
        .fill(&By::css(".folders input[name=name]"), "Boats")
        .unwrap();
    browser.click(&By::button("Make it")).unwrap();
    browser.wait_for(&By::heading("Boats")).unwrap();
    browser.open(&scene.house.at("/")).unwrap();
    wait_for_rows(&browser, "*dues *club *boat");
    // Two that are ticked, dragged by one of them.
    for row in [1, 3] {
        let tick = format!(".messages > li:nth-child({row}) input");
        browser.click(&By::css(tick)).unwrap();
    }
    let drag = "const data = new DataTransfer();
        const at = (type, on) => on.dispatchEvent(new DragEvent(type,
            { dataTransfer: data, bubbles: true, cancelable: true }));
        const row = document.querySelectorAll('.messages .message')[2];
        const folder = [...document.querySelectorAll('.folders [data-drop]')]
            .find((folder) => folder.textContent.includes('Boats'));
        at('dragstart', row); at('dragover', folder); at('drop', folder); at('dragend', row);";
    browser.script(drag, &[]).unwrap();
    // The focus was in a box that went.
    wait_for_rows(&browser, ">*club");
    browser.wait_for_text("Moved to Boats.").unwrap();
    browser
        .click(&By::link("Boats 2 unread").within(".folders"))
        .unwrap();
    wait_for_rows(&browser, "*dues *boat");

    let more = By::css(".list-head details.menu > summary");
    // What is refused says why, and the folder is where it was.
    browser.click(&more).unwrap();
    browser
        .fill(&By::css(".list-head input[name=name]"), "a//b")
        .unwrap();
    browser.click(&By::button("Rename")).unwrap();
    browser.wait_for(&By::heading("Not done")).unwrap();
    browser.reload().unwrap();
    browser.wait_for(&By::heading("Boats")).unwrap();
    browser.click(&more).unwrap();
    browser
        .fill(&By::css(".list-head input[name=name]"), "Ships")
        .unwrap();
    browser.click(&By::button("Rename")).unwrap();
    browser.wait_for(&By::heading("Ships")).unwrap();
    browser.click(&more).unwrap();
    browser.click(&By::button("Mark all as read")).unwrap();
    wait_for_rows_anywhere(&browser, "dues boat");
    browser.wait_for_text("2 messages marked as read.").unwrap();
    browser.click(&more).unwrap();
    browser.click(&By::css("button[value=remove]")).unwrap();
    browser.wait_for(&By::heading("Inbox")).unwrap();
    wait_for_rows_anywhere(&browser, "*club");
    browser.open(&scene.house.at("/")).unwrap();
    browser.press("g").unwrap();
    browser.press("t").unwrap();
    browser.wait_for(&By::heading("Trash")).unwrap();
    wait_for_rows_anywhere(&browser, "dues boat");
    browser.click(&more).unwrap();
    browser.click(&By::button("Empty Trash now")).unwrap();
    browser.wait_for_text("Trash is empty.").unwrap();
    let mut errors = browser.console_errors().unwrap();
    // The browser counts the refused name as one.
    errors.retain(|error| !error.contains("Failed to load resource"));
    assert_eq!(errors, Vec::<String>::new());
}
