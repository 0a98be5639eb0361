//! The program of the cluster engine: splines of pairs, triplets and densities, and the features that they make.
//!
//! ```text
//! E_i = Σ_{j}   ½ Σ_n c_n B_n(r_ij)                                        pairs of species (z_i, z_j)
//!     + Σ_{j<k} Σ_{lmn} c_lmn B_l(r_ij) B_m(r_ik) B_n(r_jk)                triplets of species (z_i; z_j, z_k)
//!     + Σ_d Σ_k c_k B_k(Σ_j f_d(r_ij))                                     densities ([`super::embedding`])
//! ```
//!
//! A triplet whose neighbors are of one species has `c_lmn = c_mln`, which are one feature. Trims leave out the
//! first and last functions of an axis: three of them make the kernel and two derivatives vanish at that end.
//! Below its first knot a pair kernel goes on linearly; a triplet counts only where all three distances are in
//! range.
//!
//! Two numberings: *raw* columns count all functions, *features* only those that are not trimmed. Work is done
//! on raw columns, where the functions that meet at a place are neighbors.

use std::ops::Range;

use crate::error::{Error, Result};

use super::embedding::{Density, Embedding};
use super::spline::Axis;

/// Most raw columns of a program.
const MAX_COLUMNS: usize = 1 << 24;
/// A raw column without a feature.
const NONE: u32 = u32::MAX;

/// The spline of a pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Atomic numbers.
    pub elements: [u8; 2],
    /// Distance r_ij.
    pub axis: Axis,
    /// Functions left out at the start and at the end.
    pub trims: [usize; 2],
}

/// The spline of a triplet.
#[derive(Debug, Clone, PartialEq)]
pub struct Triplet {
    /// Atomic numbers of the centre i and the neighbors j and k.
    pub elements: [u8; 3],
    /// Distances r_ij, r_ik and r_jk.
    pub axes: [Axis; 3],
    /// Functions left out at the start and at the end of every axis.
    pub trims: [usize; 2],
}

/// A pair or triplet with its columns.
#[derive(Debug, Clone)]
pub(super) struct Columns<T> {
    pub kernel: T,
    /// Raw column of each function (pair) or of the first function along r_jk (triplet: one per l and m).
    pub starts: Vec<u32>,
}

/// An embedding function with its columns.
#[derive(Debug, Clone)]
pub(super) struct EmbeddingColumns {
    /// Density ρ.
    pub axis: Axis,
    /// What neighbors of each species add to ρ.
    pub densities: Vec<Option<Density>>,
    /// Raw column of the first function.
    pub start: usize,
}

/// A validated program.
#[derive(Debug, Clone)]
pub struct Program {
    species: Vec<u8>,
    pairs: Vec<Option<Columns<Pair>>>,
    triplets: Vec<Option<Columns<Triplet>>>,
    /// By species of the centre.
    embeddings: Vec<Vec<EmbeddingColumns>>,
    feature_of: Vec<u32>,
    columns: Vec<u32>,
    labels: Vec<(u8, Vec<(u8, u16)>)>,
    cutoff: f64,
    triplet_cutoff: f64,
}

impl Program {
    /// A program from atomic numbers (ascending) and its splines; pairs and triplets that are not named do not
    /// interact.
    ///
    /// # Errors
    /// [`Error::Setting`] for unknown or repeated elements, trims that leave nothing, different axes r_ij and
    /// r_ik of a triplet with neighbors of one species, or an axis of a density that does not begin at 0.
    pub fn new(
        species: Vec<u8>,
        pairs: Vec<Pair>,
        triplets: Vec<Triplet>,
        embeddings: Vec<Embedding>,
    ) -> Result<Self> {
        crate::elements::check_known(&species)?;
        let n = species.len();
        let mut program = Self {
            pairs: vec![None; n * n],
            triplets: vec![None; n * n * n],
            embeddings: vec![Vec::new(); n],
            species,
            feature_of: Vec::new(),
            columns: Vec::new(),
            labels: Vec::new(),
            cutoff: 0.0,
            triplet_cutoff: 0.0,
        };
        for pair in pairs {
            program.add_pair(pair)?;
        }
        for triplet in triplets {
            program.add_triplet(triplet)?;
        }
        for embedding in embeddings {
            program.add_embedding(embedding)?;
        }
        Ok(program)
    }

    fn add_pair(&mut self, mut pair: Pair) -> Result<()> {
        pair.elements.sort_unstable();
        let [a, b] = pair.elements.map(|z| self.index(z));
        let (a, b) = (a?, b?);
        if self.pairs[a * self.species.len() + b].is_some() {
            return Err(self.refused(format!("the pair {:?} is given twice", pair.elements)));
        }
        let free = self.free(&pair.axis, pair.trims)?;
        let starts = (0..pair.axis.len() as u32).map(|n| self.feature_of.len() as u32 + n).collect();
        for n in 0..pair.axis.len() {
            let label = (pair.elements[0], vec![(pair.elements[1], n as u16)]);
            self.add_column(free.contains(&n).then_some(label));
        }
        self.cutoff = self.cutoff.max(pair.axis.high());
        let place = a * self.species.len() + b;
        self.pairs[place] = Some(Columns { kernel: pair, starts });
        Ok(())
    }

    fn add_triplet(&mut self, mut triplet: Triplet) -> Result<()> {
        if triplet.elements[1] > triplet.elements[2] {
            triplet.elements.swap(1, 2);
            triplet.axes.swap(0, 1);
        }
        let [i, j, k] = triplet.elements.map(|z| self.index(z));
        let place = (i? * self.species.len() + j?) * self.species.len() + k?;
        if self.triplets[place].is_some() {
            return Err(self.refused(format!("the triplet {:?} is given twice", triplet.elements)));
        }
        let alike = triplet.elements[1] == triplet.elements[2];
        if alike && triplet.axes[0] != triplet.axes[1] {
            return Err(self.refused(format!(
                "the triplet {:?} has neighbors of one element, so r_ij and r_ik need the same knots",
                triplet.elements
            )));
        }
        let [l_axis, m_axis, n_axis] = &triplet.axes;
        let free = [l_axis, m_axis, n_axis].map(|axis| self.free(axis, triplet.trims));
        let [l_free, m_free, n_free] = free;
        let (l_free, m_free, n_free) = (l_free?, m_free?, n_free?);
        let size = l_axis.len() * m_axis.len() * n_axis.len();
        if self.feature_of.len() + size > MAX_COLUMNS {
            return Err(Error::TooLarge { what: "the number of functions", size, limit: MAX_COLUMNS });
        }
        let mut starts = vec![NONE; l_axis.len() * m_axis.len()];
        for l in 0..l_axis.len() {
            for m in 0..m_axis.len() {
                if alike && m < l {
                    starts[l * m_axis.len() + m] = starts[m * m_axis.len() + l];
                    continue;
                }
                starts[l * m_axis.len() + m] = self.feature_of.len() as u32;
                for n in 0..n_axis.len() {
                    let [i, j, k] = triplet.elements;
                    let is_free = l_free.contains(&l) && m_free.contains(&m) && n_free.contains(&n);
                    let label = (i, vec![(j, l as u16), (k, m as u16), (0, n as u16)]);
                    self.add_column(is_free.then_some(label));
                }
            }
        }
        self.triplet_cutoff = self.triplet_cutoff.max(l_axis.high()).max(m_axis.high());
        self.cutoff = self.cutoff.max(self.triplet_cutoff);
        self.triplets[place] = Some(Columns { kernel: triplet, starts });
        Ok(())
    }

    fn add_embedding(&mut self, embedding: Embedding) -> Result<()> {
        embedding.check()?;
        let Embedding { center, axis, densities: given } = embedding;
        let own = self.index(center)?;
        let mut densities = vec![None; self.species.len()];
        for (neighbor, density) in given {
            let place = &mut densities[self.index(neighbor)?];
            if place.is_some() {
                return Err(self.refused(format!("element {neighbor} adds to a density twice")));
            }
            self.cutoff = self.cutoff.max(density.axis().high());
            *place = Some(density);
        }
        let (start, number) = (self.feature_of.len(), self.embeddings[own].len() as u16);
        for k in 0..axis.len() {
            let label = (center, vec![(0, number), (0, k as u16)]);
            // The only function with a value at ρ = 0.
            self.add_column((k > 0).then_some(label));
        }
        self.embeddings[own].push(EmbeddingColumns { axis, densities, start });
        Ok(())
    }

    fn add_column(&mut self, label: Option<(u8, Vec<(u8, u16)>)>) {
        let column = self.feature_of.len() as u32;
        let Some(label) = label else { return self.feature_of.push(NONE) };
        self.feature_of.push(self.columns.len() as u32);
        self.columns.push(column);
        self.labels.push(label);
    }

    fn index(&self, element: u8) -> Result<usize> {
        self.species
            .binary_search(&element)
            .map_err(|_| self.refused(format!("element {element} is not among {:?}", self.species)))
    }

    /// Functions of an axis that are not trimmed.
    fn free(&self, axis: &Axis, [lead, trail]: [usize; 2]) -> Result<Range<usize>> {
        if lead.saturating_add(trail) >= axis.len() {
            return Err(
                self.refused(format!("trims {lead} and {trail} leave none of {} functions", axis.len()))
            );
        }
        Ok(lead..axis.len() - trail)
    }

    #[expect(clippy::unused_self, reason = "reads as the program's refusal")]
    fn refused(&self, reason: String) -> Error {
        Error::Setting { name: "program", reason }
    }

    /// Atomic numbers, ascending.
    pub fn species(&self) -> &[u8] {
        &self.species
    }

    /// Largest distance (Å) from a centre that matters.
    pub fn cutoff(&self) -> f64 {
        self.cutoff
    }

    /// Largest distance (Å) from a centre that matters in triplets.
    pub fn triplet_cutoff(&self) -> f64 {
        self.triplet_cutoff
    }

    /// Number of features.
    pub fn n_features(&self) -> usize {
        self.columns.len()
    }

    /// Per feature: atomic number of the centre (of a pair: the lighter) and its functions as (atomic number of
    /// the neighbor, index along the axis); the axis r_jk has number 0. Of a density: (0, number of the density),
    /// (0, index along its axis).
    pub fn labels(&self) -> &[(u8, Vec<(u8, u16)>)] {
        &self.labels
    }

    /// Number of raw columns.
    pub(super) fn n_columns(&self) -> usize {
        self.feature_of.len()
    }

    /// Raw column of each feature.
    pub(super) fn columns(&self) -> &[u32] {
        &self.columns
    }

    /// The features among raw columns.
    pub(super) fn features_of(&self, raw: &[f64]) -> Vec<f64> {
        self.columns.iter().map(|&column| raw[column as usize]).collect()
    }

    /// Raw columns with these features, 0 where trimmed.
    pub(super) fn raw_of(&self, features: &[f64]) -> Vec<f64> {
        self.feature_of.iter().map(|&k| if k == NONE { 0.0 } else { features[k as usize] }).collect()
    }

    /// The kernel between two species (indices).
    pub(super) fn pair(&self, a: usize, b: usize) -> Option<&Columns<Pair>> {
        self.pairs[a.min(b) * self.species.len() + a.max(b)].as_ref()
    }

    /// The kernel of centre `i` with neighbors of species `j ≤ k` (indices).
    pub(super) fn triplet(&self, i: usize, j: usize, k: usize) -> Option<&Columns<Triplet>> {
        let n = self.species.len();
        self.triplets[(i * n + j) * n + k].as_ref()
    }

    /// The embedding functions of a centre (index).
    pub(super) fn embeddings(&self, i: usize) -> &[EmbeddingColumns] {
        &self.embeddings[i]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(n: usize) -> Axis {
        let knots = [0.0; 3].into_iter().chain((0..=n).map(|k| k as f64)).chain([n as f64; 3]);
        Axis::new(knots.collect()).unwrap()
    }

    fn triplet(elements: [u8; 3], axes: [Axis; 3]) -> Triplet {
        Triplet { elements, axes, trims: [0, 3] }
    }

    fn embedding(center: u8, axis_of_density: Axis) -> Result<Embedding> {
        let mut coefficients = vec![1.0; 8];
        coefficients[5..].fill(0.0);
        let density = Density::new(axis(5), coefficients)?;
        Ok(Embedding { center, axis: axis_of_density, densities: vec![(1, density)] })
    }

    #[test]
    fn symmetric_functions_are_one_feature() -> Result<()> {
        let pair = Pair { elements: [8, 1], axis: axis(5), trims: [0, 3] };
        let same = triplet([8, 1, 1], [axis(5), axis(5), axis(7)]);
        let other = triplet([1, 8, 1], [axis(4), axis(5), axis(7)]);
        let embedding = embedding(1, axis(4))?;
        let program = Program::new(vec![1, 8], vec![pair], vec![same, other], vec![embedding])?;
        assert_eq!(program.n_features(), 5 + 15 * 7 + 4 * 5 * 7 + 6);
        assert_eq!(program.labels()[program.n_features() - 1], (1, vec![(0, 0), (0, 6)]));
        assert_eq!(program.labels()[4], (1, vec![(8, 4)]));
        assert_eq!(program.triplet(0, 0, 1).unwrap().kernel.axes[0], axis(5));
        let features: Vec<f64> = (0..program.n_features()).map(|k| k as f64).collect();
        assert_eq!(program.features_of(&program.raw_of(&features)), features);
        Ok(())
    }

    #[test]
    fn contradictions_are_refused() -> Result<()> {
        let pair = || Pair { elements: [1, 1], axis: axis(5), trims: [0, 3] };
        assert!(Program::new(vec![1], vec![pair(), pair()], vec![], vec![]).is_err());
        assert!(Program::new(vec![2], vec![pair()], vec![], vec![]).is_err());
        assert!(Program::new(vec![1], vec![Pair { trims: [5, 3], ..pair() }], vec![], vec![]).is_err());
        let odd = triplet([1, 1, 1], [axis(4), axis(5), axis(7)]);
        assert!(Program::new(vec![1], vec![], vec![odd], vec![]).is_err());
        assert!(Program::new(vec![], vec![], vec![], vec![]).is_err());
        let late = Axis::new((1..12).map(f64::from).collect())?;
        for refused in [embedding(1, late)?, embedding(2, axis(4))?] {
            assert!(Program::new(vec![1], vec![], vec![], vec![refused]).is_err());
        }
        let mut twice = embedding(1, axis(4))?;
        twice.densities.push(twice.densities[0].clone());
        assert!(Program::new(vec![1], vec![], vec![], vec![twice]).is_err());
        Ok(())
    }
}
