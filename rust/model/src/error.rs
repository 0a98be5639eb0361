//! What can be wrong with a file.

/// Why a file gives no potential. Messages have no name of the file; [`crate::read`] adds it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened or read.
    #[error("{0}")]
    Read(#[from] std::io::Error),
    /// The bytes are no potential of this version.
    #[error("{0}")]
    Content(String),
    /// The core refuses what the file says.
    #[error("{0}")]
    Core(#[from] ferrip_core::Error),
    /// Any of these, with the name of the file.
    #[error("{name}: {reason}")]
    File {
        /// Name of the file.
        name: String,
        /// What is wrong with it.
        reason: Box<Error>,
    },
}

impl Error {
    /// [`Error::Content`].
    pub(crate) fn content(reason: impl Into<String>) -> Self {
        Self::Content(reason.into())
    }
}

/// Result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
