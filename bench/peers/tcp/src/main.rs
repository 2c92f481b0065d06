//! The limit that everything is measured against: bytes back as they come, over bare epoll, or to
//! every connection. No framing, no checks, one read and one write per readable event.

mod link;

use std::io::ErrorKind;

use anyhow::Context;
use link::Link;
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};
use peer_common::{Args, Mode};

const LISTENER: Token = Token(usize::MAX - 1);
/// As uWebSockets reads. With 64 KiB, messages of 1 MiB cost a third more.
const READ: usize = 512 * 1024;

fn main() -> anyhow::Result<()> {
    let args = Args::parse()?;
    args.refuse_deflate()?;
    let mut server = Server::new(args)?;
    let mut events = Events::with_capacity(1024);
    loop {
        server.poll.poll(&mut events, None)?;
        for event in &events {
            server.handle(event)?;
        }
    }
}

struct Server {
    poll: Poll,
    listener: TcpListener,
    mode: Mode,
    links: Vec<Option<Link>>,
    scratch: Vec<u8>,
}

impl Server {
    fn new(args: Args) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(args.listen).context("cannot listen")?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Server { poll, listener, mode: args.mode, links: Vec::new(), scratch: vec![0; READ] })
    }

    fn handle(&mut self, event: &mio::event::Event) -> anyhow::Result<()> {
        if event.token() == LISTENER {
            return self.accept();
        }
        let index = event.token().0;
        let alive = self.advance(index, event.is_writable());
        if !alive {
            self.links[index] = None;
        }
        Ok(())
    }

    fn accept(&mut self) -> anyhow::Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            stream.set_nodelay(true)?;
            let token = Token(self.links.len());
            self.poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
            self.links.push(Some(Link::new(stream)));
        }
    }

    /// Edge-triggered: reads until a read comes back short. False when the connection has ended.
    fn advance(&mut self, index: usize, writable: bool) -> bool {
        let Some(link) = self.links.get_mut(index).and_then(Option::as_mut) else { return true };
        if writable && link.flush().is_err() {
            return false;
        }
        loop {
            let Some(link) = self.links[index].as_mut() else { return true };
            // A slow reader is not read from; its next writable event comes back here.
            if self.mode == Mode::Echo && link.is_behind() {
                return true;
            }
            let n = match link.read(&mut self.scratch) {
                Ok(0) => return false,
                Ok(n) => n,
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            };
            if self.answer(index, n).is_err() {
                return false;
            }
            if n < self.scratch.len() {
                return true;
            }
        }
    }

    fn answer(&mut self, index: usize, n: usize) -> std::io::Result<()> {
        let bytes = &self.scratch[..n];
        if self.mode == Mode::Echo {
            return self.links[index].as_mut().map_or(Ok(()), |link| link.send(bytes));
        }
        for slot in &mut self.links {
            if slot.as_mut().is_some_and(|link| link.send(bytes).is_err()) {
                *slot = None;
            }
        }
        Ok(())
    }
}
