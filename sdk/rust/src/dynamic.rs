//! Calls of methods that are known by their descriptors only.

use futures::stream::{BoxStream, StreamExt as _};
use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor};
use tonic::client::Grpc;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::MetadataMap;
use tonic::{Request, Status};

use crate::client::Client;
use crate::error::{Error, Result};

impl Client {
    /// Calls a method by its descriptor and streams what it answers; a unary method answers one
    /// message. The request must have the type that the method takes. The call has no deadline:
    /// dropping the stream ends it.
    ///
    /// # Errors
    ///
    /// What the server answered, here and in the stream; `SERVER_UNREACHABLE`.
    pub async fn call_dynamic(
        &self,
        method: &MethodDescriptor,
        request: DynamicMessage,
        metadata: MetadataMap,
    ) -> Result<BoxStream<'static, Result<DynamicMessage>>> {
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let path = PathAndQuery::try_from(path)
            .map_err(|error| Error::from(Status::internal(error.to_string())))?;
        let mut call = Request::new(request);
        *call.metadata_mut() = metadata;
        let codec = DynamicCodec {
            answer: method.output(),
        };
        let mut grpc =
            Grpc::new(self.channel()).max_decoding_message_size(self.max_message_bytes());
        grpc.ready()
            .await
            .map_err(|error| self.unreachable(&error))?;
        // On the wire a unary answer is a stream of one message.
        let answers = grpc.server_streaming(call, path, codec).await?.into_inner();
        Ok(answers.map(|answer| Ok(answer?)).boxed())
    }
}

/// Encodes requests, and decodes answers of one type.
struct DynamicCodec {
    answer: MessageDescriptor,
}

impl Codec for DynamicCodec {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = DynamicEncoder;
    type Decoder = DynamicDecoder;

    fn encoder(&mut self) -> DynamicEncoder {
        DynamicEncoder
    }

    fn decoder(&mut self) -> DynamicDecoder {
        DynamicDecoder {
            answer: self.answer.clone(),
        }
    }
}

struct DynamicEncoder;

impl Encoder for DynamicEncoder {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, item: DynamicMessage, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(buffer)
            .map_err(|error| Status::internal(error.to_string()))
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::default()
    }
}

struct DynamicDecoder {
    answer: MessageDescriptor,
}

impl Decoder for DynamicDecoder {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let message = DynamicMessage::decode(self.answer.clone(), buffer);
        message
            .map(Some)
            .map_err(|error| Status::internal(format!("the answer is not the method's: {error}")))
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::default()
    }
}
