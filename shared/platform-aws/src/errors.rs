//! What an error of the SDK means.
//!
//! Only the service's error code and the request's id go on: a message may quote what was sent, and what was
//! sent holds personal data.

use aws_sdk_dynamodb::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
};
use crossdock_platform::PlatformError;

/// Maps an error of one call; `to` names what the call was about (a table, a queue, a secret).
pub(crate) fn failed<E>(
    service: &'static str,
    to: &str,
) -> impl FnOnce(SdkError<E, HttpResponse>) -> PlatformError
where
    E: ProvideErrorMetadata,
{
    let to = to.to_owned();
    move |error| {
        let request = error.request_id().map(|id| format!(" (request {id})")).unwrap_or_default();
        match error.code() {
            Some(code) => of_code(service, code, || format!("{to}: {code}{request}")),
            None => PlatformError::Unavailable { service, what: format!("{to}: {}", kind(&error)) },
        }
    }
}

/// What a service's error code means; the codes of SQS, DynamoDB, Secrets Manager and KMS.
pub(crate) fn of_code(service: &'static str, code: &str, what: impl FnOnce() -> String) -> PlatformError {
    // SQS still prefixes some codes by the name of its older protocol.
    match code.rsplit('.').next().unwrap_or(code) {
        "ThrottlingException"
        | "Throttling"
        | "RequestThrottled"
        | "RequestLimitExceeded"
        | "ProvisionedThroughputExceededException"
        | "KmsThrottled"
        | "OverLimit"
        | "TooManyRequestsException" => PlatformError::Throttled { service },
        // What is not there is like what may not be seen: only a deployment can mend it.
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedException"
        | "NotAuthorized"
        | "KmsAccessDenied"
        | "KmsDisabled"
        | "KmsNotFound"
        | "KmsInvalidState"
        | "KmsInvalidKeyUsage"
        | "DecryptionFailure"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "InvalidSecurity"
        | "QueueDoesNotExist"
        | "NonExistentQueue"
        | "ResourceNotFoundException" => PlatformError::Denied { service, what: what() },
        "ValidationException"
        | "InvalidParameterValue"
        | "InvalidMessageContents"
        | "BatchRequestTooLong"
        | "SerializationException"
        | "InvalidParameterException"
        | "InvalidRequestException" => PlatformError::Refused { service, what: what() },
        _ => PlatformError::Unavailable { service, what: what() },
    }
}

fn kind<E>(error: &SdkError<E, HttpResponse>) -> &'static str {
    match error {
        SdkError::ConstructionFailure(_) => "the request could not be built (credentials or region missing?)",
        SdkError::TimeoutError(_) => "no answer in time",
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "no connection in time",
        SdkError::DispatchFailure(_) => "no connection",
        SdkError::ResponseError(_) => "an answer that cannot be read",
        SdkError::ServiceError(_) => "an error without a code",
        _ => "an unknown failure",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(code: &str) -> PlatformError {
        of_code("queue", code, String::new)
    }

    #[test]
    fn tells_what_passes_from_what_only_a_deployment_mends() {
        assert!(matches!(meaning("ThrottlingException"), PlatformError::Throttled { .. }));
        assert!(matches!(meaning("AccessDeniedException"), PlatformError::Denied { .. }));
        assert!(matches!(meaning("AWS.SimpleQueueService.NonExistentQueue"), PlatformError::Denied { .. }));
        assert!(matches!(meaning("ValidationException"), PlatformError::Refused { .. }));
        assert!(matches!(meaning("InternalServerError"), PlatformError::Unavailable { .. }));
    }
}
