//! Certificates of clients.

use std::sync::{Arc, Mutex};

use ropeway_server::auth::{Applicant, Identity, Refusal};
use ropeway_server::config::ClientCertificates;
use rustls::HandshakeKind;

use crate::set_up::{Authority, Running, write_ca};

#[tokio::test]
async fn clients_may_be_asked_for_certificates() {
    let (authority, theirs, stranger) = (Authority::new(), Authority::new(), Authority::new());
    for (asked, alone) in [(ClientCertificates::Optional, true), (ClientCertificates::Required, false)] {
        let server = Running::new(&authority, |config, folder| {
            config.tls.client_certificates = asked;
            config.tls.client_ca = write_ca(folder, &theirs);
        })
        .await;
        assert_eq!(server.request(&authority.client(None)).await.is_ok(), alone);
        assert!(server.request(&authority.client(Some(&theirs))).await.is_ok());
        assert!(server.request(&authority.client(Some(&stranger))).await.is_err());
    }
}

/// What a hook of the application is told: whether it is TLS, and whether there is a certificate.
async fn told(asked: ClientCertificates, shows: bool) -> (bool, bool) {
    let (authority, theirs) = (Authority::new(), Authority::new());
    let heard = Arc::new(Mutex::new(None));
    let hears = heard.clone();
    let hook = move |applicant: Applicant| {
        let handshake = applicant.handshake();
        *hears.lock().unwrap() = Some((handshake.is_secure(), handshake.client_certificate().is_some()));
        async { Ok::<_, Refusal>(Identity::user("ada")) }
    };
    let server = Running::built(
        &authority,
        |config, folder| {
            config.tls.client_certificates = asked;
            config.tls.client_ca = write_ca(folder, &theirs);
        },
        |builder| builder.authenticate(hook),
    )
    .await;
    server.open("/ws", &authority.client(shows.then_some(&theirs))).await;
    heard.lock().unwrap().unwrap()
}

#[tokio::test]
async fn an_application_is_told_of_the_certificate_that_was_asked_for() {
    assert_eq!(told(ClientCertificates::Required, true).await, (true, true));
    assert_eq!(told(ClientCertificates::Optional, true).await, (true, true));
    assert_eq!(told(ClientCertificates::Optional, false).await, (true, false));
    assert_eq!(told(ClientCertificates::Off, true).await, (true, false));
}

/// A resumed session is not asked for a certificate again, so none outlives a reload.
#[tokio::test]
async fn who_lost_its_authority_does_not_come_back_on_an_old_session() {
    let (authority, theirs, others) = (Authority::new(), Authority::new(), Authority::new());
    let server = Running::new(&authority, |config, folder| {
        config.tls.client_certificates = ClientCertificates::Required;
        config.tls.client_ca = write_ca(folder, &theirs);
    })
    .await;
    let client = authority.client(Some(&theirs));
    server.request(&client).await.unwrap();
    let (_, again) = server.request(&client).await.unwrap();
    assert_eq!(again.get_ref().1.handshake_kind(), Some(HandshakeKind::Resumed));
    write_ca(&server.folder, &others);
    server.handle.reload_tls().unwrap();
    assert!(server.request(&client).await.is_err());
    assert!(server.request(&authority.client(Some(&others))).await.is_ok());
}
