//! `TestService`: checks, compiles and formats test files.

use etude::v1::format_request::Source;
use etude::v1::test_service_server::TestService;
use etude::v1::{self, Diagnostic, DocumentFormat, ErrorReason, Severity};
use etude_engine::{Error, Result};
use etude_language::lint::Levels;
use etude_language::{self as language, Brought, ConvertError, Parsed};
use tonic::{Request, Response, Status};

use super::answer;

/// The name of a file that its sender did not name.
const FILE_NAME: &str = "test.yaml";

/// Serves test files.
#[derive(Clone)]
pub(super) struct Documents;

#[tonic::async_trait]
impl TestService for Documents {
    async fn validate(
        &self,
        request: Request<v1::ValidateRequest>,
    ) -> Result<Response<v1::ValidateResponse>, Status> {
        answer(request, async |request| {
            let document = request.document.unwrap_or_default();
            let parsed = parse(document, request.environment.as_ref()).await?;
            Ok(v1::ValidateResponse {
                valid: parsed.test.is_some(),
                diagnostics: parsed.diagnostics,
                missing_files: parsed.missing_files,
            })
        })
        .await
    }

    async fn compile(
        &self,
        request: Request<v1::CompileRequest>,
    ) -> Result<Response<v1::CompileResponse>, Status> {
        answer(request, async |request| {
            let document = request.document.unwrap_or_default();
            let parsed = parse(document, request.environment.as_ref()).await?;
            let Some(test) = parsed.test else {
                return Err(invalid(parsed.diagnostics));
            };
            Ok(v1::CompileResponse {
                test: Some(test),
                diagnostics: parsed.diagnostics,
            })
        })
        .await
    }

    async fn detect_format(
        &self,
        request: Request<v1::DetectFormatRequest>,
    ) -> Result<Response<v1::DetectFormatResponse>, Status> {
        answer(request, async |request| {
            let document = request.document.unwrap_or_default();
            blocking(move || language::detect(name_of(&document), &document.content)).await
        })
        .await
    }

    async fn lint(
        &self,
        request: Request<v1::LintRequest>,
    ) -> Result<Response<v1::LintResponse>, Status> {
        answer(request, async |request| {
            let levels = levels(&request.levels)?;
            let document = request.document.unwrap_or_default();
            blocking(move || lint(&document, &levels, request.fix)).await
        })
        .await
    }

    async fn format(
        &self,
        request: Request<v1::FormatRequest>,
    ) -> Result<Response<v1::FormatResponse>, Status> {
        answer(request, async |request| {
            let form = request.format();
            let source = request.source.unwrap_or(Source::Test(v1::Test::default()));
            blocking(move || print(source, form)).await?
        })
        .await
    }

    async fn convert(
        &self,
        request: Request<v1::ConvertRequest>,
    ) -> Result<Response<v1::ConvertResponse>, Status> {
        answer(request, async |request| {
            blocking(move || convert(request)).await?
        })
        .await
    }
}

fn convert(request: v1::ConvertRequest) -> Result<v1::ConvertResponse> {
    let conversion = language::Conversion {
        format: request.format(),
        layout: request.layout(),
    };
    let document = request.document.unwrap_or_default();
    let fixed = match request.repair {
        true => std::str::from_utf8(&document.content)
            .ok()
            .and_then(language::repair),
        false => None,
    };
    let content = fixed
        .as_deref()
        .map_or(document.content.as_ref(), str::as_bytes);
    match language::convert(name_of(&document), content, conversion) {
        Ok(converted) => Ok(v1::ConvertResponse {
            content: converted.content.into_bytes().into(),
            notes: converted.notes,
            source_format: converted.source_format.into(),
            diagnostics: converted.diagnostics,
        }),
        Err(ConvertError::Mistakes(diagnostics)) => Err(invalid(diagnostics)),
        Err(error) => Err(Error::new(error.reason(), error.to_string())),
    }
}

async fn parse(
    document: v1::TestDocument,
    environment: Option<&v1::Environment>,
) -> Result<Parsed> {
    let brought = environment.map(Brought::from).unwrap_or_default();
    blocking(move || {
        let name = name_of(&document);
        language::parse_with(name, &document.content, &document.files, &brought)
    })
    .await
}

/// A file of 1 MiB takes long enough to keep other calls waiting.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::internal(format!("reading the file failed: {error}")))
}

fn name_of(document: &v1::TestDocument) -> &str {
    match document.file_name.as_str() {
        "" => FILE_NAME,
        name => name,
    }
}

/// The error of a test with mistakes.
fn invalid(diagnostics: Vec<Diagnostic>) -> Error {
    let is_error = |diagnostic: &&Diagnostic| diagnostic.severity() == Severity::Error;
    let count = diagnostics.iter().filter(is_error).count();
    let first = diagnostics.iter().find(is_error);
    let first = first.map_or(String::new(), |d| d.message.clone());
    let message = match count {
        1 => format!("the test has a mistake: {first}"),
        _ => format!("the test has {count} mistakes; the first: {first}"),
    };
    let mut error = Error::new(ErrorReason::TestInvalid, message);
    error.diagnostics = diagnostics;
    error
}

// === Lint ===

fn levels(settings: &[v1::LintLevelSetting]) -> Result<Levels> {
    let mut levels = Levels::default();
    for (index, setting) in settings.iter().enumerate() {
        levels
            .set(&setting.rule, setting.level())
            .map_err(|unknown| {
                let field = format!("levels[{index}].rule");
                Error::invalid(field, "lint.rule", unknown.to_string())
            })?;
    }
    Ok(levels)
}

fn lint(document: &v1::TestDocument, levels: &Levels, fix: bool) -> v1::LintResponse {
    let name = name_of(document);
    let findings = language::lint::lint(name, &document.content, levels);
    let fixed = fix.then(|| language::lint::fix(name, &document.content, levels));
    let (fixed_content, fixes_applied) = match fixed {
        Some(fixed) => (fixed.content.map(Into::into), fixed.applied),
        None => (None, 0),
    };
    v1::LintResponse {
        findings,
        fixed_content,
        fixes_applied,
    }
}

// === Printing ===

fn print(source: Source, form: DocumentFormat) -> Result<v1::FormatResponse> {
    match source {
        Source::Document(document) => {
            let name = name_of(&document);
            let content = language::format_document(name, &document.content, form);
            let content = content.map_err(invalid)?;
            Ok(v1::FormatResponse {
                changed: content != document.content,
                content: content.into(),
            })
        }
        Source::Test(test) => {
            let content = language::format(&test, form);
            let content = content.map_err(|error| invalid(error.diagnostics))?;
            Ok(v1::FormatResponse {
                content: content.into(),
                changed: true,
            })
        }
    }
}
