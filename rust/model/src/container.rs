//! The safetensors file: its size, header text, arrays and digest.
//!
//! Eight bytes (little-endian length n), n bytes of JSON, then the data. The JSON names the type, shape and place of
//! every array, and `__metadata__` holds the strings `ferrip` (the header) and `sha256` (the digest of header and
//! arrays, as in `python/ferrip/modelfile.py`).

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// Bytes; a longer header is refused.
const MAX_HEADER: u64 = 64 * 1024 * 1024;

/// A checked file.
#[derive(Debug)]
pub struct Container {
    /// The JSON header of the potential.
    pub header: String,
    /// Arrays by name.
    pub arrays: BTreeMap<String, Array>,
}

/// Numbers and their shape, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Number of entries along every axis.
    pub shape: Vec<usize>,
    /// Entries.
    pub data: Vec<f64>,
}

#[derive(Deserialize)]
struct Outer {
    #[serde(rename = "__metadata__")]
    metadata: Metadata,
    #[serde(flatten)]
    arrays: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Metadata {
    ferrip: Option<String>,
    sha256: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    dtype: Type,
    shape: Vec<usize>,
    data_offsets: [usize; 2],
}

/// Types of arrays in potentials.
#[derive(Deserialize, Clone, Copy, PartialEq)]
enum Type {
    F32,
    F64,
}

impl Type {
    /// Bytes per entry, and the name that the digest has.
    fn description(self) -> (usize, &'static str) {
        match self {
            Self::F32 => (4, "float32"),
            Self::F64 => (8, "float64"),
        }
    }
}

impl Container {
    /// Header and arrays of the bytes of a file.
    ///
    /// # Errors
    /// [`Error::Content`] for anything but a complete and unchanged file.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let (json, data) = split(bytes)?;
        let outer: Outer = serde_json::from_slice(json)
            .map_err(|_| Error::content("not a ferrip potential, or its header is corrupt"))?;
        let Metadata { ferrip: Some(header), sha256: Some(expected) } = outer.metadata else {
            return Err(Error::content("a safetensors file, but not a ferrip potential"));
        };
        let mut digest = Sha256::new_with_prefix(&header);
        let mut arrays = BTreeMap::new();
        for (name, entry) in outer.arrays {
            let own = entry.bytes(data).ok_or_else(|| Error::content("truncated or corrupt arrays"))?;
            digest.update(format!("{name} {} {}", entry.dtype.description().1, tuple(&entry.shape)));
            digest.update(own);
            arrays.insert(name, Array { data: entry.numbers(own), shape: entry.shape });
        }
        if format!("{:x}", digest.finalize()) != expected {
            return Err(Error::content("corrupt (the checksum does not match the content)"));
        }
        if arrays.values().any(|array| array.data.iter().any(|number| !number.is_finite())) {
            return Err(Error::content("an array holds numbers that are not finite"));
        }
        Ok(Self { header, arrays })
    }
}

/// The JSON at the start of the file and the data after it.
fn split(bytes: &[u8]) -> Result<(&[u8], &[u8])> {
    let truncated = || Error::content(format!("truncated ({} bytes)", bytes.len()));
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(truncated)?;
    let length = u64::from_le_bytes(*length);
    if length > MAX_HEADER {
        return Err(Error::content("not a ferrip potential"));
    }
    rest.split_at_checked(length as usize).ok_or_else(truncated)
}

/// A shape as Python writes it: `(3,)`, `(2, 3)`.
fn tuple(shape: &[usize]) -> String {
    let entries: Vec<String> = shape.iter().map(ToString::to_string).collect();
    match &entries[..] {
        [one] => format!("({one},)"),
        several => format!("({})", several.join(", ")),
    }
}

impl Entry {
    /// The entry's bytes, `None` where they do not fit its shape or the file.
    fn bytes<'a>(&self, data: &'a [u8]) -> Option<&'a [u8]> {
        let [start, end] = self.data_offsets;
        let own = data.get(start..end)?;
        let size = self.shape.iter().try_fold(self.dtype.description().0, |n, &k| n.checked_mul(k))?;
        (size == own.len()).then_some(own)
    }

    fn numbers(&self, bytes: &[u8]) -> Vec<f64> {
        match self.dtype {
            Type::F32 => numbers(bytes, |four| f64::from(f32::from_le_bytes(four))),
            Type::F64 => numbers(bytes, f64::from_le_bytes),
        }
    }
}

fn numbers<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    bytes.chunks_exact(N).filter_map(|own| own.try_into().ok()).map(number).collect()
}
