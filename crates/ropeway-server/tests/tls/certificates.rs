//! Which certificate is shown, and what files are none.

use std::fs;
use std::sync::Arc;

use rcgen::KeyPair;
use ropeway_server::Server;
use ropeway_server::config::Config;
use rustls::SignatureScheme;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::version::TLS13;
use tempfile::TempDir;

use crate::set_up::{Authority, Running, config, leaf, write};

/// Puts another certificate and its key among those of the server.
fn add(config: &mut Config, folder: &TempDir, at: usize, (certificate, key): &(String, String)) {
    let name = config.tls.certificate.len();
    let (first, second) =
        (folder.path().join(format!("{name}.pem")), folder.path().join(format!("{name}.key")));
    fs::write(&first, certificate).unwrap();
    fs::write(&second, key).unwrap();
    config.tls.certificate.insert(at, first);
    config.tls.key.insert(at, second);
}

#[tokio::test]
async fn the_certificate_of_another_authority_is_refused_by_the_client() {
    let server = Running::new(&Authority::new(), |_, _| {}).await;
    assert!(server.request(&Authority::new().client(None)).await.is_err());
}

#[tokio::test]
async fn a_client_gets_the_certificate_for_the_name_that_it_asks_for() {
    let authority = Authority::new();
    let server = Running::new(&authority, |config, folder| {
        add(config, folder, 0, &authority.pair("127.0.0.1"));
        add(config, folder, 2, &authority.pair("last.example"));
    })
    .await;
    let client = authority.client(None);
    assert!(server.shake_hands("localhost", &client).await.is_ok());
    assert!(server.shake_hands("last.example", &client).await.is_ok());
    // Nobody asks for an address by name; who asks for none, or for an unknown one, gets the first.
    assert!(server.shake_hands("127.0.0.1", &client).await.is_ok());
    let error = server.shake_hands("unknown.example", &client).await.unwrap_err().to_string();
    assert!(error.contains("not valid for name"), "{error}");
}

/// Browsers do not know Ed25519.
#[tokio::test]
async fn of_two_for_a_name_a_client_gets_the_one_that_it_understands() {
    let authority = Authority::new();
    let server = Running::new(&authority, |config, folder| {
        let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        add(config, folder, 0, &authority.pair_of("localhost", &key));
    })
    .await;
    let first = leaf(&server.shake_hands("localhost", &authority.client(None)).await.unwrap());
    let mut provider = rustls::crypto::ring::default_provider();
    let WebPkiSupportedAlgorithms { all, mapping } = provider.signature_verification_algorithms;
    let known = mapping.iter().copied().filter(|(scheme, _)| *scheme != SignatureScheme::ED25519).collect();
    provider.signature_verification_algorithms = WebPkiSupportedAlgorithms { all, mapping: Vec::leak(known) };
    let client = Arc::new(authority.trusted(provider, &[&TLS13]).with_no_client_auth());
    assert_ne!(leaf(&server.shake_hands("localhost", &client).await.unwrap()), first);
}

#[tokio::test]
async fn files_that_are_not_right_are_named_at_the_start() {
    let authority = Authority::new();
    let folder = TempDir::new().unwrap();
    let said = async || Server::bind(config(&folder)).await.err().unwrap().to_string();
    assert!(said().await.contains("cert.pem: it cannot be read"));
    let (certificate, key) = authority.pair("localhost");
    write(&folder, &("nothing".to_owned(), key.clone()));
    assert!(said().await.contains("cert.pem: there is no certificate in it"));
    write(&folder, &(certificate.clone(), certificate.clone()));
    assert!(said().await.contains("key.pem: there is no private key in it"));
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIG\n-----END ENCRYPTED PRIVATE KEY-----\n";
    write(&folder, &(certificate.clone(), encrypted.to_owned()));
    assert!(said().await.contains("key.pem: the key is encrypted"));
    write(&folder, &(certificate.clone(), authority.pair("localhost").1));
    assert!(said().await.contains("key.pem: the key does not fit"));
    write(&folder, &(certificate.repeat(4000), key));
    assert!(said().await.contains("cert.pem: it is larger than 1 MiB"));
}
