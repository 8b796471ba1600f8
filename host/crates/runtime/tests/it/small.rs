//! Components written by hand: small, quick to compile, and wrong in exactly one way.

use gatehouse_domain::manifest::Manifest;
use gatehouse_runtime::package;
use serde_json::Value;

/// A manifest with one capability, `RUN`.
pub(crate) const MANIFEST: &str = r#"
    id = "small"
    version = "0.1.0"
    provider = "small"
    name = "Small"
    description = "One function."
    publisher = "tests"
    license = "Apache-2.0"
    category = "payments"
    contract = "0.1.0"
    [egress]
    base_url = "https://api.example.com"
    allow = [{ host = "api.example.com", methods = ["GET"], paths = ["/**"] }]
    [capabilities.RUN]
    effect = "read"
"#;

/// A component whose `run` takes nothing and answers what `body` leaves, with `extra` beside it.
pub(crate) fn component(extra: &str, body: &str) -> Vec<u8> {
    binary(&format!(
        r#"(component
            (core module $m (memory (export "memory") 1) (func (export "run") (result i32) {body}))
            (core instance $i (instantiate $m))
            (func $run (result u32) (canon lift (core func $i "run")))
            (instance $probe (export "run" (func $run)))
            (export "test:small/probe@1.0.0" (instance $probe))
            {extra})"#
    ))
}

/// The smallest plugin that works.
pub(crate) fn plugin() -> Vec<u8> {
    packaged(&component("", "i32.const 7"), MANIFEST)
}

pub(crate) fn binary(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

pub(crate) fn packaged(component: &[u8], manifest: &str) -> Vec<u8> {
    package(component, &Manifest::from_toml(manifest).unwrap(), &[], &Value::Null).unwrap()
}

/// The component with one more custom section.
pub(crate) fn with_section(component: &[u8], name: &str, data: &[u8]) -> Vec<u8> {
    let mut content = leb(name.len());
    content.extend_from_slice(name.as_bytes());
    content.extend_from_slice(data);
    let mut bytes = component.to_vec();
    bytes.push(0);
    bytes.extend(leb(content.len()));
    bytes.extend(content);
    bytes
}

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        bytes.push(if number == 0 { low } else { low | 0x80 });
        if number == 0 {
            return bytes;
        }
    }
}
