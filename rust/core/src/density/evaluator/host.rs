//! Evaluation for hosts such as LAMMPS, which have atoms, ghosts, neighborhoods and arrays of their own.

use crate::error::{Error, Result};

use super::block::BlockOutput;
use super::{Block, Evaluator, KeptList, Neighborhoods, blocks};

/// Arrays of a host. Everything is added to what is there.
#[derive(Debug)]
pub struct HostArrays<'a> {
    /// Energy of each atom, eV; centres get theirs.
    pub energies: Option<&'a mut [f64]>,
    /// Force on each atom, eV/Å: on centres and on their neighbors.
    pub forces: &'a mut [[f64; 3]],
    /// dE_i/dε of each centre i in eV, Voigt xx yy zz yz xz xy. This takes more time: centres are evaluated one by one.
    pub strains: Option<&'a mut [[f64; 6]]>,
    /// Energy of all centres, eV.
    pub energy: f64,
    /// dE/dε in eV, Voigt xx yy zz yz xz xy.
    pub strain: [f64; 6],
}

impl Evaluator {
    /// Energies of some atoms of a source of full neighborhoods, and their derivatives with respect to all its atoms
    /// and strain. Engines that work on tiles cut a list that is kept, unless strains by centre are asked for.
    ///
    /// # Errors
    /// [`Error::Length`] for arrays of other lengths than the number of atoms, [`Error::Setting`] for a centre without
    /// a species of this evaluator, [`Error::Overlap`] for two atoms at the same place; those of
    /// [`crate::threads::pool`].
    pub fn compute_host(
        &self,
        source: &dyn Neighborhoods,
        centers: &[u32],
        kept: Option<KeptList<'_>>,
        arrays: &mut HostArrays<'_>,
        num_threads: Option<usize>,
    ) -> Result<()> {
        let (species, n_species) = (source.species(), self.species.len());
        arrays.check(species.len())?;
        let known = |&atom: &u32| species.get(atom as usize).is_some_and(|&k| usize::from(k) < n_species);
        if let Some(atom) = centers.iter().find(|atom| !known(atom)) {
            let reason = format!("atom {atom} has no species of the potential");
            return Err(Error::Setting { name: "centers", reason });
        }
        let all = centers.iter().copied();
        let blocks = if arrays.strains.is_some() {
            blocks::cut_to(1, all, species, n_species)
        } else {
            blocks::cut(all, species, n_species)
        };
        let kept = match kept.filter(|_| arrays.strains.is_none()) {
            Some(KeptList { list, tiles, positions }) => {
                Error::check_length("positions", species.len(), positions.len())?;
                tiles.update(self, source, positions, centers, list);
                Some((tiles, positions))
            }
            None => None,
        };
        for (k, engine) in self.engines.iter().enumerate() {
            if let (Some((tiles, positions)), Some(engine)) = (&kept, engine.tiled()) {
                tiles.add((k, engine), positions, arrays, num_threads)?;
                continue;
            }
            let add = |block: &Block, part: &BlockOutput| arrays.add(block, part);
            blocks::run(&**engine, source, &blocks, usize::MAX, num_threads, add)?;
        }
        Ok(())
    }
}

impl HostArrays<'_> {
    fn check(&self, n_atoms: usize) -> Result<()> {
        Error::check_length("forces", n_atoms, self.forces.len())?;
        if let Some(energies) = &self.energies {
            Error::check_length("energies", n_atoms, energies.len())?;
        }
        self.strains.as_ref().map_or(Ok(()), |strains| Error::check_length("strains", n_atoms, strains.len()))
    }

    /// Adds a block's part; called in the order of the blocks.
    fn add(&mut self, block: &Block, part: &BlockOutput) {
        for (&center, energy) in block.centers.iter().zip(&part.energies) {
            self.energy += energy;
            if let Some(energies) = &mut self.energies {
                energies[center as usize] += energy;
            }
        }
        for (&atom, force) in part.atoms.iter().zip(&part.forces) {
            self.forces[atom as usize].iter_mut().zip(force).for_each(|(sum, part)| *sum += part);
        }
        self.strain.iter_mut().zip(&part.strain).for_each(|(sum, part)| *sum += part);
        if let (Some(strains), &[center]) = (&mut self.strains, &block.centers[..]) {
            strains[center as usize].iter_mut().zip(&part.strain).for_each(|(sum, part)| *sum += part);
        }
    }
}
