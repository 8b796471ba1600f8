//! What a registry's refusals mean to the person who asked.

use gatehouse_domain::{Error, ErrorKind};
use oci_client::Reference;
use oci_client::errors::{OciDistributionError, OciErrorCode};

/// Whether it says that there is no such thing.
pub(super) fn absent(error: &OciDistributionError) -> bool {
    match error {
        OciDistributionError::ImageManifestNotFoundError(_) => true,
        OciDistributionError::ServerError { code, .. } => *code == 404,
        OciDistributionError::RegistryError { envelope, .. } => envelope.errors.iter().any(|one| is_absence(&one.code)),
        _ => false,
    }
}

fn is_absence(code: &OciErrorCode) -> bool {
    matches!(code, OciErrorCode::ManifestUnknown | OciErrorCode::NameUnknown | OciErrorCode::NotFound)
}

/// The refusal in our words, with the place that it speaks of.
pub(super) fn refused(at: &Reference, error: OciDistributionError) -> Error {
    let registry = at.registry();
    if absent(&error) {
        return Error::new(ErrorKind::NotFound, format!("there is no `{at}`; is the name right, and was it pushed?"));
    }
    if wants_login(&error) {
        let message = format!(
            "`{registry}` does not let you in to `{}`; run `docker login {registry}`, or give --user and --password-file",
            at.repository()
        );
        return Error::new(ErrorKind::Forbidden, message).caused_by(error);
    }
    match error {
        OciDistributionError::DigestError(error) => {
            Error::invalid(format!("what `{at}` gave is not what its digest says; nothing of it is kept"))
                .caused_by(error)
        }
        OciDistributionError::RequestError(error) => {
            let message = format!("no answer from the registry `{registry}`; is it right, and reachable?");
            Error::unavailable(message).caused_by(error.without_url())
        }
        error => Error::unavailable(format!("the registry `{registry}` refused")).caused_by(error),
    }
}

fn wants_login(error: &OciDistributionError) -> bool {
    match error {
        OciDistributionError::AuthenticationFailure(_) | OciDistributionError::UnauthorizedError { .. } => true,
        OciDistributionError::ServerError { code, .. } => matches!(code, 401 | 403),
        OciDistributionError::RequestError(error) => {
            error.status().is_some_and(|status| matches!(status.as_u16(), 401 | 403))
        }
        OciDistributionError::RegistryError { envelope, .. } => {
            envelope.errors.iter().any(|one| matches!(one.code, OciErrorCode::Unauthorized | OciErrorCode::Denied))
        }
        _ => false,
    }
}
