//! Features of two descriptors beside each other, species by species: those of the first, then those of the second.
//!
//! A potential that is linear in both is fitted as one; its evaluator is the sum of theirs.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::density::Evaluator;
use crate::error::{Error, Result};
use crate::features::{EdgeGradient, Features, design_rows};
use crate::pair::Baseline;
use crate::simd::Path;
use crate::structure::Structure;

/// Two descriptors of the same species.
pub struct JointDescriptor {
    parts: [Arc<dyn Features>; 2],
    /// Column of every feature of each part.
    columns: [Vec<usize>; 2],
    /// First column of every species, and the number of columns.
    offsets: Vec<usize>,
}

impl fmt::Debug for JointDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JointDescriptor").field("offsets", &self.offsets).finish_non_exhaustive()
    }
}

impl JointDescriptor {
    /// The features of `first` and `second`.
    ///
    /// # Errors
    /// [`Error::Setting`] for different species, or species that share their features.
    pub fn new(first: Arc<dyn Features>, second: Arc<dyn Features>) -> Result<Self> {
        let bad = |reason: &str| Error::Setting { name: "joint", reason: reason.into() };
        if first.species() != second.species() {
            return Err(bad("the descriptors are of different elements"));
        }
        let parts = [first, second];
        let (mut columns, mut offsets) = ([Vec::new(), Vec::new()], vec![0]);
        for z in 0..parts[0].species().len() {
            let mut end = offsets[z];
            for (part, columns) in parts.iter().zip(&mut columns) {
                let own = part.feature_range(z);
                if own.start != columns.len() {
                    return Err(bad("expected features of their own for every element"));
                }
                columns.extend(end..end + own.len());
                end += own.len();
            }
            offsets.push(end);
        }
        if parts.iter().zip(&columns).any(|(part, columns)| part.n_features() != columns.len()) {
            return Err(bad("expected features of their own for every element"));
        }
        Ok(Self { parts, columns, offsets })
    }

    /// Rows (N, K) from those of the parts.
    fn spread(&self, of_parts: &[Vec<f64>; 2], n_atoms: usize) -> Vec<f64> {
        let width = self.n_features();
        let mut out = vec![0.0; n_atoms * width];
        for (rows, columns) in of_parts.iter().zip(&self.columns).filter(|(_, columns)| !columns.is_empty()) {
            for (row, out) in rows.chunks_exact(columns.len()).zip(out.chunks_exact_mut(width)) {
                row.iter().zip(columns).for_each(|(value, &k)| out[k] = *value);
            }
        }
        out
    }
}

impl Features for JointDescriptor {
    fn species(&self) -> &[u8] {
        self.parts[0].species()
    }

    fn cutoff(&self) -> f64 {
        self.parts[0].cutoff().max(self.parts[1].cutoff())
    }

    fn n_features(&self) -> usize {
        self.offsets[self.offsets.len() - 1]
    }

    fn feature_range(&self, species: usize) -> Range<usize> {
        self.offsets[species]..self.offsets[species + 1]
    }

    fn values(&self, structure: &Structure, num_threads: Option<usize>) -> Result<Vec<f64>> {
        let [first, second] = &self.parts;
        let rows = [first.values(structure, num_threads)?, second.values(structure, num_threads)?];
        Ok(self.spread(&rows, structure.len()))
    }

    fn edge_gradients(
        &self,
        structure: &Structure,
        values_bar: &[f64],
        num_threads: Option<usize>,
    ) -> Result<Vec<Vec<EdgeGradient>>> {
        let width = self.n_features();
        let mut edges: Vec<Vec<EdgeGradient>> = vec![Vec::new(); structure.len()];
        for (part, columns) in self.parts.iter().zip(&self.columns) {
            let rows = values_bar.chunks_exact(width.max(1));
            let bar: Vec<f64> = rows.flat_map(|row| columns.iter().map(|&k| row[k])).collect();
            let more = part.edge_gradients(structure, &bar, num_threads)?;
            edges.iter_mut().zip(more).for_each(|(edges, more)| edges.extend(more));
        }
        Ok(edges)
    }

    fn jvp(
        &self,
        structure: &Structure,
        positions_dot: &[[f64; 3]],
        strain_dot: &[[f64; 3]; 3],
        num_threads: Option<usize>,
    ) -> Result<Vec<f64>> {
        let along = |part: &Arc<dyn Features>| part.jvp(structure, positions_dot, strain_dot, num_threads);
        Ok(self.spread(&[along(&self.parts[0])?, along(&self.parts[1])?], structure.len()))
    }

    fn design_one(&self, structure: &Structure) -> Result<Vec<f64>> {
        let rows = design_rows(structure.len());
        let mut out = vec![0.0; rows * self.n_features()];
        for (part, columns) in self.parts.iter().zip(&self.columns) {
            let design = part.design_one(structure)?;
            for (column, &k) in design.chunks_exact(rows).zip(columns) {
                out[k * rows..][..rows].copy_from_slice(column);
            }
        }
        Ok(out)
    }

    fn evaluator(
        &self,
        coefficients: &[f64],
        e0: &[f64],
        baseline: &Baseline,
        path: Path,
    ) -> Result<Evaluator> {
        Error::check_length("coefficients", self.n_features(), coefficients.len())?;
        let [own, others] = self
            .columns
            .each_ref()
            .map(|columns| columns.iter().map(|&k| coefficients[k]).collect::<Vec<_>>());
        let first = self.parts[0].evaluator(&own, e0, baseline, path)?;
        let second = self.parts[1].evaluator(&others, &vec![0.0; e0.len()], &Baseline::default(), path)?;
        Evaluator::sum(&[&first, &second])
    }
}
