//! Where a JSON object ends.

/// Follows an object from its opening brace, however it is cut into reads.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ObjectScan {
    scanned: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl ObjectScan {
    /// The length of the object that `bytes` begin with, once its last brace is
    /// there. `bytes` may only grow between calls.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        for byte in bytes.iter().skip(self.scanned) {
            self.scanned += 1;
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' => self.depth += 1,
                b'}' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(self.scanned);
                    }
                }
                _ => {}
            }
        }
        None
    }
}
