//! What is sent to be echoed: a number, so that each answer meets its message, and a filling.

/// Digits of the number, as far as the message has room for them.
const DIGITS: usize = 12;

/// The message of a run, in which only the number changes.
#[derive(Clone, Debug)]
pub(crate) struct Payload {
    bytes: Vec<u8>,
    digits: usize,
}

impl Payload {
    /// A message of `size` bytes, one at least.
    pub(crate) fn new(size: usize) -> Self {
        let filling = b"the quick brown fox jumps over the lazy dog ".iter().copied().cycle();
        Self { bytes: filling.take(size.max(1)).collect(), digits: size.clamp(1, DIGITS) }
    }

    /// Writes a message behind what `into` has. Text and binary look the same: all of it is ASCII without quotes.
    pub(crate) fn append(&self, number: u64, into: &mut Vec<u8>) {
        let start = into.len();
        into.extend_from_slice(&self.bytes);
        let mut rest = number;
        for digit in into[start..start + self.digits].iter_mut().rev() {
            *digit = b'a' + (rest % 16) as u8;
            rest /= 16;
        }
    }

    /// The number of a message, if it is one of ours and whole.
    pub(crate) fn read(&self, message: &[u8]) -> Option<u64> {
        let filling = message.get(self.digits..)?;
        if filling != &self.bytes[self.digits..] {
            return None;
        }
        message[..self.digits].iter().try_fold(0, |number, digit| {
            let digit = digit.checked_sub(b'a').filter(|digit| *digit < 16)?;
            Some(number * 16 + u64::from(digit))
        })
    }

    /// Bytes of a message.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Numbers count up to this and begin anew.
    pub(crate) fn modulus(&self) -> u64 {
        16_u64.pow(self.digits as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_tell_their_number() {
        for size in [1, 2, 12, 20, 1024] {
            let payload = Payload::new(size);
            let mut message = Vec::new();
            for number in [0, 1, payload.modulus() - 1] {
                message.clear();
                payload.append(number, &mut message);
                assert_eq!((message.len(), payload.read(&message)), (size, Some(number)));
            }
        }
    }

    #[test]
    fn other_messages_are_none_of_ours() {
        let payload = Payload::new(20);
        let mut message = Vec::new();
        payload.append(7, &mut message);
        assert_eq!(payload.read(&message[..19]), None);
        message[19] ^= 1;
        assert_eq!(payload.read(&message), None);
        assert_eq!(payload.read(b""), None);
    }
}
