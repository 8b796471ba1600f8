//! Lists the released contracts, so that their documentation is at hand outside the
//! repository too. Adding a contract touches no file of this crate.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let contracts = here.join("../../../wit");
    println!("cargo:rerun-if-changed={}", contracts.display());
    let mut list = String::from("&[\n");
    for package in sorted(&contracts)?.iter().filter(|entry| entry.is_dir()) {
        let _ = writeln!(list, "    &[");
        for file in sorted(package)?.iter().filter(|file| file.extension().is_some_and(|end| end == "wit")) {
            println!("cargo:rerun-if-changed={}", file.display());
            let name = file.file_name().unwrap_or_default();
            let _ = writeln!(list, "        ({name:?}, include_str!({:?})),", file.canonicalize()?);
        }
        let _ = writeln!(list, "    ],");
    }
    list.push_str("]\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("released.rs"), list)
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
