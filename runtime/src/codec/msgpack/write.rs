//! The forms of MessagePack, each in its shortest.

use super::Malformed;

pub(crate) fn nil(out: &mut Vec<u8>) {
    out.push(0xc0);
}

pub(super) fn boolean(out: &mut Vec<u8>, value: bool) {
    out.push(if value { 0xc3 } else { 0xc2 });
}

pub(crate) fn uint(out: &mut Vec<u8>, value: u64) {
    let [_, _, _, _, a, b, c, d] = value.to_be_bytes();
    match value {
        0..0x80 => out.push(d),
        0x80..0x100 => out.extend_from_slice(&[0xcc, d]),
        0x100..0x1_0000 => out.extend_from_slice(&[0xcd, c, d]),
        0x1_0000..0x1_0000_0000 => out.extend_from_slice(&[0xce, a, b, c, d]),
        _ => {
            out.push(0xcf);
            out.extend_from_slice(&value.to_be_bytes());
        }
    }
}

pub(crate) fn int(out: &mut Vec<u8>, value: i64) {
    if let Ok(value) = u64::try_from(value) {
        return uint(out, value);
    }
    let [_, _, _, _, a, b, c, d] = value.to_be_bytes();
    match value {
        -0x20.. => out.push(d),
        -0x80..-0x20 => out.extend_from_slice(&[0xd0, d]),
        -0x8000..-0x80 => out.extend_from_slice(&[0xd1, c, d]),
        -0x8000_0000..-0x8000 => out.extend_from_slice(&[0xd2, a, b, c, d]),
        _ => {
            out.push(0xd3);
            out.extend_from_slice(&value.to_be_bytes());
        }
    }
}

pub(super) fn float(out: &mut Vec<u8>, value: f64) {
    out.push(0xcb);
    out.extend_from_slice(&value.to_be_bytes());
}

pub(crate) fn text(out: &mut Vec<u8>, value: &str) -> Result<(), Malformed> {
    head(out, value.len(), Some((0xa0, 32)), Some(0xd9), 0xda)?;
    out.extend_from_slice(value.as_bytes());
    Ok(())
}

pub(super) fn binary(out: &mut Vec<u8>, value: &[u8]) -> Result<(), Malformed> {
    head(out, value.len(), None, Some(0xc4), 0xc5)?;
    out.extend_from_slice(value);
    Ok(())
}

/// So many values follow.
pub(crate) fn array(out: &mut Vec<u8>, len: usize) -> Result<(), Malformed> {
    head(out, len, Some((0x90, 16)), None, 0xdc)
}

/// So many keys with their values follow.
pub(super) fn map(out: &mut Vec<u8>, len: usize) -> Result<(), Malformed> {
    head(out, len, Some((0x80, 16)), None, 0xde)
}

/// A length: within the mark itself below the limit of `short`, in one byte behind `one`, in two behind `two`, or in
/// four behind the mark that follows.
fn head(
    out: &mut Vec<u8>,
    len: usize,
    short: Option<(u8, u32)>,
    one: Option<u8>,
    two: u8,
) -> Result<(), Malformed> {
    let len = u32::try_from(len).map_err(|_| Malformed::TooLong)?;
    let [a, b, c, d] = len.to_be_bytes();
    match (short, one) {
        (Some((mark, limit)), _) if len < limit => out.push(mark | d),
        (_, Some(one)) if len < 0x100 => out.extend_from_slice(&[one, d]),
        _ if len < 0x1_0000 => out.extend_from_slice(&[two, c, d]),
        _ => out.extend_from_slice(&[two + 1, a, b, c, d]),
    }
    Ok(())
}
