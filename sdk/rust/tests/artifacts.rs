//! Files arrive whole or not at all.

// The contract has a `Box` of its own.
use std::boxed::Box;
use std::sync::Arc;

use bytes::Bytes;
use etude::v1::artifact_service_server::{ArtifactService, ArtifactServiceServer};
use etude::v1::create_artifact_request::Part;
use etude::v1::*;
use futures::{Stream, StreamExt as _};
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use tonic::transport::Server;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::support::{Random, Served, client_of, cutting_proxy, status};

type Uploads = Arc<Mutex<Vec<(ArtifactUpload, Vec<u8>)>>>;

#[derive(Clone)]
struct Artifacts {
    content: Bytes,
    announced: String,
    random: Arc<Mutex<Random>>,
    reads: Arc<Mutex<Vec<i64>>>,
    uploads: Uploads,
}

impl Artifacts {
    fn new(content: Vec<u8>, seed: u64) -> Self {
        Self {
            announced: hex(&content),
            content: content.into(),
            random: Arc::new(Mutex::new(Random(seed))),
            reads: Arc::default(),
            uploads: Arc::default(),
        }
    }

    fn below(&self, bound: u64) -> usize {
        self.random.lock().below(bound)
    }

    async fn serve(&self) -> Served {
        let service = ArtifactServiceServer::new(self.clone());
        Served::start(Server::builder().add_service(service)).await
    }
}

fn hex(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tonic::async_trait]
impl ArtifactService for Artifacts {
    type ReadArtifactStream =
        std::pin::Pin<Box<dyn Stream<Item = Result<ReadArtifactResponse, Status>> + Send>>;

    /// Answers a few chunks and then breaks off, until the rest is short.
    async fn read_artifact(
        &self,
        request: Request<ReadArtifactRequest>,
    ) -> Result<Response<Self::ReadArtifactStream>, Status> {
        let mut offset = usize::try_from(request.into_inner().offset).unwrap();
        self.reads.lock().push(i64::try_from(offset).unwrap());
        let mut responses = vec![Ok(ReadArtifactResponse {
            artifact: Some(Artifact {
                sha256: self.announced.clone(),
                ..Default::default()
            }),
            offset: i64::try_from(offset).unwrap(),
            data: Bytes::new(),
        })];
        let chunks = 1 + self.below(4);
        for _ in 0..chunks {
            let length = (self.content.len() - offset).min(1 + self.below(60_000));
            responses.push(Ok(ReadArtifactResponse {
                artifact: None,
                offset: i64::try_from(offset).unwrap(),
                data: self.content.slice(offset..offset + length),
            }));
            offset += length;
        }
        if offset < self.content.len() {
            responses.push(Err(status(Code::Unavailable, "SERVER_SHUTDOWN", None)));
        }
        Ok(Response::new(futures::stream::iter(responses).boxed()))
    }

    async fn create_artifact(
        &self,
        request: Request<Streaming<CreateArtifactRequest>>,
    ) -> Result<Response<CreateArtifactResponse>, Status> {
        let mut parts = request.into_inner();
        let Some(Part::Upload(upload)) = parts.message().await?.and_then(|part| part.part) else {
            return Err(Status::invalid_argument("no description"));
        };
        let mut content = Vec::new();
        while let Some(part) = parts.message().await? {
            let Some(Part::Data(data)) = part.part else {
                return Err(Status::invalid_argument("a second description"));
            };
            assert!(data.len() <= 64 * 1024);
            content.extend_from_slice(&data);
        }
        if hex(&content) != upload.sha256 {
            return Err(status(Code::InvalidArgument, "ARTIFACT_MISMATCH", None));
        }
        let mut uploads = self.uploads.lock();
        uploads.push((upload, content));
        if uploads.len() == 1 {
            return Err(Status::unavailable("the answer is lost"));
        }
        let artifact = Some(Artifact {
            name: "artifacts/1".to_owned(),
            ..Default::default()
        });
        Ok(Response::new(CreateArtifactResponse { artifact }))
    }

    async fn get_artifact(
        &self,
        _: Request<GetArtifactRequest>,
    ) -> Result<Response<GetArtifactResponse>, Status> {
        Err(status(Code::NotFound, "ARTIFACT_NOT_FOUND", None))
    }

    async fn list_artifacts(
        &self,
        _: Request<ListArtifactsRequest>,
    ) -> Result<Response<ListArtifactsResponse>, Status> {
        Err(Status::unimplemented("not part of the test"))
    }

    async fn delete_artifact(
        &self,
        _: Request<DeleteArtifactRequest>,
    ) -> Result<Response<DeleteArtifactResponse>, Status> {
        Err(Status::unimplemented("not part of the test"))
    }
}

fn content(bytes: u64) -> Vec<u8> {
    let mut random = Random(bytes);
    (0..bytes)
        .map(|_| u8::try_from(random.below(256)).unwrap())
        .collect()
}

#[tokio::test]
async fn a_download_goes_on_where_it_was() {
    for seed in 0..8 {
        let expected = content(700_000);
        let artifacts = Artifacts::new(expected.clone(), seed);
        let served = artifacts.serve().await;
        let bytes = served.client().artifact_bytes("artifacts/1").await.unwrap();
        assert!(bytes == expected, "seed {seed}");
        let reads = artifacts.reads.lock().clone();
        assert!(reads.len() > 1 && reads.is_sorted(), "{reads:?}");
    }
}

#[tokio::test]
async fn a_download_survives_broken_connections() {
    for seed in 0..8 {
        let expected = content(300_000);
        let artifacts = Artifacts::new(expected.clone(), seed);
        let served = artifacts.serve().await;
        let proxy = cutting_proxy(served.address, seed).await;
        let bytes = client_of(proxy).artifact_bytes("artifacts/1").await;
        assert!(bytes.unwrap() == expected, "seed {seed}");
    }
}

#[tokio::test]
async fn changed_content_is_refused() {
    let mut artifacts = Artifacts::new(content(1000), 0);
    artifacts.announced = hex(b"something else");
    let served = artifacts.serve().await;
    let error = served
        .client()
        .artifact_bytes("artifacts/1")
        .await
        .unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::ArtifactCorrupt));
    assert_eq!(error.code(), Code::DataLoss);
}

#[tokio::test]
async fn an_upload_whose_answer_is_lost_is_sent_again_under_one_request_id() {
    let artifacts = Artifacts::new(Vec::new(), 0);
    let served = artifacts.serve().await;
    let expected = content(200_000);
    let artifact = served
        .client()
        .upload("a.bin", expected.clone())
        .await
        .unwrap();
    assert_eq!(artifact.name, "artifacts/1");
    let uploads = artifacts.uploads.lock().clone();
    assert_eq!(uploads.len(), 2);
    assert_eq!(uploads[0].0, uploads[1].0);
    assert_eq!(uploads[0].0.file_name, "a.bin");
    assert!(uploads[1].1 == expected);
}

#[tokio::test]
async fn a_file_is_uploaded_by_its_name_and_an_empty_one_too() {
    let artifacts = Artifacts::new(Vec::new(), 0);
    let served = artifacts.serve().await;
    let folder = tempfile::tempdir().unwrap();
    for (name, size) in [("big one.txt", 150_000), ("empty", 0)] {
        let path = folder.path().join(name);
        std::fs::write(&path, content(size)).unwrap();
        served.client().upload_file(&path).await.unwrap();
        let uploads = artifacts.uploads.lock();
        let (upload, sent) = uploads.last().unwrap();
        assert_eq!(upload.file_name, name);
        assert!(*sent == content(size));
    }
    let error = served
        .client()
        .upload_file(folder.path().join("none"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(error.message().contains("none cannot be read"), "{error}");
}

#[tokio::test]
async fn an_unknown_artifact_is_not_found() {
    let served = Artifacts::new(Vec::new(), 0).serve().await;
    let error = served.client().artifact("artifacts/9").await.unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::ArtifactNotFound));
}
