//! Rooms for anyone, for users and for those who are granted them.

use ropeway_server::config::Sources;
use ropeway_server::{Builder, Server};

const FILE: &str = "
[server]
listen = '127.0.0.1:0'
origins = ['https://app.example']
[shutdown]
spread = '50ms'
[api]
key = 'a-key-for-the-tests'
[[rooms]]
pattern = 'open:*'
join = 'anyone'
publish = 'anyone'
[[rooms]]
pattern = 'users:*'
join = 'users'
publish = 'users'
[[rooms]]
pattern = 'granted:*'
join = 'granted'
publish = 'granted'
";

/// A server that asks nobody yet who comes; `settings` are keys and values besides the rooms.
pub(crate) fn builder(settings: &[(&'static str, &str)]) -> Builder {
    let sources = Sources::new().file("test", FILE);
    let sources = settings.iter().fold(sources, |sources, (key, value)| sources.flag("-", key, *value));
    Server::builder(sources.load().unwrap())
}
