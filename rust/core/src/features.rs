//! Features of atoms and their Jacobian as a linear operator: the contract of every engine's descriptor.
//!
//! With features `B_k(i)` of the centres i:
//!
//! | method | gives | shape |
//! |---|---|---|
//! | `values` | B | (N, K) |
//! | `vjp` | Σ_ik B̄_ik dB_ik/dr, and the same with d/dε | (N, 3), (3, 3) |
//! | `center_vectors` | Σ_jk B̄_ik dB_ik/dr_ij | (N, 3) |
//! | `jvp` | Σ dB/dr · ṙ + dB/dε · ε̇ | (N, K) |
//! | `design` | rows Σ_i B, −d/dr Σ_i B, d/dε Σ_i B (Voigt, symmetric part) | (1 + 3N + 6, K) |

use std::ops::Range;

use rayon::prelude::*;

use crate::density::evaluator::Evaluator;
use crate::density::network::Network;
use crate::error::{Error, Result};
use crate::pair::Baseline;
use crate::simd::Path;
use crate::structure::{Structure, dot};
use crate::threads;

/// Features of atoms that depend on the vectors to their neighbors.
pub trait Features: Send + Sync {
    /// Atomic numbers of the known elements, ascending.
    fn species(&self) -> &[u8];

    /// Largest cutoff in Å.
    fn cutoff(&self) -> f64;

    /// Number of features K.
    fn n_features(&self) -> usize;

    /// Columns of the features that atoms of a species can have: all, where species share theirs.
    fn feature_range(&self, _species: usize) -> Range<usize> {
        0..self.n_features()
    }

    /// Columns of the features that networks of a species take: those of atoms of the species, but for the pair functions
    /// of the density engine.
    fn network_inputs(&self, species: usize) -> Range<usize> {
        self.feature_range(species)
    }

    /// Features of every atom, row-major (N, K).
    ///
    /// # Errors
    /// Unknown elements, overlapping atoms, and those of the neighbor list.
    fn values(&self, structure: &Structure, num_threads: Option<usize>) -> Result<Vec<f64>>;

    /// For every centre i the gradients of `Σ_k values_bar_ik B_k(i)` along its edges, for a cotangent of
    /// checked length.
    ///
    /// # Errors
    /// Those of [`Self::values`].
    fn edge_gradients(
        &self,
        structure: &Structure,
        values_bar: &[f64],
        num_threads: Option<usize>,
    ) -> Result<Vec<Vec<EdgeGradient>>>;

    /// Gradients of all features of every centre along its edges; the default takes them one feature at a time.
    ///
    /// # Errors
    /// Those of [`Self::values`].
    fn feature_edges(&self, structure: &Structure, num_threads: Option<usize>) -> Result<FeatureEdges> {
        let species = crate::elements::indices(self.species(), structure.numbers())?;
        let ranges: Vec<_> = species.iter().map(|&z| self.feature_range(usize::from(z))).collect();
        let width = ranges.iter().map(Range::len).max().unwrap_or(0);
        let mut edges = FeatureEdges::new(width);
        for k in 0..width {
            let mut bar = vec![0.0; structure.len() * self.n_features()];
            for (row, range) in bar.chunks_exact_mut(self.n_features()).zip(&ranges) {
                row[range.clone()].iter_mut().skip(k).take(1).for_each(|bar| *bar = 1.0);
            }
            let centers = self.edge_gradients(structure, &bar, num_threads)?;
            let all = centers.iter().enumerate().flat_map(|(i, own)| own.iter().map(move |edge| (i, edge)));
            for (place, (i, edge)) in all.enumerate() {
                if k == 0 {
                    edges.push(i, edge.atom, edge.vector);
                }
                edge.gradient.iter().enumerate().for_each(|(axis, g)| edges.add(place, axis, k, *g));
            }
        }
        Ok(edges)
    }

    /// Derivative of the features along `positions_dot` and `strain_dot`, row-major (N, K).
    ///
    /// # Errors
    /// [`Error::Length`] for a wrong tangent, and those of [`Self::values`].
    fn jvp(
        &self,
        structure: &Structure,
        positions_dot: &[[f64; 3]],
        strain_dot: &[[f64; 3]; 3],
        num_threads: Option<usize>,
    ) -> Result<Vec<f64>>;

    /// Design rows of one structure, column-major; see [`Self::design`].
    ///
    /// # Errors
    /// Those of [`Self::values`].
    fn design_one(&self, structure: &Structure) -> Result<Vec<f64>>;

    /// The contracted evaluator of the potential with one coefficient (eV) per feature, one energy `e0` (eV) per
    /// species and a pair baseline.
    ///
    /// # Errors
    /// [`Error::Length`] for a wrong number of coefficients or energies, [`Error::Setting`] for values that are
    /// not finite or a path that is not supported here.
    fn evaluator(
        &self,
        coefficients: &[f64],
        e0: &[f64],
        baseline: &Baseline,
        path: Path,
    ) -> Result<Evaluator>;

    /// As [`Self::evaluator`], with a network of the inputs of every species beside the linear part.
    ///
    /// # Errors
    /// [`Error::Length`] for networks of other inputs, [`Error::Setting`] for an engine without networks, and those of
    /// [`Self::evaluator`].
    fn network_evaluator(
        &self,
        _linear: (&[f64], &[f64]),
        _networks: Vec<Network>,
        _baseline: &Baseline,
        _path: Path,
    ) -> Result<Evaluator> {
        Err(Error::Setting {
            name: "networks",
            reason: "these features have no evaluator of networks".into(),
        })
    }

    /// Gradient of `Σ values_bar · values`; `values_bar` is row-major (N, K).
    ///
    /// # Errors
    /// [`Error::Length`] for a wrong cotangent, and those of [`Self::values`].
    fn vjp(&self, structure: &Structure, values_bar: &[f64], num_threads: Option<usize>) -> Result<Gradient> {
        Error::check_length("values_bar", structure.len() * self.n_features(), values_bar.len())?;
        Ok(Gradient::of_edges(&self.edge_gradients(structure, values_bar, num_threads)?))
    }

    /// For every centre i the vector `Σ_j d/dr_ij Σ_k values_bar_ik B_k(i)`, which turns with the structure;
    /// `values_bar` is row-major (N, K).
    ///
    /// # Errors
    /// Those of [`Self::vjp`].
    fn center_vectors(
        &self,
        structure: &Structure,
        values_bar: &[f64],
        num_threads: Option<usize>,
    ) -> Result<Vec<[f64; 3]>> {
        Error::check_length("values_bar", structure.len() * self.n_features(), values_bar.len())?;
        let centers = self.edge_gradients(structure, values_bar, num_threads)?;
        let sum = |edges: &Vec<EdgeGradient>| {
            std::array::from_fn(|x| edges.iter().map(|edge| edge.gradient[x]).sum::<f64>())
        };
        Ok(centers.iter().map(sum).collect())
    }

    /// Design rows of the structures behind one another. Per structure: Σ_i B (energy), −dB/dr (forces, atom
    /// by atom), dB/dε (Voigt xx yy zz yz xz xy, symmetric part).
    ///
    /// # Errors
    /// Unknown elements, overlapping atoms, and those of the neighbor list.
    fn design(&self, structures: &[Structure], num_threads: Option<usize>) -> Result<DesignBlock> {
        DesignBlock::stack(structures, self.n_features(), num_threads, |s| self.design_one(s))
    }
}

/// Gradient of a scalar with respect to the vector of one edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EdgeGradient {
    /// Neighbor.
    pub atom: usize,
    /// Gradient with respect to r_ij, 1/Å.
    pub gradient: [f64; 3],
    /// r_ij in Å.
    pub vector: [f64; 3],
}

/// Edges of a structure, centre by centre, with the gradients of the features of their centre.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FeatureEdges {
    /// Most features of a centre.
    pub width: usize,
    /// Centre of every edge.
    pub centers: Vec<u32>,
    /// Neighbor of every edge.
    pub neighbors: Vec<u32>,
    /// r_ij of every edge, Å.
    pub vectors: Vec<[f64; 3]>,
    /// `[edge][axis][own feature of the centre]`: derivatives in r_ij.
    pub gradients: Vec<f32>,
}

impl FeatureEdges {
    /// No edges.
    pub(crate) fn new(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// Appends an edge without gradients.
    pub(crate) fn push(&mut self, center: usize, neighbor: usize, vector: [f64; 3]) {
        self.centers.push(center as u32);
        self.neighbors.push(neighbor as u32);
        self.vectors.push(vector);
        self.gradients.resize(self.vectors.len() * 3 * self.width, 0.0);
    }

    /// Adds to the gradient of a feature along an edge.
    #[inline]
    pub(crate) fn add(&mut self, edge: usize, axis: usize, feature: usize, gradient: f64) {
        self.gradients[(3 * edge + axis) * self.width + feature] += gradient as f32;
    }

    /// The edges of several centres.
    pub(crate) fn joined(width: usize, parts: Vec<Self>) -> Self {
        let mut edges = Self::new(width);
        for part in parts {
            edges.centers.extend(part.centers);
            edges.neighbors.extend(part.neighbors);
            edges.vectors.extend(part.vectors);
            edges.gradients.extend(part.gradients);
        }
        edges
    }
}

/// Gradient of a scalar with respect to positions (Å⁻¹) and strain.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradient {
    /// One row per atom.
    pub positions: Vec<[f64; 3]>,
    /// d/dε for r' = (1 + ε) r.
    pub strain: [[f64; 3]; 3],
}

impl Gradient {
    /// The sum over the edges of every centre.
    fn of_edges(centers: &[Vec<EdgeGradient>]) -> Self {
        let mut sum = Self { positions: vec![[0.0; 3]; centers.len()], strain: [[0.0; 3]; 3] };
        for (i, edges) in centers.iter().enumerate() {
            for edge in edges {
                for (x, g) in edge.gradient.iter().enumerate() {
                    sum.positions[edge.atom][x] += g;
                    sum.positions[i][x] -= g;
                    sum.strain[x].iter_mut().zip(&edge.vector).for_each(|(e, r)| *e += g * r);
                }
            }
        }
        sum
    }
}

/// Change of r_ij with moving atoms and strain.
#[inline]
pub(crate) fn edge_tangent(
    vector: &[f64; 3],
    [i_dot, j_dot]: [&[f64; 3]; 2],
    strain_dot: &[[f64; 3]; 3],
) -> [f64; 3] {
    std::array::from_fn(|x| j_dot[x] - i_dot[x] + dot(&strain_dot[x], vector))
}

/// Number of design rows of a structure: energy, 3 N forces, 6 strain derivatives.
pub fn design_rows(n_atoms: usize) -> usize {
    1 + 3 * n_atoms + 6
}

/// Design rows of several structures, column-major: entry (row, column) at `column · rows + row`.
#[derive(Debug, Clone, PartialEq)]
pub struct DesignBlock {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns (features).
    pub columns: usize,
    /// Entries.
    pub data: Vec<f64>,
}

impl DesignBlock {
    /// The blocks of the structures, made in parallel, behind one another.
    pub(crate) fn stack(
        structures: &[Structure],
        columns: usize,
        num_threads: Option<usize>,
        make: impl Fn(&Structure) -> Result<Vec<f64>> + Sync,
    ) -> Result<Self> {
        let blocks: Vec<Vec<f64>> = threads::pool(num_threads)?
            .install(|| structures.par_iter().map(&make).collect::<Result<_>>())?;
        let rows = structures.iter().map(|s| design_rows(s.len())).sum();
        let mut data = vec![0.0; rows * columns];
        let mut start = 0;
        for (structure, block) in structures.iter().zip(blocks) {
            let n = design_rows(structure.len());
            for (column, values) in block.chunks_exact(n).enumerate() {
                data[column * rows + start..][..n].copy_from_slice(values);
            }
            start += n;
        }
        Ok(Self { rows, columns, data })
    }
}
