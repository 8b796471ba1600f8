//! The system: the address, the compiler of gateways, the kernel, open files and the clock.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};

use gatehouse_runtime::CompileLimits;
use gatehouse_runtime::worker::order;
use jiff::Timestamp;
use rustix::process::{Resource, getrlimit};

use crate::command::doctor::Finding;
use crate::output::bytes;

/// The smallest component there is: magic number, version, layer (Component Model, Binary.md).
const EMPTY_COMPONENT: [u8; 8] = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];

/// Open files that a busy server needs: connections both ways, and the store.
const OPEN_FILES: u64 = 4096;

/// The clock can not be before this: 2025-01-01.
const EARLIEST: i64 = 1_735_689_600;

/// Everything that needs no configuration.
pub(super) fn examine(program: &Path) -> Vec<Finding> {
    vec![
        runtime(program),
        kernel(rustix::system::uname().release().to_str().unwrap_or_default()),
        open_files(),
        clock(Timestamp::now()),
    ]
}

/// Whether the server could listen there now.
pub(super) fn listen_address(address: SocketAddr) -> Finding {
    const CHECK: &str = "listen address";
    match TcpListener::bind(address) {
        Ok(_) if address.ip().is_loopback() => Finding::ok(CHECK, format!("{address} is free")),
        Ok(_) => Finding::note(
            CHECK,
            format!("{address} is free, and others than this machine can reach it"),
            "put a proxy with TLS in front, or listen on 127.0.0.1",
        ),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Finding::failed(
            CHECK,
            format!("{address} is taken"),
            format!(
                "stop what listens there (ss -ltnp 'sport = :{}'), or set `listen` to another port",
                address.port()
            ),
        ),
        Err(error) => Finding::failed(
            CHECK,
            format!("{address} can not be used: {error}"),
            "set `listen` to an address of this machine and a port above 1023",
        ),
    }
}

/// Compiles the empty component in a child process, as the server compiles a plugin.
fn runtime(program: &Path) -> Finding {
    const CHECK: &str = "wasm runtime";
    match compile(program) {
        Ok(size) if size > 0 => {
            Finding::ok(CHECK, format!("compiles ({} of code for an empty component)", bytes(size)))
        }
        Ok(_) => Finding::failed(CHECK, "answers with nothing", "use a build for this machine's processor"),
        Err(why) => {
            Finding::failed(CHECK, why, "allow this program 4 GiB of address space (ulimit -v) and child processes")
        }
    }
}

fn compile(program: &Path) -> Result<u64, String> {
    let mut child = Command::new(program)
        .arg("compile-worker")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("the compile worker does not start: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        // A worker that ends early says why on its standard error.
        let _ = input.write_all(&order(&CompileLimits::default())).and_then(|()| input.write_all(&EMPTY_COMPONENT));
    }
    let output = child.wait_with_output().map_err(|error| format!("the compile worker is lost: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout.len() as u64);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("the compile worker failed ({}): {}", output.status, said.trim()))
}

/// The pool resets an instance fastest with `PAGEMAP_SCAN`, which Linux has since 6.7.
fn kernel(release: &str) -> Finding {
    const CHECK: &str = "kernel";
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) if (major, minor) >= (6, 7) => {
            Finding::ok(CHECK, format!("{release} can scan page maps, so calls are at their fastest"))
        }
        _ => Finding::note(
            CHECK,
            format!("{release} can not scan page maps"),
            "nothing has to be done; with Linux 6.7 or newer each call is a few µs faster",
        ),
    }
}

fn open_files() -> Finding {
    const CHECK: &str = "open files";
    match getrlimit(Resource::Nofile).current {
        Some(limit) if limit < OPEN_FILES => Finding::note(
            CHECK,
            format!("{limit} at most"),
            format!("raise it for a busy server: ulimit -n {OPEN_FILES}"),
        ),
        Some(limit) => Finding::ok(CHECK, format!("{limit} at most")),
        None => Finding::ok(CHECK, "not limited"),
    }
}

/// Signatures of webhooks and tokens are refused where the clock is off.
fn clock(now: Timestamp) -> Finding {
    const CHECK: &str = "clock";
    let shown = now.to_string().split('.').next().unwrap_or_default().trim_end_matches('Z').to_owned() + "Z";
    if now.as_second() < EARLIEST {
        return Finding::failed(
            CHECK,
            format!("says {shown}"),
            "set it, and keep it right with NTP; webhooks and tokens would be refused",
        );
    }
    Finding::ok(CHECK, format!("says {shown}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::Verdict;

    #[test]
    fn kernels_are_told_apart_by_version() {
        for (release, verdict) in [
            ("6.7.0", Verdict::Ok),
            ("6.18.44-generic", Verdict::Ok),
            ("7.0-rc1", Verdict::Ok),
            ("6.6.99", Verdict::Note),
            ("5.10.0-28-amd64", Verdict::Note),
            ("unknown", Verdict::Note),
        ] {
            assert_eq!(kernel(release).verdict, verdict, "{release}");
        }
    }

    #[test]
    fn a_taken_address_is_seen() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let finding = listen_address(address);
        assert_eq!(finding.verdict, Verdict::Failed);
        assert!(finding.fix.unwrap().contains(&address.port().to_string()));
        assert_eq!(listen_address("127.0.0.1:0".parse().unwrap()).verdict, Verdict::Ok);
        assert_eq!(listen_address("192.0.2.1:1".parse().unwrap()).verdict, Verdict::Failed);
        assert_eq!(listen_address("0.0.0.0:0".parse().unwrap()).verdict, Verdict::Note);
    }

    #[test]
    fn a_clock_before_its_time_is_seen() {
        assert_eq!(clock(Timestamp::UNIX_EPOCH).verdict, Verdict::Failed);
        assert_eq!(clock(Timestamp::from_second(EARLIEST).unwrap()).found, "says 2025-01-01T00:00:00Z");
    }

    #[test]
    fn a_worker_that_fails_or_is_missing_is_seen() {
        for program in ["/bin/false", "/bin/true", "/no/such/program"] {
            assert_eq!(runtime(Path::new(program)).verdict, Verdict::Failed, "{program}");
        }
    }
}
