//! What the benchmarks share: streams of frames as a client sends them.

/// `count` masked frames with the same payload, one behind the other.
pub fn masked_frames(text: bool, payload: &[u8], count: usize) -> Vec<u8> {
    let mut stream = Vec::new();
    for number in 0..count as u32 {
        let mask = number.wrapping_mul(0x9e37_79b9).to_be_bytes();
        stream.push(if text { 0x81 } else { 0x82 });
        match payload.len() {
            len @ 0..126 => stream.push(0x80 | len as u8),
            len @ 126..0x1_0000 => {
                stream.push(0x80 | 126);
                stream.extend_from_slice(&(len as u16).to_be_bytes());
            }
            len => {
                stream.push(0x80 | 127);
                stream.extend_from_slice(&(len as u64).to_be_bytes());
            }
        }
        stream.extend_from_slice(&mask);
        stream.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
    }
    stream
}
