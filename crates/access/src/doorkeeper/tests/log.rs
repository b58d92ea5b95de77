//! What the log says of sign-ins, and what it never does.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::accounts::{ANNAS, AWAY, Came, HOME, Scene};

/// Writes every event into a line, whatever its level.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("inhaul")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_one_line_without_it_and_without_a_name_that_is_nobodys() {
    let lines = Lines::default();
    let _guard = tracing::subscriber::set_default(lines.clone());
    let scene = Scene::new();
    assert_eq!(
        scene.came("Anna@Example.org", "quokka-1", HOME).await,
        Came::Wrong
    );
    assert_eq!(
        scene.came("Anna@Example.org", "quokka-1", HOME).await,
        Came::Wrong
    );
    assert_eq!(scene.came("quokka-2", "quokka-3", AWAY).await, Came::Wrong);
    assert_eq!(scene.came("anna", ANNAS, HOME).await, Came::In);
    for number in 4..12 {
        scene
            .came("quokka", &format!("quokka-{number}"), AWAY)
            .await;
    }
    let all = lines.0.lock().unwrap().clone();
    assert_eq!(
        all[..4],
        [
            r#"INFO message=wrong password account="anna" address=192.0.2.1"#,
            r#"INFO message=wrong password account="anna" address=192.0.2.1"#,
            r#"INFO message=wrong sign-in name address=203.0.113.1"#,
            r#"INFO message=wrong sign-in name address=203.0.113.1"#,
        ]
    );
    assert_eq!(all.len(), 11);
    scene.came("quokka", "quokka-13", AWAY).await;
    scene.came("quokka", "quokka-14", AWAY).await;
    let all = lines.0.lock().unwrap().clone();
    assert_eq!(all.len(), 14);
    assert!(
        all[12].starts_with("WARN message=too many wrong passwords address=203.0.113.1 until=")
    );
    assert_eq!(
        all[13],
        "DEBUG message=not looked at: too many wrong passwords address=203.0.113.1"
    );
    for line in &all {
        assert!(!line.contains("quokka") && !line.contains(ANNAS), "{line}");
    }
}
