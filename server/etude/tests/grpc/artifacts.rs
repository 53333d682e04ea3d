//! Files in pieces.

use bytes::Bytes;
use etude::v1::artifact_service_client::ArtifactServiceClient;
use etude::v1::create_artifact_request::Part;
use etude::v1::{self, ErrorReason};
use futures::{StreamExt as _, stream};
use sha2::{Digest as _, Sha256};
use tonic::Status;
use tonic::transport::Channel;

use crate::support::{Fixture, expect};

type Client = ArtifactServiceClient<Channel>;

fn upload(sha256: &str) -> v1::CreateArtifactRequest {
    v1::CreateArtifactRequest {
        part: Some(Part::Upload(v1::ArtifactUpload {
            file_name: "song.mid".to_owned(),
            sha256: sha256.to_owned(),
            ..v1::ArtifactUpload::default()
        })),
    }
}

fn data(piece: &[u8]) -> v1::CreateArtifactRequest {
    v1::CreateArtifactRequest {
        part: Some(Part::Data(Bytes::copy_from_slice(piece))),
    }
}

fn content() -> Vec<u8> {
    (0..1_000_000u32)
        .flat_map(|n| n.to_le_bytes())
        .take(300_000)
        .collect()
}

fn hash(content: &[u8]) -> String {
    Sha256::digest(content)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

async fn store(
    client: &mut Client,
    requests: Vec<v1::CreateArtifactRequest>,
) -> Result<v1::Artifact, Status> {
    let answer = client.create_artifact(stream::iter(requests)).await?;
    Ok(answer.into_inner().artifact.unwrap())
}

async fn read(
    client: &mut Client,
    name: &str,
    offset: i64,
    limit: i64,
) -> Result<Vec<v1::ReadArtifactResponse>, Status> {
    let name = name.to_owned();
    let request = v1::ReadArtifactRequest {
        name,
        offset,
        limit,
    };
    let stream = client.read_artifact(request).await?.into_inner();
    stream.collect::<Vec<_>>().await.into_iter().collect()
}

fn joined(pieces: &[v1::ReadArtifactResponse]) -> Vec<u8> {
    pieces
        .iter()
        .flat_map(|piece| piece.data.to_vec())
        .collect()
}

#[tokio::test]
async fn a_file_comes_back_in_pieces_from_any_offset() {
    let fixture = Fixture::start().await;
    let mut client = Client::new(fixture.channel.clone());
    let content = content();
    let mut requests = vec![upload(&hash(&content))];
    requests.extend(content.chunks(100_000).map(data));
    let artifact = store(&mut client, requests).await.unwrap();
    assert_eq!(artifact.size_bytes, 300_000);
    assert_eq!(artifact.sha256, hash(&content));
    assert_eq!(artifact.media_type, "application/octet-stream");

    let pieces = read(&mut client, &artifact.name, 0, 0).await.unwrap();
    assert!(pieces.iter().all(|piece| piece.data.len() <= 64 * 1024));
    assert_eq!(pieces[0].artifact.as_ref(), Some(&artifact));
    assert!(pieces[1..].iter().all(|piece| piece.artifact.is_none()));
    assert_eq!(joined(&pieces), content);

    let pieces = read(&mut client, &artifact.name, 70_000, 5).await.unwrap();
    assert_eq!((pieces.len(), pieces[0].offset), (1, 70_000));
    assert_eq!(joined(&pieces), &content[70_000..70_005]);

    let pieces = read(&mut client, &artifact.name, 300_000, 0).await.unwrap();
    assert_eq!((pieces.len(), pieces[0].data.len()), (1, 0));
    let status = read(&mut client, &artifact.name, 300_001, 0)
        .await
        .unwrap_err();
    expect(&status, ErrorReason::ArtifactOutOfRange);
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn listed_described_and_deleted() {
    let fixture = Fixture::start().await;
    let mut client = Client::new(fixture.channel.clone());
    let artifact = store(&mut client, vec![upload("")]).await.unwrap();
    let name = artifact.name.clone();
    let list = client.list_artifacts(v1::ListArtifactsRequest {
        parent: "-".to_owned(),
        ..v1::ListArtifactsRequest::default()
    });
    assert_eq!(
        list.await.unwrap().into_inner().artifacts,
        std::slice::from_ref(&artifact)
    );
    let request = v1::GetArtifactRequest { name: name.clone() };
    let found = client.get_artifact(request.clone()).await.unwrap();
    assert_eq!(found.into_inner().artifact, Some(artifact));
    let delete = v1::DeleteArtifactRequest {
        name,
        ..v1::DeleteArtifactRequest::default()
    };
    client.delete_artifact(delete.clone()).await.unwrap();
    for status in [
        client.get_artifact(request).await.map(drop).unwrap_err(),
        client.delete_artifact(delete).await.map(drop).unwrap_err(),
    ] {
        expect(&status, ErrorReason::ArtifactNotFound);
    }
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn content_that_is_not_what_was_announced_is_refused() {
    let fixture = Fixture::start().await;
    let mut client = Client::new(fixture.channel.clone());
    let wrong = [
        vec![upload(&hash(b"abc")), data(b"abd")],
        vec![data(b"abc")],
        vec![upload(""), upload("")],
        vec![],
    ];
    for requests in wrong {
        let status = store(&mut client, requests).await.unwrap_err();
        expect(&status, ErrorReason::ArtifactMismatch);
    }
    let status = store(&mut client, vec![upload("nonsense")])
        .await
        .unwrap_err();
    expect(&status, ErrorReason::InvalidRequest);
    let list = client.list_artifacts(v1::ListArtifactsRequest {
        parent: "-".to_owned(),
        ..v1::ListArtifactsRequest::default()
    });
    assert!(list.await.unwrap().into_inner().artifacts.is_empty());
    fixture.server.shutdown().await;
}
