//! `&#xNN`: octets that would break a row, in hexadecimal, without a semicolon.
//!
//! Since 3.3 Kea escapes everything outside printable ASCII; earlier versions the comma and the
//! ampersand. Both are read here. Octets that are no UTF-8 stay escaped in the text, and such an
//! escape in a text is written as it stands, so that they come back as they were.

use std::borrow::Cow;

/// Appends `text`, escaped.
pub(super) fn write(text: &str, out: &mut Vec<u8>) {
    if text.contains("&#x") {
        let start = out.len();
        escape(text, true, out);
        if out.get(start..).is_some_and(|written| read(written) == text) {
            return;
        }
        // An escape in the text that would be read as a character: not one that we left there.
        out.truncate(start);
    }
    escape(text, false, out);
}

fn escape(text: &str, keep_escapes: bool, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut rest = text.as_bytes();
    while let Some((&octet, after)) = rest.split_first() {
        let plain = match octet {
            b'&' => keep_escapes && matches!(escaped(rest), Some((0x80.., _))),
            b',' | ..0x20 | 0x7f.. => false,
            _ => true,
        };
        if plain {
            out.push(octet);
        } else {
            out.extend_from_slice(b"&#x");
            out.extend([octet >> 4, octet & 15].map(|digit| DIGITS[usize::from(digit)]));
        }
        rest = after;
    }
}

/// The text of one field.
pub(super) fn read(field: &[u8]) -> Cow<'_, str> {
    let octets = unescape(field);
    if let Cow::Borrowed(octets) = octets
        && let Ok(text) = str::from_utf8(octets)
    {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(octets.len());
    for chunk in octets.utf8_chunks() {
        text.push_str(chunk.valid());
        for octet in chunk.invalid() {
            text.push_str(&format!("&#x{octet:02x}"));
        }
    }
    Cow::Owned(text)
}

fn unescape(field: &[u8]) -> Cow<'_, [u8]> {
    if !field.contains(&b'&') {
        return Cow::Borrowed(field);
    }
    let mut octets = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&octet, after)) = rest.split_first() {
        let (octet, after) = escaped(rest).unwrap_or((octet, after));
        octets.push(octet);
        rest = after;
    }
    Cow::Owned(octets)
}

/// The octet whose escape `text` begins with, and what follows.
fn escaped(text: &[u8]) -> Option<(u8, &[u8])> {
    let (&[high, low], after) = text.strip_prefix(b"&#x")?.split_first_chunk()?;
    let digit = |octet: u8| char::from(octet).to_digit(16);
    let octet = u8::try_from(digit(high)? << 4 | digit(low)?).ok()?;
    Some((octet, after))
}
