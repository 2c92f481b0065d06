//! What is published, and what every subscriber makes of it: when it should have come, and whether all of it came, once and
//! in order.

use std::collections::{BTreeSet, HashMap};

use memchr::memmem;

use crate::bench::measure::{Messages, Nanos};

/// The mark of a published message. It is looked for anywhere in what arrives, so that any protocol may carry it.
const MARK: &[u8] = b"rw:";

/// Bytes of a tag: the mark and four numbers in hexadecimal, with colons between them.
pub(super) const TAG_LEN: usize = 3 + 4 + 1 + 10 + 1 + 16 + 1 + 10 + 1;

/// Missing messages of one publisher that are remembered; older ones are lost for good.
const REMEMBERED: usize = 10_000;

/// What stands at the beginning of a published message. The moments are those of the machine's clock, so publisher and
/// subscriber have to be on one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) publisher: u16,
    /// From 0 on, for each publisher.
    pub(super) number: u64,
    pub(super) due: Nanos,
    /// After it was due.
    pub(super) late: Nanos,
}

impl Tag {
    pub(super) fn write(&self, into: &mut String) {
        use std::fmt::Write;

        let Self { publisher, number, due, late } = self;
        // Writing to a string does not fail.
        let _ = write!(into, "rw:{publisher:04x}:{number:010x}:{due:016x}:{late:010x}:");
    }

    /// The tag in a message, wherever it is.
    pub(super) fn find(message: &[u8]) -> Option<Self> {
        let at = memmem::find(message, MARK)? + MARK.len();
        let text = std::str::from_utf8(message.get(at..at + TAG_LEN - MARK.len())?).ok()?;
        let mut numbers = text.split_terminator(':').map(|digits| u64::from_str_radix(digits, 16).ok());
        let mut next = || numbers.next().flatten();
        Some(Self { publisher: next()?.try_into().ok()?, number: next()?, due: next()?, late: next()? })
    }
}

/// What one subscriber has seen, of each publisher.
#[derive(Debug, Default)]
pub(super) struct Seen(HashMap<u16, Sequence>);

/// The numbers of one publisher.
#[derive(Debug, Default)]
struct Sequence {
    /// One above the highest that came.
    next: u64,
    /// Those below that did not.
    missing: BTreeSet<u64>,
}

impl Seen {
    /// Counts a delivery; tells whether it is the first of this message.
    pub(super) fn note(&mut self, tag: &Tag, counts: &mut Messages) -> bool {
        let sequence = self.0.entry(tag.publisher).or_default();
        if tag.number >= sequence.next {
            sequence.missing.extend(sequence.next..tag.number);
            sequence.next = tag.number + 1;
            counts.lost += sequence.forget();
            return true;
        }
        let is_late = sequence.missing.remove(&tag.number);
        if is_late {
            counts.reordered += 1;
        } else {
            counts.doubled += 1;
        }
        is_late
    }

    /// Counts what has not come of what was published: `published` tells how much that was of a publisher.
    pub(super) fn finish(mut self, published: impl Fn(u16) -> u64, publishers: u16, counts: &mut Messages) {
        for publisher in 0..publishers {
            let sequence = self.0.remove(&publisher).unwrap_or_default();
            let behind = published(publisher).saturating_sub(sequence.next);
            counts.lost += sequence.missing.len() as u64 + behind;
        }
    }
}

impl Sequence {
    /// Gives up the oldest of too many missing ones; tells how many.
    fn forget(&mut self) -> u64 {
        let mut forgotten = 0;
        while self.missing.len() > REMEMBERED {
            self.missing.pop_first();
            forgotten += 1;
        }
        forgotten
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(number: u64) -> Tag {
        Tag { publisher: 3, number, due: 1_700_000_000_000_000_000, late: 5 }
    }

    #[test]
    fn tags_are_found_wherever_they_are() {
        let mut text = String::new();
        tag(7).write(&mut text);
        assert_eq!(text.len(), TAG_LEN);
        for message in
            [text.clone(), format!("42[\"bench\",\"{text} filling\"]"), format!("{{\"data\":\"{text}\"}}")]
        {
            assert_eq!(Tag::find(message.as_bytes()), Some(tag(7)));
        }
        assert_eq!(Tag::find(&text.as_bytes()[..TAG_LEN - 1]), None);
        assert_eq!(Tag::find(b"rw:zzzz"), None);
    }

    #[test]
    fn lost_doubled_and_reordered_are_counted_exactly() {
        let mut seen = Seen::default();
        let mut counts = Messages::default();
        // 3 comes late, 5 twice, 1 and 7 not at all; of 10 published the last two are missing as well.
        let first: Vec<bool> =
            [0, 2, 4, 3, 5, 5, 6].map(|number| seen.note(&tag(number), &mut counts)).into();
        assert_eq!(first, [true, true, true, true, true, false, true]);
        seen.finish(|publisher| if publisher == 3 { 10 } else { 0 }, 4, &mut counts);
        assert_eq!((counts.reordered, counts.doubled, counts.lost), (1, 1, 1 + 3));
    }

    #[test]
    fn a_gap_without_end_takes_no_memory_without_end() {
        let mut seen = Seen::default();
        let mut counts = Messages::default();
        seen.note(&tag(30_000), &mut counts);
        assert_eq!(counts.lost, 30_000 - REMEMBERED as u64);
        seen.finish(|_| 30_001, 4, &mut counts);
        // Publishers 0 to 2 have published as much, and nothing of it came.
        assert_eq!(counts.lost, 30_000 + 3 * 30_001);
    }
}
