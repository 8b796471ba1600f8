//! `cargo xtask peers`: real programs that no one here wrote, for tests to talk to. They live
//! in `.peers/`, each in its own process; nothing of them is linked, shipped or needed at run time.

mod packages;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::time::Duration;

use crate::run::{Failure, Result, Step, hand_over};
use packages::{
    AUTHORITY_PACKAGES, CLOUD_PACKAGES, COMPONENTS_PACKAGES, DEBIAN_PACKAGES, JAVASCRIPT_PACKAGES, NODE_PACKAGES,
    PYTHON_PACKAGES,
};

/// What to do with the peers.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Install what is missing; a part whose tool is absent is skipped with a line.
    Install,
    /// Run the stateful payment provider on loopback until Ctrl-C.
    Start {
        /// The port on 127.0.0.1.
        #[arg(long, default_value_t = 8420)]
        port: u16,
    },
    /// Say what is installed and how to start it.
    List,
}

/// How long one installer may take.
const INSTALL_LIMIT: Duration = Duration::from_secs(5 * 60);

/// How long a peer may take to show that it works.
const CHECK_LIMIT: Duration = Duration::from_secs(60);

/// Python reads this by itself at its start. The peer listens on every interface and has no
/// option for less; the mapped address keeps its IPv6 socket on the IPv4 loopback.
const LOOPBACK_ONLY: &str = "\
import socket

_bind = socket.socket.bind


def _bind_to_loopback(self, address):
    if address[0] in ('::', '0.0.0.0', ''):
        loopback = '::ffff:127.0.0.1' if self.family == socket.AF_INET6 else '127.0.0.1'
        address = (loopback, *address[1:])
    return _bind(self, address)


socket.socket.bind = _bind_to_loopback
";

/// One set of peers that one tool installs.
struct Part {
    /// Its name, which is also its folder.
    name: &'static str,
    /// The tool without which it is skipped.
    tool: &'static str,
    /// The packages, exactly.
    packages: &'static [&'static str],
    /// Starters that it puts into `.peers/bin`.
    starters: &'static [&'static str],
}

const PARTS: &[Part] = &[
    Part { name: "python", tool: "python3", packages: PYTHON_PACKAGES, starters: &["localstripe", "python"] },
    Part { name: "cloud", tool: "python3", packages: CLOUD_PACKAGES, starters: &["moto_server"] },
    Part { name: "node", tool: "npm", packages: NODE_PACKAGES, starters: &["prism", "node"] },
    Part { name: "authority", tool: "npm", packages: AUTHORITY_PACKAGES, starters: &["authority"] },
    Part { name: "javascript", tool: "npm", packages: JAVASCRIPT_PACKAGES, starters: &["componentize-js"] },
    Part { name: "components", tool: "python3", packages: COMPONENTS_PACKAGES, starters: &["componentize-py"] },
    Part { name: "debian", tool: "apt-get", packages: DEBIAN_PACKAGES, starters: &["promtool", "docker-registry"] },
];

/// Does what was asked.
pub(crate) fn command(root: &Path, command: Command) -> Result<()> {
    let peers = folder(root);
    match command {
        Command::Install => report(&install(&peers)?),
        Command::List => report(&states(&peers)),
        Command::Start { port } => return start(&peers, port),
    }
    Ok(())
}

/// Where the peers are.
pub(crate) fn folder(root: &Path) -> PathBuf {
    root.join(".peers")
}

/// What became of one part.
pub(crate) struct State {
    /// The part's name.
    pub(crate) name: &'static str,
    /// Whether it can be used.
    pub(crate) ready: bool,
    /// One line about it.
    pub(crate) line: String,
}

/// What is installed now.
pub(crate) fn states(peers: &Path) -> Vec<State> {
    PARTS.iter().map(|part| state(peers, part)).collect()
}

/// Installs what is missing. A part that can not be had is a state and no failure.
pub(crate) fn install(peers: &Path) -> Result<Vec<State>> {
    let unwritable = |error| Failure::new("peers install", format!("{} can not be written: {error}", peers.display()));
    fs::create_dir_all(peers.join("bin")).map_err(unwritable)?;
    Ok(PARTS.iter().map(|part| install_part(peers, part)).collect())
}

fn install_part(peers: &Path, part: &Part) -> State {
    if is_current(peers, part) {
        return state(peers, part);
    }
    if !answers(part.tool) {
        return missing(
            part,
            &format!("`{}` is not installed; install it and run `cargo xtask peers install`", part.tool),
        );
    }
    match attempt(peers, part) {
        Ok(()) => state(peers, part),
        Err(failure) => missing(part, &failure.to_string().replace('\n', "; ")),
    }
}

/// Installs one part from nothing and stamps it when it has shown that it works.
fn attempt(peers: &Path, part: &Part) -> Result<()> {
    let home = peers.join(part.name);
    remove(&stamp(peers, part), &home)?;
    for (name, program, limit) in installers(part, &home) {
        Step::new(name, program).within(limit).run()?;
    }
    write_starters(peers, part)?;
    for starter in part.starters {
        let mut program = Program::new(peers.join("bin").join(starter));
        program.arg(if matches!(*starter, "localstripe" | "moto_server") { "--help" } else { "--version" });
        Step::new(format!("try {starter}"), program).within(CHECK_LIMIT).run()?;
    }
    write(&stamp(peers, part), &part.packages.join("\n"))
}

fn installers(part: &Part, home: &Path) -> Vec<(String, Program, Duration)> {
    let name = |what: &str| format!("install {} ({what})", part.name);
    match part.name {
        "python" | "cloud" | "components" => {
            let mut environment = Program::new(part.tool);
            environment.args(["-m", "venv"]).arg(home);
            let mut packages = Program::new(home.join("bin/pip"));
            packages.args(["install", "--quiet", "--disable-pip-version-check", "--no-input"]).args(part.packages);
            vec![(name("environment"), environment, INSTALL_LIMIT), (name("packages"), packages, INSTALL_LIMIT)]
        }
        "debian" => {
            // Unpacked and not installed, so that nothing of the system changes.
            let unpack = "mkdir -p \"$0\" && cd \"$0\" && apt-get download \"$@\" && \
                          for package in *.deb; do dpkg-deb -x \"$package\" . || exit; done && rm *.deb";
            let mut packages = Program::new("sh");
            packages.args(["-c", unpack]).arg(home).args(part.packages);
            vec![(name("packages"), packages, INSTALL_LIMIT)]
        }
        _ => {
            let mut packages = Program::new(part.tool);
            packages.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]).arg(home);
            packages.args(part.packages);
            vec![(name("packages"), packages, INSTALL_LIMIT)]
        }
    }
}

/// Small shell files that start a peer under its own name, wherever it was installed.
fn write_starters(peers: &Path, part: &Part) -> Result<()> {
    if part.name == "python" {
        let loopback = peers.join("loopback");
        fs::create_dir_all(&loopback).map_err(|error| Failure::new("peers install", error.to_string()))?;
        write(&loopback.join("sitecustomize.py"), LOOPBACK_ONLY)?;
    }
    for starter in part.starters {
        let command = match *starter {
            "localstripe" => "PYTHONPATH=\"$peers/loopback\" exec \"$peers/python/bin/localstripe\"",
            "moto_server" => "exec \"$peers/cloud/bin/moto_server\"",
            "python" => "exec \"$peers/python/bin/python\"",
            "node" => "NODE_PATH=\"$peers/node/node_modules\" exec node",
            // It is a library; that it is found is all that can be tried.
            "componentize-js" => "NODE_PATH=\"$peers/javascript/node_modules\" exec node",
            "componentize-py" => "exec \"$peers/components/bin/componentize-py\"",
            "authority" => "PEER_HOME=\"$peers/authority\" exec node",
            "promtool" => "exec \"$peers/debian/usr/bin/promtool\"",
            "docker-registry" => "exec \"$peers/debian/usr/bin/docker-registry\"",
            _ => "exec \"$peers/node/node_modules/.bin/prism\"",
        };
        let text = format!("#!/bin/sh\npeers=$(CDPATH= cd -- \"$(dirname -- \"$0\")/..\" && pwd)\n{command} \"$@\"\n");
        let path = peers.join("bin").join(starter);
        write(&path, &text)?;
        make_executable(&path)?;
    }
    Ok(())
}

fn start(peers: &Path, port: u16) -> Result<()> {
    let python = PARTS.iter().find(|part| part.name == "python");
    if !python.is_some_and(|part| is_current(peers, part)) {
        let reason = "the Python peers are not installed";
        let by_hand = Some("cargo xtask peers install".to_owned());
        return Err(Failure { by_hand, ..Failure::new("peers start", reason) });
    }
    println!("listening on http://127.0.0.1:{port} until Ctrl-C; any key that begins with sk_test_ is accepted");
    let mut program = Program::new(peers.join("bin/localstripe"));
    program.args(["--from-scratch", "--port", &port.to_string()]);
    hand_over("peers start", program)
}

fn state(peers: &Path, part: &Part) -> State {
    if is_current(peers, part) {
        return State { name: part.name, ready: true, line: part.packages.join(", ") };
    }
    missing(part, "not installed; run `cargo xtask peers install`")
}

fn missing(part: &Part, why: &str) -> State {
    State { name: part.name, ready: false, line: why.to_owned() }
}

fn report(states: &[State]) {
    for state in states {
        println!("{} {:8} {}", if state.ready { "✓" } else { "–" }, state.name, state.line);
    }
}

/// Whether exactly these packages were installed and have worked.
fn is_current(peers: &Path, part: &Part) -> bool {
    fs::read_to_string(stamp(peers, part)).is_ok_and(|kept| kept == part.packages.join("\n"))
}

fn stamp(peers: &Path, part: &Part) -> PathBuf {
    peers.join(format!("{}.stamp", part.name))
}

fn answers(tool: &str) -> bool {
    let mut program = Program::new(tool);
    program.arg("--version");
    Step::new(format!("look for {tool}"), program).within(CHECK_LIMIT).silent().run().is_ok()
}

/// Removes the stamp first: a half-removed part must not look installed.
fn remove(stamp: &Path, home: &Path) -> Result<()> {
    let gone = |outcome: std::io::Result<()>, path: &Path| match outcome {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::new("peers install", format!("{} can not be removed: {error}", path.display())))
        }
        _ => Ok(()),
    };
    gone(fs::remove_file(stamp), stamp)?;
    gone(fs::remove_dir_all(home), home)
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text)
        .map_err(|error| Failure::new("peers install", format!("{} can not be written: {error}", path.display())))
}

#[cfg(unix)]
fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .map_err(|error| Failure::new("peers install", error.to_string()))
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-peers-{name}-{}", std::process::id()));
        fs::create_dir_all(folder.join("bin")).unwrap();
        folder
    }

    #[test]
    fn a_stamp_counts_only_for_the_same_packages() {
        let peers = scratch("stamp");
        let part = &PARTS[0];
        assert!(!is_current(&peers, part));
        write(&stamp(&peers, part), "localstripe==0.1").unwrap();
        assert!(!is_current(&peers, part));
        write(&stamp(&peers, part), &part.packages.join("\n")).unwrap();
        assert!(is_current(&peers, part) && state(&peers, part).ready);
        fs::remove_dir_all(&peers).unwrap();
    }

    #[test]
    fn a_missing_tool_skips_the_part_with_one_line() {
        let peers = scratch("tool");
        let part = Part { name: "node", tool: "no-such-tool-at-all", packages: &["x"], starters: &[] };
        let state = install_part(&peers, &part);
        assert!(
            !state.ready && state.line.contains("no-such-tool-at-all") && !state.line.contains('\n'),
            "{}",
            state.line
        );
        fs::remove_dir_all(&peers).unwrap();
    }

    #[test]
    fn starters_find_their_folder_from_anywhere() {
        let peers = scratch("starters");
        write_starters(&peers, &PARTS[0]).unwrap();
        fs::create_dir_all(peers.join("python/bin")).unwrap();
        let fake = peers.join("python/bin/localstripe");
        write(&fake, "#!/bin/sh\necho \"$PYTHONPATH $1\"\n").unwrap();
        make_executable(&fake).unwrap();
        let mut program = Program::new(peers.join("bin/localstripe"));
        program.arg("--port").current_dir("/");
        let lines = Step::new("fake", program).silent().run().unwrap();
        assert_eq!(lines, [format!("{}/loopback --port", peers.canonicalize().unwrap().display())]);
        fs::remove_dir_all(&peers).unwrap();
    }
}
