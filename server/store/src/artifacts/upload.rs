//! A file that arrives in pieces.

use async_trait::async_trait;
use bytes::Bytes;
use etude::v1;
use etude_engine::store::{ArtifactWriter, NewArtifact};
use etude_engine::{Error, Result};

use super::Artifacts;
use super::incoming::Incoming;
use crate::error::failed;
use crate::tasks::blocking;

/// Takes the pieces of a file.
pub(crate) struct Upload {
    artifacts: Artifacts,
    new: NewArtifact,
    /// `None` after a failure, which has removed it.
    incoming: Option<Incoming>,
}

impl Upload {
    /// Takes the pieces into `incoming`.
    pub(crate) fn new(artifacts: Artifacts, new: NewArtifact, incoming: Incoming) -> Self {
        Self {
            artifacts,
            new,
            incoming: Some(incoming),
        }
    }
}

#[async_trait]
impl ArtifactWriter for Upload {
    async fn write(&mut self, data: Bytes) -> Result<()> {
        let mut incoming = self.incoming.take().ok_or_else(gone)?;
        self.artifacts
            .check_size(incoming.size() + data.len() as u64)?;
        let written = blocking(move || {
            incoming.write(&data)?;
            Ok(incoming)
        });
        self.incoming = Some(written.await?);
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<v1::Artifact> {
        let incoming = self.incoming.take().ok_or_else(gone)?;
        self.artifacts.keep(self.new, incoming).await
    }
}

fn gone() -> Error {
    failed("the upload has failed before; begin it again")
}
