//! The steps of the web pages: they answer, and what has come stands on them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use inhaul_engine::service::EventKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::{Broken, Held, SelfTest, expect, expect_good, expect_same};
use crate::cli::demo::installation::{Installation, Polled};
use crate::cli::demo::samples::{Pace, Sample};

use Sample::{Firm, OldIsp};

/// From the first page on, the first message is to be there in this time.
const READABLE_WITHIN: Duration = Duration::from_secs(3);
/// What does not happen in this time does not happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Everything, up to the first step that does not hold. The installation is made anew.
pub(super) async fn play(test: &mut SelfTest) -> Held {
    let mut browser = Browser::default();
    test.step("the web pages answer", async |test| {
        let begun = Instant::now();
        let next = Installation::start(Pace::Hurried, test.parent.as_deref()).await?;
        std::mem::replace(&mut test.demo, next).end().await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        browser.address = Some(listener.local_addr()?);
        test.demo.open_pages(listener, None)?;
        expect_same("status", browser.ask("GET", "/welcome", "").await?.0, 200)?;
        test.first_page = Some(begun.elapsed());
        Ok(())
    })
    .await?;
    test.step("the first message stands on the page", async |test| {
        let answered = Instant::now();
        let mut events = test.demo.service.subscribe();
        let link = test.demo.sign_in_link().await?.unwrap_or_default();
        let code = link.split('#').nth(1).unwrap_or_default();
        let form = format!("code={code}");
        expect_same(
            "status",
            browser.ask("POST", "/welcome", &form).await?.0,
            303,
        )?;
        test.demo.add([OldIsp], Polled::BySchedule).await?;
        let first = async {
            loop {
                let event = events.recv().await;
                let event = event.map_err(|_| Broken::Expected("the service tells it".into()))?;
                let stored = match event.kind {
                    EventKind::Progress { come, .. } => come.stored,
                    EventKind::Ended { ref report, .. } => report.stored,
                    _ => 0,
                };
                if stored > 0 && test.shows_mail(&mut browser).await? {
                    return Ok(answered.elapsed());
                }
            }
        };
        let expected = "expected: a message on the page";
        let first = timeout(PATIENCE, first).await;
        let first = first.unwrap_or_else(|_| Err(Broken::Expected(expected.into())))?;
        test.first_on_page = Some(first);
        expect("it is there within 3 s", first <= READABLE_WITHIN)
    })
    .await?;
    test.step(
        "what had no rule gets one, and moves to where it leads",
        async |test| {
            test.demo.add([Firm], Polled::WhenAsked).await?;
            expect_good(&test.pull(Firm).await?)?;
            let fallback = test.demo.retrieval(Firm).await?.folder;
            let (_, page) = browser
                .ask("GET", &format!("/folder/{fallback}"), "")
                .await?;
            expect(
                "the fallback says that 2 messages had no rule",
                page.contains("2 messages here had no rule."),
            )?;
            let rules = format!("/manage/retrievals/{}/rules", test.demo.id(Firm));
            let form = "do=move&address=info%40firm.example&to=anna+%2F+Info";
            let (status, _) = browser.ask("POST", &rules, form).await?;
            expect_same("status", status, 303)?;
            let there = test.lying(|_, place| place == "anna/Info").await?;
            expect_same("messages that moved", there.len(), 1)?;
            let (_, page) = browser
                .ask("GET", &format!("/folder/{fallback}"), "")
                .await?;
            expect(
                "the fallback says that 1 message had no rule",
                page.contains("1 message here had no rule."),
            )
        },
    )
    .await
}

impl SelfTest {
    /// Whether the inbox shows something that lies in it.
    async fn shows_mail(&self, browser: &mut Browser) -> Held<bool> {
        let (status, page) = browser.ask("GET", "/", "").await?;
        expect_same("status", status, 200)?;
        let mut shown = false;
        let look = async |_: &str, message: inhaul_store::Message| {
            let subject = message.summary.subject;
            // Others stand there with their signs escaped.
            let is_plain = |sign: char| sign.is_ascii_alphanumeric() || sign == ' ';
            shown |=
                !subject.is_empty() && subject.chars().all(is_plain) && page.contains(&subject);
            Ok(())
        };
        self.demo.each_message(OldIsp, look).await?;
        Ok(shown)
    }
}

/// As much of a browser as it takes: where the pages are, and the cookie of its session.
#[derive(Default)]
struct Browser {
    address: Option<SocketAddr>,
    cookie: String,
}

impl Browser {
    /// One request on a line of its own: the status, and the page.
    async fn ask(&mut self, method: &str, path: &str, form: &str) -> Held<(u16, String)> {
        let address = self.address.expect("it is told before it asks");
        let mut line = TcpStream::connect(address).await?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
             Sec-Fetch-Site: same-origin\r\nCookie: {}\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}",
            self.cookie,
            form.len()
        );
        line.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        line.read_to_end(&mut answer).await?;
        let answer = String::from_utf8_lossy(&answer);
        let (head, page) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let status = status.and_then(|status| status.parse().ok());
        let cookie = lines
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        if let Some((_, cookie)) = cookie {
            cookie
                .split(';')
                .next()
                .unwrap_or_default()
                .clone_into(&mut self.cookie);
        }
        Ok((status.unwrap_or_default(), page.to_owned()))
    }
}
