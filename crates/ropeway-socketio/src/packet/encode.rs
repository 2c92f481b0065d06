//! Writing packets: one append each, for those who have the parts and no [`Packet`](crate::Packet).
//!
//! None of them writes the type of the Engine.IO packet, `4`. Payloads are JSON text and not looked at.

use std::fmt::Write;

use crate::json::push_string;

/// `0{"sid":"..."}`. The payload is an object, or absent for clients of Engine.IO v3.
pub fn connect(out: &mut String, namespace: &str, payload: Option<&str>) {
    head(out, '0', 0, namespace, None);
    out.push_str(payload.unwrap_or_default());
}

/// `1`.
pub fn disconnect(out: &mut String, namespace: &str) {
    head(out, '1', 0, namespace, None);
}

/// `2["name",arguments]`, with attachments `5<count>-["name",arguments]`.
///
/// `arguments` are the parts of the argument list: each is JSON values with commas between them, perhaps none; the
/// comma between two parts is written here.
pub fn event(
    out: &mut String,
    namespace: &str,
    id: Option<u64>,
    name: &str,
    arguments: &[&str],
    attachments: usize,
) {
    let room: usize = arguments.iter().map(|part| part.len() + 1).sum();
    out.reserve(room + name.len() + namespace.len() + 8);
    head(out, if attachments == 0 { '2' } else { '5' }, attachments, namespace, id);
    out.push('[');
    push_string(out, name);
    for part in arguments.iter().filter(|part| !part.is_empty()) {
        out.push(',');
        out.push_str(part);
    }
    out.push(']');
}

/// `3<id>[arguments]`, with attachments `6<count>-<id>[arguments]`.
pub fn ack(out: &mut String, namespace: &str, id: u64, arguments: &str, attachments: usize) {
    head(out, if attachments == 0 { '3' } else { '6' }, attachments, namespace, Some(id));
    out.push('[');
    out.push_str(arguments);
    out.push(']');
}

/// `4{"message":"...","data":...}`. The payload is an object, or a string for clients of Engine.IO v3.
pub fn connect_error(out: &mut String, namespace: &str, payload: &str) {
    head(out, '4', 0, namespace, None);
    out.push_str(payload);
}

/// `<type>[<attachments>-][<namespace>,][<id>]`
fn head(out: &mut String, kind: char, attachments: usize, namespace: &str, id: Option<u64>) {
    out.push(kind);
    if attachments > 0 {
        let _ = write!(out, "{attachments}-");
    }
    if namespace != "/" {
        out.push_str(namespace);
        out.push(',');
    }
    if let Some(id) = id {
        let _ = write!(out, "{id}");
    }
}
