//! A real program, a shell script in a folder of the test's own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use inhaul_notices::{Outcome, Program};
use tempfile::{TempDir, tempdir};

const JSON: &str = "{\"v\":1}";
const PATIENT: Duration = Duration::from_secs(600);

/// Started by the shell as an argument, so that no file is executed that another test's child still
/// holds open for writing.
async fn run(dir: &Path, script: &str, limit: Duration, json: Vec<u8>) -> Outcome {
    let file = dir.join("program.sh");
    std::fs::write(&file, script).unwrap();
    let words = [
        "/bin/sh",
        file.to_str().unwrap(),
        "first argument",
        dir.to_str().unwrap(),
    ];
    let words = words.map(str::to_owned).to_vec();
    Program::new(words, limit).deliver(json).await
}

fn dir() -> TempDir {
    tempdir().unwrap()
}

fn read(path: PathBuf) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[tokio::test]
async fn a_program_gets_the_document_its_arguments_and_no_secrets() {
    let dir = dir();
    let script = "cat > \"$2/stdin\"; echo \"$1\" > \"$2/argument\"; /usr/bin/env > \"$2/env\"; pwd > \"$2/pwd\"";
    assert_eq!(
        run(dir.path(), script, PATIENT, JSON.into()).await,
        Outcome::Delivered
    );
    assert_eq!(read(dir.path().join("stdin")), format!("{JSON}\n"));
    assert_eq!(read(dir.path().join("argument")), "first argument\n");
    assert_eq!(read(dir.path().join("pwd")), "/\n");
    let environment = read(dir.path().join("env"));
    let names: Vec<_> = environment
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        .collect();
    // The shell adds its own.
    let is_ours = |name: &&&str| !["PWD", "SHLVL", "_", "OLDPWD"].contains(*name);
    assert_eq!(names.iter().filter(is_ours).collect::<Vec<_>>(), [&"PATH"]);
}

#[tokio::test]
async fn how_a_program_ends_says_what_becomes_of_the_letter() {
    let dir = dir();
    let rows = [
        ("exit 0", "Delivered"),
        (
            "echo 'no network' >&2; echo more >&2; exit 75",
            "Later ended with exit status: 75: no network",
        ),
        (
            "echo 'bad' >&2; exit 1",
            "Never ended with exit status: 1: bad",
        ),
        ("exit 3", "Never ended with exit status: 3"),
        ("kill -TERM $$", "Never ended with signal: 15 (SIGTERM)"),
    ];
    for (script, expected) in rows {
        let found = match run(dir.path(), script, PATIENT, JSON.into()).await {
            Outcome::Delivered => "Delivered".to_owned(),
            Outcome::Later { why, .. } => why.replacen("/bin/sh", "Later", 1),
            Outcome::Never { why } => why.replacen("/bin/sh", "Never", 1),
        };
        assert_eq!(found, expected, "{script}");
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_tried_later() {
    let program = Program::new(vec!["/nowhere/notify".into()], PATIENT);
    let outcome = program.deliver(JSON.into()).await;
    let Outcome::Later { why, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(
        why.starts_with("/nowhere/notify could not be started: "),
        "{why}"
    );
}

#[tokio::test]
async fn a_program_that_hangs_is_killed_with_what_it_started() {
    let dir = dir();
    // The pipe's other end is held by both; it ends when both are gone.
    let fifo = dir.path().join("alive");
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
    )
    .unwrap();
    let script = "exec 9<>\"$2/alive\"; echo started >&9; sleep 1000 & sleep 1000";
    let limit = Duration::from_millis(500);
    let outcome = run(dir.path(), script, limit, JSON.into()).await;
    let Outcome::Never { why } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(why.contains("was killed"), "{why}");
    // Reading to the end returns once no writer is left.
    let gone = tokio::task::spawn_blocking(move || {
        let flags = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::NONBLOCK;
        let file = rustix::fs::open(&fifo, flags, rustix::fs::Mode::empty()).unwrap();
        let mut piece = [0; 64];
        loop {
            match rustix::io::read(&file, &mut piece) {
                Ok(0) => return,
                Ok(_) | Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {
                    std::thread::yield_now();
                }
                Err(error) => panic!("{error}"),
            }
        }
    });
    gone.await.unwrap();
}

#[tokio::test]
async fn a_program_may_ignore_its_input_and_talk_too_much() {
    let dir = dir();
    let much = vec![b' '; 1 << 20];
    let script = "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789 >&2; i=$((i+1)); done";
    assert_eq!(
        run(dir.path(), script, PATIENT, much).await,
        Outcome::Delivered
    );
}

#[tokio::test]
async fn what_a_program_leaves_running_is_not_waited_for() {
    let dir = dir();
    let script = "sleep 20 & echo $! > \"$2/left\"; exit 0";
    assert_eq!(
        run(dir.path(), script, PATIENT, JSON.into()).await,
        Outcome::Delivered
    );
    let left = read(dir.path().join("left")).trim().parse().unwrap();
    let left = rustix::process::Pid::from_raw(left).unwrap();
    rustix::process::kill_process(left, rustix::process::Signal::KILL).expect("it runs on");
}
