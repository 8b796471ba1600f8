//! The flags that every command with a configuration takes.

use std::path::PathBuf;

use gatehouse_domain::{Error, Result};

/// Settings on the command line. They come after the file and the environment.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Configuration")]
pub struct ConfigArgs {
    /// The configuration file [default: gatehouse.toml in the working directory, if it is there].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The address to listen on [default: 127.0.0.1:8080].
    #[arg(long, value_name = "IP:PORT")]
    pub listen: Option<String>,
    /// How this server is reached from outside.
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// The folder for all state.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<String>,
    /// The file with the root key, outside the data folder.
    #[arg(long, value_name = "FILE")]
    pub root_key_file: Option<String>,
    /// A file with an older root key; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub previous_root_key_file: Vec<String>,
    /// A folder whose .wasm files are uploaded at every start.
    #[arg(long, value_name = "DIR")]
    pub plugins_dir: Option<String>,
    /// An origin that integrations may name as their base URL; may be given several times.
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Vec<String>,
    /// Play every plugin from its fixtures, for tenants to try without an account
    /// [default address: 127.0.0.1:8421].
    #[arg(long, value_name = "IP:PORT", num_args = 0..=1, require_equals = true, default_missing_value = "127.0.0.1:8421")]
    pub sandbox: Option<String>,
    /// error, warn, info, debug, trace or off.
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// text or json.
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// Any other key, such as `limits.cpu_ms=500`; may be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// One value, the key it is for and the flag it came with.
pub(super) struct Flag {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) name: String,
}

impl ConfigArgs {
    /// The flags as keys and values, in the order in which they count.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] for a `--set` without `=`.
    pub(super) fn pairs(&self) -> Result<Vec<Flag>> {
        let origins = (!self.allow_origin.is_empty()).then(|| self.allow_origin.join(","));
        let previous = (!self.previous_root_key_file.is_empty()).then(|| self.previous_root_key_file.join(","));
        let own = [
            ("listen", "--listen", &self.listen),
            ("public_url", "--public-url", &self.public_url),
            ("data_dir", "--data-dir", &self.data_dir),
            ("root_key_file", "--root-key-file", &self.root_key_file),
            ("previous_root_key_files", "--previous-root-key-file", &previous),
            ("plugins_dir", "--plugins-dir", &self.plugins_dir),
            ("egress.allow", "--allow-origin", &origins),
            ("sandbox.listen", "--sandbox", &self.sandbox),
            ("log.level", "--log-level", &self.log_level),
            ("log.format", "--log-format", &self.log_format),
        ];
        let mut flags: Vec<Flag> = Vec::new();
        for pair in &self.set {
            let Some((key, value)) = pair.split_once('=') else {
                return Err(Error::invalid(format!("`--set {pair}` has no `=`; write --set {pair}=VALUE")));
            };
            flags.push(Flag { key: key.trim().to_owned(), value: value.to_owned(), name: format!("--set {key}") });
        }
        let set = own.into_iter().filter_map(|(key, name, value)| {
            value.as_ref().map(|value| Flag { key: key.to_owned(), value: value.clone(), name: name.to_owned() })
        });
        flags.extend(set);
        Ok(flags)
    }
}
