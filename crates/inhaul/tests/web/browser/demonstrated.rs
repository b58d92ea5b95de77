//! The demonstration in a browser (UX A1): mail to read within a minute of the command.

use std::fs;
use std::io::{BufRead as _, BufReader, pipe};
use std::process::{ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use inhaul_testkit::{Browser, By, Guarded, TestDir};

/// A demo that runs until the test is over.
struct Demo {
    link: String,
    began: Instant,
    /// When its page could be opened.
    answers: Instant,
    /// Open, as a terminal's is.
    _stdin: ChildStdin,
    _process: Guarded,
    _folder: TestDir,
}

impl Demo {
    fn start() -> Self {
        let folder = TestDir::new("demonstrated").unwrap();
        let temporary = folder.join("tmp");
        fs::create_dir(&temporary).unwrap();
        let (told, telling) = pipe().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_inhaul"));
        command
            .args(["demo", "--listen", "127.0.0.1:0"])
            .env("TMPDIR", temporary)
            .stdin(Stdio::piped())
            .stdout(telling.try_clone().unwrap())
            .stderr(telling);
        let began = Instant::now();
        let mut process = Guarded::spawn(&mut command).unwrap();
        let stdin = process.child().stdin.take().unwrap();
        // The pipe ends with the process.
        drop(command);
        let mut lines = BufReader::new(told).lines();
        let line = lines.by_ref().map(Result::unwrap);
        let link = line.filter_map(|line| Some(line.split_once("http://")?.1.to_owned()));
        let link = link.take(1).last().unwrap();
        let answers = Instant::now();
        // Nobody waits for us to read what it tells.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            link: format!("http://{}", link.trim()),
            began,
            answers,
            _stdin: stdin,
            _process: process,
            _folder: folder,
        }
    }
}

#[test]
fn a_demo_shows_its_first_message_within_a_minute() {
    // A person's browser runs already.
    let browser = Browser::start().unwrap();
    let demo = Demo::start();
    browser.open(&demo.link).unwrap();
    browser.click(&By::button("Come in")).unwrap();
    browser
        .wait_until("the first message", |browser| {
            let first = browser.count(&By::css(".message .subject"))?;
            if first == 0 {
                browser.reload()?;
            }
            Ok((first > 0).then_some(()))
        })
        .unwrap();
    let took = demo.began.elapsed();
    println!(
        "first message {:.1} s after the command, {:.1} s after the page answered",
        took.as_secs_f64(),
        demo.answers.elapsed().as_secs_f64()
    );
    assert!(took < Duration::from_secs(60), "{took:?}");
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
}
