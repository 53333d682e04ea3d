//! Calls that stream from a platform.

use etude::Client;
use etude_server::config::is_platform_name;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use prost_reflect::{DynamicMessage, ReflectMessage};
use tonic::metadata::MetadataMap;

use super::problem::Problem;
use super::resources;

/// The option that names a platform.
#[derive(Debug, clap::Args)]
pub(crate) struct PlatformArgs {
    /// The platform: local, virtuoso or an account's name [default: the server's]
    #[arg(long, value_name = "PLATFORM", value_parser = platform_name)]
    platform: Option<String>,
}

impl PlatformArgs {
    /// The metadata of a call to it.
    pub(crate) fn metadata(&self) -> MetadataMap {
        resources::metadata(self.platform.as_ref())
    }
}

/// What may be the name of a platform. Which ones there are, the server knows.
pub(crate) fn platform_name(text: &str) -> Result<String, String> {
    match is_platform_name(text) {
        true => Ok(text.to_owned()),
        false => Err("write local, virtuoso or the name of an account of the server".to_owned()),
    }
}

/// What may be the name of something on a platform.
pub(crate) fn title(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("must not be blank".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// Calls a method of `PlatformService`.
pub(crate) async fn stream<Q, A>(
    client: &Client,
    method: &str,
    request: &Q,
    platform: &PlatformArgs,
) -> Result<BoxStream<'static, etude::Result<A>>, Problem>
where
    Q: ReflectMessage,
    A: ReflectMessage + Default + 'static,
{
    let missing = || Problem::could_not_run(format!("the contract has no method {method}"));
    let pool = request.descriptor().parent_pool().clone();
    let service = pool.get_service_by_name("etude.v1.PlatformService");
    let method = service.and_then(|service| service.methods().find(|one| one.name() == method));
    let method = method.ok_or_else(missing)?;
    let request = request.transcode_to_dynamic();
    let answers = client
        .call_dynamic(&method, request, platform.metadata())
        .await?;
    let typed = |answer: DynamicMessage| answer.transcode_to::<A>().unwrap_or_default();
    Ok(answers.map(move |answer| answer.map(typed)).boxed())
}
