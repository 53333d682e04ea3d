//! `ArtifactService`: files in pieces.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use etude::v1::artifact_service_server::ArtifactService;
use etude::v1::create_artifact_request::Part;
use etude::v1::{self, ErrorReason};
use etude_engine::store::{ArtifactSink, NewArtifact, PageRequest, Store};
use etude_engine::{Error, Result};
use futures::{Stream, StreamExt as _, stream};
use tonic::{Request, Response, Status, Streaming};

use super::{answer, check, check_message, page_size};
use crate::status::{completed, to_status};

/// Most content of one message, in bytes.
const PIECE_BYTES: usize = 64 * 1024;

const DEFAULT_MEDIA_TYPE: &str = "application/octet-stream";

/// Serves artifacts.
#[derive(Clone)]
pub(super) struct Artifacts {
    store: Arc<dyn Store>,
}

impl Artifacts {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }
}

#[tonic::async_trait]
impl ArtifactService for Artifacts {
    async fn get_artifact(
        &self,
        request: Request<v1::GetArtifactRequest>,
    ) -> Result<Response<v1::GetArtifactResponse>, Status> {
        answer(request, async |request| {
            let artifact = self.store.artifact(&request.name).await?;
            Ok(v1::GetArtifactResponse {
                artifact: Some(artifact),
            })
        })
        .await
    }

    async fn list_artifacts(
        &self,
        request: Request<v1::ListArtifactsRequest>,
    ) -> Result<Response<v1::ListArtifactsResponse>, Status> {
        answer(request, async |request| {
            let page = PageRequest {
                size: page_size(request.page_size),
                token: request.page_token,
            };
            let parent = match request.parent.as_str() {
                "-" => "",
                parent => parent,
            };
            let page = self.store.list_artifacts(parent, page).await?;
            Ok(v1::ListArtifactsResponse {
                artifacts: page.items,
                next_page_token: page.next,
            })
        })
        .await
    }

    type ReadArtifactStream = ReadStream;

    async fn read_artifact(
        &self,
        request: Request<v1::ReadArtifactRequest>,
    ) -> Result<Response<ReadStream>, Status> {
        let request = check(request)?;
        let reading = Reading::open(Arc::clone(&self.store), &request).await;
        let stream = stream::try_unfold(reading.map_err(to_status)?, Reading::next);
        Ok(Response::new(stream.boxed()))
    }

    async fn create_artifact(
        &self,
        request: Request<Streaming<v1::CreateArtifactRequest>>,
    ) -> Result<Response<v1::CreateArtifactResponse>, Status> {
        let artifact = self.receive(request.into_inner()).await?;
        Ok(Response::new(v1::CreateArtifactResponse {
            artifact: Some(artifact),
        }))
    }

    async fn delete_artifact(
        &self,
        request: Request<v1::DeleteArtifactRequest>,
    ) -> Result<Response<v1::DeleteArtifactResponse>, Status> {
        answer(request, async |request| {
            self.store.delete_artifact(&request.name).await?;
            Ok(v1::DeleteArtifactResponse {})
        })
        .await
    }
}

// === Reading ===

type ReadStream = Pin<Box<dyn Stream<Item = Result<v1::ReadArtifactResponse, Status>> + Send>>;

/// One artifact on its way to a reader.
struct Reading {
    store: Arc<dyn Store>,
    name: String,
    /// Only before the first message.
    artifact: Option<v1::Artifact>,
    /// The first piece, read before the call is answered: what is wrong is an error of the call.
    first: Option<Bytes>,
    offset: u64,
    end: u64,
}

impl Reading {
    async fn open(store: Arc<dyn Store>, request: &v1::ReadArtifactRequest) -> Result<Self> {
        let artifact = store.artifact(&request.name).await?;
        let size = u64::try_from(artifact.size_bytes).unwrap_or_default();
        let offset = u64::try_from(request.offset).unwrap_or_default();
        if offset > size {
            let message = format!("offset {offset} lies behind the end of {size} bytes");
            let error = Error::new(ErrorReason::ArtifactOutOfRange, message);
            return Err(error.with("size_bytes", size).resource(artifact.name));
        }
        let end = match u64::try_from(request.limit).unwrap_or_default() {
            0 => size,
            limit => size.min(offset.saturating_add(limit)),
        };
        let mut reading = Self {
            name: artifact.name.clone(),
            store,
            artifact: Some(artifact),
            first: None,
            offset,
            end,
        };
        reading.first = Some(reading.read().await?);
        Ok(reading)
    }

    async fn read(&self) -> Result<Bytes> {
        let left = usize::try_from(self.end - self.offset).unwrap_or(usize::MAX);
        match left.min(PIECE_BYTES) {
            0 => Ok(Bytes::new()),
            length => {
                self.store
                    .read_artifact(&self.name, self.offset, length)
                    .await
            }
        }
    }

    async fn next(mut self) -> Result<Option<(v1::ReadArtifactResponse, Self)>, Status> {
        let artifact = self.artifact.take();
        let data = match self.first.take() {
            Some(data) => data,
            None => self.read().await.map_err(to_status)?,
        };
        // An empty file still has its description.
        if data.is_empty() && artifact.is_none() {
            return Ok(None);
        }
        let message = v1::ReadArtifactResponse {
            artifact,
            offset: i64::try_from(self.offset).unwrap_or(i64::MAX),
            data,
        };
        self.offset += message.data.len() as u64;
        Ok(Some((message, self)))
    }
}

// === Storing ===

impl Artifacts {
    async fn receive(
        &self,
        mut requests: Streaming<v1::CreateArtifactRequest>,
    ) -> Result<v1::Artifact, Status> {
        let upload = match next_part(&mut requests).await? {
            Some(Part::Upload(upload)) => upload,
            _ => return Err(to_status(mismatch("the first message must have `upload`"))),
        };
        let sink = self.store.begin_artifact(described(upload)).await;
        let mut writer = match sink.map_err(to_status)? {
            ArtifactSink::Known(artifact) => return Ok(artifact),
            ArtifactSink::Open(writer) => writer,
        };
        // An early return drops the writer, which leaves nothing.
        while let Some(part) = next_part(&mut requests).await? {
            let Part::Data(data) = part else {
                let error = mismatch("only the first message may have `upload`");
                return Err(to_status(error));
            };
            writer.write(data).await.map_err(to_status)?;
        }
        writer.finish().await.map_err(to_status)
    }
}

async fn next_part(
    requests: &mut Streaming<v1::CreateArtifactRequest>,
) -> Result<Option<Part>, Status> {
    let request = requests.message().await.map_err(completed)?;
    let Some(request) = request else {
        return Ok(None);
    };
    let request = check_message(request).map_err(to_status)?.into_inner();
    Ok(request.part)
}

fn described(upload: v1::ArtifactUpload) -> NewArtifact {
    let media_type = match upload.media_type.as_str() {
        "" => DEFAULT_MEDIA_TYPE.to_owned(),
        given => given.to_owned(),
    };
    NewArtifact {
        parent: String::new(),
        file_name: upload.file_name,
        kind: v1::ArtifactKind::Upload,
        media_type,
        request_id: upload.request_id,
        sha256: upload.sha256,
    }
}

fn mismatch(what: &str) -> Error {
    let message = format!("{what}: first the description, then the content in order");
    Error::new(ErrorReason::ArtifactMismatch, message)
}
