//! The same energy without tables and without contraction: the strict and slow way.

use crate::density::Descriptor;
use crate::density::readout::Readout;
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
    let mut out = Evaluation::default();
    for (&z, row) in species.iter().zip(values.chunks_exact_mut(columns.max(1))) {
        let z = usize::from(z);
        let center = &readout.centers()[z];
        let features = &mut row[program.feature_range(z)];
        let combine = |c: &Vec<f64>| -> f64 { c.iter().zip(&*features).map(|(c, b)| c * b).sum() };
        let rho: Vec<f64> = center.densities.iter().map(combine).collect();
        let core = center.core.as_ref().map_or(0.0, |core| combine(&core.coefficients));
        let at = center.evaluate(&rho, core);
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
    add_pairs(descriptor, baseline, structure, &mut out)?;
    Ok(out)
}

/// Adds the pair baseline and counts the edges within the cutoffs.
fn add_pairs(
    descriptor: &Descriptor,
    baseline: &Baseline,
    structure: &Structure,
    out: &mut Evaluation,
) -> Result<()> {
    let program = descriptor.program();
    let species = program.species_indices(structure.numbers())?;
    let list = NeighborList::build(structure, program.cutoff().max(baseline.max_cutoff()))?;
    let displacements = Displacements::new(&list, structure)?;
    let numbers = structure.numbers();
    for i in 0..structure.len() {
        for (j, d) in displacements.for_center(i) {
            let (r, z) = (norm(&d), usize::from(species[j]));
            let many_body = program.centers()[usize::from(species[i])].radial[z].cutoff();
            let cutoff = many_body.max(baseline.cutoff(numbers[i], numbers[j]));
            out.n_edges += usize::from(r < cutoff);
            let (v, dv) = baseline.evaluate(numbers[i], numbers[j], r);
            out.energies[i] += 0.5 * v;
            for (a, g) in d.map(|x| 0.5 * dv * x / r).into_iter().enumerate() {
                out.forces[i][a] += g;
                out.forces[j][a] -= g;
                out.strain_gradient[a].iter_mut().zip(d).for_each(|(strain, x)| *strain += g * x);
            }
        }
    }
    Ok(())
}
