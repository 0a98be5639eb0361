//! The contracted evaluator against a slow explicit sum over monomials of the same program.

use std::sync::Arc;

use ferrip_core::Features;
use ferrip_core::density::evaluator::{Evaluation, Evaluator, Options, compute_analytic};
use ferrip_core::density::program::ANY_SPECIES;
use ferrip_core::density::{Center, Descriptor, OneParticle, Program, Radial, Ragged, Readout};
use ferrip_core::neighbors::NeighborList;
use ferrip_core::pair::{Baseline, Ending, Form, Term};
use ferrip_core::radial::table::Tabulation;
use ferrip_core::simd::Path;
use ferrip_core::{Cell, Error, Structure};

type Complex = [f64; 2];

fn product(a: Complex, b: Complex) -> Complex {
    [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]]
}

/// Reproducible numbers in [0, 1).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() * n as f64) as usize
    }
}

/// Smooth radial functions with a cubic envelope.
#[derive(Debug)]
struct Toy {
    n: usize,
    cutoff: f64,
    phase: f64,
}

impl Radial for Toy {
    fn evaluate(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        value.fill(0.0);
        derivative.fill(0.0);
        if r < self.cutoff {
            let x = 1.0 - r / self.cutoff;
            for k in 0..self.n {
                let w = 0.4 * (k + 1) as f64;
                let (s, c) = (w * r + self.phase).sin_cos();
                value[k] = x.powi(3) * s;
                derivative[k] = x.powi(3) * w * c - 3.0 * x * x / self.cutoff * s;
            }
        }
    }

    fn cutoff(&self) -> f64 {
        self.cutoff
    }
}

const N_CHANNELS: usize = 6;
const N_PAIR: usize = 3;

/// Radial functions of a pair of species.
fn toy(z0: usize, z: usize) -> Toy {
    let cutoff = 3.6 + 0.2 * ((z0 + 2 * z) % 3) as f64;
    Toy { n: N_CHANNELS + N_PAIR, cutoff, phase: 0.3 * (z0 + z) as f64 }
}

/// A random centre: entries of the given species, of several channels and l; monomials up to `max_order`.
fn random_center(
    n_species: usize,
    entries_of: &[u16],
    z0: usize,
    max_order: usize,
    lmax: u8,
    numbers: &mut Numbers,
) -> Center {
    let mut one_particle = Vec::new();
    for &species in entries_of {
        for l in 0..=lmax {
            for channel in 0..(N_CHANNELS as u16 - u16::from(l).min(4)) {
                for m in -(l as i8)..=l as i8 {
                    one_particle.push(OneParticle { species, channel, l, m });
                }
            }
        }
    }
    let (mut monomials, mut functions) = (Ragged::default(), Ragged::default());
    while functions.len() < 40 {
        let order = 2 + numbers.below(max_order - 1);
        let mut terms = Vec::new();
        while terms.len() < 3 {
            let mut factors: Vec<u32> =
                (0..order).map(|_| numbers.below(one_particle.len()) as u32).collect();
            factors.sort_unstable();
            if factors.iter().map(|&v| i32::from(one_particle[v as usize].m)).sum::<i32>() == 0 {
                terms.push((monomials.len() as u32, numbers.next() - 0.4));
                monomials.push(factors);
            }
        }
        functions.push(terms);
    }
    let radial = (0..n_species).map(|z| Box::new(toy(z0, z)) as Box<dyn Radial>).collect();
    let own = vec![(0, 0.7)];
    Center { radial, n_channels: N_CHANNELS, n_pair: N_PAIR, one_particle, own, monomials, functions }
}

/// `Y_lm` from the explicit sum for associated Legendre functions.
fn harmonic(l: i32, m: i32, unit: [f64; 3]) -> Complex {
    if m < 0 {
        let [re, im] = harmonic(l, -m, unit);
        let sign = if m % 2 == 0 { 1.0 } else { -1.0 };
        return [sign * re, -sign * im];
    }
    let factorial = |n: i32| (1..=n).map(f64::from).product::<f64>();
    // d^m/dz^m of P_l(z) = 2^−l Σ_k (−1)^k (2l−2k)! / (k! (l−k)! (l−2k)!) z^(l−2k)
    let mut legendre = 0.0;
    for k in 0..=l / 2 {
        let power = l - 2 * k;
        if power >= m {
            let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
            legendre += sign * factorial(2 * l - 2 * k)
                / (factorial(k) * factorial(l - k) * factorial(power - m))
                * unit[2].powi(power - m);
        }
    }
    legendre /= 2.0_f64.powi(l);
    let norm = (f64::from(2 * l + 1) * factorial(l - m) / factorial(l + m)).sqrt();
    let mut phase = [1.0, 0.0];
    for _ in 0..m {
        phase = product(phase, [-unit[0], -unit[1]]);
    }
    phase.map(|v| v * norm * legendre)
}

struct Case {
    program: Program,
    coefficients: Vec<f64>,
    e0: Vec<f64>,
    baseline: Baseline,
}

impl Case {
    fn new(species: &[u8], max_order: usize, lmax: u8, seed: u64) -> Self {
        let every: Vec<u16> = (0..species.len() as u16).collect();
        Self::with_entries(species, &every, max_order, lmax, seed)
    }

    /// One-particle entries of the given neighbor species only.
    fn with_entries(species: &[u8], entries_of: &[u16], max_order: usize, lmax: u8, seed: u64) -> Self {
        let mut numbers = Numbers(seed);
        let n = species.len();
        let center = |z0| random_center(n, entries_of, z0, max_order, lmax, &mut numbers);
        let centers = (0..n).map(center).collect();
        Self::from_program(Program::new(species.to_vec(), centers).expect("a valid program"), numbers)
    }

    fn from_program(program: Program, mut numbers: Numbers) -> Self {
        let species = program.species();
        let n = species.len();
        let coefficients = (0..program.n_features()).map(|_| 0.2 * (numbers.next() - 0.5)).collect();
        let e0 = (0..n).map(|k| -1.5 - k as f64).collect();
        let term = Term {
            elements: [species[0], species[n - 1]],
            form: Form::Zbl,
            ending: Ending::Switch { start: 1.2 },
            cutoff: 2.3,
        };
        let baseline = Baseline::new(vec![term]).expect("a valid switch");
        Self { program, coefficients, e0, baseline }
    }

    fn evaluator(&self, path: Path, tolerance: f64) -> Evaluator {
        let options = Options { path, tables: Tabulation { tolerance, ..Tabulation::default() } };
        let readout = Readout::linear(&self.program, &self.coefficients, &self.e0).expect("a readout");
        Evaluator::new(&self.program, &readout, &self.baseline, options).expect("an evaluator")
    }

    /// Per-atom energies by explicit sums over images, entries and monomials.
    fn oracle(&self, structure: &Structure) -> Vec<f64> {
        let cutoff = self.program.cutoff().max(self.baseline.max_cutoff());
        let list = NeighborList::build(structure, cutoff).expect("a list");
        let species = self.program.species_indices(structure.numbers()).expect("known species");
        (0..structure.len()).map(|i| self.atom_oracle(structure, &list, &species, i)).collect()
    }

    fn atom_oracle(&self, structure: &Structure, list: &NeighborList, species: &[u16], i: usize) -> f64 {
        let k = usize::from(species[i]);
        let center = &self.program.centers()[k];
        let c = &self.coefficients[self.program.feature_range(k)];
        let mut energy = self.e0[k];
        let mut sums = vec![[0.0; 2]; center.one_particle.len()];
        center.own.iter().for_each(|&(v, value)| sums[v as usize][0] += value);
        for edge in list.offsets()[i]..list.offsets()[i + 1] {
            let j = list.neighbors()[edge] as usize;
            let t = structure.cell().shift_vector(list.shifts()[list.shift_ids()[edge] as usize]);
            let d: [f64; 3] =
                std::array::from_fn(|a| structure.positions()[j][a] + t[a] - structure.positions()[i][a]);
            let r = d.iter().map(|v| v * v).sum::<f64>().sqrt();
            let z = usize::from(species[j]);
            let (mut value, mut derivative) = ([0.0; N_CHANNELS + N_PAIR], [0.0; N_CHANNELS + N_PAIR]);
            center.radial[z].evaluate(r, &mut value, &mut derivative);
            for p in 0..N_PAIR {
                energy += c[z * N_PAIR + p] * value[N_CHANNELS + p];
            }
            energy += 0.5 * self.baseline.evaluate(structure.numbers()[i], structure.numbers()[j], r).0;
            for (v, sum) in center.one_particle.iter().zip(&mut sums) {
                if usize::from(v.species) == z || v.species == ANY_SPECIES {
                    let y = harmonic(v.l.into(), v.m.into(), d.map(|x| x / r));
                    for part in 0..2 {
                        sum[part] += value[usize::from(v.channel)] * y[part];
                    }
                }
            }
        }
        for (terms, c) in center.functions.iter().zip(&c[center.radial.len() * N_PAIR..]) {
            for &(q, coefficient) in terms {
                let factors = center.monomials.get(q as usize);
                let value = factors.iter().fold([1.0, 0.0], |a, &v| product(a, sums[v as usize]));
                energy += c * coefficient * value[0];
            }
        }
        energy
    }
}

fn compute(evaluator: &Evaluator, structure: &Structure, threads: usize) -> Evaluation {
    let list = NeighborList::build(structure, evaluator.cutoff()).expect("a list");
    evaluator.compute(structure, &list, Some(threads)).expect("an evaluation")
}

fn random_structure(species: &[u8], n: usize, length: f64, pbc: [bool; 3], seed: u64) -> Structure {
    let mut numbers = Numbers(seed);
    let rows = [[length, 0.0, 0.0], [0.3 * length, 0.9 * length, 0.0], [-0.2 * length, 0.1 * length, length]];
    let mut positions: Vec<[f64; 3]> = Vec::new();
    let cell = Cell::new(rows, pbc).expect("a cell");
    let mut attempts = 0;
    while positions.len() < n {
        let f = [numbers.next(), numbers.next(), numbers.next()];
        let p: [f64; 3] = std::array::from_fn(|a| (0..3).map(|k| f[k] * rows[k][a]).sum());
        attempts += 1;
        let close = |q: &[f64; 3]| (0..3).map(|a| (p[a] - q[a]).powi(2)).sum::<f64>() < 1.0;
        if attempts > 1000 || !positions.iter().any(close) {
            positions.push(p);
        }
    }
    let z = (0..n).map(|_| species[numbers.below(species.len())]).collect();
    Structure::new(z, positions, cell).expect("a structure")
}

fn strained(structure: &Structure, a: usize, b: usize, epsilon: f64) -> Structure {
    let apply = |v: &[f64; 3]| {
        let mut out = *v;
        out[a] += 0.5 * epsilon * v[b];
        out[b] += 0.5 * epsilon * v[a];
        out
    };
    let cell = Cell::new(structure.cell().rows().map(|v| apply(&v)), structure.cell().pbc()).expect("a cell");
    let positions = structure.positions().iter().map(apply).collect();
    Structure::new(structure.numbers().to_vec(), positions, cell).expect("a structure")
}

fn moved(structure: &Structure, atom: usize, axis: usize, by: f64) -> Structure {
    let mut positions = structure.positions().to_vec();
    positions[atom][axis] += by;
    Structure::new(structure.numbers().to_vec(), positions, *structure.cell()).expect("a structure")
}

fn largest<'a>(values: impl IntoIterator<Item = &'a f64>) -> f64 {
    values.into_iter().fold(1.0, |a, v| a.max(v.abs()))
}

#[test]
fn energies_equal_the_explicit_sum() {
    for (seed, (species, order, lmax)) in
        [(vec![14], 3, 6), (vec![14, 22], 4, 3), (vec![1, 6, 8], 5, 2)].into_iter().enumerate()
    {
        let case = Case::new(&species, order, lmax, seed as u64);
        for pbc in [[true; 3], [false; 3], [true, false, true]] {
            let structure = random_structure(&species, 11, 5.0, pbc, 7 + seed as u64);
            let expected = case.oracle(&structure);
            for path in Path::supported() {
                let got = compute(&case.evaluator(path, 1e-10), &structure, 1);
                for (a, b) in got.energies.iter().zip(&expected) {
                    assert!((a - b).abs() < 1e-8 * largest(&expected), "{path:?}: {a} {b}");
                }
            }
        }
    }
}

/// Values of all paths add up to the energies of the design rows and, with coefficients, to the explicit sums.
#[test]
fn values_equal_the_explicit_sum() {
    let sets: [(&[u8], &[u16], usize, u8); 4] = [
        (&[14], &[0], 3, 6),
        (&[14, 22], &[0, 1], 4, 3),
        (&[1, 6, 8], &[1, ANY_SPECIES], 3, 2),
        (&[1, 6, 8], &[ANY_SPECIES], 5, 2),
    ];
    for (seed, (species, entries_of, order, lmax)) in sets.into_iter().enumerate() {
        let case = Case::with_entries(species, entries_of, order, lmax, seed as u64);
        let structure = random_structure(species, 21, 6.0, [true, false, true], 3 + seed as u64);
        let expected = case.oracle(&structure);
        let program = Arc::new(case.program);
        for path in Path::supported() {
            let descriptor = Descriptor::on_path(Arc::clone(&program), path);
            let readout = Readout::linear(&program, &case.coefficients, &case.e0).expect("a readout");
            let exact = compute_analytic(&descriptor, &readout, &case.baseline, &structure, Some(2))
                .expect("energies");
            for (a, b) in exact.energies.iter().zip(&expected) {
                assert!((a - b).abs() < 1e-11 * largest(&expected), "{path:?} {species:?}: {a} {b}");
            }
            let values = descriptor.values(&structure, Some(2)).expect("values");
            let block = descriptor.design(std::slice::from_ref(&structure), Some(1)).expect("rows");
            for k in 0..block.columns {
                let sum: f64 = values.iter().skip(k).step_by(block.columns).sum();
                let row = block.data[k * block.rows];
                assert!(
                    (sum - row).abs() < 1e-11 * row.abs().max(1.0),
                    "{path:?} {species:?} {k}: {sum} {row}"
                );
            }
        }
    }
}

/// Entries that sum over all neighbors, alone and beside those of some species.
#[test]
fn sums_over_all_species() {
    for (entries_of, order) in [(vec![ANY_SPECIES], 4), (vec![1, ANY_SPECIES], 3)] {
        let case = Case::with_entries(&[1, 6, 8], &entries_of, order, 3, 5);
        let structure = random_structure(&[1, 6, 8], 11, 5.0, [true, true, false], 3);
        let expected = case.oracle(&structure);
        let descriptor = Descriptor::new(Arc::new(case.program));
        let readout = Readout::linear(descriptor.program(), &case.coefficients, &case.e0).expect("a readout");
        let exact =
            compute_analytic(&descriptor, &readout, &case.baseline, &structure, Some(1)).expect("energies");
        for path in Path::supported() {
            let options = Options { path, tables: Tabulation::default() };
            let evaluator =
                Evaluator::new(descriptor.program(), &readout, &case.baseline, options).expect("one");
            let got = compute(&evaluator, &structure, 1);
            assert_eq!(got.n_edges, exact.n_edges);
            for (k, a) in got.energies.iter().enumerate() {
                assert!((a - expected[k]).abs() < 1e-8 * largest(&expected), "{path:?}: {a} {}", expected[k]);
                assert!((exact.energies[k] - expected[k]).abs() < 1e-11 * largest(&expected));
            }
            for (a, b) in got.forces.iter().flatten().zip(exact.forces.iter().flatten()) {
                assert!((a - b).abs() < 1e-6 * largest(exact.forces.iter().flatten()), "{path:?}: {a} {b}");
            }
            let strain = exact.strain_gradient.iter().flatten();
            for (a, b) in got.strain_gradient.iter().flatten().zip(strain.clone()) {
                assert!((a - b).abs() < 1e-6 * largest(strain.clone()), "{path:?}: {a} {b}");
            }
        }
    }
}

/// Design rows and tangents of entries that sum over all neighbors agree with the gradient.
#[test]
fn design_and_jvp_of_sums_over_all_species() {
    let case = Case::with_entries(&[6, 14], &[0, ANY_SPECIES], 3, 2, 9);
    let structure = random_structure(&[6, 14], 7, 4.5, [true; 3], 4);
    let descriptor = Descriptor::new(Arc::new(case.program));
    let (c, n) = (&case.coefficients, structure.len());
    let bar = vec![c.clone(); n].concat();
    let gradient = descriptor.vjp(&structure, &bar, Some(1)).expect("a gradient");
    let block = descriptor.design(std::slice::from_ref(&structure), Some(1)).expect("rows");
    let row = |k: usize| -> f64 { (0..block.columns).map(|j| block.data[j * block.rows + k] * c[j]).sum() };
    for (k, g) in gradient.positions.iter().flatten().enumerate() {
        assert!((row(1 + k) + g).abs() < 1e-10 * largest(gradient.positions.iter().flatten()));
    }
    assert!((row(1 + 3 * n) - gradient.strain[0][0]).abs() < 1e-10 * largest(&gradient.strain[0]));
    let mut numbers = Numbers(1);
    let dot: Vec<[f64; 3]> = (0..n).map(|_| [0; 3].map(|_| numbers.next() - 0.5)).collect();
    let tangent = descriptor.jvp(&structure, &dot, &[[0.0; 3]; 3], Some(1)).expect("a tangent");
    let forward: f64 = tangent.iter().zip(&bar).map(|(a, b)| a * b).sum();
    let backward: f64 =
        gradient.positions.iter().flatten().zip(dot.iter().flatten()).map(|(a, b)| a * b).sum();
    assert!((forward - backward).abs() < 1e-10 * backward.abs().max(1.0));
}

/// Channels of all species, of which only those of the neighbor's own are not 0.
#[derive(Debug)]
struct OneHot {
    own: Toy,
    species: usize,
    n_species: usize,
}

impl Radial for OneHot {
    fn evaluate(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        for out in [value, derivative].into_iter().enumerate() {
            let (mut v, mut d) = ([0.0; N_CHANNELS + N_PAIR], [0.0; N_CHANNELS + N_PAIR]);
            self.own.evaluate(r, &mut v, &mut d);
            let own = if out.0 == 0 { v } else { d };
            out.1.fill(0.0);
            out.1[self.species * N_CHANNELS..][..N_CHANNELS].copy_from_slice(&own[..N_CHANNELS]);
            out.1[self.n_species * N_CHANNELS..].copy_from_slice(&own[N_CHANNELS..]);
        }
    }

    fn cutoff(&self) -> f64 {
        self.own.cutoff
    }
}

#[test]
fn one_hot_embedding_is_the_ordinary_program() {
    let species = [6, 14];
    let ordinary = Case::new(&species, 4, 3, 8);
    let centers = ordinary.program.centers().iter().enumerate().map(|(z0, center)| {
        let radial = (0..2).map(|z| {
            let own = toy(z0, z);
            Box::new(OneHot { own, species: z, n_species: 2 }) as Box<dyn Radial>
        });
        Center {
            radial: radial.collect(),
            n_channels: 2 * N_CHANNELS,
            n_pair: N_PAIR,
            one_particle: center
                .one_particle
                .iter()
                .map(|v| OneParticle {
                    species: ANY_SPECIES,
                    channel: v.species * N_CHANNELS as u16 + v.channel,
                    ..*v
                })
                .collect(),
            own: center.own.clone(),
            monomials: center.monomials.clone(),
            functions: center.functions.clone(),
        }
    });
    let program = Program::new(species.to_vec(), centers.collect()).expect("a program");
    let embedded = Case { program, ..Case::new(&species, 4, 3, 8) };
    let structure = random_structure(&species, 14, 5.5, [true; 3], 6);
    for path in Path::supported() {
        let a = compute(&ordinary.evaluator(path, 1e-13), &structure, 1);
        let b = compute(&embedded.evaluator(path, 1e-13), &structure, 1);
        for (x, y) in a.energies.iter().zip(&b.energies) {
            assert!((x - y).abs() < 1e-12 * largest(&a.energies));
        }
        for (x, y) in a.forces.iter().flatten().zip(b.forces.iter().flatten()) {
            assert!((x - y).abs() < 1e-12 * largest(a.forces.iter().flatten()));
        }
    }
}

/// Central differences with four points.
fn difference(energy: impl Fn(f64) -> f64) -> f64 {
    let h = 1e-3;
    (8.0 * (energy(h) - energy(-h)) - (energy(2.0 * h) - energy(-2.0 * h))) / (12.0 * h)
}

#[test]
fn forces_and_strain_are_derivatives_of_the_energy() {
    let case = Case::new(&[6, 14], 5, 3, 3);
    for path in Path::supported() {
        let evaluator = case.evaluator(path, 1e-10);
        let total = |s: &Structure| compute(&evaluator, s, 1).energies.iter().sum::<f64>();
        for (cell, pbc) in [(5.5, [true; 3]), (5.5, [false, true, false])] {
            let structure = random_structure(&[6, 14], 9, cell, pbc, 5);
            let got = compute(&evaluator, &structure, 1);
            let tolerance = 1e-6 * largest(got.forces.iter().flatten());
            for atom in 0..structure.len() {
                for axis in 0..3 {
                    let numeric = -difference(|h| total(&moved(&structure, atom, axis, h)));
                    let exact = got.forces[atom][axis];
                    assert!((numeric - exact).abs() < tolerance, "{path:?} {atom} {axis}: {numeric} {exact}");
                }
            }
            let tolerance = 1e-6 * largest(got.strain_gradient.iter().flatten());
            for a in 0..3 {
                for b in 0..3 {
                    let numeric = difference(|h| total(&strained(&structure, a, b, h)));
                    let exact = got.strain_gradient[a][b];
                    assert!((numeric - exact).abs() < tolerance, "{path:?} {a} {b}: {numeric} {exact}");
                }
            }
        }
    }
}

#[test]
fn paths_agree_and_threads_do_not_matter() {
    let case = Case::new(&[6, 14], 4, 4, 11);
    let structure = random_structure(&[6, 14], 150, 12.0, [true; 3], 2);
    let reference = compute(&case.evaluator(Path::Generic, 1e-9), &structure, 1);
    for path in Path::supported() {
        let evaluator = case.evaluator(path, 1e-9);
        let one = compute(&evaluator, &structure, 1);
        for threads in [2, 3] {
            assert_eq!(compute(&evaluator, &structure, threads), one, "{path:?}");
        }
        let scale = largest(reference.forces.iter().flatten()).max(largest(&reference.energies));
        for (a, b) in one.energies.iter().zip(&reference.energies) {
            assert!((a - b).abs() < 1e-12 * scale);
        }
        for (a, b) in one.forces.iter().flatten().zip(reference.forces.iter().flatten()) {
            assert!((a - b).abs() < 1e-12 * scale, "{a} {b}");
        }
        let scale = largest(reference.strain_gradient.iter().flatten()).max(scale);
        for (a, b) in one.strain_gradient.iter().flatten().zip(reference.strain_gradient.iter().flatten()) {
            assert!((a - b).abs() < 1e-12 * scale);
        }
    }
}

#[test]
fn small_systems() {
    let case = Case::new(&[6, 14], 4, 2, 4);
    for path in Path::supported() {
        let evaluator = case.evaluator(path, 1e-9);
        let open = Cell::new([[0.0; 3]; 3], [false; 3]).expect("a cell");
        let empty = Structure::new(vec![], vec![], open).expect("a structure");
        assert_eq!(compute(&evaluator, &empty, 2), Evaluation::default());
        let one = Structure::new(vec![14], vec![[1.0, 2.0, 3.0]], open).expect("a structure");
        let got = compute(&evaluator, &one, 2);
        assert_eq!((got.energies, got.forces), (vec![-2.5], vec![[0.0; 3]]));
        // One atom per cell with several hundred neighbors, all its own images.
        let tiny = random_structure(&[6], 1, 1.1, [true; 3], 9);
        let got = compute(&evaluator, &tiny, 2);
        let expected = case.oracle(&tiny)[0];
        assert!(got.n_edges > 100 && (got.energies[0] - expected).abs() < 1e-8 * (1.0 + expected.abs()));
        let scale = largest(got.strain_gradient.iter().flatten());
        assert!(got.forces[0].iter().all(|f| f.abs() < 1e-11 * scale));
    }
}

#[test]
fn repulsive_and_finite_at_short_distance() {
    let mut case = Case::new(&[14], 3, 2, 4);
    case.coefficients.fill(0.0);
    let evaluator = case.evaluator(Path::Generic, 1e-9);
    let open = Cell::new([[0.0; 3]; 3], [false; 3]).expect("a cell");
    let mut last = f64::INFINITY;
    for k in 1..60 {
        let r = 0.02 * f64::from(k);
        let dimer = Structure::new(vec![14, 14], vec![[0.0; 3], [0.0, r, 0.0]], open).expect("a structure");
        let got = compute(&evaluator, &dimer, 1);
        let energy: f64 = got.energies.iter().sum();
        assert!(energy.is_finite() && energy < last && got.forces[1][1] > 0.0, "{r}");
        last = energy;
    }
}

#[test]
fn bad_input_is_refused() {
    let case = Case::new(&[14], 2, 1, 0);
    let build = |c: &[f64], e0: &[f64]| Readout::linear(&case.program, c, e0).map(|_| ());
    assert!(matches!(build(&case.coefficients[1..], &case.e0), Err(Error::Length { .. })));
    assert!(matches!(build(&case.coefficients, &[]), Err(Error::Length { .. })));
    let mut nan = case.coefficients.clone();
    nan[0] = f64::NAN;
    assert!(matches!(build(&nan, &case.e0), Err(Error::Setting { .. })));
    assert!(matches!(build(&case.coefficients, &[f64::INFINITY]), Err(Error::Setting { .. })));
    let evaluator = case.evaluator(Path::Generic, 1e-4);
    let open = Cell::new([[0.0; 3]; 3], [false; 3]).expect("a cell");
    let check = |structure: &Structure, cutoff: f64| {
        let list = NeighborList::build(structure, cutoff).expect("a list");
        evaluator.compute(structure, &list, Some(1))
    };
    let other = Structure::new(vec![13], vec![[0.0; 3]], open).expect("a structure");
    assert!(matches!(check(&other, 5.0), Err(Error::UnknownElement { .. })));
    let overlap = Structure::new(vec![14; 2], vec![[0.0; 3]; 2], open).expect("a structure");
    let dimer = Structure::new(vec![14; 2], vec![[0.0; 3], [0.0, 2.0, 0.0]], open).expect("a structure");
    let before = check(&dimer, 5.0);
    assert!(matches!(check(&overlap, 5.0), Err(Error::Overlap { .. })));
    assert!(matches!(check(&overlap, 1.0), Err(Error::Setting { .. })));
    assert_eq!(check(&dimer, 5.0), before);
}
