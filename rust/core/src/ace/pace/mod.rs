//! Potentials of pacemaker and ML-PACE: readers of `.yace`, `.ace` and pacemaker's `.yaml`, their compiler.
//!
//! The formats are those of ML-PACE (Lysogorskiy et al., DOI 10.1038/s41524-021-00559-9) and pacemaker
//! (Bochkarev et al., DOI 10.1103/PhysRevMaterials.6.013804). Files are untrusted bytes: readers return a line
//! and a reason, never panic, and bound depth, sizes and counts.

mod bbasis;
mod chebyshev;
mod clebsch_gordan;
mod compile;
mod export;
mod model;
mod radial;
mod repulsion;
mod text;
mod write;
mod yace;
mod yaml;

pub use compile::{Compiled, compile};
pub use export::{Export, export};
pub use model::{Bond, Embedding, Function, InnerCutoff, PaceModel};
pub use radial::{RadialBase, RadialKind};
pub use write::{variant_name, write};

use crate::error::Result;

/// A file format that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `.yace`: YAML of ML-PACE.
    Yace,
    /// `.ace`: the older text of ML-PACE.
    Ace,
    /// `.yaml`: B-basis functions of pacemaker.
    BBasis,
}

impl Format {
    /// By the extension of the file, without the dot.
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension {
            "yace" => Some(Self::Yace),
            "ace" => Some(Self::Ace),
            "yaml" => Some(Self::BBasis),
            _ => None,
        }
    }

    /// Reads a file's content.
    ///
    /// # Errors
    /// [`crate::Error::Parse`] with the line, [`crate::Error::Setting`] for parts that do not fit together.
    pub fn read(self, text: &str) -> Result<PaceModel> {
        match self {
            Self::Yace => yace::read(text),
            Self::Ace => text::read(text),
            Self::BBasis => bbasis::read(text),
        }
    }
}
