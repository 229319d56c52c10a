//! A real mosquitto with the broker file that Pantau ships, as a process.

use std::fs::{File, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use firmware_mocks::mqtt::Broker;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::support::{Home, PATIENCE, free_address, pantau, wait_for};

/// The name of whoever listens.
const LISTENER: &str = "pantau-tests-listener";

/// A process that ends with the test.
#[derive(Debug)]
pub(crate) struct Guard(pub(crate) Child);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.kill().ok(); // it may have ended already
        self.0.wait().ok();
    }
}

/// The program, also where an ordinary user's path does not lead.
pub(crate) fn program(name: &str) -> String {
    let sbin = format!("/usr/sbin/{name}");
    if Path::new(&sbin).exists() {
        sbin
    } else {
        name.to_owned()
    }
}

/// Starts a program that has to be installed.
///
/// # Panics
///
/// When it is not.
pub(crate) fn start(mut command: Command, part: &str) -> Guard {
    match command.spawn() {
        Ok(child) => Guard(child),
        Err(error) => panic!("{part} is missing and could not be started: {error}"),
    }
}

/// A mosquitto on a free port of the loopback, with a folder of its own.
#[derive(Debug)]
pub(crate) struct Mosquitto {
    file: PathBuf,
    log: PathBuf,
    process: Guard,
    /// Where it listens.
    pub(crate) broker: Broker,
}

impl Mosquitto {
    /// Starts it by the file of `pantau broker-file`, inside `home`.
    pub(crate) fn start(home: &Home) -> Self {
        let port = free_address().port();
        let data = home.path("broker");
        std::fs::create_dir(&data).unwrap();
        // mosquitto gives up root for a user of its own.
        for folder in [home.folder(), data.as_path()] {
            std::fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
        }
        let port_text = port.to_string();
        let data_text = format!("{}/", data.display());
        let file = pantau(
            home,
            &["broker-file", "--port", &port_text, "--data", &data_text],
        );
        assert!(file.status.success());
        let file = home.write("mosquitto.conf", file.stdout);
        let log = home.path("mosquitto.log");
        Self {
            process: spawn(&file, &log),
            file,
            log,
            broker: Broker {
                host: "127.0.0.1".to_owned(),
                port,
                login: None,
            },
        }
    }

    /// Stops it where it stands: it takes what is sent and answers nothing.
    pub(crate) fn freeze(&self) {
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -STOP {}", self.process.0.id())])
            .status();
        assert!(sent.unwrap().success(), "kill -STOP failed");
    }

    /// Kills it without a word, as a crash would.
    pub(crate) fn kill_9(&mut self) {
        self.process.0.kill().unwrap();
        self.process.0.wait().unwrap();
    }

    /// Starts it again at the same port after it ended.
    pub(crate) fn start_again(&mut self) {
        self.process = spawn(&self.file, &self.log);
    }
}

impl Mosquitto {
    /// Lines of `mosquitto_sub` as they come. Its session outlives the broker, as
    /// its name is the same whenever it connects again.
    pub(crate) async fn listen(&self, topics: &[&str]) -> (Guard, mpsc::Receiver<(String, Value)>) {
        // It gives up at once where nothing listens yet.
        let address = (self.broker.host.as_str(), self.broker.port);
        wait_for("the broker's port", PATIENCE, async || {
            TcpStream::connect(address).await
        })
        .await;
        // Into a pipe it would keep what it heard until there is a block of it.
        let mut command = Command::new("stdbuf");
        command.args(["-oL", &program("mosquitto_sub")]);
        let port = self.broker.port.to_string();
        command.args(["-h", &self.broker.host, "-p", &port, "-q", "1", "-v"]);
        command.args(["-c", "-i", LISTENER]);
        for topic in topics {
            command.args(["-t", topic]);
        }
        command.stdout(Stdio::piped());
        let mut guard = start(command, "mosquitto_sub");
        let out = guard.0.stdout.take().unwrap();
        let (tell, heard) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let (topic, payload) = line.split_once(' ').unwrap();
                let payload = serde_json::from_str(payload).unwrap();
                if tell.send((topic.to_owned(), payload)).is_err() {
                    return;
                }
            }
        });
        (guard, heard)
    }

    /// Waits until the listener's session is on the broker's disk.
    pub(crate) async fn wait_for_session(&self, home: &Home) {
        let file = home.path("broker/mosquitto.db");
        wait_for("the session on the broker's disk", PATIENCE, async || {
            let saved = std::fs::read(&file).unwrap_or_default();
            let has_it = saved
                .windows(LISTENER.len())
                .any(|at| at == LISTENER.as_bytes());
            if has_it { Ok(()) } else { Err(saved.len()) }
        })
        .await;
    }
}

fn spawn(file: &Path, log: &Path) -> Guard {
    let mut command = Command::new(program("mosquitto"));
    let log = File::options().create(true).append(true).open(log);
    command
        .arg("-c")
        .arg(file)
        .stdout(Stdio::null())
        .stderr(log.unwrap());
    start(command, "mosquitto")
}
