//! The real server as a child process with a data folder of its own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::artefacts::binary;
use super::{Client, canary};

/// The operator's key of every test server.
pub(crate) const OPERATOR: &str = "gh_live_000000000TestsOperator_0000000TestsOperatorSecretThatGuardsNothing0MoKY5";

/// A running server. Dropping it stops it and searches what it leaves behind.
pub(crate) struct Server {
    folder: Arc<TempDir>,
    settings: Vec<(String, String)>,
    child: Child,
    readers: Vec<JoinHandle<()>>,
    log: Arc<Mutex<Vec<String>>>,
    /// Whether what it leaves on the disk is searched for secrets at its end.
    searched: bool,
    pub(crate) base: String,
}

impl Server {
    /// Starts a server that may reach the given origins on loopback.
    pub(crate) fn start(origins: &[String]) -> Self {
        Self::start_also(origins, &[])
    }

    /// Starts a server that may reach the given origins, with further settings.
    pub(crate) fn start_also(origins: &[String], settings: &[(&str, String)]) -> Self {
        let allow = ("GATEHOUSE_EGRESS__ALLOW", format!("[{}]", quoted(origins)));
        Self::start_with(&[&[allow], settings].concat())
    }

    /// Starts a server with further settings.
    pub(crate) fn start_with(settings: &[(&str, String)]) -> Self {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Self::launch(Arc::new(TempDir::new().unwrap()), settings)
    }

    fn launch(folder: Arc<TempDir>, settings: Vec<(String, String)>) -> Self {
        let mut child = command(&folder, &settings).spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let readers = vec![
            read_lines(child.stdout.take().unwrap(), Arc::clone(&log)),
            read_lines(child.stderr.take().unwrap(), Arc::clone(&log)),
        ];
        let mut server = Self { folder, settings, child, readers, log, searched: true, base: String::new() };
        server.base = server.wait_for_address();
        server
    }

    /// A client without a key.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.base)
    }

    /// A client with the operator's key.
    pub(crate) fn operator(&self) -> Client {
        self.client().with_key(OPERATOR)
    }

    /// Kills the server without warning and starts it again on the same data.
    pub(crate) fn kill_and_restart(self) -> Self {
        self.kill().start_again()
    }

    /// Lets the server end in good order and starts it again on the same data.
    pub(crate) fn stop_and_restart(mut self) -> Self {
        let terminated = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(terminated.success() && self.child.wait().unwrap().success(), "the server did not end well");
        Stopped { folder: Arc::clone(&self.folder), settings: self.settings.clone() }.start_again()
    }

    /// Kills the server without warning and leaves the rest to [`Server::kill_and_restart`].
    pub(crate) fn signal_kill(&self) {
        let status = Command::new("kill").args(["-KILL", &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// Kills the server without warning.
    pub(crate) fn kill(mut self) -> Stopped {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        Stopped { folder: Arc::clone(&self.folder), settings: self.settings.clone() }
    }

    /// The same without a look through its files, which takes long where there are many. Whoever
    /// kills it often looks through them at the last end.
    pub(crate) fn kill_unsearched(mut self) -> Stopped {
        self.searched = false;
        self.kill()
    }

    /// A second server on the data of this one, which is running: how it ends and what it says.
    pub(crate) fn second(&self) -> (Option<i32>, String) {
        Stopped { folder: Arc::clone(&self.folder), settings: self.settings.clone() }.start_in_vain()
    }

    /// A file beside the data that outlives the server.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs another command with the server's own settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        run(&self.folder, &self.settings, arguments)
    }

    /// What the server printed and logged so far.
    pub(crate) fn output(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    fn wait_for_address(&mut self) -> String {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let found = self.log.lock().unwrap().iter().find_map(|line| address_in(line));
            if let Some(address) = found {
                return address;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the server ended with {ended:?}:\n{}", self.output());
            assert!(Instant::now() < end, "the server did not start:\n{}", self.output());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The data of a server that does not run.
#[derive(Clone)]
pub(crate) struct Stopped {
    folder: Arc<TempDir>,
    settings: Vec<(String, String)>,
}

impl Stopped {
    /// Starts a server on the data.
    pub(crate) fn start_again(self) -> Server {
        Server::launch(self.folder, self.settings)
    }

    /// The same with a further setting.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Tries to start: the exit code, and all that was said. A server that starts all the same
    /// is stopped after a while, and has no exit code.
    pub(crate) fn start_in_vain(&self) -> (Option<i32>, String) {
        let mut child = command(&self.folder, &self.settings).spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let readers = [
            read_lines(child.stdout.take().unwrap(), Arc::clone(&log)),
            read_lines(child.stderr.take().unwrap(), Arc::clone(&log)),
        ];
        let end = Instant::now() + Duration::from_secs(30);
        while child.try_wait().unwrap().is_none() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        let code = child.try_wait().unwrap().and_then(|status| status.code());
        child.kill().ok();
        child.wait().unwrap();
        readers.into_iter().for_each(|reader| reader.join().unwrap());
        (code, log.lock().unwrap().join("\n"))
    }

    /// Runs another command with the server's own settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        run(&self.folder, &self.settings, arguments)
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

fn run(folder: &TempDir, settings: &[(String, String)], arguments: &[&str]) -> Output {
    bare(folder, settings).args(arguments).env("GATEHOUSE_KEY", OPERATOR).output().unwrap()
}

fn command(folder: &TempDir, settings: &[(String, String)]) -> Command {
    let mut command = bare(folder, settings);
    command.arg("serve");
    command
}

fn bare(folder: &TempDir, settings: &[(String, String)]) -> Command {
    let mut command = Command::new(binary());
    command
        .current_dir(folder.path())
        .env("GATEHOUSE_LISTEN", "127.0.0.1:0")
        .env("GATEHOUSE_DATA_DIR", folder.path().join("data"))
        .env("GATEHOUSE_ROOT_KEY_FILE", folder.path().join("keys/root.key"))
        .env("GATEHOUSE_BOOTSTRAP_KEY", OPERATOR)
        .envs(settings.iter().cloned())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        for reader in self.readers.drain(..) {
            reader.join().ok();
        }
        if !std::thread::panicking() {
            canary::check("the server's output", self.output().as_bytes());
            if self.searched {
                canary::check_folder(self.folder.path());
            }
            assert!(!self.output().contains("panicked at"), "the server panicked:\n{}", self.output());
        }
    }
}

fn read_lines(pipe: impl std::io::Read + Send + 'static, log: Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            log.lock().unwrap().push(line);
        }
    })
}

/// The address in the line by which the server says where it listens.
fn address_in(line: &str) -> Option<String> {
    let start = line.find("http://127.0.0.1:")?;
    let address: String = line.get(start..)?.chars().take_while(|c| !c.is_whitespace() && *c != '"').collect();
    line.contains("listening").then_some(address.trim_end_matches(['/', ',', '.']).to_owned())
}

fn quoted(origins: &[String]) -> String {
    origins.iter().map(|origin| format!("{origin:?}")).collect::<Vec<_>>().join(",")
}
