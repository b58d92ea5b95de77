#![doc = include_str!("../README.md")]

mod courier;
mod desk;
mod document;
mod heartbeat;
mod inbox;
mod letters;
mod mailboxes;
mod memory;
mod message;
mod notice;
mod notifier;
mod over_limit;
mod post;
mod program;
mod settings;
mod signature;
mod url;
mod webhook;
mod words;

pub use courier::{Courier, Outcome, Round, Way, wait_after};
pub use desk::{Desk, Observation, Person};
pub use heartbeat::Heartbeat;
pub use inbox::Inbox;
pub use mailboxes::{Excess, MailboxSight};
pub use memory::{
    Channel, ChannelKind, Key, LetterId, Memory, MemoryError, NewLetter, Settled, UnknownChannel,
    Waiting,
};
pub use message::message;
pub use notice::{About, Kind, Mailboxes, Notice, Overfull};
pub use notifier::{ChannelStatus, Clock, Health, Notifier, Rooms, send_test};
pub use post::Poster;
pub use program::Program;
pub use settings::{Settings, WebhookSettings};
pub use signature::signature;
pub use url::{BadUrl, WebUrl};
pub use webhook::Webhook;
