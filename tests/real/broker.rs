//! A real mosquitto with the broker file that Pantau ships, as a process.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use firmware_mocks::mqtt::Broker;

use crate::support::{Home, free_address, pantau};

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

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.0.id()
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
