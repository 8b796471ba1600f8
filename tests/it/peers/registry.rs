//! Plugins through a real OCI registry: pushed, found by another client of the ecosystem, pulled by
//! tag and by digest, checked, and served from a plain folder. What was tampered with at the
//! registry never reaches a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use super::{Peer, installed};
use crate::harness::artefacts::{binary, plugin, plugin_with};
use crate::harness::{Server, eventually};

/// One password for one test, and bcrypt's hash of it.
const PASSWORD: &str = "only for this test";
const HASHED: &str = "author:$2b$04$BGzKVg4XtabtcTEQrNrvA.sEaq/TL6CEck7z4E5N8f1sbeRKZDb62";

/// A registry on loopback, and a folder to work in.
struct World {
    peer: Peer,
    folder: TempDir,
}

impl World {
    /// Starts one; `closed` asks for the password.
    async fn start(closed: bool) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("registry.yml");
        let write = |port: u16| {
            let kept = folder.path().join("kept");
            let mut text = format!(
                "version: 0.1\nhttp:\n  addr: 127.0.0.1:{port}\nstorage:\n  filesystem:\n    rootdirectory: {}\n",
                kept.display()
            );
            if closed {
                let users = folder.path().join("users");
                fs::write(&users, HASHED).unwrap();
                text += &format!("auth:\n  htpasswd:\n    realm: test\n    path: {}\n", users.display());
            }
            fs::write(&file, text).unwrap();
            vec!["serve".to_owned(), file.display().to_string()]
        };
        let peer = Peer::start("docker-registry", write).await?;
        Some(Self { peer, folder })
    }

    fn place(&self, rest: &str) -> String {
        format!("{}/team/shop{rest}", self.peer.origin.trim_start_matches("http://"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(binary());
        command.arg("plugin").args(arguments).current_dir(self.folder.path()).env("HOME", self.folder.path());
        command.output().unwrap()
    }

    fn done(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }

    fn refused(&self, arguments: &[&str], why: &[&str]) {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{arguments:?} was done");
        for word in why {
            assert!(said.contains(word), "{arguments:?}: {said}");
        }
        assert!(!said.contains("panicked"), "{said}");
    }

    /// A signed plugin in the folder, `shop.wasm`.
    fn sign(&self) {
        fs::copy(plugin("stripe"), self.path("shop.wasm")).unwrap();
        self.run(&["keygen", "--out", "acme.key"]);
        let signed = self.run(&["sign", "shop.wasm", "--key", "acme.key", "--publisher", "acme"]);
        assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
    }
}

/// Where the registry keeps the bytes of a digest.
fn blob(folder: &Path, digest: &str) -> PathBuf {
    let hash = digest.strip_prefix("sha256:").unwrap();
    folder.join("kept/docker/registry/v2/blobs/sha256").join(&hash[..2]).join(hash).join("data")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_goes_through_a_registry_and_comes_back_whole() {
    let Some(world) = World::start(false).await else { return };
    world.sign();
    let (place, tagged) = (world.place(""), world.place(":0.1.0"));
    let pushed = world.done(&["push", "shop.wasm", &place, "--json"]);
    assert_eq!((&pushed["existed"], &pushed["signed"]), (&false.into(), &true.into()), "{pushed}");
    let again = world.done(&["push", "shop.wasm", &place, "--json"]);
    assert_eq!((&again["existed"], &again["digest"]), (&true.into(), &pushed["digest"]), "{again}");

    let digest = pushed["digest"].as_str().unwrap();
    let component = fs::read(world.path("shop.wasm")).unwrap();
    for (place, file) in [(tagged.clone(), "by-tag.wasm"), (world.place(&format!("@{digest}")), "by-digest.wasm")] {
        let pulled = world.done(&["pull", &place, "--out", file, "--json"]);
        assert_eq!((&pulled["plugin"], &pulled["digest"]), (&"stripe".into(), &pushed["digest"]), "{pulled}");
        assert!(fs::read(world.path(file)).unwrap() == component, "other bytes came back");
        world.done(&["verify", file, "--public-key", "acme.key.pub"]);
    }
    another_client_reads_it(&world, &component);
    a_tag_keeps_its_meaning(&world, &place);
    refusals(&world, &tagged);
    tampering(&world, digest);
}

/// The layout is the ecosystem's: a client that knows nothing of plugins finds one wasm layer.
fn another_client_reads_it(world: &World, component: &[u8]) {
    let Some(python) = installed("python") else { return };
    let program = "import json, sys, oras.client\n\
        client = oras.client.OrasClient(insecure=True, hostname=sys.argv[1].split('/')[0])\n\
        print(json.dumps(client.get_manifest(sys.argv[1])))\n\
        print(client.pull(target=sys.argv[1], outdir=sys.argv[2]))\n";
    let outdir = world.path("by-another");
    let arguments = ["-c", program, &world.place(":0.1.0"), &outdir.display().to_string()];
    let output = Command::new(python).args(arguments).current_dir(world.folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let text = String::from_utf8(output.stdout).unwrap();
    let manifest: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.wasm.config.v0+json", "{manifest}");
    assert_eq!(manifest["layers"][0]["size"], component.len(), "{manifest}");
    assert_eq!(manifest["annotations"]["org.opencontainers.image.version"], "0.1.0", "{manifest}");
    let config = fs::read(blob(world.folder.path(), manifest["config"]["digest"].as_str().unwrap())).unwrap();
    let config: Value = serde_json::from_slice(&config).unwrap();
    assert_eq!(config["layerDigests"][0], manifest["layers"][0]["digest"], "{config}");
    let exports = config["component"]["exports"].as_array().unwrap();
    assert!(exports.iter().any(|name| name == "gatehouse:payments/charges@0.1.0"), "{config}");
}

/// What others may have pinned does not become something else by accident.
fn a_tag_keeps_its_meaning(world: &World, place: &str) {
    let other = plugin_with("stripe", |manifest| manifest.description.push('!'));
    fs::write(world.path("other.wasm"), other).unwrap();
    world.refused(&["push", "other.wasm", place], &["names another artefact", "--force"]);
    let moved = world.done(&["push", "other.wasm", &world.place(":moving"), "--json"]);
    assert_eq!(moved["signed"], false, "{moved}");
    world.refused(&["push", "shop.wasm", &world.place(":moving")], &["names another artefact"]);
    let forced = world.done(&["push", "shop.wasm", &world.place(":moving"), "--force", "--json"]);
    assert_ne!(forced["digest"], moved["digest"]);
    let pulled = world.done(&["pull", &world.place(&format!("@{}", moved["digest"].as_str().unwrap())), "--json"]);
    assert_eq!(pulled["signed"], false, "an unsigned one came with a signature: {pulled}");
}

fn refusals(world: &World, tagged: &str) {
    world.refused(&["pull", &world.place(":9.9.9"), "--out", "none.wasm"], &["there is no", ":9.9.9"]);
    world.refused(&["pull", &world.place("")], &["names no version"]);
    world.refused(&["pull", "127.0.0.1:9/team/shop:1.0.0"], &["no answer from the registry `127.0.0.1:9`"]);
    world.refused(&["push", "acme.key", &world.place("")], &["component"]);
    world.refused(&["push", "shop.wasm", &world.place(&format!("@sha256:{}", "0".repeat(64)))], &["leave it out"]);
    fs::write(world.path("mine.wasm"), "mine").unwrap();
    world.refused(&["pull", tagged, "--out", "mine.wasm"], &["mine.wasm", "--force"]);
    assert_eq!(fs::read(world.path("mine.wasm")).unwrap(), b"mine");
    assert!(!world.path("none.wasm").exists() && !world.path("mine.wasm.sig").exists());
}

/// One bit at the registry, in the component, in the signature or in the manifest.
fn tampering(world: &World, digest: &str) {
    let manifest: Value = serde_json::from_slice(&fs::read(blob(world.folder.path(), digest)).unwrap()).unwrap();
    let layer = manifest["layers"][0]["digest"].as_str().unwrap();
    for tampered in [layer, digest] {
        let file = blob(world.folder.path(), tampered);
        let good = fs::read(&file).unwrap();
        let mut bad = good.clone();
        // The last byte but one of the manifest is within an annotation's text.
        let at = bad.len() - 4;
        bad[at] ^= 1;
        fs::write(&file, bad).unwrap();
        let place = world.place(&format!("@{digest}"));
        let output = world.run(&["pull", &place, "--out", "tampered.wasm"]);
        assert!(!output.status.success(), "a bit of {tampered} was changed and it was taken");
        assert!(!world.path("tampered.wasm").exists() && !world.path("tampered.wasm.sig").exists());
        fs::write(&file, good).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_registry_wants_a_login() {
    let Some(world) = World::start(true).await else { return };
    world.sign();
    world.refused(&["push", "shop.wasm", &world.place("")], &["does not let you in", "docker login"]);
    fs::write(world.path("password"), format!("{PASSWORD}\n")).unwrap();
    fs::write(world.path("wrong"), "something else").unwrap();
    let login = |file: &'static str| ["--user", "author", "--password-file", file];
    let place = world.place("");
    let wrong = [&["push", "shop.wasm", &place][..], &login("wrong")].concat();
    world.refused(&wrong, &["does not let you in"]);
    world.done(&[&["push", "shop.wasm", &place, "--json"][..], &login("password")].concat());
    kept_login(&world);
    let folder = world.path("plugins");
    fs::create_dir(&folder).unwrap();
    world.done(&["pull", &world.place(":0.1.0"), "--out", "plugins/shop.wasm", "--json"]);
    // The deployment does not know who signed it, and would refuse it for that.
    fs::remove_file(folder.join("shop.wasm.sig")).unwrap();
    let server = Server::start_with(&[("GATEHOUSE_PLUGINS_DIR", folder.display().to_string())]);
    eventually("the plugin of the folder", async || {
        let found = server.operator().get("/plugins/stripe").await;
        (found.status == 200).then_some(())
    })
    .await;
}

/// What `docker login` would have left.
fn kept_login(world: &World) {
    use base64::Engine as _;
    let registry = world.place("").split('/').next().unwrap().to_owned();
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("author:{PASSWORD}"));
    let config = serde_json::json!({ "auths": { registry: { "auth": auth } } });
    fs::create_dir(world.path(".docker")).unwrap();
    fs::write(world.path(".docker/config.json"), config.to_string()).unwrap();
}
