//! What plugins show of themselves: packaged with the component, served as harmless bytes, kept by
//! their digests, and refused where a browser could be made to run something.

use gatehouse_runtime::Showcase;
use serde_json::{Value, json};

use crate::api::trust::{gateway, upload};
use crate::harness::client::http;
use crate::harness::{Server, artefacts, story};

const ICON: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\"><path d=\"M0 0\"/></svg>";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot much of an image";

fn shown(version: &str, change: impl FnOnce(&mut Showcase)) -> Vec<u8> {
    let mut showcase = Showcase {
        icon: Some(ICON.to_owned()),
        readme: Some("# Small\n<script>alert(1)</script>".to_owned()),
        changelog: Some(format!("## {version}")),
        screenshots: vec![PNG.to_vec(), b"\xff\xd8\xffa photograph".to_vec()],
    };
    change(&mut showcase);
    showcase.embed(&gateway(version, "acme")).unwrap()
}

/// A component with one more section of its own (core specification, 5.5.3), of less than 16 KiB.
fn with_section(mut component: Vec<u8>, name: &str, data: &[u8]) -> Vec<u8> {
    let name_bytes = u8::try_from(name.len()).unwrap();
    let length = 1 + name.len() + data.len();
    let low = u8::try_from(length & 0x7f).unwrap() | 0x80;
    component.extend([0, low, u8::try_from(length >> 7).unwrap(), name_bytes]);
    component.extend([name.as_bytes(), data].concat());
    component
}

/// A whole answer, with its bytes.
struct Got {
    status: u16,
    headers: reqwest::header::HeaderMap,
    bytes: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn get(server: &Server, token: &str, address: &str, headers: &[(&str, &str)]) -> Got {
    let mut request = http().get(format!("{}{address}", server.base)).bearer_auth(token);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Got { status, headers, bytes: answer.bytes().await.unwrap().to_vec() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_plugin_shows_is_served_as_bytes_that_do_nothing() {
    let server = Server::start(&[]);
    upload(&server, shown("1.0.0", |_| {}), None).await.expect(201);
    let tenant = story::new_tenant(&server, "Acme").await;
    let plugin = tenant.get("/plugins/small").await.expect(200);
    assert_eq!(tenant.get("/plugins/available").await.expect(200)["items"][0]["shown"], plugin["shown"]);
    let places = &plugin["shown"];
    let check = async |place: &Value, media: &str, bytes: &[u8]| {
        let address = place.as_str().unwrap();
        let got = get(&server, tenant.token(), address, &[]).await;
        assert_eq!((got.status, got.header("content-type"), got.bytes.as_slice()), (200, media, bytes), "{address}");
        assert_eq!(got.header("x-content-type-options"), "nosniff");
        let policy = got.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
        assert!(got.header("content-disposition").starts_with("attachment"), "{address}");
        assert_eq!(got.header("cache-control"), "private, max-age=31536000, immutable");
        let tag = got.header("etag").to_owned();
        let again = get(&server, tenant.token(), address, &[("if-none-match", &tag)]).await;
        assert_eq!((again.status, again.bytes.len()), (304, 0), "{address}");
        // Under its name alone it may change, and who may not read plugins does not get it at all.
        let (named, digest) = address.split_once("&digest=").unwrap();
        assert_eq!(get(&server, tenant.token(), named, &[]).await.header("cache-control"), "private, no-cache");
        assert!(tag.contains(&digest[..32]));
        assert_eq!(get(&server, "", address, &[]).await.status, 401);
    };
    check(&places["icon"], "image/svg+xml", ICON.as_bytes()).await;
    check(&places["readme"], "text/markdown; charset=utf-8", b"# Small\n<script>alert(1)</script>").await;
    check(&places["changelog"], "text/markdown; charset=utf-8", b"## 1.0.0").await;
    check(&places["screenshots"][0], "image/png", PNG).await;
    check(&places["screenshots"][1], "image/jpeg", b"\xff\xd8\xffa photograph").await;
    tenant.get("/plugins/small/screenshots/1").await.expect(200);
    for number in ["0", "3", "-1", "one", "99999999999999999999999"] {
        tenant.get(&format!("/plugins/small/screenshots/{number}")).await.expect_problem(404, "screenshot");
    }
    tenant.get("/plugins/small/icon?version=9.9.9").await.expect_problem(404, "9.9.9");
    tenant.get("/plugins/small/icon?version=nine").await.expect_problem(422, "nine");
    tenant.get(&format!("/plugins/small/icon?digest={:064}", 0)).await.expect_problem(404, "no such content");
    tenant.get("/plugins/nobody/icon").await.expect_problem(404, "nobody");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_version_shows_its_own_and_the_last_one_takes_it_along() {
    let server = Server::start(&[]);
    upload(&server, shown("1.0.0", |_| {}), None).await.expect(201);
    upload(&server, shown("1.0.1", |one| one.readme = Some("# Newer".to_owned())), None).await.expect(201);
    upload(&server, gateway("1.0.2", "acme"), None).await.expect(201);
    let operator = server.operator();
    let places = async |version: &str| {
        operator.get("/plugins/small/versions").await.expect(200)["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["plugin"]["version"] == version)
            .unwrap()["shown"]
            .clone()
    };
    let (first, second) = (places("1.0.0").await, places("1.0.1").await);
    assert_eq!(operator.get("/plugins/small").await.expect(200)["shown"]["icon"], Value::Null, "the newest has none");
    operator.get("/plugins/small/icon").await.expect_problem(404, "there is no icon of the plugin");
    let status = async |place: &Value| get(&server, operator.token(), place.as_str().unwrap(), &[]).await.status;
    assert_eq!((status(&first["readme"]).await, status(&second["readme"]).await), (200, 200));
    let file = |place: &Value| {
        let digest = place.as_str().unwrap().split_once("&digest=").unwrap().1.to_owned();
        server.place("data").join("artefacts").join(digest)
    };
    assert!(file(&first["readme"]).is_file(), "{:?}", file(&first["readme"]));
    operator.post("/plugins/small/versions/1.0.0/yank", json!({ "reason": "old" })).await.expect(200);
    operator.delete("/plugins/small/versions/1.0.0").await.expect(204);
    assert!(!file(&first["readme"]).exists() && !file(&first["changelog"]).exists(), "nobody shows it any more");
    assert_eq!(status(&second["icon"]).await, 200, "the other version has the same icon");
    let server = server.kill_and_restart();
    let icon = get(&server, operator.token(), second["icon"].as_str().unwrap(), &[]).await;
    assert_eq!((icon.status, icon.bytes.as_slice()), (200, ICON.as_bytes()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_that_could_run_something_is_refused_at_the_door() {
    let server = Server::start(&[]);
    // The author's own tools refuse to embed it, so it is put in by hand, and not packed.
    let harmful = json!({ "icon": "<svg xmlns='http://www.w3.org/2000/svg'><script d='M0'/></svg>" }).to_string();
    let bytes = with_section(gateway("1.0.0", "acme"), "gatehouse:showcase", harmful.as_bytes());
    let refused = upload(&server, bytes, None).await.expect_problem(422, "icon.svg");
    assert!(refused.to_string().contains("`script`"), "{refused:#}");
    server.operator().get("/plugins/small").await.expect_problem(404, "small");
}

#[test]
fn what_stands_in_the_folder_is_packaged() {
    let bytes = std::fs::read(artefacts::plugin("stripe")).unwrap();
    let found = Showcase::of(&bytes).unwrap();
    let file = |name: &str| std::fs::read_to_string(artefacts::root().join("plugins/stripe").join(name)).unwrap();
    assert_eq!(found.icon.unwrap(), file("icon.svg"));
    assert_eq!(found.readme.unwrap(), file("README.md"));
    assert!(found.changelog.is_none() && found.screenshots.is_empty(), "there are none in the folder");
}
