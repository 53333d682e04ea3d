//! The reasons of errors: one table, in `proto/etude/v1/error.proto`.

use std::sync::LazyLock;

use prost_reflect::EnumDescriptor;
use tonic::Code;

use crate::DESCRIPTOR_POOL;
use crate::v1::ErrorReason;

const PREFIX: &str = "ERROR_REASON_";

impl ErrorReason {
    /// The reason without its prefix, as it stands in `ErrorInfo.reason`.
    pub fn name(self) -> &'static str {
        let name = self.as_str_name();
        name.strip_prefix(PREFIX).unwrap_or(name)
    }

    /// The reason with this name, without prefix.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::from_str_name(&format!("{PREFIX}{name}"))
    }

    /// The gRPC status that carries the reason. Reasons that stand in results only have
    /// [`Code::Unknown`].
    pub fn code(self) -> Code {
        CODES
            .iter()
            .find(|(reason, _)| *reason == self)
            .map_or(Code::Unknown, |(_, code)| *code)
    }

    /// What the reason means: the first sentence of its documentation.
    pub fn summary(self) -> String {
        crate::catalog::comment_of_enum_value(&descriptor(), self as i32)
    }

    /// Every reason, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        let numbers: Vec<i32> = descriptor().values().map(|value| value.number()).collect();
        numbers
            .into_iter()
            .filter_map(|number| Self::try_from(number).ok())
            .skip(1)
    }
}

static CODES: LazyLock<Vec<(ErrorReason, Code)>> = LazyLock::new(|| {
    let Some(extension) = DESCRIPTOR_POOL.get_extension_by_name("etude.v1.status") else {
        return Vec::new();
    };
    let values = descriptor();
    let code = |options: prost_reflect::DynamicMessage| {
        options
            .get_extension(&extension)
            .as_str()
            .and_then(code_from_name)
    };
    values
        .values()
        .filter_map(|value| {
            Some((
                ErrorReason::try_from(value.number()).ok()?,
                code(value.options())?,
            ))
        })
        .collect()
});

#[allow(clippy::expect_used)]
fn descriptor() -> EnumDescriptor {
    // The enum is generated from the same descriptors.
    DESCRIPTOR_POOL
        .get_enum_by_name("etude.v1.ErrorReason")
        .expect("the contract has ErrorReason")
}

fn code_from_name(name: &str) -> Option<Code> {
    Some(match name {
        "INVALID_ARGUMENT" => Code::InvalidArgument,
        "NOT_FOUND" => Code::NotFound,
        "ALREADY_EXISTS" => Code::AlreadyExists,
        "FAILED_PRECONDITION" => Code::FailedPrecondition,
        "RESOURCE_EXHAUSTED" => Code::ResourceExhausted,
        "OUT_OF_RANGE" => Code::OutOfRange,
        "ABORTED" => Code::Aborted,
        "UNAVAILABLE" => Code::Unavailable,
        "DATA_LOSS" => Code::DataLoss,
        "DEADLINE_EXCEEDED" => Code::DeadlineExceeded,
        "CANCELLED" => Code::Cancelled,
        "INTERNAL" => Code::Internal,
        "UNIMPLEMENTED" => Code::Unimplemented,
        "PERMISSION_DENIED" => Code::PermissionDenied,
        "UNAUTHENTICATED" => Code::Unauthenticated,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_of_the_table_is_a_grpc_code() {
        let extension = DESCRIPTOR_POOL
            .get_extension_by_name("etude.v1.status")
            .unwrap();
        for value in descriptor().values() {
            let options = value.options();
            let name = options.get_extension(&extension);
            let name = name.as_str().unwrap_or_default();
            assert!(
                name.is_empty() || code_from_name(name).is_some(),
                "{}: {name}",
                value.name()
            );
        }
    }

    #[test]
    fn a_reason_is_found_by_its_name() {
        let reason = ErrorReason::from_name("SESSION_NOT_FOUND");
        assert_eq!(reason, Some(ErrorReason::SessionNotFound));
        assert_eq!(ErrorReason::SessionNotFound.code(), Code::NotFound);
        assert_eq!(ErrorReason::TargetNotFound.code(), Code::Unknown);
        assert!(ErrorReason::all().count() > 80);
    }
}
