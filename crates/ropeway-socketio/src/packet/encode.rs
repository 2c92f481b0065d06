//! Writing packets: one append each, for those who have the parts and no [`Packet`](crate::Packet).
//!
//! None of them writes the type of the Engine.IO packet, `4`. Payloads are JSON text and not looked at.

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
        push_number(out, attachments as u64);
        out.push('-');
    }
    if namespace != "/" {
        out.push_str(namespace);
        out.push(',');
    }
    if let Some(id) = id {
        push_number(out, id);
    }
}

/// Numbers are in most packets, and the machinery of `write!` costs as much as the rest of one.
fn push_number(out: &mut String, mut number: u64) {
    let (mut digits, mut start) = ([0; 20], 20);
    while number > 0 || start == 20 {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.extend(digits[start..].iter().map(|digit| char::from(*digit)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal() {
        for number in [0, 7, 10, 1_234_567_890, u64::MAX] {
            let mut out = String::new();
            push_number(&mut out, number);
            assert_eq!(out, number.to_string());
        }
    }
}
