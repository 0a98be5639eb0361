//! `values`, `vjp` and `jvp`: the chain rule on top of a descriptor of the density engine.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::{KernelFunction, KernelsAt, SparseKernel};
use crate::density::Descriptor;
use crate::density::evaluator::{Evaluator, HeadReadout, KernelReadout, Options};
use crate::density::readout::Readout;
use crate::error::{Error, Result};
use crate::features::{EdgeGradient, Features};
use crate::pair::Baseline;
use crate::radial::table::Tabulation;
use crate::simd::Path;
use crate::structure::{Cell, Structure};
use crate::threads;

/// Relative error of the radial tables: coefficients of close environments are large and cancel.
const TABLE_TOLERANCE: f64 = 1e-11;

/// Features: the pair functions of a descriptor, then the kernels towards the sparse environments, species by species.
#[derive(Debug)]
pub struct KernelDescriptor {
    pub(super) base: Arc<Descriptor>,
    pub(super) kernels: Vec<Arc<SparseKernel>>,
    pub(super) offsets: Vec<usize>,
}

impl KernelDescriptor {
    /// The kernels towards the sparse environments of each species, rows as in [`SparseKernel::new`]; with `scales` of
    /// the functions of each species, these are compared beside a constant.
    ///
    /// # Errors
    /// [`Error::Length`] for points and scales of other species, and those of [`SparseKernel::new`].
    pub fn new(
        base: Arc<Descriptor>,
        points: Vec<Vec<f64>>,
        function: KernelFunction,
        scales: Option<Vec<Vec<f64>>>,
    ) -> Result<Self> {
        let program = base.program();
        Error::check_length("sparse points", program.species().len(), points.len())?;
        let scales =
            scales.map_or_else(|| vec![None; points.len()], |scales| scales.into_iter().map(Some).collect());
        Error::check_length("scales of functions", points.len(), scales.len())?;
        let (mut kernels, mut offsets) = (Vec::new(), vec![0]);
        for (z, (points, scales)) in points.into_iter().zip(scales).enumerate() {
            let cell = Cell::new([[0.0; 3]; 3], [false; 3])?;
            let free = Structure::new(vec![program.species()[z]], vec![[0.0; 3]], cell)?;
            let values = base.values(&free, Some(1))?;
            let lone = &values[program.feature_range(z)][program.centers()[z].n_pair_features()..];
            let kernel = SparseKernel::new(function, points, lone, scales)?;
            offsets.push(offsets[z] + program.centers()[z].n_pair_features() + kernel.len());
            kernels.push(Arc::new(kernel));
        }
        Ok(Self { base, kernels, offsets })
    }

    /// The descriptor whose functions the kernels compare.
    pub fn base(&self) -> &Arc<Descriptor> {
        &self.base
    }

    /// The kernels of each species.
    pub fn kernels(&self) -> &[Arc<SparseKernel>] {
        &self.kernels
    }

    /// Number of pair functions of a centre.
    pub(super) fn n_pair(&self, z: usize) -> usize {
        self.base.program().centers()[z].n_pair_features()
    }

    /// Runs `visit(i, species, columns of its own features of the descriptor below, kernels, out_i)` for every atom in
    /// parallel; `values` are those of the descriptor below.
    fn each_atom<T: Send>(
        &self,
        structure: &Structure,
        values: &[f64],
        num_threads: Option<usize>,
        (out, stride): (&mut [T], usize),
        visit: impl Fn(usize, usize, Range<usize>, &KernelsAt, &mut [T]) + Sync,
    ) -> Result<()> {
        let program = self.base.program();
        let species = program.species_indices(structure.numbers())?;
        let columns = program.n_features();
        threads::pool(num_threads)?.install(|| {
            let rows = out.par_chunks_mut(stride.max(1)).enumerate();
            rows.for_each_init(KernelsAt::default, |at, (i, out)| {
                let z = usize::from(species[i]);
                let own = program.feature_range(z);
                self.kernels[z].at(&values[i * columns..][..columns][own.clone()][self.n_pair(z)..], at);
                visit(i, z, own, at, out);
            });
        });
        Ok(())
    }
}

impl Features for KernelDescriptor {
    fn species(&self) -> &[u8] {
        self.base.species()
    }

    fn cutoff(&self) -> f64 {
        self.base.cutoff()
    }

    fn n_features(&self) -> usize {
        self.offsets[self.kernels.len()]
    }

    fn feature_range(&self, species: usize) -> Range<usize> {
        self.offsets[species]..self.offsets[species + 1]
    }

    fn values(&self, structure: &Structure, num_threads: Option<usize>) -> Result<Vec<f64>> {
        let values = self.base.values(structure, num_threads)?;
        let (below, columns) = (self.base.n_features(), self.n_features());
        let mut out = vec![0.0; structure.len() * columns];
        self.each_atom(structure, &values, num_threads, (&mut out, columns), |i, z, own, at, row| {
            let (pair, many) = row[self.feature_range(z)].split_at_mut(self.n_pair(z));
            pair.copy_from_slice(&values[i * below + own.start..][..pair.len()]);
            self.kernels[z].values(at, many);
        })?;
        Ok(out)
    }

    fn edge_gradients(
        &self,
        structure: &Structure,
        values_bar: &[f64],
        num_threads: Option<usize>,
    ) -> Result<Vec<Vec<EdgeGradient>>> {
        let values = self.base.values(structure, num_threads)?;
        let (below, columns) = (self.base.n_features(), self.n_features());
        let mut bars = vec![0.0; structure.len() * below];
        self.each_atom(structure, &values, num_threads, (&mut bars, below), |i, z, own, at, row| {
            let bar = &values_bar[i * columns..][..columns][self.feature_range(z)];
            let (pair, many) = row[own].split_at_mut(self.n_pair(z));
            pair.copy_from_slice(&bar[..pair.len()]);
            self.kernels[z].pull_back(at, &bar[pair.len()..], many);
        })?;
        self.base.edge_gradients(structure, &bars, num_threads)
    }

    fn jvp(
        &self,
        structure: &Structure,
        positions_dot: &[[f64; 3]],
        strain_dot: &[[f64; 3]; 3],
        num_threads: Option<usize>,
    ) -> Result<Vec<f64>> {
        let dots = self.base.jvp(structure, positions_dot, strain_dot, num_threads)?;
        let values = self.base.values(structure, num_threads)?;
        let (below, columns) = (self.base.n_features(), self.n_features());
        let mut out = vec![0.0; structure.len() * columns];
        self.each_atom(structure, &values, num_threads, (&mut out, columns), |i, z, own, at, row| {
            let dot = &dots[i * below..][..below][own];
            let (pair, many) = row[self.feature_range(z)].split_at_mut(self.n_pair(z));
            pair.copy_from_slice(&dot[..pair.len()]);
            self.kernels[z].push_forward(at, &dot[pair.len()..], many);
        })?;
        Ok(out)
    }

    fn design_one(&self, structure: &Structure) -> Result<Vec<f64>> {
        self.rows_of(structure)
    }

    fn evaluator(
        &self,
        coefficients: &[f64],
        e0: &[f64],
        baseline: &Baseline,
        path: Path,
    ) -> Result<Evaluator> {
        path.require_double("kernels")?;
        Error::check_length("coefficients", self.n_features(), coefficients.len())?;
        if coefficients.iter().any(|c| !c.is_finite()) {
            let reason = "expected finite numbers".into();
            return Err(Error::Setting { name: "coefficients", reason });
        }
        let program = self.base.program();
        let mut linear = vec![0.0; program.n_features()];
        let mut kernels = Vec::with_capacity(self.kernels.len());
        for (z, kernel) in self.kernels.iter().enumerate() {
            let (pair, many) = coefficients[self.feature_range(z)].split_at(self.n_pair(z));
            linear[program.feature_range(z)][..pair.len()].copy_from_slice(pair);
            kernels.push(HeadReadout::Kernels(match kernel.mapped(many)? {
                None => KernelReadout { kernel: Arc::clone(kernel), coefficients: many.to_vec() },
                Some((kernel, coefficients)) => KernelReadout { kernel: Arc::new(kernel), coefficients },
            }));
        }
        let readout = Readout::linear(program, &linear, e0)?;
        let options =
            Options { path, tables: Tabulation { tolerance: TABLE_TOLERANCE, ..Tabulation::default() } };
        Evaluator::with_heads(program, &readout, &kernels, baseline, options)
    }
}
