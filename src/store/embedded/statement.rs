//! A statement that is compiled when it is first needed, then kept.

use rusqlite::{Connection, Statement};

/// A statement of one transaction.
#[derive(Debug)]
pub(super) struct Lazy<'c> {
    connection: &'c Connection,
    sql: &'static str,
    statement: Option<Statement<'c>>,
}

impl<'c> Lazy<'c> {
    /// Nothing is compiled yet.
    pub(super) const fn new(connection: &'c Connection, sql: &'static str) -> Self {
        Self {
            connection,
            sql,
            statement: None,
        }
    }

    /// The compiled statement.
    ///
    /// # Errors
    ///
    /// When it cannot be compiled.
    pub(super) fn get(&mut self) -> rusqlite::Result<&mut Statement<'c>> {
        let statement = match self.statement.take() {
            Some(statement) => statement,
            None => self.connection.prepare(self.sql)?,
        };
        Ok(self.statement.insert(statement))
    }
}
