//! Energy of an atom from a network of its functions ([`Network`]) beside a linear part: atoms in lanes, so that every
//! layer is a product of matrices. [`NetworkKernel`] is the same for engines that have functions as plain numbers.

use std::sync::Arc;

use crate::density::network::{Activation, Network};
use crate::density::pair_products::with_pair_products;
use crate::density::program::Program;
use crate::density::readout::Readout;
use crate::error::{Error, Result};
use crate::pair::Baseline;
use crate::simd::{Generic, Path, Scalar, Simd, Task};

use super::batch::{Batch, VECTORS, store_batch};
use super::head::{HeadReadout, TOGETHER, blocked, pull_back, weighted_sums};
use super::pool::ScratchPool;
use super::{Evaluator, Options};

/// A network of one centre species with the linear part beside it.
#[derive(Debug, Clone)]
pub struct NetworkReadout {
    /// The network.
    pub network: Arc<Network>,
    /// One coefficient (eV) per input of the network.
    pub coefficients: Vec<f64>,
}

impl NetworkReadout {
    /// The kernel for functions that are plain numbers, on a path that is supported here.
    pub(crate) fn kernel(&self, path: Path) -> Box<dyn NetworkKernel> {
        match path {
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => Box::new(OfNumbers::<crate::simd::Avx2>::new(self)),
            #[cfg(all(target_arch = "x86_64", ferrip_avx512))]
            Path::Avx512 => Box::new(OfNumbers::<crate::simd::Avx512>::new(self)),
            _ => Box::new(OfNumbers::<Generic>::new(self)),
        }
    }
}

/// A network with the linear part beside it, of functions that are plain numbers.
pub(crate) trait NetworkKernel: std::fmt::Debug + Send + Sync {
    /// Atoms of a batch.
    fn batch(&self) -> usize;

    /// Energies of a batch of atoms; replaces their functions, `[function][atom of the batch]`, by the derivatives of
    /// the energies with respect to them.
    fn run(&self, functions: &mut Vec<f64>, energies: &mut Vec<f64>);
}

/// The kernel of one SIMD path.
#[derive(Debug)]
struct OfNumbers<S: Simd> {
    head: NetworkHead<S>,
    scratch: ScratchPool<(Vec<Batch<S>>, NetworkScratch<S>)>,
}

impl<S: Simd> OfNumbers<S> {
    fn new(readout: &NetworkReadout) -> Self {
        Self { head: NetworkHead::new(readout), scratch: ScratchPool::default() }
    }
}

impl<S: Simd> NetworkKernel for OfNumbers<S> {
    fn batch(&self) -> usize {
        VECTORS * S::LANES
    }

    fn run(&self, functions: &mut Vec<f64>, energies: &mut Vec<f64>) {
        let new = || (Vec::new(), NetworkScratch::new());
        self.scratch.with(new, |(batch, network)| {
            S::enter(NumbersTask { head: &self.head, batch, network, functions, energies });
        });
    }
}

/// One batch; run it with [`Simd::enter`].
struct NumbersTask<'a, S: Simd> {
    head: &'a NetworkHead<S>,
    batch: &'a mut Vec<Batch<S>>,
    network: &'a mut NetworkScratch<S>,
    functions: &'a mut Vec<f64>,
    energies: &'a mut Vec<f64>,
}

impl<S: Simd> Task<S> for NumbersTask<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { head, batch, network, functions, energies } = self;
        batch.clear();
        for numbers in functions.chunks_exact(VECTORS * S::LANES) {
            let mut of_atoms = [S::zero(); VECTORS];
            for g in 0..VECTORS {
                of_atoms[g] = S::load(&numbers[g * S::LANES..]);
            }
            batch.push(of_atoms);
        }
        let energy = head.run(batch, network);
        store_batch(batch, functions);
        store_batch(&[energy], energies);
    }
}

impl Evaluator {
    /// The linear potential with one coefficient per feature and one energy `e0` per species (eV), and a network of the
    /// functions of order ≥ 2 of each species, or of all its functions.
    ///
    /// # Errors
    /// [`Error::Length`] for numbers that do not fit the program, and those of [`Self::new`].
    pub fn with_networks(
        program: &Arc<Program>,
        linear: (&[f64], &[f64]),
        networks: Vec<Network>,
        baseline: &Baseline,
        options: Options,
    ) -> Result<Self> {
        let mut inputs = program.centers().iter().zip(&networks);
        if inputs.all(|(center, network)| network.n_inputs() == center.functions.len()) {
            return Self::of_networks(program, linear, networks, baseline, options);
        }
        Error::check_length("networks", program.centers().len(), networks.len())?;
        Error::check_length("coefficients", program.n_features(), linear.0.len())?;
        let (mut combinations, mut combined, mut coefficients) = (Vec::new(), Vec::new(), Vec::new());
        let mut rest = linear.0;
        for (center, network) in program.centers().iter().zip(&networks) {
            let all = center.n_features();
            if network.n_inputs() != center.functions.len() {
                Error::check_length("inputs of a network", all, network.n_inputs())?;
            }
            let (of_pairs, own) = network.combined(network.n_inputs() - center.functions.len())?;
            let (pairs, many) = rest[..all].split_at(center.n_pair_features());
            coefficients.extend_from_slice(pairs);
            coefficients.resize(coefficients.len() + own.n_inputs() - many.len(), 0.0);
            coefficients.extend_from_slice(many);
            combinations.push(of_pairs.into());
            combined.push(own);
            rest = &rest[all..];
        }
        let program = with_pair_products(program, &combinations)?;
        Self::of_networks(&program, (&coefficients, linear.1), combined, baseline, options)
    }

    /// As [`Self::with_networks`], of functions of order ≥ 2.
    fn of_networks(
        program: &Program,
        (coefficients, e0): (&[f64], &[f64]),
        networks: Vec<Network>,
        baseline: &Baseline,
        options: Options,
    ) -> Result<Self> {
        let mut readouts = Readout::linear(program, coefficients, e0)?.centers().to_vec();
        Error::check_length("networks", readouts.len(), networks.len())?;
        let mut heads = Vec::with_capacity(networks.len());
        for ((center, readout), network) in program.centers().iter().zip(&mut readouts).zip(networks) {
            Error::check_length("inputs of a network", center.functions.len(), network.n_inputs())?;
            let many = &mut readout.densities[0][center.n_pair_features()..];
            let coefficients = many.to_vec();
            many.fill(0.0);
            heads.push(HeadReadout::Network(NetworkReadout { network: Arc::new(network), coefficients }));
        }
        Self::with_heads(program, &Readout::new(program, readouts)?, &heads, baseline, options)
    }
}

/// The same in the form that the evaluator reads.
#[derive(Debug)]
pub(super) struct NetworkHead<S: Simd> {
    activation: Activation,
    /// −N(0)
    offset: f64,
    linear: Vec<S::Scalar>,
    /// `[block][function][neuron of the block]`
    first: Vec<S::Scalar>,
    /// Biases of the first layer, whole blocks.
    biases: Vec<S::Scalar>,
    /// Neurons of the first layer.
    width: usize,
    others: Vec<Dense<S>>,
}

/// A layer behind the first.
#[derive(Debug)]
struct Dense<S: Simd> {
    /// `[output][input]`
    weights: Vec<S::Scalar>,
    biases: Vec<S::Scalar>,
}

/// Hidden values of a batch of atoms and their slopes, layer behind layer.
#[derive(Debug)]
pub(super) struct NetworkScratch<S> {
    values: Vec<Batch<S>>,
    slopes: Vec<Batch<S>>,
    bars: [Vec<Batch<S>>; 2],
}

impl<S: Simd> NetworkScratch<S> {
    pub(super) fn new() -> Self {
        Self { values: Vec::new(), slopes: Vec::new(), bars: [Vec::new(), Vec::new()] }
    }
}

fn rounded<S: Simd>(numbers: &[f64]) -> Vec<S::Scalar> {
    numbers.iter().map(|&number| S::Scalar::rounded(number)).collect()
}

impl<S: Simd> NetworkHead<S> {
    pub(super) fn new(readout: &NetworkReadout) -> Self {
        let network = &readout.network;
        let (first, others) = network.layers().split_at(1);
        let mut biases = rounded::<S>(&first[0].biases);
        let width = biases.len();
        biases.resize(width.next_multiple_of(TOGETHER), S::Scalar::default());
        let dense = others.iter().map(|layer| Dense {
            weights: rounded::<S>(&layer.weights),
            biases: rounded::<S>(&layer.biases),
        });
        Self {
            activation: network.activation(),
            offset: -network.free(),
            linear: rounded::<S>(&readout.coefficients),
            first: blocked::<S>(&first[0].weights, network.n_inputs()),
            biases,
            width,
            others: dense.collect(),
        }
    }

    /// Energies of the atoms; replaces the functions by the derivatives of the energy with respect to them.
    #[inline(always)]
    pub(super) fn run(&self, functions: &mut [Batch<S>], scratch: &mut NetworkScratch<S>) -> Batch<S> {
        let NetworkScratch { values, slopes, bars: [bars, below] } = scratch;
        values.clear();
        slopes.clear();
        let mut energy = [S::splat(self.offset); VECTORS];
        for (function, &c) in functions.iter().zip(&self.linear) {
            for g in 0..VECTORS {
                energy[g] = S::broadcast(c).mul_add(function[g], energy[g]);
            }
        }
        let block = (functions.len() * TOGETHER).max(1);
        for (weights, biases) in self.first.chunks_exact(block).zip(self.biases.chunks_exact(TOGETHER)) {
            let mut sums = [[S::zero(); VECTORS]; TOGETHER];
            for k in 0..TOGETHER {
                sums[k] = [S::broadcast(biases[k]); VECTORS];
            }
            weighted_sums(weights, functions, &mut sums);
            for sum in sums {
                self.activate(sum, values, slopes);
            }
        }
        values.truncate(self.width);
        slopes.truncate(self.width);
        let (mut start, mut output) = (0, [S::zero(); VECTORS]);
        for (number, layer) in self.others.iter().enumerate() {
            let stop = values.len();
            for (row, &bias) in layer.weights.chunks_exact(stop - start).zip(&layer.biases) {
                let mut sum = [S::broadcast(bias); VECTORS];
                for (&weight, value) in row.iter().zip(&values[start..stop]) {
                    for g in 0..VECTORS {
                        sum[g] = S::broadcast(weight).mul_add(value[g], sum[g]);
                    }
                }
                if number + 1 == self.others.len() {
                    output = sum;
                } else {
                    self.activate(sum, values, slopes);
                }
            }
            start = stop;
        }
        bars.clear();
        bars.push([S::splat(1.0); VECTORS]);
        let mut stop = values.len();
        for layer in self.others.iter().rev() {
            let inputs = layer.weights.len() / layer.biases.len();
            below.clear();
            below.resize(inputs, [S::zero(); VECTORS]);
            for (row, bar) in layer.weights.chunks_exact(inputs).zip(&*bars) {
                for (&weight, below) in row.iter().zip(&mut *below) {
                    for g in 0..VECTORS {
                        below[g] = S::broadcast(weight).mul_add(bar[g], below[g]);
                    }
                }
            }
            for (below, slope) in below.iter_mut().zip(&slopes[stop - inputs..stop]) {
                for g in 0..VECTORS {
                    below[g] = below[g].mul(slope[g]);
                }
            }
            stop -= inputs;
            std::mem::swap(bars, below);
        }
        bars.resize(self.biases.len(), [S::zero(); VECTORS]);
        for (function, &c) in functions.iter_mut().zip(&self.linear) {
            *function = [S::broadcast(c); VECTORS];
        }
        for (weights, bars) in self.first.chunks_exact(block).zip(bars.chunks_exact(TOGETHER)) {
            if let Some(bars) = bars.first_chunk::<TOGETHER>() {
                pull_back(weights, bars, functions);
            }
        }
        for g in 0..VECTORS {
            energy[g] = energy[g].add(output[g]);
        }
        energy
    }

    /// Appends value and slope of the activation.
    #[inline(always)]
    fn activate(&self, sum: Batch<S>, values: &mut Vec<Batch<S>>, slopes: &mut Vec<Batch<S>>) {
        let (one, half) = (S::splat(1.0), S::splat(0.5));
        let (mut value, mut slope) = ([S::zero(); VECTORS], [S::zero(); VECTORS]);
        for g in 0..VECTORS {
            let a = sum[g];
            let inverse = one.div(a.mul_add(a, one).sqrt());
            let (s, squared) = (a.mul(inverse), inverse.mul(inverse));
            match self.activation {
                Activation::Isru => {
                    value[g] = s;
                    slope[g] = inverse.mul(squared);
                }
                Activation::Gated => {
                    value[g] = half.mul(a).mul_add(s, half.mul(a));
                    slope[g] = half.mul(s.mul_add(squared, s).add(one));
                }
            }
        }
        values.push(value);
        slopes.push(slope);
    }
}
