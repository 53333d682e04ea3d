//! Fields that name a resource: by its name, its number or its path.

use std::collections::BTreeMap;

use etude::Client;
use etude::v1;
use etude::v1::platform_service_client::PlatformServiceClient;
use prost_reflect::FieldDescriptor;
use tonic::Request;
use tonic::metadata::MetadataMap;

use super::super::problem::Problem;
use super::rules::Rules;

/// The number in a pattern of the contract.
const NUMBER: &str = "[1-9][0-9]{0,18}";

/// The collections that a field names a resource of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reference {
    /// Such as `goals`, or `goals/*/snapshots`.
    collections: Vec<String>,
}

impl Reference {
    /// Reads it from the field's pattern; `None`: the field names no resource.
    pub(crate) fn of(field: &FieldDescriptor) -> Option<Self> {
        let pattern = Rules::of(field).pattern()?.replace(NUMBER, "*");
        let pattern = pattern.trim_start_matches('^').trim_end_matches('$');
        let optional = pattern
            .strip_prefix('(')
            .and_then(|rest| rest.strip_suffix(")?"));
        let collections = optional.unwrap_or(pattern).strip_suffix("/*")?;
        let collections = collections.trim_start_matches('(').trim_end_matches(')');
        Some(Self {
            collections: collections.split('|').map(str::to_owned).collect(),
        })
    }

    /// A resource of one collection.
    pub(crate) fn to(collection: &str) -> Self {
        Self {
            collections: vec![collection.to_owned()],
        }
    }

    /// The collection that a number belongs to.
    pub(crate) fn first(&self) -> Option<&str> {
        self.collections.first().map(String::as_str)
    }

    /// What stands for it in a usage line: `TEST-DATA-TABLE`.
    pub(crate) fn placeholder(&self) -> String {
        let collection = self.first().and_then(|first| first.rsplit('/').next());
        let mut out = String::new();
        for letter in collection.unwrap_or_default().trim_end_matches('s').chars() {
            if letter.is_uppercase() {
                out.push('-');
            }
            out.extend(letter.to_uppercase());
        }
        out
    }

    /// The resource name that a text is, or stands for by its number; `None`: it is a path.
    fn name(&self, text: &str, known: &Names<'_>) -> Option<String> {
        let is_number =
            |text: &str| !text.is_empty() && text.bytes().all(|letter| letter.is_ascii_digit());
        let is_name = self.collections.iter().any(|collection| {
            let forms = collection.split('/').chain(["*"]);
            let mut parts = text.split('/');
            let fits = forms.into_iter().all(|form| match (form, parts.next()) {
                ("*", Some(part)) => is_number(part),
                (form, part) => part == Some(form),
            });
            fits && parts.next().is_none()
        });
        match self.first() {
            _ if is_name => Some(text.to_owned()),
            Some(first) if is_number(text) => match first.split_once("/*/") {
                None => Some(format!("{first}/{text}")),
                Some((holder, rest)) => {
                    let holder = known.in_collection(holder)?;
                    Some(format!("{holder}/{rest}/{text}"))
                }
            },
            _ => None,
        }
    }
}

/// The resources of a request, found one after the other.
pub(crate) struct Names<'a> {
    client: &'a Client,
    metadata: MetadataMap,
    /// Names that were found, in order.
    found: Vec<String>,
    /// Paths that were given, by the names that they lead to.
    paths: BTreeMap<String, String>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(client: &'a Client, metadata: MetadataMap) -> Self {
        Self {
            client,
            metadata,
            found: Vec::new(),
            paths: BTreeMap::new(),
        }
    }

    /// The resource name of what a text means.
    ///
    /// A path with fewer parts than from the project down begins in the resource that was found
    /// before.
    pub(crate) async fn find(
        &mut self,
        reference: &Reference,
        text: &str,
    ) -> Result<String, Problem> {
        if text.is_empty() {
            return Ok(String::new());
        }
        if let Some(name) = reference.name(text, self) {
            self.found.push(name.clone());
            return Ok(name);
        }
        if reference.first().is_some_and(|first| first.contains('*')) {
            let form = reference.collections.join(" or ").replace('*', "NUMBER");
            return Err(Problem::bad_input(format!(
                "{text:?} is not right; write its number, or {form}/NUMBER"
            )));
        }
        let name = self.resolve(reference, text).await?;
        self.found.push(name.clone());
        self.paths.insert(name.clone(), text.to_owned());
        Ok(name)
    }

    async fn resolve(&self, reference: &Reference, path: &str) -> Result<String, Problem> {
        let mut request = Request::new(v1::ResolveNameRequest {
            path: path.to_owned(),
            collections: reference.collections.clone(),
            parent: self.found.last().cloned().unwrap_or_default(),
        });
        *request.metadata_mut() = self.metadata.clone();
        let mut service = PlatformServiceClient::new(self.client.channel());
        let answer = service.resolve_name(request).await;
        let answer = answer.map_err(etude::Error::from)?;
        Ok(answer.into_inner().name)
    }

    /// The resource of a collection that was found.
    fn in_collection(&self, collection: &str) -> Option<&String> {
        let beginning = format!("{collection}/");
        let mut found = self.found.iter();
        found.find(|name| name.starts_with(&beginning))
    }

    /// The names that were found.
    pub(crate) fn found(&self) -> &[String] {
        &self.found
    }

    /// A name with the path by which it was found.
    pub(crate) fn described(&self, name: &str) -> String {
        match self.paths.get(name) {
            Some(path) => format!("{name} ({path})"),
            None => name.to_owned(),
        }
    }

    /// A problem that says which names the paths led to.
    pub(crate) fn explain(&self, problem: Problem) -> Problem {
        let mut paths = self.paths.iter();
        paths.by_ref().fold(problem, |problem, (name, path)| {
            problem.with_detail(format!("{name} is {path}"))
        })
    }
}
