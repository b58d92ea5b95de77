//! What a client's owner hears, as lines of text to compare.

use inhaul_pop3_proto::client::{Client, Event};

/// Drains a client. Body chunks that follow each other count as one: where they are cut depends
/// on the packets and means nothing.
pub(crate) fn drain(client: &mut Client, heard: &mut Vec<String>) {
    loop {
        match client.poll_event() {
            Ok(Some(Event::BodyChunk(octets))) => {
                assert!(!octets.is_empty(), "an empty chunk");
                let text = octets.escape_ascii().to_string().replace("\\\"", "\"");
                match heard
                    .last_mut()
                    .filter(|last| last.starts_with("BodyChunk"))
                {
                    Some(last) => {
                        last.pop();
                        last.push_str(&text);
                        last.push('"');
                    }
                    None => heard.push(format!("BodyChunk \"{text}\"")),
                }
            }
            Ok(Some(event)) => heard.push(describe(&event)),
            Ok(None) => return,
            Err(failure) => {
                heard.push(format!("failure: {failure}"));
                return;
            }
        }
    }
}

fn describe(event: &Event<'_>) -> String {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    match event {
        Event::Greeting { text, apop_stamp } => {
            format!("Greeting \"{text}\" stamp {}", apop_stamp.unwrap_or("-"))
        }
        Event::Capabilities(capabilities) => {
            format!(
                "Capabilities {}",
                capabilities.lines().collect::<Vec<_>>().join(", ")
            )
        }
        Event::Stat { count, octets } => {
            let count = or_dash(count.map(|count| count.to_string()));
            format!(
                "Stat {count} {}",
                or_dash(octets.map(|octets| octets.to_string()))
            )
        }
        Event::Challenge(octets) => format!("Challenge \"{}\"", octets.escape_ascii()),
        Event::UidlLine { number, unique_id } => {
            format!("UidlLine {number} \"{}\"", unique_id.escape_ascii())
        }
        Event::ListLine { number, size } => format!("ListLine {number} {size}"),
        Event::BadListingLine { kind, line } => {
            format!("BadListingLine {kind} \"{}\"", line.escape_ascii())
        }
        Event::BodyStart { number, kind } => format!("BodyStart {number} {kind:?}"),
        Event::BodyEnd { number } => format!("BodyEnd {number}"),
        Event::Deleted(number) => format!("Deleted {number}"),
        Event::Refused {
            command,
            code,
            text,
        } => {
            let code = or_dash(code.as_ref().map(ToString::to_string));
            format!("Refused {command} {code} \"{text}\"")
        }
        plain => format!("{plain:?}"),
    }
}
