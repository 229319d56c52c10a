//! A small SMTP server that keeps what it is sent and answers as it is bid.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::{PATIENCE, wait_for};

/// On a free port of the loopback, up to its drop. It offers no STARTTLS.
#[derive(Debug)]
pub(crate) struct Smtp {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    /// What it answers to the end of a message.
    verdict: &'static str,
    mails: Vec<String>,
    /// Each line that is no part of a message.
    said: Vec<String>,
}

impl Smtp {
    /// Starts it; `verdict` is the answer to each whole message.
    pub(crate) async fn start(verdict: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            verdict,
            mails: Vec::new(),
            said: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&shared)));
            }
        });
        Self {
            address,
            state,
            serving,
        }
    }

    pub(crate) const fn port(&self) -> u16 {
        self.address.port()
    }

    /// Answers differently from now on.
    pub(crate) fn answer(&self, verdict: &'static str) {
        self.state.lock().unwrap().verdict = verdict;
    }

    /// Every message that came whole, whatever was answered.
    pub(crate) fn mails(&self) -> Vec<String> {
        self.state.lock().unwrap().mails.clone()
    }

    /// Every command that came.
    pub(crate) fn said(&self) -> Vec<String> {
        self.state.lock().unwrap().said.clone()
    }

    /// Waits until at least `count` messages came, and gives them all.
    pub(crate) async fn wait(&self, count: usize) -> Vec<String> {
        wait_for("mails", PATIENCE, async || {
            let mails = self.mails();
            if mails.len() >= count {
                Ok(mails)
            } else {
                Err(mails)
            }
        })
        .await
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn converse(stream: TcpStream, state: Arc<Mutex<State>>) -> Option<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 test\r\n").await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        state.lock().unwrap().said.push(line.clone());
        let verb = line
            .split(' ')
            .next()
            .unwrap_or_default()
            .to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-test\r\n250 8BITMIME\r\n".to_owned(),
            "DATA" => {
                write.write_all(b"354 go on\r\n").await.ok()?;
                let mut mail = String::new();
                loop {
                    // A sender that dies in the middle has sent no message.
                    let line = lines.next_line().await.ok()??;
                    if line == "." {
                        break;
                    }
                    // A point before another was put there for the way (RFC 5321).
                    mail.push_str(line.strip_prefix('.').unwrap_or(&line));
                    mail.push_str("\r\n");
                }
                let mut state = state.lock().unwrap();
                state.mails.push(mail);
                format!("{}\r\n", state.verdict)
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await.ok()?;
                return None;
            }
            _ => "250 ok\r\n".to_owned(),
        };
        write.write_all(answer.as_bytes()).await.ok()?;
    }
    None
}
