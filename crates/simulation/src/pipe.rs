//! A line in memory: octets take time, and may be lost as the line's fate wants it.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// Octets on their way, at most: then the sender waits.
const WINDOW: usize = 64 << 10;
/// After so long a server hangs up on a client that says nothing (RFC 1939 section 3).
const AUTOLOGOUT: Duration = Duration::from_secs(600);

/// What becomes of a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    /// It lasts.
    Lasts,
    /// Both ends see it break when so many octets came down from the server.
    Cut { after: u64 },
    /// The same, when so many went up from the client.
    CutUp { after: u64 },
    /// From so many octets from the server on, nothing arrives at either end.
    Dead { after: u64 },
    /// From so many octets from the server on, each packet from it takes nearly as long as
    /// anybody waits for one.
    Drips { after: u64 },
}

/// Which end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Side {
    Client,
    Server,
}

/// One end.
#[derive(Debug)]
pub(crate) struct End {
    side: Side,
    line: Line,
    timer: Option<Pin<Box<Sleep>>>,
}

/// Both ends see this.
#[derive(Clone, Debug)]
pub(crate) struct Line(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    latency: Duration,
    fate: Fate,
    up: Lane,
    down: Lane,
    /// Called when the client has let go.
    on_hang_up: Option<Box<OnHangUp>>,
}

type HangUp = dyn FnOnce() + Send;

struct OnHangUp(Box<HangUp>);

impl std::fmt::Debug for OnHangUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnHangUp")
    }
}

#[derive(Debug, Default)]
struct Lane {
    packets: VecDeque<Packet>,
    queued: usize,
    sent: u64,
    last: Option<Instant>,
    end: Option<(Instant, Ending)>,
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// Nobody reads it any more.
    deaf: bool,
    /// What is sent is lost.
    swallows: bool,
}

#[derive(Debug)]
struct Packet {
    at: Instant,
    octets: Vec<u8>,
    read: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ending {
    Closed,
    Broken,
}

/// Makes a line and its ends: the client's, then the server's.
pub(crate) fn line(
    latency: Duration,
    fate: Fate,
    on_hang_up: impl FnOnce() + Send + 'static,
) -> (Line, End, End) {
    let state = State {
        latency,
        fate,
        up: Lane::default(),
        down: Lane::default(),
        on_hang_up: Some(Box::new(OnHangUp(Box::new(on_hang_up)))),
    };
    let line = Line(Arc::new(Mutex::new(state)));
    let end = |side| End {
        side,
        line: line.clone(),
        timer: None,
    };
    (line.clone(), end(Side::Client), end(Side::Server))
}

impl Line {
    /// The client's process is gone. The server is told, or hears nothing more.
    pub(crate) fn lose_client(&self, told: bool) {
        let mut state = self.lock();
        let now = Instant::now();
        let latency = state.latency;
        state.down.go_deaf();
        state.down.break_at(now);
        if told {
            state.up.end_at(now + latency, Ending::Closed);
        } else {
            state.up.swallows = true;
            state.up.end_at(now + AUTOLOGOUT, Ending::Broken);
        }
        state.hang_up();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn hang_up(&mut self) {
        if let Some(call) = self.on_hang_up.take() {
            (call.0)();
        }
    }

    fn write(
        &mut self,
        side: Side,
        octets: &[u8],
        context: &Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let now = Instant::now();
        let (latency, fate) = (self.latency, self.fate);
        let lane = match side {
            Side::Client => &mut self.up,
            Side::Server => &mut self.down,
        };
        if lane.deaf || lane.end.is_some() && !lane.swallows {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if lane.swallows {
            return Poll::Ready(Ok(octets.len()));
        }
        if lane.queued >= WINDOW {
            lane.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        let length = octets.len().min(WINDOW - lane.queued);
        let sent = lane.sent;
        let limit = match (side, fate) {
            (Side::Server, Fate::Cut { after } | Fate::Dead { after })
            | (Side::Client, Fate::CutUp { after }) => Some(after),
            _ => None,
        };
        let left = limit.map(|limit| usize::try_from(limit.saturating_sub(sent)).unwrap_or(0));
        let passes = left.map_or(length, |left| left.min(length));
        let pause = match (side, fate) {
            (Side::Server, Fate::Drips { after }) if sent >= after => Duration::from_secs(50),
            _ => Duration::ZERO,
        };
        let at = lane.last.map_or(now, |last| last.max(now)) + pause;
        let at = at.max(now + latency);
        lane.send(&octets[..passes], at);
        if passes < length {
            match fate {
                Fate::Dead { .. } => self.die(now),
                _ => self.break_both(now + latency),
            }
        }
        Poll::Ready(Ok(length))
    }

    fn break_both(&mut self, at: Instant) {
        for lane in [&mut self.up, &mut self.down] {
            lane.break_at(at);
        }
    }

    fn die(&mut self, now: Instant) {
        self.down.swallows = true;
        self.up.swallows = true;
        self.up.end_at(now + AUTOLOGOUT, Ending::Broken);
    }
}

impl Lane {
    fn send(&mut self, octets: &[u8], at: Instant) {
        if octets.is_empty() {
            return;
        }
        self.sent += octets.len() as u64;
        self.queued += octets.len();
        self.last = Some(at);
        match self.packets.back_mut() {
            Some(last) if last.at == at => last.octets.extend_from_slice(octets),
            _ => self.packets.push_back(Packet {
                at,
                octets: octets.to_vec(),
                read: 0,
            }),
        }
        self.wake_reader();
    }

    /// What is on its way arrives; then it ends.
    fn end_at(&mut self, at: Instant, ending: Ending) {
        if self.end.is_none() {
            let at = self.last.map_or(at, |last| last.max(at));
            self.end = Some((at, ending));
            self.wake_reader();
        }
    }

    /// What would arrive later is lost.
    fn break_at(&mut self, at: Instant) {
        self.packets.retain(|packet| packet.at <= at);
        self.end = Some((at, Ending::Broken));
        self.wake_reader();
        self.writer.take().into_iter().for_each(Waker::wake);
    }

    fn go_deaf(&mut self) {
        self.deaf = true;
        self.writer.take().into_iter().for_each(Waker::wake);
    }

    fn wake_reader(&mut self) {
        self.reader.take().into_iter().for_each(Waker::wake);
    }
}

impl AsyncRead for End {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            let mut state = this.line.lock();
            let now = Instant::now();
            let lane = match this.side {
                Side::Client => &mut state.down,
                Side::Server => &mut state.up,
            };
            let mut filled = false;
            while buffer.remaining() > 0
                && let Some(packet) = lane.packets.front_mut().filter(|packet| packet.at <= now)
            {
                let left = &packet.octets[packet.read..];
                let taken = left.len().min(buffer.remaining());
                buffer.put_slice(&left[..taken]);
                packet.read += taken;
                lane.queued -= taken;
                filled = true;
                if packet.read == packet.octets.len() {
                    lane.packets.pop_front();
                }
            }
            if filled {
                lane.writer.take().into_iter().for_each(Waker::wake);
                return Poll::Ready(Ok(()));
            }
            let until = match (lane.packets.front(), lane.end) {
                (Some(packet), _) => Some(packet.at),
                (None, Some((at, ending))) if at <= now => {
                    return Poll::Ready(match ending {
                        Ending::Closed => Ok(()),
                        Ending::Broken => Err(io::ErrorKind::ConnectionReset.into()),
                    });
                }
                (None, Some((at, _))) => Some(at),
                (None, None) => None,
            };
            lane.reader = Some(context.waker().clone());
            drop(state);
            let Some(until) = until else {
                this.timer = None;
                return Poll::Pending;
            };
            match &mut this.timer {
                Some(timer) if timer.deadline() != until => timer.as_mut().reset(until),
                Some(_) => {}
                timer => *timer = Some(Box::pin(sleep_until(until))),
            }
            let timer = this.timer.as_mut().expect("it was set a moment ago");
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.line.lock().write(self.side, octets, context)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.line.lock();
        let at = Instant::now() + state.latency;
        let lane = match self.side {
            Side::Client => &mut state.up,
            Side::Server => &mut state.down,
        };
        lane.end_at(at, Ending::Closed);
        Poll::Ready(Ok(()))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let mut state = self.line.lock();
        let at = Instant::now() + state.latency;
        match self.side {
            Side::Client => {
                state.up.end_at(at, Ending::Closed);
                state.down.go_deaf();
                state.hang_up();
            }
            Side::Server => {
                state.down.end_at(at, Ending::Closed);
                state.up.go_deaf();
            }
        }
    }
}
