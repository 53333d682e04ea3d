//! From characters to bytes: the parser counts characters, a text is cut at bytes.

/// Byte offsets of every 128th character of a text.
#[derive(Debug)]
pub(super) struct CharIndex {
    offsets: Vec<usize>,
}

const STRIDE: usize = 128;

impl CharIndex {
    pub(super) fn new(text: &str) -> Self {
        let offsets = text
            .char_indices()
            .step_by(STRIDE)
            .map(|(at, _)| at)
            .collect();
        Self { offsets }
    }

    /// The byte at which a character begins; the end of the text for one behind it.
    pub(super) fn byte(&self, text: &str, character: usize) -> usize {
        let Some(&start) = self.offsets.get(character / STRIDE) else {
            return text.len();
        };
        let rest = &text[start..];
        let within = rest.char_indices().nth(character % STRIDE);
        within.map_or(text.len(), |(at, _)| start + at)
    }

    /// The number of the character that begins at a byte.
    pub(super) fn character(&self, text: &str, byte: usize) -> usize {
        let index = self.offsets.partition_point(|offset| *offset <= byte);
        let Some(index) = index.checked_sub(1) else {
            return 0;
        };
        let start = self.offsets[index];
        let between = text.get(start..byte).unwrap_or_default();
        index * STRIDE + between.chars().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_and_bytes_are_found_from_each_other() {
        let text = "aé😀".repeat(200);
        let index = CharIndex::new(&text);
        for (character, (byte, _)) in text.char_indices().enumerate() {
            assert_eq!(index.byte(&text, character), byte);
            assert_eq!(index.character(&text, byte), character);
        }
        assert_eq!(index.byte(&text, 600), text.len());
        assert_eq!(index.byte(&text, 10_000), text.len());
        assert_eq!(CharIndex::new("").byte("", 0), 0);
        assert_eq!(CharIndex::new("").character("", 0), 0);
    }
}
