//! Values and gradients of the features of one prepared centre.
//!
//! A gradient is one row per range of neighbors, `[x of every neighbor, y…, z…, −Σx, −Σy, −Σz, Voigt strain]` (see
//! [`CenterWork::gradients`]). Every function's gradient is a sparse combination of the rows of the one-particle
//! basis, and so is that of a density `ρ = Σ_k c_k B_k`, which costs no more than one function of full support.

use super::Descriptor;
use super::center::CenterWork;
use super::contract::contract;
use super::rows::add_edge;

/// Working memory of [`Descriptor::feature_gradients`].
#[derive(Debug, Default)]
pub(in crate::density) struct GradientScratch {
    weights: Vec<f64>,
    terms: Vec<(u32, f64)>,
    row: Vec<f64>,
}

impl Descriptor {
    /// Values of the features of a centre of species `z`, in the order of its columns.
    pub(in crate::density) fn feature_values(&self, z: usize, work: &CenterWork, out: &mut Vec<f64>) {
        out.clear();
        out.extend_from_slice(&work.pair);
        let functions = self.program.centers()[z].functions.iter();
        out.extend(functions.map(|f| f.iter().map(|&(q, c)| c * work.monomials[q as usize]).sum::<f64>()));
    }

    /// Calls `visit(feature, range of neighbors, gradient row)` for the rows of the wanted features that are not zero
    /// throughout.
    pub(in crate::density) fn feature_gradients(
        &self,
        z: usize,
        work: &CenterWork,
        scratch: &mut GradientScratch,
        wanted: impl Fn(usize) -> bool,
        mut visit: impl FnMut(usize, usize, &[f64]),
    ) {
        let (center, layout) = (&self.program.centers()[z], &self.layouts[z]);
        let GradientScratch { weights, terms, row } = scratch;
        for s in (0..center.radial.len()).filter(|&s| !work.ranges[s].is_empty()) {
            for k in (0..center.n_pair).filter(|k| wanted(s * center.n_pair + k)) {
                row.clear();
                row.resize(work.width(s), 0.0);
                work.add_pair_gradient(s, row, |slopes| slopes[k]);
                visit(s * center.n_pair + k, s, row);
            }
        }
        weights.clear();
        weights.resize(2 * layout.half.len(), 0.0);
        let functions = (work.pair.len()..).zip(center.functions.iter()).enumerate();
        for (k, (feature, function)) in functions.filter(|(_, (feature, _))| wanted(*feature)) {
            for &(q, c) in function {
                work.add_monomial_gradient(center, layout, q as usize, c, weights);
            }
            for (s, half) in layout.of_species.iter().enumerate() {
                let range = 2 * half.start as u32..2 * half.end as u32;
                terms.clear();
                for &r in layout.support.get(k).iter().filter(|r| range.contains(r)) {
                    terms.push((r - range.start, std::mem::take(&mut weights[r as usize])));
                }
                if !terms.is_empty() {
                    row.clear();
                    row.resize(work.width(s), 0.0);
                    contract(row, &work.gradients[s], terms);
                    visit(feature, s, row);
                }
            }
        }
    }

    /// Gradient of `Σ_k coefficients_k B_k`: one row per range of neighbors, empty where nothing depends on it.
    pub(super) fn density_gradient(
        &self,
        z: usize,
        coefficients: &[f64],
        work: &CenterWork,
    ) -> Vec<Vec<f64>> {
        let (center, layout) = (&self.program.centers()[z], &self.layouts[z]);
        let (pair, many) = coefficients.split_at(work.pair.len());
        let mut monomials = vec![0.0; center.monomials.len()];
        for (weight, function) in many.iter().zip(center.functions.iter()) {
            function.iter().for_each(|&(q, c)| monomials[q as usize] += weight * c);
        }
        let mut one_particle = vec![0.0; 2 * layout.half.len()];
        for (q, &weight) in monomials.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
            work.add_monomial_gradient(center, layout, q, weight, &mut one_particle);
        }
        let of_species = layout.of_species.iter().enumerate();
        of_species
            .map(|(s, half)| {
                let own = s < center.radial.len();
                if half.is_empty() && !own {
                    return Vec::new();
                }
                let weights = &one_particle[2 * half.start..2 * half.end];
                let terms: Vec<(u32, f64)> =
                    weights.iter().enumerate().map(|(r, w)| (r as u32, *w)).collect();
                let mut row = vec![0.0; work.width(s)];
                contract(&mut row, &work.gradients[s], &terms);
                if own {
                    let coefficients = &pair[s * center.n_pair..(s + 1) * center.n_pair];
                    work.add_pair_gradient(s, &mut row, |slopes| {
                        coefficients.iter().zip(slopes).map(|(c, slope)| c * slope).sum()
                    });
                }
                row
            })
            .collect()
    }
}

impl CenterWork {
    /// Adds the gradient of a pair function whose radial derivative follows from those of all pair channels.
    fn add_pair_gradient(&self, s: usize, row: &mut [f64], slope: impl Fn(&[f64]) -> f64) {
        let n_pair = self.pair_slope.len() / self.neighbors.len().max(1);
        let n = self.ranges[s].len();
        for (position, index) in self.ranges[s].clone().enumerate() {
            let neighbor = &self.neighbors[index];
            let along = slope(&self.pair_slope[index * n_pair..][..n_pair]) / neighbor.distance;
            add_edge(row, n, position, &neighbor.vector.map(|x| along * x), &neighbor.vector);
        }
    }
}
