//! The screenshots that are embedded in the HTML report, as data addresses.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use etude::v1::Screenshot;

use crate::error::Result;
use crate::store::Store;

/// The most bytes of all embedded screenshots together, before encoding.
const TOTAL_BYTES: usize = 24 << 20;

/// The most bytes of one embedded screenshot, before encoding.
const SCREENSHOT_BYTES: usize = 4 << 20;

/// Bytes read at a time.
const PIECE_BYTES: usize = 256 * 1024;

/// Screenshots by artifact name.
#[derive(Debug, Default)]
pub(super) struct Screenshots {
    by_artifact: HashMap<String, String>,
    /// How many found no room.
    pub(super) left_out: usize,
}

impl Screenshots {
    /// Loads screenshots in the given order, as many as there is room for. One that cannot be
    /// read is left out: the report is worth more than its pictures.
    pub(super) async fn load(
        store: &dyn Store,
        screenshots: impl Iterator<Item = &Screenshot>,
    ) -> Result<Self> {
        let mut loaded = Self::default();
        let mut room = TOTAL_BYTES;
        for screenshot in screenshots {
            if loaded.by_artifact.contains_key(&screenshot.artifact) {
                continue;
            }
            match read(store, &screenshot.artifact, room.min(SCREENSHOT_BYTES)).await {
                Ok(Some(png)) => {
                    room -= png.len();
                    let address = format!("data:image/png;base64,{}", STANDARD.encode(&png));
                    loaded
                        .by_artifact
                        .insert(screenshot.artifact.clone(), address);
                }
                Ok(None) => loaded.left_out += 1,
                Err(error) => {
                    tracing::warn!(artifact = screenshot.artifact, %error, "no screenshot");
                    loaded.left_out += 1;
                }
            }
        }
        Ok(loaded)
    }

    /// A screenshot's data address.
    pub(super) fn get(&self, artifact: &str) -> Option<&str> {
        self.by_artifact.get(artifact).map(String::as_str)
    }
}

/// The content of an artifact; `None` when it is larger than `most`.
async fn read(store: &dyn Store, artifact: &str, most: usize) -> Result<Option<Vec<u8>>> {
    let size = store.artifact(artifact).await?.size_bytes;
    let Some(size) = usize::try_from(size).ok().filter(|size| *size <= most) else {
        return Ok(None);
    };
    let mut content = Vec::with_capacity(size);
    while content.len() < size {
        let piece = store
            .read_artifact(artifact, content.len() as u64, PIECE_BYTES)
            .await?;
        if piece.is_empty() {
            return Ok(None);
        }
        content.extend_from_slice(&piece);
    }
    Ok(Some(content))
}
