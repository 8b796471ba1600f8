//! The languages that a gateway can be written in, and how a folder tells which one it is.

use std::path::Path;

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    /// Rust: the smallest and fastest.
    Rust,
    /// JavaScript, with its engine in the component.
    #[value(name = "js", alias = "javascript")]
    Javascript,
    /// Python, with its interpreter in the component.
    #[value(alias = "py")]
    Python,
}

impl Language {
    /// Which one a plugin's folder is in: the one whose main file is there.
    pub(crate) fn of(folder: &Path) -> Self {
        let has = |name: &str| folder.join(name).is_file();
        match () {
            () if has("Cargo.toml") => Self::Rust,
            () if has(JAVASCRIPT_MAIN) => Self::Javascript,
            () if has(PYTHON_MAIN) => Self::Python,
            () => Self::Rust,
        }
    }
}

/// The file that a gateway in JavaScript begins with.
pub(crate) const JAVASCRIPT_MAIN: &str = "gateway.js";
/// The file that one in Python begins with.
pub(crate) const PYTHON_MAIN: &str = "gateway.py";
