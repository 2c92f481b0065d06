//! A certificate that only clients accept who are told of its authority; Node.js makes none by itself.

use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// Makes an authority and a certificate for `127.0.0.1`: `ca.pem`, `cert.pem` and `key.pem` in a folder.
pub(crate) fn write(folder: &Path) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // With one name for both, OpenSSL would take the certificate for one that signs itself.
    params.distinguished_name.push(DnType::CommonName, "the authority of the tests of Socket.IO clients");
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    for (file, pem) in
        [("ca.pem", authority.pem()), ("cert.pem", certificate.pem()), ("key.pem", key.serialize_pem())]
    {
        fs::write(folder.join(file), pem).unwrap();
    }
}
