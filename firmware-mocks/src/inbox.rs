//! What an instrument has heard and not yet understood.

/// Bytes from the far end, until they make a command.
///
/// Holds at most [`Inbox::MAX`] bytes; the oldest are forgotten, as in a receive
/// buffer that nobody empties.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    bytes: Vec<u8>,
}

impl Inbox {
    /// More than any command of the catalogue has.
    pub const MAX: usize = 1024;

    /// Puts `bytes` behind what is there.
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let excess = self.bytes.len().saturating_sub(Self::MAX);
        self.bytes.drain(..excess);
    }

    /// What is there.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes the first `len` bytes, or all when there are fewer.
    pub fn take(&mut self, len: usize) -> Vec<u8> {
        let len = len.min(self.bytes.len());
        self.bytes.drain(..len).collect()
    }

    /// Takes the first byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.take(1).first().copied()
    }

    /// Takes what stands before the first `end`, which is taken and left out.
    pub fn until(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        let at = self
            .bytes
            .windows(end.len().max(1))
            .position(|found| found == end)?;
        let before = self.take(at);
        self.take(end.len());
        Some(before)
    }

    /// Takes a line that ends in LF or CR LF, without its end and as text.
    pub fn line(&mut self) -> Option<String> {
        let line = self.until(b"\n")?;
        let text = String::from_utf8_lossy(&line);
        Some(text.trim_end_matches('\r').to_owned())
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_may_come_in_pieces() {
        let mut inbox = Inbox::default();
        inbox.add(b"GET a\r");
        assert_eq!(inbox.line(), None);
        inbox.add(b"\nGET b\nrest}");
        assert_eq!(inbox.line().as_deref(), Some("GET a"));
        assert_eq!(inbox.line().as_deref(), Some("GET b"));
        assert_eq!(inbox.until(b"}").as_deref(), Some(&b"rest"[..]));
        assert_eq!(inbox.byte(), None);
    }

    #[test]
    fn it_keeps_the_newest() {
        let mut inbox = Inbox::default();
        inbox.add(&[1; Inbox::MAX]);
        inbox.add(&[2; 3]);
        assert_eq!(inbox.bytes().len(), Inbox::MAX);
        assert!(inbox.bytes().ends_with(&[1, 2, 2, 2]));
    }
}
