//! `CommandService`: the catalogue of commands, and the execution of any of them.

use std::sync::Arc;

use etude::catalog::{self, CommandSpec};
use etude::v1::command_service_server::CommandService;
use etude::v1::{self, ErrorReason};
use etude_engine::{Error, Result};
use tonic::{Request, Response, Status, Streaming};

use super::batch::{self, BatchStream};
use super::commands::Commands;
use super::{answer, page_size};

/// Most names that a message suggests.
const SUGGESTIONS: usize = 3;

/// Serves the catalogue.
#[derive(Clone)]
pub(super) struct Catalogue {
    commands: Arc<Commands>,
}

impl Catalogue {
    pub(super) fn new(commands: Arc<Commands>) -> Self {
        Self { commands }
    }
}

#[tonic::async_trait]
impl CommandService for Catalogue {
    async fn list_commands(
        &self,
        request: Request<v1::ListCommandsRequest>,
    ) -> Result<Response<v1::ListCommandsResponse>, Status> {
        answer(request, async |request| list(&request)).await
    }

    async fn get_command(
        &self,
        request: Request<v1::GetCommandRequest>,
    ) -> Result<Response<v1::GetCommandResponse>, Status> {
        answer(request, async |request| {
            let spec = find(&request.name)?;
            Ok(v1::GetCommandResponse {
                command: Some(spec.info()),
            })
        })
        .await
    }

    async fn execute(
        &self,
        request: Request<v1::ExecuteRequest>,
    ) -> Result<Response<v1::ExecuteResponse>, Status> {
        self.commands.call(request).await
    }

    type ExecuteBatchStream = BatchStream;

    async fn execute_batch(
        &self,
        request: Request<Streaming<v1::ExecuteBatchRequest>>,
    ) -> Result<Response<BatchStream>, Status> {
        let stream = batch::execute(self.commands.sessions(), request.into_inner());
        Ok(Response::new(stream))
    }
}

// === Lists ===

fn list(request: &v1::ListCommandsRequest) -> Result<v1::ListCommandsResponse> {
    let backend = request.backend();
    let mut matching: Vec<_> = catalog::commands()
        .iter()
        .filter(|spec| request.group.is_empty() || spec.group == request.group)
        .filter(|spec| backend == v1::Backend::Unspecified || spec.supports(backend))
        .collect();
    if matching.is_empty() && !request.group.is_empty() {
        check_group(&request.group)?;
    }
    matching.sort_by_key(|spec| (&spec.group, &spec.name));
    let start = start_of(request, matching.len())?;
    let end = matching.len().min(start + page_size(request.page_size));
    let next_page_token = match end < matching.len() {
        true => token(request, end),
        false => String::new(),
    };
    Ok(v1::ListCommandsResponse {
        commands: matching[start..end]
            .iter()
            .map(|spec| spec.info())
            .collect(),
        next_page_token,
        total_size: i32::try_from(matching.len()).unwrap_or(i32::MAX),
    })
}

fn check_group(group: &str) -> Result<()> {
    let known = catalog::commands().iter().map(|spec| spec.group.as_str());
    let mut known: Vec<_> = known.collect();
    known.dedup();
    if known.contains(&group) {
        return Ok(());
    }
    let description = format!("is not a group; there are {}", known.join(", "));
    Err(Error::invalid("group", "known", description))
}

/// The token of the page that begins at `start` of this list.
fn token(request: &v1::ListCommandsRequest, start: usize) -> String {
    format!("{}.{}.{start}", request.group, request.backend)
}

fn start_of(request: &v1::ListCommandsRequest, count: usize) -> Result<usize> {
    if request.page_token.is_empty() {
        return Ok(0);
    }
    let start = request.page_token.rsplit('.').next();
    let start = start.and_then(|start| start.parse().ok());
    start
        .filter(|start| *start < count && token(request, *start) == request.page_token)
        .ok_or_else(|| {
            Error::new(
                ErrorReason::InvalidPageToken,
                "page_token was not issued for this list; begin again without one",
            )
        })
}

// === One command ===

fn find(name: &str) -> Result<&'static CommandSpec> {
    let path = name.trim_start_matches("commands/");
    let found = match path.split_once('/') {
        Some((group, name)) => catalog::by_name(group, name),
        None => catalog::by_yaml(path),
    };
    found.ok_or_else(|| not_found(name, path))
}

fn not_found(name: &str, path: &str) -> Error {
    let near: Vec<_> = suggestions(path)
        .into_iter()
        .map(|spec| format!("commands/{}", spec.path()))
        .collect();
    let hint = match near.is_empty() {
        true => "ListCommands lists all".to_owned(),
        false => format!("did you mean {}?", near.join(" or ")),
    };
    let message = format!("no command is called {name}; {hint}");
    let error = Error::new(ErrorReason::CommandNotFound, message).resource(name);
    match near.is_empty() {
        true => error,
        false => error.with("suggestions", near.join(" ")),
    }
}

fn suggestions(path: &str) -> Vec<&'static CommandSpec> {
    let last = path.rsplit('/').next().unwrap_or(path).replace('_', "-");
    let score = |spec: &CommandSpec| {
        let whole = strsim::jaro_winkler(path, &spec.path());
        let names = std::iter::once(&spec.name).chain(&spec.aliases);
        names
            .map(|name| strsim::jaro_winkler(&last, name))
            .fold(whole, f64::max)
    };
    let mut near: Vec<_> = catalog::commands()
        .iter()
        .map(|spec| (score(spec), spec))
        .filter(|(score, _)| *score > 0.85)
        .collect();
    near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    near.into_iter()
        .take(SUGGESTIONS)
        .map(|(_, spec)| spec)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(token: &str, size: i32, group: &str) -> Result<v1::ListCommandsResponse> {
        list(&v1::ListCommandsRequest {
            page_size: size,
            page_token: token.to_owned(),
            group: group.to_owned(),
            backend: 0,
        })
    }

    #[test]
    fn pages_hold_every_command_once_by_group_and_name() {
        let mut names = Vec::new();
        let mut token = String::new();
        loop {
            let page = page(&token, 7, "").unwrap();
            assert_eq!(page.total_size as usize, catalog::commands().len());
            names.extend(page.commands.into_iter().map(|command| command.name));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        let mut sorted = names.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(names, sorted);
        assert_eq!(names.len(), catalog::commands().len());
    }

    #[test]
    fn a_token_belongs_to_its_list() {
        let token = page("", 2, "interact").unwrap().next_page_token;
        assert!(page(&token, 2, "interact").is_ok());
        for wrong in [token.as_str(), "x", "..99999", "interact.0.-1"] {
            let error = page(wrong, 2, "").unwrap_err();
            assert_eq!(error.reason, ErrorReason::InvalidPageToken, "{wrong}");
        }
        assert!(page("", 0, "nonsense").is_err());
    }

    #[test]
    fn a_command_is_found_by_its_names() {
        for name in ["commands/interact/click", "commands/click"] {
            assert_eq!(find(name).unwrap().message.full_name(), "etude.v1.Click");
        }
        let error = find("commands/interact/clik").unwrap_err();
        assert_eq!(error.reason, ErrorReason::CommandNotFound);
        assert!(error.message.contains("commands/interact/click"), "{error}");
        let error = find("commands/clik").unwrap_err();
        assert!(error.message.contains("did you mean"), "{error}");
    }
}
