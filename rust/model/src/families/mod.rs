//! Families: from the settings in a file to a descriptor.

use std::collections::BTreeMap;

use ferrip_core::density::{Descriptor, KernelDescriptor};
use ferrip_core::elements::atomic_number;
use ferrip_core::{Features, JointDescriptor, ace, cluster, density};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::container::Array;
use crate::error::{Error, Result};
use crate::table::{Feature, of_acsf, of_cluster, of_density, of_moments};

mod acsf;
mod chebyshev;
mod gap;
mod linear_ace;
mod mtp;
mod nn;
mod soap;
mod uf3;

/// Arrays of a file by their names in settings.
pub type Arrays<'a> = dyn Fn(&str) -> Option<&'a Array> + 'a;

/// A descriptor, of whatever engine.
#[derive(Debug)]
pub enum Basis {
    /// Of the density engine, with its features.
    Density(Box<Descriptor>, Vec<Feature>),
    /// Kernels of such functions, with its features.
    Kernel(KernelDescriptor, Vec<Feature>),
    /// Kernels with linear functions beside them.
    Joint(JointDescriptor, Vec<Feature>),
    /// Of moments.
    Moments(density::moments::Descriptor),
    /// Of splines.
    Cluster(cluster::Descriptor),
    /// Of symmetry functions.
    Acsf(ferrip_core::acsf::Descriptor),
}

impl Basis {
    /// The descriptor that a family makes of complete settings, some of which are arrays of the file.
    ///
    /// # Errors
    /// [`Error::Content`] for an unknown family or settings that it does not have; those of the core.
    pub fn new(family: &str, settings: &Value, arrays: &Arrays<'_>) -> Result<Self> {
        match family {
            "ace" | "ace-fs" => linear_ace::basis(from_json(settings)?),
            "nn" => nn::basis(settings),
            "gap" => gap::basis(from_json(settings)?, arrays),
            "pace" => pace(settings),
            "mtp" => Ok(Self::Moments(mtp::descriptor(from_json(settings)?)?)),
            "uf3" | "pair" => Ok(Self::Cluster(uf3::descriptor(from_json(settings)?)?)),
            _ => Err(Error::content(format!("potentials of the family {family:?} need Python"))),
        }
    }

    /// What all descriptors have in common.
    pub fn features(&self) -> &dyn Features {
        match self {
            Self::Density(descriptor, _) => &**descriptor,
            Self::Kernel(descriptor, _) => descriptor,
            Self::Joint(descriptor, _) => descriptor,
            Self::Moments(descriptor) => descriptor,
            Self::Cluster(descriptor) => descriptor,
            Self::Acsf(descriptor) => descriptor,
        }
    }

    /// Its features.
    pub fn table(&self) -> Vec<Feature> {
        match self {
            Self::Density(_, table) | Self::Kernel(_, table) | Self::Joint(_, table) => table.clone(),
            Self::Moments(descriptor) => of_moments(descriptor.program()),
            Self::Cluster(descriptor) => of_cluster(descriptor.program()),
            Self::Acsf(descriptor) => of_acsf(descriptor.program()),
        }
    }
}

/// The products of a file of ML-PACE, which the settings hold as text.
fn pace(settings: &Value) -> Result<Basis> {
    let text = settings.get("yace").and_then(Value::as_str);
    let text = text.ok_or_else(|| Error::content("settings: no 'yace'"))?;
    let compiled = ace::pace::compile(&ace::pace::Format::Yace.read(text)?)?;
    let table = of_density(&compiled.program, &compiled.functions);
    Ok(Basis::Density(Box::new(Descriptor::new(compiled.program)), table))
}

fn from_json<T: DeserializeOwned>(settings: &Value) -> Result<T> {
    T::deserialize(settings).map_err(|error| Error::content(format!("settings: {error}")))
}

/// Values by atomic numbers (low, high), from names such as `Si-O`.
fn by_pair<T: Copy>(named: &BTreeMap<String, T>) -> Result<BTreeMap<(u8, u8), T>> {
    named.iter().map(|(name, &value)| Ok((pair_of(name)?, value))).collect()
}

fn pair_of(name: &str) -> Result<(u8, u8)> {
    let pair = name.split_once('-').and_then(|(a, b)| atomic_number(a).zip(atomic_number(b)));
    let (a, b) = pair.ok_or_else(|| Error::content(format!("settings: {name:?} is no pair of symbols")))?;
    Ok((a.min(b), a.max(b)))
}
