//! The same energy without tables and without contraction: the strict and slow way.

use crate::density::Descriptor;
use crate::density::readout::{Nearest, Readout};
use crate::error::Result;
use crate::features::Features;
use crate::neighbors::{Displacements, NeighborList};
use crate::pair::Baseline;
use crate::structure::{Structure, norm};

use super::Evaluation;

/// Energies, forces and strain derivative through the values of all features and their vjp, with the radial
/// functions themselves instead of tables. Cost and memory ∝ atoms × features.
///
/// # Errors
/// [`crate::Error::Length`] for the readout of another program; those of [`Features::values`].
pub fn compute_analytic(
    descriptor: &Descriptor,
    readout: &Readout,
    baseline: &Baseline,
    structure: &Structure,
    num_threads: Option<usize>,
) -> Result<Evaluation> {
    let program = descriptor.program();
    let readout = Readout::new(program, readout.centers().to_vec())?;
    let species = program.species_indices(structure.numbers())?;
    let columns = program.n_features();
    let mut values = descriptor.values(structure, num_threads)?;
    let list = NeighborList::build(structure, program.cutoff().max(baseline.max_cutoff()))?;
    let displacements = Displacements::new(&list, structure)?;
    let mut out = Evaluation::default();
    let mut switched = Vec::new();
    for (i, (&z, row)) in species.iter().zip(values.chunks_exact_mut(columns.max(1))).enumerate() {
        let z = usize::from(z);
        let center = &readout.centers()[z];
        let features = &mut row[program.feature_range(z)];
        let combine = |c: &Vec<f64>| -> f64 { c.iter().zip(&*features).map(|(c, b)| c * b).sum() };
        let rho: Vec<f64> = center.densities.iter().map(combine).collect();
        let core = center.core.as_ref().map_or(0.0, |core| combine(&core.coefficients));
        let ranges = center.core.as_ref().and_then(|core| core.switch.ranges());
        let nearest = ranges.and_then(|ranges| nearest(&displacements, &species, i, ranges));
        let at = center.evaluate(&rho, core, nearest.map(|(of, ..)| of));
        switched.extend(nearest.map(|(_, j, d)| (i, j, d, at.nearest_bar)));
        out.energies.push(at.energy);
        // The features are replaced by the derivatives of the energy with respect to them.
        features.fill(0.0);
        for (density, bar) in center.densities.iter().zip(at.densities_bar) {
            features.iter_mut().zip(density).for_each(|(b, c)| *b += bar * c);
        }
        if let Some(core) = &center.core {
            features.iter_mut().zip(&core.coefficients).for_each(|(b, c)| *b += at.core_bar * c);
        }
    }
    let gradient = descriptor.vjp(structure, &values, num_threads)?;
    out.forces = gradient.positions.iter().map(|g| g.map(|x| -x)).collect();
    let strain = gradient.strain;
    out.strain_gradient =
        std::array::from_fn(|a| std::array::from_fn(|b| 0.5 * (strain[a][b] + strain[b][a])));
    for (i, j, d, bar) in switched {
        out.add_pair(i, j, &d, bar);
    }
    add_pairs(descriptor, baseline, structure, &displacements, &mut out)?;
    Ok(out)
}

/// The nearest neighbor of a centre by the ranges of its species, with its index and edge.
fn nearest(
    displacements: &Displacements,
    species: &[u16],
    i: usize,
    ranges: &[[f64; 2]],
) -> Option<(Nearest, usize, [f64; 3])> {
    let beyond = |(j, d): (usize, [f64; 3])| {
        let [start, width] = ranges[usize::from(species[j])];
        (Nearest { beyond: norm(&d) - start, width }, j, d)
    };
    displacements.for_center(i).map(beyond).min_by(|a, b| a.0.beyond.total_cmp(&b.0.beyond))
}

impl Evaluation {
    /// Adds the derivative (eV/Å) of the energy with respect to the length of the edge `d` from i to j.
    fn add_pair(&mut self, i: usize, j: usize, d: &[f64; 3], slope: f64) {
        let r = norm(d);
        for (a, g) in d.map(|x| slope * x / r).into_iter().enumerate() {
            self.forces[i][a] += g;
            self.forces[j][a] -= g;
            self.strain_gradient[a].iter_mut().zip(d).for_each(|(strain, x)| *strain += g * x);
        }
    }
}

/// Adds the pair baseline and counts the edges within the cutoffs.
fn add_pairs(
    descriptor: &Descriptor,
    baseline: &Baseline,
    structure: &Structure,
    displacements: &Displacements,
    out: &mut Evaluation,
) -> Result<()> {
    let program = descriptor.program();
    let species = program.species_indices(structure.numbers())?;
    let numbers = structure.numbers();
    for i in 0..structure.len() {
        for (j, d) in displacements.for_center(i) {
            let (r, z) = (norm(&d), usize::from(species[j]));
            let many_body = program.centers()[usize::from(species[i])].radial[z].cutoff();
            let cutoff = many_body.max(baseline.cutoff(numbers[i], numbers[j]));
            out.n_edges += usize::from(r < cutoff);
            let (v, dv) = baseline.evaluate(numbers[i], numbers[j], r);
            out.energies[i] += 0.5 * v;
            out.add_pair(i, j, &d, 0.5 * dv);
        }
    }
    Ok(())
}
