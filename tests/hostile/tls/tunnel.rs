//! From plain connections to TLS, for the well-behaved clients and the probes of a server that speaks nothing else.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::thread;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

/// The certificate for `localhost` that all servers of a run have.
fn certified() -> &'static CertifiedKey<KeyPair> {
    static MADE: LazyLock<CertifiedKey<KeyPair>> =
        LazyLock::new(|| generate_simple_self_signed(["localhost".to_owned()]).unwrap());
    &MADE
}

/// The files of the certificate and of its key, for one server.
pub(crate) fn certificate_files(name: &str) -> (String, String) {
    let [certificate, key] = files(name);
    let made = certified();
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate.display().to_string(), key.display().to_string())
}

/// Nothing of them is left in the folder of the system.
pub(crate) fn remove_files(name: &str) {
    files(name).iter().for_each(|file| fs::remove_file(file).unwrap());
}

fn files(name: &str) -> [PathBuf; 2] {
    let file =
        |end| std::env::temp_dir().join(format!("ropeway-hostile-{name}-{}.{end}", std::process::id()));
    [file("crt"), file("key")]
}

/// A plain port in front of `server`, until the test ends.
pub(crate) fn open(server: SocketAddr) -> SocketAddr {
    let (told, address) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            told.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (plain, _) = listener.accept().await.unwrap();
                tokio::spawn(carry(plain, server));
            }
        });
    });
    address.recv().unwrap()
}

async fn carry(mut plain: TcpStream, server: SocketAddr) -> std::io::Result<()> {
    let stream = TcpStream::connect(server).await?;
    let mut secure = connector().connect(ServerName::try_from("localhost").unwrap(), stream).await?;
    copy_bidirectional(&mut plain, &mut secure).await?;
    Ok(())
}

/// Believes the one certificate.
pub(crate) fn connector() -> TlsConnector {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(certified().cert.der().clone()).unwrap();
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsConnector::from(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}
