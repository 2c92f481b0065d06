//! A token for people.

use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ropeway_jwt::Unverified;
use serde_json::{Map, Value};

use crate::harmless;

/// The header and the claims, a member a line; times as people read them.
pub(super) fn token(token: &Unverified<'_>, is_authentic: bool, now: SystemTime) -> String {
    let mut out = String::new();
    members(&mut out, "header", token.header(), now);
    let claims = if is_authentic { "claims" } else { "claims, which nobody has vouched for" };
    members(&mut out, claims, token.payload(), now);
    out
}

fn members(out: &mut String, title: &str, json: &[u8], now: SystemTime) {
    let _ = writeln!(out, "{title}");
    // What is no object is told by whoever judges the token.
    let members: Map<String, Value> = serde_json::from_slice(json).unwrap_or_default();
    let width = members.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    for (name, value) in &members {
        let shown = harmless::json(&value.to_string()).into_owned();
        let _ = writeln!(out, "  {:width$}  {shown}{}", harmless::line(name), time(name, value, now));
    }
}

/// What a NumericDate means.
fn time(name: &str, value: &Value, now: SystemTime) -> String {
    let verb = match name {
        "exp" => "expires",
        "nbf" => "begins",
        "iat" => "made",
        _ => return String::new(),
    };
    let at = value.as_u64().and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
    let date = at.and_then(|at| Some((at, jiff::Timestamp::try_from(at).ok()?)));
    let Some((at, date)) = date else { return String::new() };
    let verb = match (name, at <= now) {
        ("exp", true) => "expired",
        ("nbf", true) => "began",
        _ => verb,
    };
    format!("  ({verb} {}, {date})", relative(at, now))
}

/// `in 59m 30s`, `2m ago`, `now`.
pub(super) fn relative(at: SystemTime, now: SystemTime) -> String {
    match at.duration_since(now) {
        Ok(time) if time.as_secs() == 0 => "now".to_owned(),
        Err(error) if error.duration().as_secs() == 0 => "now".to_owned(),
        Ok(time) => format!("in {}", roughly(time)),
        Err(error) => format!("{} ago", roughly(error.duration())),
    }
}

/// The two largest units.
fn roughly(time: Duration) -> String {
    let text = humantime::format_duration(Duration::from_secs(time.as_secs())).to_string();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_from_now() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
        let told = |seconds: i64| {
            relative(UNIX_EPOCH + Duration::from_secs(1_000_000u64.saturating_add_signed(seconds)), now)
        };
        assert_eq!(told(3599), "in 59m 59s");
        assert_eq!(told(-120), "2m ago");
        assert_eq!(told(0), "now");
        assert_eq!(told(93_784), "in 1day 2h");
    }

    #[test]
    fn members_stand_each_on_its_line_and_do_no_harm() {
        let mut out = String::new();
        let now = UNIX_EPOCH + Duration::from_secs(60);
        let json = br#"{"sub":"\u001b[31m","exp":120,"nbf":60,"iat":0,"long\n":[1]}"#;
        members(&mut out, "claims", json, now);
        assert_eq!(
            out,
            "claims\n  exp    120  (expires in 1m, 1970-01-01T00:02:00Z)\n  iat    0  (made 1m ago, 1970-01-01T00:00:00Z)\n  \
             long\\n  [1]\n  nbf    60  (began now, 1970-01-01T00:01:00Z)\n  sub    \"\\u001b[31m\"\n"
        );
    }

    #[test]
    fn what_is_no_date_stays_a_number() {
        let told = |text: &str| time("exp", &serde_json::from_str(text).unwrap(), UNIX_EPOCH);
        for text in ["1e300", "18446744073709551615", "\"soon\"", "-1", "null"] {
            assert_eq!(told(text), "", "{text}");
        }
    }
}
