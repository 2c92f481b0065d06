//! Writing JSON: objects whose values are partly JSON text already.

pub(super) use ropeway_socketio::push_string as push_text;

/// An object that is being written. Every method after the first field writes the comma before itself.
pub(super) struct Object<'o> {
    out: &'o mut String,
}

impl<'o> Object<'o> {
    /// Begins with the field `type`, which every message has first.
    pub(super) fn message(out: &'o mut String, kind: &str) -> Self {
        out.push_str("{\"type\":\"");
        out.push_str(kind);
        out.push('"');
        Self { out }
    }

    /// Begins with another field.
    pub(super) fn beginning(out: &'o mut String, name: &str, value: &str) -> Self {
        out.push_str("{\"");
        out.push_str(name);
        out.push_str("\":");
        push_text(out, value);
        Self { out }
    }

    pub(super) fn text(self, name: &str, value: &str) -> Self {
        self.with(name, |out| push_text(out, value))
    }

    pub(super) fn optional_text(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// `value` is JSON text; the empty text, which is none, becomes `null`.
    pub(super) fn json(self, name: &str, value: &str) -> Self {
        self.with(name, |out| out.push_str(if value.is_empty() { "null" } else { value }))
    }

    pub(super) fn number(self, name: &str, value: u64) -> Self {
        self.with(name, |out| push_number(out, value))
    }

    pub(super) fn flag(self, name: &str, value: bool) -> Self {
        self.with(name, |out| out.push_str(if value { "true" } else { "false" }))
    }

    /// `[item,item]`, each written by `write`.
    pub(super) fn list<T>(self, name: &str, items: &[T], write: impl Fn(&mut String, &T)) -> Self {
        self.with(name, |out| {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(out, item);
            }
            out.push(']');
        })
    }

    pub(super) fn with(self, name: &str, write: impl FnOnce(&mut String)) -> Self {
        self.out.push_str(",\"");
        self.out.push_str(name);
        self.out.push_str("\":");
        write(self.out);
        self
    }

    pub(super) fn end(self) {
        self.out.push('}');
    }
}

pub(super) fn push_number(out: &mut String, value: u64) {
    use std::fmt::Write;
    // Writing to a `String` cannot fail.
    let _ = write!(out, "{value}");
}
