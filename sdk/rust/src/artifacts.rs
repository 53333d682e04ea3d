//! Artifacts: reading what runs leave, and storing files for tests to upload.

use std::io::SeekFrom;
use std::path::Path;

use bytes::Bytes;
use futures::Stream;
use futures::stream;
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWrite, AsyncWriteExt as _};
use tonic::Code;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::request_id;
use crate::v1::artifact_service_client::ArtifactServiceClient;
use crate::v1::create_artifact_request::Part;
use crate::v1::{self, Artifact, ArtifactUpload, CreateArtifactRequest, ErrorReason};

/// Bytes of content in one message of an upload.
const CHUNK_BYTES: usize = 64 * 1024;

impl Client {
    /// What is known of an artifact.
    ///
    /// # Errors
    ///
    /// `ARTIFACT_NOT_FOUND`; `SERVER_UNREACHABLE`.
    pub async fn artifact(&self, name: impl Into<String>) -> Result<Artifact> {
        let request = v1::GetArtifactRequest { name: name.into() };
        Ok(self.call_again(request).await?.artifact.unwrap_or_default())
    }

    /// The artifacts of a run or session, oldest first; `-` for all.
    pub fn artifacts(&self, parent: &str) -> impl Stream<Item = Result<Artifact>> + use<> {
        let (client, parent) = (self.clone(), parent.to_owned());
        crate::pages::pages(move |page_token| {
            let (client, parent) = (client.clone(), parent.clone());
            async move {
                let request = v1::ListArtifactsRequest {
                    parent,
                    page_token,
                    ..Default::default()
                };
                let page = client.call_again(request).await?;
                Ok((page.artifacts, page.next_page_token))
            }
        })
    }

    /// Writes an artifact's content to `output`, goes on where it was when the connection breaks,
    /// and checks its SHA-256 at the end.
    ///
    /// # Errors
    ///
    /// `ARTIFACT_NOT_FOUND`; `ARTIFACT_CORRUPT`: what arrived does not have the SHA-256;
    /// `SERVER_UNREACHABLE`; an error of `output`.
    pub async fn read_artifact(
        &self,
        name: impl Into<String>,
        output: &mut (impl AsyncWrite + Unpin),
    ) -> Result<Artifact> {
        let mut reading = Reading {
            client: self,
            name: name.into(),
            offset: 0,
            digest: Sha256::new(),
            artifact: None,
        };
        let mut backoff = self.backoff();
        loop {
            let before = reading.offset;
            let error = match reading.go_on(output).await {
                Ok(()) => break,
                Err(error) if error.is_transient() => error,
                Err(error) => return Err(error),
            };
            if reading.offset > before {
                backoff.reset();
            }
            match backoff.next_delay(error.retry_after()) {
                Some(delay) => tokio::time::sleep(delay).await,
                None => return Err(error),
            }
        }
        output.flush().await.map_err(|error| not_written(&error))?;
        reading.verified()
    }

    /// An artifact's content, in memory.
    ///
    /// # Errors
    ///
    /// As [`read_artifact`](Self::read_artifact).
    pub async fn artifact_bytes(&self, name: impl Into<String>) -> Result<Bytes> {
        let mut content = std::io::Cursor::new(Vec::new());
        self.read_artifact(name, &mut content).await?;
        Ok(content.into_inner().into())
    }

    /// Stores a file for tests to upload, with its SHA-256, so that the server refuses it when it
    /// arrives changed. Tried again safely.
    ///
    /// # Errors
    ///
    /// `ARTIFACT_TOO_LARGE`; `ARTIFACT_MISMATCH`: the file changed meanwhile; an error of the
    /// file; `SERVER_UNREACHABLE`.
    pub async fn upload_file(&self, path: impl AsRef<Path>) -> Result<Artifact> {
        let path = path.as_ref();
        let unreadable = |error: std::io::Error| {
            Error::local(
                Code::InvalidArgument,
                format!("{} cannot be read: {error}", path.display()),
            )
        };
        let sha256 = sha256_of(path).await.map_err(unreadable)?;
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        let upload = describe(file_name.into_owned(), sha256);
        self.again(|| async {
            let mut file = File::open(path).await.map_err(unreadable)?;
            file.seek(SeekFrom::Start(0)).await.map_err(unreadable)?;
            self.create_artifact(upload.clone(), stream::unfold(file, next_chunk))
                .await
        })
        .await
    }

    /// As [`upload_file`](Self::upload_file), for content in memory.
    ///
    /// # Errors
    ///
    /// As [`upload_file`](Self::upload_file).
    pub async fn upload(
        &self,
        file_name: impl Into<String>,
        content: impl Into<Bytes>,
    ) -> Result<Artifact> {
        let content = content.into();
        let sha256 = hex(&Sha256::digest(&content));
        let upload = describe(file_name.into(), sha256);
        self.again(|| {
            let rest = content.clone();
            let chunks = stream::unfold(rest, |mut rest| async move {
                let chunk = rest.split_to(rest.len().min(CHUNK_BYTES));
                (!chunk.is_empty()).then_some((chunk, rest))
            });
            self.create_artifact(upload.clone(), chunks)
        })
        .await
    }

    /// Deletes an artifact.
    ///
    /// # Errors
    ///
    /// `ARTIFACT_NOT_FOUND`; `SERVER_UNREACHABLE`.
    pub async fn delete_artifact(&self, name: impl Into<String>) -> Result<()> {
        let request = v1::DeleteArtifactRequest {
            name: name.into(),
            request_id: request_id(),
        };
        self.call(request).await.map(drop)
    }

    async fn create_artifact(
        &self,
        upload: ArtifactUpload,
        chunks: impl Stream<Item = Bytes> + Send + 'static,
    ) -> Result<Artifact> {
        use futures::StreamExt as _;

        let first = stream::iter([Part::Upload(upload)]);
        let parts = first.chain(chunks.map(Part::Data));
        let requests = parts.map(|part| CreateArtifactRequest { part: Some(part) });
        let mut service = ArtifactServiceClient::new(self.channel());
        let response = service.create_artifact(requests).await?;
        Ok(response.into_inner().artifact.unwrap_or_default())
    }
}

/// A download that can go on where it was.
struct Reading<'a> {
    client: &'a Client,
    name: String,
    offset: i64,
    digest: Sha256,
    artifact: Option<Artifact>,
}

impl Reading<'_> {
    async fn go_on(&mut self, output: &mut (impl AsyncWrite + Unpin)) -> Result<()> {
        let request = v1::ReadArtifactRequest {
            name: self.name.clone(),
            offset: self.offset,
            limit: 0,
        };
        let mut service = ArtifactServiceClient::new(self.client.channel())
            .max_decoding_message_size(self.client.max_message_bytes());
        let mut chunks = service.read_artifact(request).await?.into_inner();
        while let Some(chunk) = chunks.message().await? {
            if let Some(artifact) = chunk.artifact {
                self.expect_same(artifact)?;
            }
            if chunk.offset != self.offset && !chunk.data.is_empty() {
                return Err(self.corrupt(&format!("byte {} came", chunk.offset)));
            }
            output
                .write_all(&chunk.data)
                .await
                .map_err(|error| not_written(&error))?;
            self.digest.update(&chunk.data);
            self.offset += i64::try_from(chunk.data.len()).unwrap_or(i64::MAX);
        }
        Ok(())
    }

    fn expect_same(&mut self, artifact: Artifact) -> Result<()> {
        match &self.artifact {
            Some(first) if first.sha256 != artifact.sha256 => {
                Err(self.corrupt("its SHA-256 has changed"))
            }
            _ => {
                self.artifact = Some(artifact);
                Ok(())
            }
        }
    }

    fn verified(self) -> Result<Artifact> {
        let sha256 = hex(&self.digest.clone().finalize());
        match &self.artifact {
            Some(artifact) if artifact.sha256 == sha256 => Ok(artifact.clone()),
            Some(_) => Err(self.corrupt("the content does not have its SHA-256")),
            None => Err(self.corrupt("it came without a description")),
        }
    }

    fn corrupt(&self, why: &str) -> Error {
        Error::new(
            ErrorReason::ArtifactCorrupt,
            format!(
                "{} at byte {}: {why}; read it again",
                self.name, self.offset
            ),
        )
    }
}

fn describe(file_name: String, sha256: String) -> ArtifactUpload {
    ArtifactUpload {
        file_name,
        media_type: String::new(),
        sha256,
        request_id: request_id(),
    }
}

/// A file that cannot be read any further ends the stream; its SHA-256 then does not fit.
async fn next_chunk(mut file: File) -> Option<(Bytes, File)> {
    let mut chunk = bytes::BytesMut::with_capacity(CHUNK_BYTES);
    file.read_buf(&mut chunk).await.ok()?;
    (!chunk.is_empty()).then(|| (chunk.freeze(), file))
}

async fn sha256_of(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path).await?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let count = file.read(&mut buffer).await?;
        if count == 0 {
            return Ok(hex(&digest.finalize()));
        }
        digest.update(&buffer[..count]);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn not_written(error: &std::io::Error) -> Error {
    Error::local(
        Code::Aborted,
        format!("the content could not be written: {error}"),
    )
}
