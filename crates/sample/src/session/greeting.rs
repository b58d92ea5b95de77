//! The first line.

use tokio::time::sleep;

use super::Conversation;
use crate::switches::Greeting;
use crate::wire::End;

/// Not `inhaul`: a server that greets as one is another installation to inhaul.
const BANNER: &str = "Sample POP3 server ready";

/// What inhaul's own POP3 service says.
const INHAUL: &str = "inhaul is ready";

/// The same in every session: this server keeps nobody out.
pub(super) const STAMP: &str = "<1896.697170952@sample>";

impl Conversation {
    pub(super) async fn greet(&mut self) -> Result<(), End> {
        match self.shared.switches().greeting.clone() {
            Greeting::Banner => self.grammar.ok(BANNER),
            Greeting::Bare => self.grammar.ok(""),
            Greeting::Stamped => self.grammar.ok(format_args!("{BANNER} {STAMP}")),
            Greeting::Inhaul => self.grammar.ok(INHAUL),
            Greeting::Slow(wait) => {
                sleep(wait).await;
                self.grammar.ok(BANNER);
            }
            Greeting::Missing => return self.hang().await,
            Greeting::Refused(text) => {
                self.grammar.err(None, text);
                self.flush().await?;
                return Err(End::Said);
            }
            Greeting::Other(line) => self.grammar.raw(format!("{line}\r\n").as_bytes()),
            Greeting::HangUp => return Err(End::Broken),
        }
        self.flush().await
    }
}
