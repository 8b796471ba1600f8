//! As whom a registry is asked: as `docker login` left it, or with a name and a password file. A
//! password is never an argument, which every process of the machine could read.

use std::path::PathBuf;

use docker_credential::{CredentialRetrievalError as Missing, DockerCredential, get_credential};
use gatehouse_domain::{Error, Result};
use oci_client::secrets::RegistryAuth;

/// How to log in to a registry.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Registry")]
pub(crate) struct Login {
    /// The name to log in with [default: what `docker login` left].
    #[arg(long, value_name = "NAME", requires = "password_file")]
    user: Option<String>,
    /// A file with the password or access token of that name.
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
}

impl Login {
    /// The login for a registry, or none.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] where what was named can not be read.
    pub(super) fn to(&self, registry: &str) -> Result<RegistryAuth> {
        match (&self.user, &self.password_file) {
            (Some(user), Some(file)) => {
                let unreadable = |error| {
                    Error::invalid(format!("the password file `{}` can not be read", file.display())).caused_by(error)
                };
                let password = std::fs::read_to_string(file).map_err(unreadable)?;
                Ok(RegistryAuth::Basic(user.clone(), password.trim_end_matches(['\r', '\n']).to_owned()))
            }
            _ => kept(registry),
        }
    }
}

/// What `docker login` keeps for a registry; nothing kept is no fault.
fn kept(registry: &str) -> Result<RegistryAuth> {
    match get_credential(registry) {
        Ok(DockerCredential::UsernamePassword(user, password)) => Ok(RegistryAuth::Basic(user, password)),
        Ok(DockerCredential::IdentityToken(_)) => Err(Error::invalid(format!(
            "the login of `{registry}` in docker's configuration is an identity token, which is not supported; \
             use --user and --password-file with an access token"
        ))),
        Err(Missing::ConfigNotFound | Missing::ConfigReadError | Missing::NoCredentialConfigured) => {
            Ok(RegistryAuth::Anonymous)
        }
        Err(error) => {
            let message = format!("the login of `{registry}` in docker's configuration can not be read");
            Err(Error::invalid(message).caused_by(error))
        }
    }
}
