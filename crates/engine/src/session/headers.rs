//! Reads headers without bodies: `TOP n 0` for some messages, several at a time.

use std::ops::ControlFlow;

use inhaul_message::HEADER_MOST;
use inhaul_pop3_proto::client::{Command, CommandKind, Event};
use inhaul_types::MessageNumber;

use crate::failure::RunError;
use crate::session::Wire;

/// What TOP brought: a header, cut at [`HEADER_MOST`], or what the server said instead of it.
pub(crate) type Header<'a> = Result<&'a [u8], String>;

/// Hands over the header of each message, in this order, with `window` of them outstanding at once:
/// one where the server does not pipeline. After a `Break` no more are asked for; those under way are
/// handed over still.
pub(crate) async fn read_headers(
    wire: &mut Wire,
    window: usize,
    numbers: &[MessageNumber],
    mut take: impl FnMut(Header<'_>) -> ControlFlow<()>,
) -> Result<(), RunError> {
    let mut unsent = numbers.iter();
    let mut asks = true;
    let mut outstanding: usize = 0;
    let mut header = Vec::new();
    loop {
        while asks
            && outstanding < window
            && let Some(number) = unsent.next()
        {
            wire.send(Command::Top {
                number: *number,
                lines: 0,
            })?;
            outstanding += 1;
        }
        let Some(left) = outstanding.checked_sub(1) else {
            return Ok(());
        };
        let refused = wire.until(|event| gather(event, &mut header)).await?;
        outstanding = left;
        let brought = refused.map_or(Ok(&*header), Err);
        asks &= take(brought).is_continue();
    }
}

/// `Some` at the end of an answer, with what was said if it was a refusal.
fn gather(event: Event<'_>, header: &mut Vec<u8>) -> Option<Option<String>> {
    match event {
        Event::BodyStart { .. } => {
            header.clear();
            None
        }
        Event::BodyChunk(octets) => {
            let room = HEADER_MOST.saturating_sub(header.len()).min(octets.len());
            header.extend_from_slice(&octets[..room]);
            None
        }
        Event::BodyEnd { .. } => Some(None),
        Event::Refused {
            command: CommandKind::Top(_),
            code,
            text,
        } => {
            let code = code.map(|code| format!("{code} ")).unwrap_or_default();
            Some(Some(format!("-ERR {code}{text}").trim_end().to_owned()))
        }
        _ => None,
    }
}
