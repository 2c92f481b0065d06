//! Every first byte that a frame can have, masked and not, with lengths that do not fit.

use tokio::io::AsyncWriteExt;

use crate::attack::Attack;
use crate::wire::until_end;

/// A frame that is wrong ends its connection; one that is right is borne, and ended by the close that follows.
#[test]
fn every_first_byte_is_taken_or_ends_the_connection() {
    Attack::new("first_bytes").lines(256 * 3 * 8).run(async |target| {
        for second in [0x80, 0x80 | 125, 0] {
            for first in 0..=u8::MAX {
                let mut stream = target.upgraded(2, ["/ws", "/echo"][usize::from(first) % 2]).await;
                let payload = [0_u8; 4 + 125];
                let bytes = &payload[..4 + usize::from(second & 0x7f)];
                // The close follows when the length was no lie.
                let close = [0x88, 0x80, 0, 0, 0, 0];
                stream.write_all(&[&[first, second], bytes, &close].concat()).await.unwrap();
                until_end(&mut stream).await;
            }
        }
    });
}
