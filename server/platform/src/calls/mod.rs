//! The platform's endpoints as typed calls, one file a resource.
//!
//! A [`Call`] says what is sent and how the answer is read; it sends nothing itself. So a client
//! sees by its [`Kind`] what may be cached, repeated, or has to be settled, and the same calls go
//! to the cloud and to the local platform.

pub mod checkpoints;
pub mod environments;
pub mod executions;
pub mod goals;
pub mod journeys;
pub mod library;
pub mod organization;
pub mod plans;
pub mod projects;
mod resource;
pub mod scripts;
pub mod steps;
pub mod test_data;

use std::marker::PhantomData;

use http::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::envelope;

/// One request to the platform, and how its answer is read.
#[derive(Debug)]
pub struct Call<T> {
    /// The request.
    pub request: ApiRequest,
    read: fn(Value) -> Result<T, serde_json::Error>,
    answer: PhantomData<fn() -> T>,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiRequest {
    /// The method.
    pub method: Method,
    /// The path below `/api`, percent-encoded: `/projects/12/goals`.
    pub path: String,
    /// The query, in order, not encoded.
    pub query: Vec<(String, String)>,
    /// The JSON body.
    pub body: Option<Value>,
    /// What repeating it does.
    pub kind: Kind,
    /// Whether it may take ten times as long as others.
    pub slow: bool,
}

/// What a call does, and so what happens when it is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It reads what may be kept for a while.
    Read,
    /// It reads what changes by itself, such as an execution: never kept.
    Watch,
    /// It writes; done twice it leaves the same as done once.
    Write,
    /// It makes something new each time: never repeated before what has become of it is known.
    Create,
}

impl<T: DeserializeOwned> Call<T> {
    fn new(method: Method, kind: Kind, path: String) -> Self {
        Self {
            request: ApiRequest {
                method,
                path,
                query: Vec::new(),
                body: None,
                kind,
                slow: false,
            },
            read: serde_json::from_value,
            answer: PhantomData,
        }
    }

    pub(crate) fn get(path: String) -> Self {
        Self::new(Method::GET, Kind::Read, path)
    }

    pub(crate) fn watch(path: String) -> Self {
        Self::new(Method::GET, Kind::Watch, path)
    }

    pub(crate) fn create(path: String, body: Value) -> Self {
        Self::new(Method::POST, Kind::Create, path).body(body)
    }

    pub(crate) fn put(path: String, body: Value) -> Self {
        Self::new(Method::PUT, Kind::Write, path).body(body)
    }

    pub(crate) fn query(mut self, name: &str, value: impl ToString) -> Self {
        let pair = (name.to_owned(), value.to_string());
        self.request.query.push(pair);
        self
    }

    fn body(mut self, body: Value) -> Self {
        self.request.body = Some(body);
        self
    }

    pub(crate) fn slow(mut self) -> Self {
        self.request.slow = true;
        self
    }
}

impl<T: DeserializeOwned> Call<Vec<T>> {
    /// A call whose answer is a list, or a map by id whose values are its items.
    pub(crate) fn list(path: String) -> Self {
        Self {
            read: |answer| {
                let items = envelope::entries(answer).into_iter();
                items.map(serde_json::from_value).collect()
            },
            ..Self::get(path)
        }
    }
}

impl Call<()> {
    /// A call whose answer does not matter once it is a success.
    fn nothing(method: Method, kind: Kind, path: String) -> Self {
        Self {
            read: |_| Ok(()),
            ..Self::new(method, kind, path)
        }
    }

    pub(crate) fn delete(path: String) -> Self {
        Self::nothing(Method::DELETE, Kind::Write, path)
    }

    pub(crate) fn done(kind: Kind, path: String, body: Value) -> Self {
        Self::nothing(Method::POST, kind, path).body(body)
    }
}

impl<T> Call<T> {
    /// Reads the answer, out of what is wrapped around it.
    ///
    /// # Errors
    ///
    /// It does not have the form that the platform's answers have.
    pub fn read(&self, answer: Value) -> Result<T, serde_json::Error> {
        (self.read)(answer)
    }
}

/// A piece of a path, percent-encoded.
pub(crate) fn piece(text: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    percent_encoding::utf8_percent_encode(text, KEPT).to_string()
}

#[cfg(test)]
mod tests;
