//! Quotes of CSV, which its reader takes for something whatever they are: one that nothing closes
//! takes in the rest of the file, and what stands behind a closing one becomes part of the cell.

/// A quote that RFC 4180 does not allow where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongQuote {
    /// Nothing closes it.
    #[error("line {0}: nothing closes the quote; a quote in a cell is written twice")]
    Open(u64),
    /// It opens a cell that does not end where its quotes do.
    #[error("line {0}: text stands behind a quoted cell; a quote in a cell is written twice")]
    Behind(u64),
}

/// Checks the quotes of CSV. A quote within a cell that does not begin with one is part of it.
///
/// # Errors
///
/// The first mistake, with the line of the opening quote, from 1.
pub fn check(csv: &str) -> Result<(), WrongQuote> {
    let bytes = csv.strip_prefix('\u{feff}').unwrap_or(csv).as_bytes();
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() {
        if bytes[at] == b'"' {
            let opened = line;
            let inner = &bytes[at + 1..];
            let length = quoted(inner).ok_or(WrongQuote::Open(opened))?;
            line += lines(&inner[..length]);
            at += length + 2;
            if !matches!(bytes.get(at), None | Some(b',' | b'\r' | b'\n')) {
                return Err(WrongQuote::Behind(opened));
            }
        } else {
            let ends = |byte: &u8| matches!(byte, b',' | b'\r' | b'\n');
            let rest = &bytes[at..];
            at += rest.iter().position(ends).unwrap_or(rest.len());
        }
        let end = bytes.len().min(at + 1);
        line += lines(bytes.get(at..end).unwrap_or_default());
        at += 1;
    }
    Ok(())
}

/// How many bytes stand before the quote that closes a cell.
fn quoted(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == b'"')?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quotes_of_rfc_4180_are_taken() {
        for csv in [
            "",
            "a,b\n1,2",
            "\u{feff}\"a\",b\r\n\"x, \"\"y\"\"\",\"1\r\n2\"\r\n",
            "a\n\"\"\n\"\"\"\"",
            "xpath\n//a[@id=\"x\"]\n \"y\"\n",
        ] {
            assert_eq!(check(csv), Ok(()), "{csv:?}");
        }
    }

    #[test]
    fn others_are_refused_with_the_line_of_the_opening_quote() {
        for (csv, wrong) in [
            ("a,b\n1,\"x\n2,y\n3,z\n", WrongQuote::Open(2)),
            ("a\n\"x\ny\"\n\"", WrongQuote::Open(4)),
            ("a\n\"x\"\"", WrongQuote::Open(2)),
            ("a,b\r\n\r\n1,\"x\"y\r\n", WrongQuote::Behind(3)),
            ("\"a\nb\" ,c", WrongQuote::Behind(1)),
        ] {
            assert_eq!(check(csv), Err(wrong), "{csv:?}");
        }
    }
}
