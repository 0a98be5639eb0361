//! Potential files of ferrip, without Python: from a `.ferrip` file to its evaluator.
//!
//! The layout of the file stands in `python/ferrip/modelfile.py`. [`container`] reads the safetensors file and checks
//! its digest, [`header`] is its JSON header, [`families`] turn settings into descriptors, and [`potential`] puts
//! everything together. Files are read as untrusted bytes.

mod container;
mod error;
mod families;
mod header;
mod networks;
mod potential;
mod readout;
mod table;

pub use error::{Error, Result};
pub use potential::{parse, read};
