//! Names of rooms.

use std::sync::Arc;

/// One or several names of rooms: a string, or an array, slice or `Vec` of strings. The id of a socket is the name of a
/// room that only this socket is in.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a name of a room, nor several",
    note = "rooms are named by `&str`, `String`, `Arc<str>`, or an array, slice or `Vec` of those"
)]
pub trait Rooms {
    /// Each of them.
    #[doc(hidden)]
    fn append_to(self, names: &mut Vec<Arc<str>>);
}

macro_rules! one {
    ($($name:ty),*) => {$(
        impl Rooms for $name {
            fn append_to(self, names: &mut Vec<Arc<str>>) {
                names.push(self.into());
            }
        }
    )*};
}

one!(&str, String, Arc<str>);

impl Rooms for &String {
    fn append_to(self, names: &mut Vec<Arc<str>>) {
        names.push(self.as_str().into());
    }
}

impl Rooms for &Arc<str> {
    fn append_to(self, names: &mut Vec<Arc<str>>) {
        names.push(self.clone());
    }
}

impl<S: AsRef<str>> Rooms for &[S] {
    fn append_to(self, names: &mut Vec<Arc<str>>) {
        names.extend(self.iter().map(|name| Arc::from(name.as_ref())));
    }
}

impl<S: AsRef<str>> Rooms for &Vec<S> {
    fn append_to(self, names: &mut Vec<Arc<str>>) {
        self.as_slice().append_to(names);
    }
}

impl<S: AsRef<str>> Rooms for Vec<S> {
    fn append_to(self, names: &mut Vec<Arc<str>>) {
        self.as_slice().append_to(names);
    }
}

impl<S: AsRef<str>, const N: usize> Rooms for [S; N] {
    fn append_to(self, names: &mut Vec<Arc<str>>) {
        self.as_slice().append_to(names);
    }
}

/// All of them.
pub(super) fn names(rooms: impl Rooms) -> Vec<Arc<str>> {
    let mut names = Vec::new();
    rooms.append_to(&mut names);
    names
}

/// As the hub wants them.
pub(super) fn borrowed(names: &[Arc<str>]) -> Vec<&str> {
    names.iter().map(|name| &**name).collect()
}
