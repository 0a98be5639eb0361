//! The one error type of the crate. Messages say what was expected, what came, and where.

/// What can go wrong in `ferrip-core`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// Two arrays that must agree in length do not.
    #[error("{what}: expected {expected} entries, got {got}")]
    Length {
        /// Name of the array.
        what: &'static str,
        /// Length that was needed.
        expected: usize,
        /// Length that came.
        got: usize,
    },
    /// A number that must be finite is NaN or infinite.
    #[error("{what} of atom {atom} is not finite")]
    NotFinite {
        /// Name of the quantity.
        what: &'static str,
        /// Index of the atom.
        atom: usize,
    },
    /// The cell cannot hold the periodic directions asked for.
    #[error("cell: {reason}")]
    Cell {
        /// What is wrong with it.
        reason: String,
    },
    /// An element that the potential or descriptor does not know.
    #[error("atom {atom} is {symbol}, but only {known} are known here")]
    UnknownElement {
        /// Index of the atom.
        atom: usize,
        /// Its chemical symbol.
        symbol: String,
        /// Symbols that are known, comma separated.
        known: String,
    },
    /// A setting is out of its range.
    #[error("{name}: {reason}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// What is wrong and what is allowed.
        reason: String,
    },
    /// Two atoms lie on each other.
    #[error("atoms {i} and {j} lie on each other, {distance} Å apart")]
    Overlap {
        /// First atom.
        i: usize,
        /// Second atom.
        j: usize,
        /// Their distance in Å.
        distance: f64,
    },
    /// A line of a file cannot be read.
    #[error("line {line}: {reason}")]
    Parse {
        /// Line, counted from 1.
        line: usize,
        /// What was expected and what came.
        reason: String,
    },
    /// A size would exceed what the implementation can hold.
    #[error("{what} is too large: {size} exceeds the limit {limit}")]
    TooLarge {
        /// Name of the quantity.
        what: &'static str,
        /// Size asked for.
        size: usize,
        /// Limit.
        limit: usize,
    },
}

impl Error {
    /// # Errors
    /// [`Error::Length`] if two lengths that must agree do not.
    pub(crate) fn check_length(what: &'static str, expected: usize, got: usize) -> Result<()> {
        if expected == got { Ok(()) } else { Err(Self::Length { what, expected, got }) }
    }
}

/// Result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
