//! UF3: knots of pairs, triplets and densities; also potentials of pair functions alone, which have none.

use std::sync::Arc;

use ferrip_core::cluster::spline::Axis;
use ferrip_core::cluster::{Density, Descriptor, Embedding, Pair, Program, Triplet};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::Result;

/// Complete settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    elements: Vec<u8>,
    #[serde(default)]
    pairs: Vec<PairEntry>,
    #[serde(default)]
    triplets: Vec<TripletEntry>,
    #[serde(default)]
    densities: Vec<DensityEntry>,
    /// Of fits only.
    #[serde(rename = "penalties")]
    _penalties: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PairEntry {
    elements: [u8; 2],
    knots: Vec<f64>,
    trims: [usize; 2],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TripletEntry {
    elements: [u8; 3],
    knots: [Vec<f64>; 3],
    trims: [usize; 2],
}

/// A function of a density around the atoms of an element.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DensityEntry {
    center: u8,
    knots: Vec<f64>,
    /// Of fits only.
    #[serde(rename = "trims")]
    _trims: IgnoredAny,
    neighbors: Vec<NeighborEntry>,
}

/// What neighbors of an element add to a density.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NeighborEntry {
    element: u8,
    knots: Vec<f64>,
    coefficients: Vec<f64>,
}

/// The descriptor of complete settings.
///
/// # Errors
/// Those of [`Axis::new`], [`Density::new`] and [`Program::new`].
pub fn descriptor(settings: Settings) -> Result<Descriptor> {
    let pair = |PairEntry { elements, knots, trims }| Ok(Pair { elements, axis: Axis::new(knots)?, trims });
    let triplet = |TripletEntry { elements, knots: [ij, ik, jk], trims }| {
        Ok(Triplet { elements, axes: [Axis::new(ij)?, Axis::new(ik)?, Axis::new(jk)?], trims })
    };
    let pairs = settings.pairs.into_iter().map(pair).collect::<Result<_>>()?;
    let triplets = settings.triplets.into_iter().map(triplet).collect::<Result<_>>()?;
    let embeddings = settings.densities.into_iter().map(embedding).collect::<Result<_>>()?;
    Ok(Descriptor::new(Arc::new(Program::new(settings.elements, pairs, triplets, embeddings)?)))
}

fn embedding(entry: DensityEntry) -> Result<Embedding> {
    let density = |NeighborEntry { element, knots, coefficients }| {
        Ok((element, Density::new(Axis::new(knots)?, coefficients)?))
    };
    let densities = entry.neighbors.into_iter().map(density).collect::<Result<_>>()?;
    Ok(Embedding { center: entry.center, axis: Axis::new(entry.knots)?, densities })
}
