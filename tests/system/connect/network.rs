//! Ways to a server: TLS with an authority of one's own, proxies, Unix sockets, addresses for names.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::endings::read_head;
use super::peer::{Peer, echo, splice, websocket};
use super::run::{connect, run, run_command};
use crate::server::Server;

/// An authority in a file, and a server whose certificate for `localhost` is of it.
struct Secure {
    peer: Peer<()>,
    authority: PathBuf,
}

impl Secure {
    fn start(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let authority = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&authority, pem(issuer.der())).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf =
            CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let config = Arc::new(config(leaf.der().clone(), &key));
        let peer = Peer::start(move |stream| {
            let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
            // Clients that do not trust us end the handshake.
            if let Ok(socket) = tungstenite::accept(StreamOwned::new(tls, stream)) {
                echo(socket);
            }
        });
        Self { peer, authority }
    }

    fn url(&self) -> String {
        format!("wss://localhost:{}/", self.peer.address.port())
    }
}

fn pem(certificate: &[u8]) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(certificate))
}

fn config(certificate: CertificateDer<'static>, key: &KeyPair) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap()
}

#[test]
fn a_private_authority_is_trusted_when_it_is_given() {
    let server = Secure::start("authority.pem");
    let authority = server.authority.to_str().unwrap();
    let done = run(&[&server.url(), "--ca", authority, "--jsonl", "-v"], "secret");
    done.succeeded();
    assert_eq!(done.events("message")[1]["text"], "secret");
    assert_eq!(done.events("open")[0]["tls"]["version"], "TLS 1.3");
    assert!(done.err.contains(", TLS 1.3 TLS13_"), "{}", done.err);
    let done = run(&[&server.url()], "secret");
    done.failed(60, "hint: `--ca FILE` trusts an authority of your own, `--insecure` trusts anybody");
    assert_eq!(run(&[&server.url(), "--insecure"], "a").succeeded(), "a\n");
}

#[test]
fn a_wrong_name_and_a_server_without_tls_are_60() {
    let server = Secure::start("authority-of-names.pem");
    let authority = server.authority.to_str().unwrap();
    let port = server.peer.address.port();
    let resolve = format!("other.example:{port}:127.0.0.1");
    let url = format!("wss://other.example:{port}/");
    run(&[&url, "--ca", authority, "--resolve", &resolve], "")
        .failed(60, "hint: use the name that the certificate is for");
    let plain = Server::start();
    let url = format!("wss://{}/echo", plain.address());
    run(&[&url, "--insecure"], "").failed(60, "hint: the server may speak plain text");
    run(&[&server.url(), "--ca", "/no/such.pem"], "").failed(66, "/no/such.pem cannot be used");
}

/// HTTP CONNECT for whoever has the name and the password; says what was asked for.
fn http_proxy() -> Peer<String> {
    Peer::start(|mut stream| {
        let head = read_head(&mut stream);
        let target = head.split(' ').nth(1).unwrap().to_owned();
        // user:pass
        if !head.contains("proxy-authorization: Basic dXNlcjpwYXNz\r\n") {
            let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(refusal).unwrap();
            return format!("refused {target}");
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        splice(stream, TcpStream::connect(&target).unwrap());
        target
    })
}

#[test]
fn through_an_http_proxy() {
    let (proxy, server) = (http_proxy(), Server::start());
    let url = server.ws("/echo");
    let authorized = format!("http://user:pass@{}", proxy.address);
    assert_eq!(run(&[&url, "--proxy", &authorized], "a").succeeded(), "a\n");
    assert_eq!(proxy.said(), server.address().to_string());
    let mut command = connect(&[&url]);
    command.env("HTTP_PROXY", &authorized);
    assert_eq!(run_command(command, "b").succeeded(), "b\n");
    assert_eq!(proxy.said(), server.address().to_string());
    let done = run(&[&url, "--proxy", &format!("http://{}", proxy.address)], "");
    done.failed(69, "refused: 407 Proxy Authentication Required");
    done.failed(69, "hint: name another proxy with `--proxy URL`");
    assert!(proxy.said().starts_with("refused"));
    let mut command = connect(&[&url, "--no-proxy"]);
    command.env("HTTP_PROXY", "http://127.0.0.1:1");
    assert_eq!(run_command(command, "c").succeeded(), "c\n");
}

/// SOCKS5 without authentication (RFC 1928); says what was asked for.
fn socks5_proxy() -> Peer<String> {
    Peer::start(|mut stream| {
        let mut methods = [0; 2];
        stream.read_exact(&mut methods).unwrap();
        stream.read_exact(&mut vec![0; usize::from(methods[1])]).unwrap();
        stream.write_all(b"\x05\x00").unwrap();
        let mut request = [0; 4];
        stream.read_exact(&mut request).unwrap();
        let host = match request[3] {
            1 => {
                let mut address = [0; 4];
                stream.read_exact(&mut address).unwrap();
                std::net::Ipv4Addr::from(address).to_string()
            }
            _ => {
                let mut len = [0];
                stream.read_exact(&mut len).unwrap();
                let mut name = vec![0; usize::from(len[0])];
                stream.read_exact(&mut name).unwrap();
                String::from_utf8(name).unwrap()
            }
        };
        let mut port = [0; 2];
        stream.read_exact(&mut port).unwrap();
        let port = u16::from_be_bytes(port);
        let server = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).unwrap();
        stream.write_all(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00").unwrap();
        splice(stream, server);
        format!("{host}:{port}")
    })
}

#[test]
fn through_a_socks5_proxy() {
    let proxy = socks5_proxy();
    let server = Server::start_with("127.0.0.1:0", &[("ROPEWAY_SERVER_HOSTS", "server.example,127.0.0.1")]);
    let url = server.ws("/echo");
    let done = run(&[&url, "--proxy", &format!("socks5://{}", proxy.address)], "a");
    assert_eq!(done.succeeded(), "a\n");
    assert_eq!(proxy.said(), server.address().to_string());
    // The proxy looks the name up.
    let url = format!("ws://server.example:{}/echo", server.address().port());
    let mut command = connect(&[&url]);
    command.env("ALL_PROXY", format!("socks5h://{}", proxy.address));
    assert_eq!(run_command(command, "b").succeeded(), "b\n");
    assert_eq!(proxy.said(), format!("server.example:{}", server.address().port()));
}

#[test]
fn tls_through_a_proxy() {
    let (proxy, server) = (socks5_proxy(), Secure::start("authority-behind-proxy.pem"));
    let through = format!("socks5h://{}", proxy.address);
    let authority = server.authority.to_str().unwrap();
    let done = run(&[&server.url(), "--ca", authority, "--proxy", &through], "a");
    assert_eq!(done.succeeded(), "a\n");
}

#[test]
fn a_name_can_be_given_an_address() {
    let server = Server::start_with("127.0.0.1:0", &[("ROPEWAY_SERVER_HOSTS", "server.example")]);
    let port = server.address().port();
    let url = format!("ws://server.example:{port}/echo");
    let resolve = format!("server.example:{port}:127.0.0.1");
    assert_eq!(run(&[&url, "--resolve", &resolve], "a").succeeded(), "a\n");
}

#[test]
fn headers_and_subprotocols_are_those_of_the_flags() {
    let peer = websocket(|socket| {
        echo(socket);
    });
    let flags =
        ["--auth", "ada:secret", "--cookie", "a=1", "--cookie", "b=2", "--origin", "https://a.example"];
    let mut arguments = vec!["--jsonl", "-H", "x-empty:"];
    arguments.extend(flags);
    let url = peer.ws();
    arguments.push(&url);
    let done = run(&arguments, "");
    let sent = done.events("open")[0]["request"]["headers"].to_string();
    for header in [
        r#"["authorization","Basic YWRhOnNlY3JldA=="]"#,
        r#"["cookie","a=1; b=2"]"#,
        r#"["origin","https://a.example"]"#,
    ] {
        assert!(sent.contains(header), "{header} in {sent}");
    }
    let server = Server::start();
    let done = run(&[&server.ws("/ws"), "--subprotocol", "ropeway.json", "--jsonl", "-n", "1"], "");
    assert_eq!(done.events("open")[0]["subprotocol"], "ropeway.json");
}
