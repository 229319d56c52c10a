//! A TCP address that a daemon connects to: one connection at a time, as a line has
//! one far end.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::pty::FarEnd;

/// A mock's end of a connection, and where it waits for the next one.
#[derive(Debug)]
pub struct Socket {
    listener: TcpListener,
    address: SocketAddr,
    stream: Option<TcpStream>,
}

/// Connections that may wait while there is one.
const WAITING: u32 = 16;

/// How much is read at once.
const READ_LEN: usize = 4096;

impl Socket {
    /// Listens on this address; port 0 is any free one.
    ///
    /// # Errors
    ///
    /// When the address cannot be had, or outside a tokio runtime with I/O.
    pub fn listen(address: SocketAddr) -> io::Result<Self> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // Connections that were just cut keep the address for a minute.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(WAITING)?;
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            stream: None,
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether somebody is connected, as far as [`Socket::next`] has seen.
    pub const fn is_open(&self) -> bool {
        self.stream.is_some()
    }

    /// Sends what fits into the connection's buffer, without waiting, and returns how
    /// many bytes that were: 0 when it is full, or the connection broken, which
    /// [`Socket::next`] tells.
    pub fn write(&self, bytes: &[u8]) -> usize {
        let written = self.stream.as_ref().map(|stream| stream.try_write(bytes));
        written.and_then(Result::ok).unwrap_or(0)
    }

    /// Waits for the next thing to happen at the far end. Nothing is lost when the
    /// future is dropped.
    ///
    /// # Errors
    ///
    /// Those of `accept(2)`.
    pub async fn next(&mut self) -> io::Result<FarEnd> {
        let mut buffer = [0; READ_LEN];
        loop {
            let Some(stream) = &self.stream else {
                let (stream, _) = self.listener.accept().await?;
                self.stream = Some(stream);
                return Ok(FarEnd::Opened);
            };
            let read = match stream.readable().await {
                Ok(()) => stream.try_read(&mut buffer),
                Err(error) => Err(error),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // However it ended, it is over.
                Ok(0) | Err(_) => {
                    self.stream = None;
                    return Ok(FarEnd::Closed);
                }
                Ok(n_bytes) => {
                    let bytes = buffer.get(..n_bytes).unwrap_or_default().to_vec();
                    return Ok(FarEnd::Wrote(bytes));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn next(socket: &mut Socket) -> FarEnd {
        tokio::time::timeout(Duration::from_secs(5), socket.next())
            .await
            .expect("nothing happened at the far end")
            .unwrap()
    }

    #[tokio::test]
    async fn one_after_the_other_connects_and_is_spoken_with() {
        let mut socket = Socket::listen(([127, 0, 0, 1], 0).into()).unwrap();
        assert_eq!(socket.write(b"nobody"), 0);
        for _ in 0..2 {
            let mut far_end = TcpStream::connect(socket.address()).await.unwrap();
            assert_eq!(next(&mut socket).await, FarEnd::Opened);
            far_end.write_all(b"hello").await.unwrap();
            assert_eq!(next(&mut socket).await, FarEnd::Wrote(b"hello".to_vec()));
            assert_eq!(socket.write(b"yes"), 3);
            let mut answer = [0; 3];
            far_end.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"yes");
            drop(far_end);
            assert_eq!(next(&mut socket).await, FarEnd::Closed);
            assert!(!socket.is_open());
        }
    }

    #[tokio::test]
    async fn its_address_is_free_again_when_it_is_gone() {
        let mut socket = Socket::listen(([127, 0, 0, 1], 0).into()).unwrap();
        let address = socket.address();
        let mut far_end = TcpStream::connect(address).await.unwrap();
        assert_eq!(next(&mut socket).await, FarEnd::Opened);
        drop(socket);
        assert_eq!(far_end.read(&mut [0; 8]).await.unwrap(), 0);
        assert!(TcpStream::connect(address).await.is_err());
        assert_eq!(Socket::listen(address).unwrap().address(), address);
    }
}
