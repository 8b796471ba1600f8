//! Every gateway has the same shape, and its manifest, exports, fixtures and README agree.

use std::path::{Path, PathBuf};

use crate::harness::artefacts::{plugin, root};

fn gateways() -> Vec<PathBuf> {
    let folders = std::fs::read_dir(root().join("plugins")).unwrap().flatten();
    folders.map(|folder| folder.path()).filter(|path| path.is_dir()).collect()
}

#[test]
fn every_gateway_has_the_same_files() {
    for folder in gateways() {
        for file in ["Cargo.toml", "plugin.toml", "README.md", "icon.svg", "src/lib.rs", "src/api.rs", "fixtures"] {
            assert!(folder.join(file).exists(), "{} lacks {file}", folder.display());
        }
    }
}

#[test]
fn every_capability_has_a_good_and_a_bad_fixture() {
    for folder in gateways() {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let wasm = std::fs::read(plugin(name)).unwrap();
        let inspection = gatehouse_runtime::Inspection::of(&wasm).unwrap();
        let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
        for capability in &inspection.capabilities {
            let cases = folder.join("fixtures").join(&capability.function);
            assert!(has(&cases, "output.json"), "{name}: {} has no good fixture", capability.code);
            assert!(has(&cases, "error.json"), "{name}: {} has no bad fixture", capability.code);
            assert!(readme.contains(&capability.code), "{name}: README.md does not mention {}", capability.code);
            assert!(!capability.description.is_empty(), "{name}: {} has no description", capability.code);
        }
    }
}

fn has(cases: &Path, file: &str) -> bool {
    std::fs::read_dir(cases).into_iter().flatten().flatten().any(|case| case.path().join(file).is_file())
}
