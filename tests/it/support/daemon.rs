//! The program as a process.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;
use tokio::task::JoinHandle;

use super::{Home, PATIENCE, wait_for};

/// What the daemon says of its HTTP interface, as text and as JSON.
const READY: [&str; 2] = [
    "HTTP interface ready. address=",
    "\"message\":\"HTTP interface ready.\",\"address\":\"",
];

/// Longest wait for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A command of the program with an environment of its own.
fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pantau"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// Runs a verb to its end, inside `home`.
pub(crate) fn pantau(home: &Home, arguments: &[&str]) -> Output {
    command()
        .args(arguments)
        .current_dir(home.folder())
        .output()
        .unwrap()
}

/// How the program is started where that is not plainly.
#[derive(Clone, Debug, Default)]
pub(crate) struct Launch {
    /// Its environment, which is empty otherwise.
    pub(crate) environment: Vec<(&'static str, String)>,
    /// What a shell does just before it becomes the program.
    pub(crate) before: Option<&'static str>,
}

/// `pantau run` with a configuration of its own; killed when dropped.
#[derive(Debug)]
pub(crate) struct Daemon {
    /// The folder it runs in, with `pantau.toml`, `data` and `log`.
    pub(crate) home: Home,
    launch: Launch,
    child: Child,
    address: SocketAddr,
    client: Client,
}

impl Daemon {
    /// Starts it and waits until it answers. `config` is the configuration
    /// without `[http]`.
    pub(crate) async fn start(config: &str) -> Self {
        Self::start_in(Home::new(), config).await
    }

    /// Starts it in a folder that has files already.
    pub(crate) async fn start_in(home: Home, config: &str) -> Self {
        let config = format!("{config}\n[http]\nlisten = \"127.0.0.1:0\"\n");
        Self::start_with(home, &config).await
    }

    /// Starts it in a folder that has files already, with a configuration that
    /// says all.
    pub(crate) async fn start_with(home: Home, config: &str) -> Self {
        Self::launch(home, config, Launch::default()).await
    }

    /// The same, and says how the program is started.
    pub(crate) async fn launch(home: Home, config: &str, launch: Launch) -> Self {
        // Named once, before a client can choose one.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        home.write("pantau.toml", config);
        let client = Client::builder().timeout(ANSWER_WITHIN).build().unwrap();
        let child = spawn(&home, &launch);
        let mut daemon = Self {
            home,
            launch,
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            client,
        };
        daemon.find_address(0).await;
        daemon
    }

    /// Everything it has logged, over all its starts.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.home.path("log")).unwrap_or_default()
    }

    /// Where it serves.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks, and gives status and document.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let request = self.client.get(self.url(path));
        answer(self.send(request).await).await
    }

    /// Asks, and gives the answer as it came.
    pub(crate) async fn get_response(&self, path: &str) -> Response {
        let request = self.client.get(self.url(path));
        self.send(request).await
    }

    /// Asks with an `Authorization`, and gives the status.
    pub(crate) async fn get_with(&self, path: &str, authorization: &str) -> u16 {
        let request = self.client.get(self.url(path));
        let request = request.header("authorization", authorization);
        self.send(request).await.status().as_u16()
    }

    /// Posts a document.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self
            .client
            .post(self.url(path))
            .header("content-type", "application/json")
            .body(body.to_string());
        answer(self.send(request).await).await
    }

    /// Posts a document and waits for no answer; dropped, it breaks off.
    pub(crate) fn post_and_leave(&self, path: &str, body: &Value) -> JoinHandle<()> {
        let request = self
            .client
            .post(self.url(path))
            .header("content-type", "application/json")
            .body(body.to_string());
        tokio::spawn(async move { drop(request.send().await) })
    }

    /// Asks for `path` until `wanted` finds what it wants in the document.
    pub(crate) async fn wait<T>(
        &self,
        what: &str,
        path: &str,
        mut wanted: impl FnMut(&Value) -> Option<T>,
    ) -> T {
        wait_for(what, PATIENCE, async || {
            let (_, document) = self.get(path).await;
            wanted(&document).ok_or(document)
        })
        .await
    }

    /// Kills it without a word, as a crash would.
    pub(crate) fn kill_9(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again after it ended.
    pub(crate) async fn restart(&mut self) {
        let logged = self.log().len();
        self.start_again();
        self.find_address(logged).await;
    }

    /// Starts it again after it ended, and waits for nothing.
    pub(crate) fn start_again(&mut self) {
        self.child = spawn(&self.home, &self.launch);
    }

    /// Has it read its configuration again, and waits until it serves anew.
    pub(crate) async fn reload(&mut self) {
        let logged = self.log().len();
        self.signal("HUP");
        self.find_address(logged).await;
    }

    /// Sends a signal by its name, such as `HUP`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", self.pid())])
            .status()
            .unwrap();
        assert!(sent.success(), "kill -{name} failed");
    }

    /// Ends it as a service manager does, and waits for its good end.
    pub(crate) async fn stop(&mut self) {
        self.signal("TERM");
        let status = self.ended().await;
        assert!(status.success(), "{status}; log:\n{}", self.log());
    }

    /// Waits until it ends.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let child = &mut self.child;
        wait_for("the daemon's end", PATIENCE, async || {
            child.try_wait().unwrap().ok_or("it runs")
        })
        .await
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn send(&self, request: RequestBuilder) -> Response {
        match request.send().await {
            Ok(response) => response,
            Err(error) => panic!("no answer: {error:?}; log:\n{}", self.log()),
        }
    }

    /// Reads the address from what was logged after the first `skip` bytes.
    async fn find_address(&mut self, skip: usize) {
        self.address = wait_for("the HTTP interface", PATIENCE, async || {
            let log = self.log();
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the daemon ended with {status}; log:\n{log}");
            }
            let fresh = log.get(skip..).unwrap_or_default();
            let said = READY.iter().find_map(|ready| fresh.split_once(ready));
            let (_, after) = said.ok_or_else(|| log.clone())?;
            // The end of the line may still be on its way.
            let is_end = |c: char| c.is_whitespace() || c == '"';
            let (address, _) = after.split_once(is_end).ok_or(log.clone())?;
            address.parse().map_err(|_| log.clone())
        })
        .await;
    }
}

impl Drop for Daemon {
    #[expect(clippy::print_stderr, reason = "explains a failed test in its output")]
    fn drop(&mut self) {
        self.child.kill().ok(); // it may have ended already
        self.child.wait().ok();
        if std::thread::panicking() {
            eprintln!("log of the daemon:\n{}", self.log());
        }
    }
}

fn spawn(home: &Home, launch: &Launch) -> Child {
    let log = File::options()
        .create(true)
        .append(true)
        .open(home.path("log"))
        .unwrap();
    let mut command = match launch.before {
        None => command(),
        Some(before) => {
            let mut shell = Command::new("/bin/sh");
            shell.env_clear().stdin(Stdio::null());
            let then = format!("{before}; exec \"$0\" \"$@\"");
            shell.args(["-c", &then, env!("CARGO_BIN_EXE_pantau")]);
            shell
        }
    };
    command
        .envs(launch.environment.iter().map(|(key, value)| (key, value)))
        .arg("--config")
        .arg(home.path("pantau.toml"))
        .arg("run")
        .current_dir(home.folder())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Status and document; a text that is no JSON becomes a JSON string.
async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let document = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status, document)
}
