//! Against real parts.
