//! The chain, with methods that know one secret each.

use std::sync::Mutex;

use http::Request;

use super::*;
use crate::Handshake;

/// Knows the secret that is its name.
struct Knows(&'static str);

impl Method for Knows {
    fn verify<'a>(&'a self, secret: &'a Secret, _applicant: &'a Applicant) -> Verdict<'a, Arc<Identity>> {
        Box::pin(async move {
            if secret.matches(self.0.as_bytes()) {
                Ok(Arc::new(Identity::user(self.0)))
            } else {
                Err(Refusal::unauthorized("not known"))
            }
        })
    }
}

/// Notes whom it is asked about, and answers always the same.
struct Notes {
    asked: Mutex<Vec<Option<String>>>,
    answer: Result<Option<&'static str>, Refusal>,
}

impl Notes {
    fn new(answer: Result<Option<&'static str>, Refusal>) -> Arc<Self> {
        Arc::new(Self { asked: Mutex::default(), answer })
    }

    fn asked(&self) -> Vec<Option<String>> {
        self.asked.lock().unwrap().clone()
    }
}

impl Gate for Notes {
    fn ask<'a>(&'a self, applicant: &'a Applicant) -> Verdict<'a, Option<Arc<Identity>>> {
        let name = applicant.identity().and_then(|identity| identity.name());
        self.asked.lock().unwrap().push(name.map(str::to_owned));
        let answer = self.answer.clone().map(|name| name.map(|name| Arc::new(Identity::user(name))));
        Box::pin(async move { answer })
    }
}

fn with_methods() -> Auth {
    Auth {
        tokens: Some(Arc::new(Knows("token"))),
        tickets: Some(Arc::new(Knows("ticket"))),
        sessions: Some(("sid".into(), Arc::new(Knows("session")))),
        ..Auth::default()
    }
}

fn applicant(url: &str, cookie: &str) -> Applicant {
    let request = Request::get(url).header("cookie", cookie).body(()).unwrap();
    Applicant::native(Arc::new(Handshake::new(&request, SystemTime::now())))
}

async fn admit(auth: &Auth, url: &str) -> String {
    admit_with(auth, url, "").await
}

/// The user, or what else comes of it.
async fn admit_with(auth: &Auth, url: &str, cookie: &str) -> String {
    match auth.admit(&applicant(url, cookie)).await {
        Ok(Admission::Known(identity)) => identity.name().unwrap_or("nameless").to_owned(),
        Ok(Admission::Anonymous) => "anonymous".to_owned(),
        Ok(Admission::Later) => "later".to_owned(),
        Err(refusal) => refusal.code().to_owned(),
    }
}

#[tokio::test]
async fn without_methods_everybody_comes_in() {
    assert_eq!(admit(&Auth::default(), "/ws?token=x&ticket=y").await, "anonymous");
}

#[tokio::test]
async fn each_kind_of_credentials_goes_to_its_method() {
    let auth = with_methods();
    assert_eq!(admit(&auth, "/ws?ticket=ticket").await, "ticket");
    assert_eq!(admit(&auth, "/ws?token=token").await, "token");
    assert_eq!(admit_with(&auth, "/ws", "sid=session").await, "session");
    assert_eq!(admit(&auth, "/ws?ticket=token").await, "unauthorized");
}

#[tokio::test]
async fn the_first_credentials_decide() {
    let auth = with_methods();
    assert_eq!(admit(&auth, "/ws?ticket=x&token=token").await, "unauthorized");
    assert_eq!(admit_with(&auth, "/ws?token=x", "sid=session").await, "unauthorized");
}

#[tokio::test]
async fn who_shows_nothing_may_say_it_later_if_there_is_a_way() {
    let mut auth = with_methods();
    assert_eq!(admit(&auth, "/ws").await, "later");
    let legacy = applicant("/ws", "").without_messages();
    assert!(auth.admit(&legacy).await.is_err_and(|refusal| refusal.code() == "unauthorized"));
    auth.settings.token_from.retain(|source| *source != TokenSource::Message);
    assert_eq!(admit(&auth, "/ws").await, "unauthorized");
    auth.settings.anonymous = true;
    assert_eq!(admit(&auth, "/ws").await, "anonymous");
    assert_eq!(admit(&auth, "/ws?token=x").await, "unauthorized", "bad ones are not none");
}

#[tokio::test]
async fn gates_are_asked_in_order_about_everybody_who_is_known() {
    let (first, second) = (Notes::new(Ok(Some("renamed"))), Notes::new(Ok(None)));
    let auth = Auth { gates: vec![first.clone(), second.clone()], ..with_methods() };
    assert_eq!(admit(&auth, "/ws?token=token").await, "renamed");
    assert_eq!(admit(&auth, "/ws").await, "later");
    assert_eq!(admit(&auth, "/ws?token=x").await, "unauthorized");
    assert_eq!(first.asked(), [Some("token".to_owned())], "the bad and the silent ones are not worth it");
    assert_eq!(second.asked(), [Some("renamed".to_owned())]);
}

#[tokio::test]
async fn a_gate_alone_judges_everybody() {
    let gate = Notes::new(Ok(Some("ada")));
    let auth = Auth { gates: vec![gate.clone()], ..Auth::default() };
    assert_eq!(admit(&auth, "/ws").await, "ada");
    let auth = Auth { gates: vec![Notes::new(Err(Refusal::unavailable("down")))], ..Auth::default() };
    assert_eq!(admit(&auth, "/ws").await, "unavailable", "nobody comes in unseen");
}

#[tokio::test]
async fn tokens_of_messages_pass_the_gates_as_well() {
    let gate = Notes::new(Ok(None));
    let auth = Auth { gates: vec![gate.clone()], ..with_methods() };
    let verify = async |token| auth.verify_token(Secret::new(token), &applicant("/ws", "")).await;
    assert_eq!(verify("token").await.unwrap().name(), Some("token"));
    assert_eq!(verify("x").await.unwrap_err().code(), "unauthorized");
    assert_eq!(gate.asked(), [Some("token".to_owned())]);
}
