//! Writes a notice for each channel that it goes to.

use crate::desk::Person;
use crate::document::document;
use crate::memory::{Channel, NewLetter};
use crate::message::message;
use crate::notice::Notice;
use crate::settings::Settings;

/// For a reader's inbox here.
pub(crate) fn for_inbox(settings: &Settings, notice: &Notice, reader: &Person) -> NewLetter {
    NewLetter {
        channel: Channel::Inbox(reader.account),
        written: notice.at,
        text: message(notice, &settings.server, reader.address.as_deref()),
    }
}

/// For the web address and the program, as far as they are set.
pub(crate) fn for_machines(
    settings: &Settings,
    notice: &Notice,
) -> impl Iterator<Item = NewLetter> + use<> {
    let webhook = settings.webhook.is_some().then_some(Channel::Webhook);
    let program = (!settings.program.is_empty()).then_some(Channel::Program);
    let text = document(notice, &settings.server);
    let written = notice.at;
    [webhook, program]
        .into_iter()
        .flatten()
        .map(move |channel| NewLetter {
            channel,
            written,
            text: text.clone(),
        })
}

/// 128 random bits: a receiver that gets a notice twice knows it by them.
pub(crate) fn new_id() -> String {
    let mut octets = [0; 16];
    rustix::rand::getrandom(&mut octets, rustix::rand::GetRandomFlags::empty())
        .expect("the system gives random octets once it has started");
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
