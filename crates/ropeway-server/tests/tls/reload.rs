//! Files that change while the server runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use ropeway_server::config::Config;
use ropeway_server::{Server, TlsError};
use tempfile::TempDir;

use crate::set_up::{Authority, Running, config, echoes, leaf, write};

/// A server that looks at its files all the time.
async fn looking(authority: &Authority, change: impl FnOnce(&mut Config, &TempDir)) -> Running {
    Running::new(authority, |config, folder| {
        config.tls.reload_interval = Duration::from_millis(20);
        change(config, folder);
    })
    .await
}

fn write_pair(folder: &Path, number: u32, (certificate, key): &(String, String)) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(format!("cert{number}.pem")), certificate).unwrap();
    fs::write(folder.join(format!("key{number}.pem")), key).unwrap();
}

/// Puts a link in the place of another, in one step.
fn link(target: impl AsRef<Path>, at: &Path) {
    let new = at.with_file_name("new");
    symlink(target, &new).unwrap();
    fs::rename(new, at).unwrap();
}

#[tokio::test]
async fn a_reload_is_for_new_connections_and_leaves_old_ones_alone() {
    let authority = Authority::new();
    let server = Running::new(&authority, |_, _| {}).await;
    let client = authority.client(None);
    let mut old = server.open("/echo", &client).await;
    let before = leaf(&server.request(&client).await.unwrap().1);
    write(&server.folder, &authority.pair("localhost"));
    server.handle.reload_tls().unwrap();
    let after = leaf(&server.request(&client).await.unwrap().1);
    assert_ne!(before, after);
    echoes(&mut old).await;
}

#[tokio::test]
async fn files_that_change_are_noticed() {
    let authority = Authority::new();
    let server = looking(&authority, |_, _| {}).await;
    let client = authority.client(None);
    let before = leaf(&server.request(&client).await.unwrap().1);
    write(&server.folder, &authority.pair("localhost"));
    server.shows_another(&before, &client).await;
}

/// Kubernetes links the files into `..data`, a link itself, which is replaced in one step; the old folder goes.
#[tokio::test]
async fn links_that_are_replaced_as_kubernetes_does_are_noticed() {
    let authority = Authority::new();
    let server = looking(&authority, |config, folder| {
        let folder = folder.path();
        write_pair(&folder.join("..2026_01"), 0, &authority.pair("localhost"));
        link("..2026_01", &folder.join("..data"));
        for (name, file) in [("cert0.pem", "tls.crt"), ("key0.pem", "tls.key")] {
            symlink(Path::new("..data").join(name), folder.join(file)).unwrap();
        }
        config.tls.certificate = vec![folder.join("tls.crt")];
        config.tls.key = vec![folder.join("tls.key")];
    })
    .await;
    let client = authority.client(None);
    let before = leaf(&server.request(&client).await.unwrap().1);
    let folder = server.folder.path();
    write_pair(&folder.join("..2026_02"), 0, &authority.pair("localhost"));
    link("..2026_02", &folder.join("..data"));
    fs::remove_dir_all(folder.join("..2026_01")).unwrap();
    server.shows_another(&before, &client).await;
}

/// Certbot replaces one link after the other, so that for a moment the key does not fit.
#[tokio::test]
async fn links_that_are_replaced_as_certbot_does_are_noticed() {
    let authority = Authority::new();
    let server = looking(&authority, |config, folder| {
        let folder = folder.path();
        write_pair(&folder.join("archive"), 1, &authority.pair("localhost"));
        fs::create_dir(folder.join("live")).unwrap();
        for name in ["cert", "key"] {
            link(format!("../archive/{name}1.pem"), &folder.join(format!("live/{name}.pem")));
        }
        config.tls.certificate = vec![folder.join("live/cert.pem")];
        config.tls.key = vec![folder.join("live/key.pem")];
    })
    .await;
    let client = authority.client(None);
    let before = leaf(&server.request(&client).await.unwrap().1);
    let folder = server.folder.path();
    write_pair(&folder.join("archive"), 2, &authority.pair("localhost"));
    link("../archive/cert2.pem", &folder.join("live/cert.pem"));
    assert!(server.handle.reload_tls().unwrap_err().to_string().contains("does not fit"));
    assert_eq!(leaf(&server.request(&client).await.unwrap().1), before);
    link("../archive/key2.pem", &folder.join("live/key.pem"));
    server.shows_another(&before, &client).await;
}

#[tokio::test]
async fn a_bad_reload_keeps_what_there_is() {
    let authority = Authority::new();
    let server = Running::new(&authority, |_, _| {}).await;
    let (certificate, _) = authority.pair("localhost");
    fs::write(server.folder.path().join("cert.pem"), certificate).unwrap();
    let error = server.handle.reload_tls().unwrap_err().to_string();
    assert!(error.contains("key.pem: the key does not fit the certificate in"), "{error}");
    fs::write(server.folder.path().join("key.pem"), "-----BEGIN PRIVATE KEY-----\nMIG").unwrap();
    assert!(server.handle.reload_tls().is_err());
    fs::remove_file(server.folder.path().join("key.pem")).unwrap();
    assert!(server.handle.reload_tls().is_err());
    assert!(server.request(&authority.client(None)).await.is_ok());
}

#[tokio::test]
async fn without_tls_there_is_nothing_to_reload() {
    let folder = TempDir::new().unwrap();
    let mut config = config(&folder);
    (config.tls.certificate, config.tls.key) = (Vec::new(), Vec::new());
    let server = Server::bind(config).await.unwrap();
    assert!(matches!(server.handle().reload_tls(), Err(TlsError::Off)));
}
