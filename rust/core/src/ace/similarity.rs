//! Covariance of coefficients under a similarity of species.
//!
//! The functions of order ν with coefficients c are one symmetric tensor T over the one-particle indices
//! k = (species, n, l, m): `Σ c_a f_a = Σ T_{k1…kν} A_{k1} ⋯ A_{kν}`, and `|T|² = Σ c_a²` up to a factor of
//! the order, because the functions are orthonormal states of [`super::coupling`]. A similarity κ(z, z') of
//! species is a covariance of one index; the covariance of T is its ν-fold product, symmetric by itself.
//! In the coordinates c it couples functions that differ only in species:
//!
//! ```text
//! C_ab = √(|O_a| |O_b|) / |G| · Σ_{π ∈ G} ⟨u_a, π u_b⟩ Π_t κ(s_a[t], s_b[π t])
//! ```
//!
//! with G the permutations of factors of equal (n, l), s the species of the factors, O the orbit of s
//! under G, and u the unit tensor of the function over m. κ = 1 makes species indistinguishable, the unit
//! matrix leaves them independent.

use std::collections::{BTreeMap, HashMap};

use super::basis::Factor;
use super::compile::Ace;
use super::coupling::states;
use super::settings::SpeciesBasis;

/// Functions that differ only in the species of their factors.
#[derive(Debug, Clone, PartialEq)]
pub struct TiedFunctions {
    /// Columns within the features of one centre, ascending.
    pub columns: Vec<usize>,
    /// Covariance (k, k) of their coefficients, row-major.
    pub covariance: Vec<f64>,
}

/// All groups of tied functions of one centre: the pair functions, then those of order ≥ 2.
///
/// `similarity` is the (S, S) matrix κ, row-major and symmetric. With an embedding, the covariance of an index
/// (channel, n, l, m) is that of the coefficients on the channels, `W κ Wᵀ` over the squared lengths of the rows.
pub fn tied_functions(ace: &Ace, similarity: &[f64]) -> Vec<TiedFunctions> {
    let (functions, n_pair) = (&ace.functions, ace.n_pair);
    let n_species = similarity.len().isqrt();
    let (factor_similarity, n_channels) = match &ace.species {
        SpeciesBasis::Resolved => (similarity.to_vec(), n_species),
        SpeciesBasis::Embedded { weights, .. } => (of_channels(weights, similarity), weights.len()),
    };
    let kappa = |a: u16, b: u16| factor_similarity[usize::from(a) * n_channels + usize::from(b)];
    let mut tied: Vec<TiedFunctions> = (0..n_pair)
        .map(|n| TiedFunctions {
            columns: (0..n_species).map(|species| species * n_pair + n).collect(),
            covariance: similarity.to_vec(),
        })
        .collect();
    let mut overlaps = Overlaps::default();
    for (slots, members) in groups(functions) {
        let states = overlaps.states(functions, &slots, &members);
        let columns = members.iter().map(|index| n_species * n_pair + index).collect();
        tied.push(TiedFunctions { columns, covariance: block(&slots, &states, &states, &kappa) });
    }
    tied
}

/// Distinct products of factors per species that the functions of an embedding are sums of; none where the
/// factors belong to species already.
pub fn resolved_factors(ace: &Ace) -> Vec<Vec<Factor>> {
    let SpeciesBasis::Embedded { weights, .. } = &ace.species else { return Vec::new() };
    let n_species = weights[0].len() as u16;
    let mut all = Vec::new();
    for slots in groups(&ace.functions).into_keys() {
        let mut lists: Vec<Vec<Factor>> = vec![Vec::new()];
        for &(l, n) in &slots {
            let longer = |list: &Vec<Factor>| {
                let list = list.clone();
                (0..n_species).map(move |species| [&list[..], &[Factor { l, n, species }]].concat())
            };
            lists = lists.iter().flat_map(longer).collect();
        }
        lists.iter_mut().for_each(|list| list.sort_unstable());
        lists.sort_unstable();
        lists.dedup();
        all.extend(lists);
    }
    all
}

/// Coefficients of one centre on the `resolved` basis from those on the embedded one: pair functions first in both.
///
/// `A_k = Σ_z W_kz A_z` in each factor, so the tensor over species is the tensor over channels times W per index.
pub fn resolve_coefficients(embedded: &Ace, resolved: &Ace, coefficients: &[f64]) -> Vec<f64> {
    let SpeciesBasis::Embedded { weights, .. } = &embedded.species else { return coefficients.to_vec() };
    let pairs = weights[0].len() * embedded.n_pair;
    let mut out = coefficients[..pairs].to_vec();
    out.resize(pairs + resolved.functions.len(), 0.0);
    let mut overlaps = Overlaps::default();
    let targets = groups(&resolved.functions);
    for (slots, members) in groups(&embedded.functions) {
        let right = overlaps.states(&embedded.functions, &slots, &members);
        let places = &targets[&slots];
        let left = overlaps.states(&resolved.functions, &slots, places);
        let matrix = block(&slots, &left, &right, &|z, k| weights[usize::from(k)][usize::from(z)]);
        for (place, row) in places.iter().zip(matrix.chunks_exact(right.len())) {
            out[pairs + place] = row.iter().zip(&members).map(|(m, k)| m * coefficients[pairs + k]).sum();
        }
    }
    out
}

/// Functions by the (l, n) of their factors.
fn groups(functions: &[Vec<Factor>]) -> BTreeMap<Vec<(u8, u16)>, Vec<usize>> {
    let mut groups: BTreeMap<Vec<(u8, u16)>, Vec<usize>> = BTreeMap::new();
    for (index, factors) in functions.iter().enumerate() {
        groups.entry(factors.iter().map(|f| (f.l, f.n)).collect()).or_default().push(index);
    }
    groups
}

/// `√(|O_a| |O_b|) / |G| · Σ_π ⟨u_a, π u_b⟩ Π_t κ(s_a[t], s_b[π t])` for all pairs of functions, row-major.
fn block(slots: &[(u8, u16)], left: &[State], right: &[State], kappa: &dyn Fn(u16, u16) -> f64) -> Vec<f64> {
    let permutations = permutations(slots);
    let strides = Strides::new(slots);
    let mut out = vec![0.0; left.len() * right.len()];
    for (b, from) in right.iter().enumerate() {
        for p in &permutations {
            let tensor = strides.permute(&from.tensor, p);
            for (a, to) in left.iter().enumerate() {
                let weight: f64 =
                    to.species.iter().zip(p).map(|(&x, &t)| kappa(x, from.species[t])).product();
                if weight != 0.0 {
                    let overlap: f64 = to.tensor.iter().zip(&tensor).map(|(x, y)| x * y).sum();
                    let scale = (to.orbit * from.orbit).sqrt() / permutations.len() as f64;
                    out[a * right.len() + b] += scale * weight * overlap;
                }
            }
        }
    }
    out
}

/// Covariance of coefficients on channels: A on the channels are `W` times A on the species.
fn of_channels(weights: &[Vec<f64>], similarity: &[f64]) -> Vec<f64> {
    let n = weights[0].len();
    let square = |row: &[f64]| row.iter().map(|w| w * w).sum::<f64>();
    let mut out = Vec::with_capacity(weights.len() * weights.len());
    for left in weights {
        for right in weights {
            let mut sum = 0.0;
            for (i, a) in left.iter().enumerate() {
                for (j, b) in right.iter().enumerate() {
                    sum += a * similarity[i * n + j] * b;
                }
            }
            out.push(sum / (square(left) * square(right)));
        }
    }
    out
}

/// One function as a tensor over the m of its factors.
struct State {
    species: Vec<u16>,
    /// Number of distinct arrangements of the species over factors of equal (n, l).
    orbit: f64,
    tensor: Vec<f64>,
}

impl State {
    fn new(factors: &[Factor], permutations: &[Vec<usize>], tensor: Vec<f64>) -> Self {
        let species: Vec<u16> = factors.iter().map(|f| f.species).collect();
        let fixed = permutations.iter().filter(|p| p.iter().zip(&species).all(|(&t, s)| species[t] == *s));
        let orbit = permutations.len() as f64 / fixed.count() as f64;
        Self { species, orbit, tensor }
    }
}

/// Unit tensors of all couplings, by degrees and by which factors are equal.
#[derive(Default)]
struct Overlaps(HashMap<Pattern, Vec<Vec<f64>>>);

/// Degrees of the factors, and labels that are equal where factors are.
type Pattern = (Vec<u8>, Vec<usize>);

impl Overlaps {
    /// States of the functions `members`; couplings of the same factors are neighbors.
    fn states(&mut self, functions: &[Vec<Factor>], slots: &[(u8, u16)], members: &[usize]) -> Vec<State> {
        let permutations = permutations(slots);
        let mut coupling = 0;
        members
            .iter()
            .enumerate()
            .map(|(k, &index)| {
                let factors = &functions[index];
                coupling = if k > 0 && functions[members[k - 1]] == *factors { coupling + 1 } else { 0 };
                State::new(factors, &permutations, self.tensors(factors)[coupling].clone())
            })
            .collect()
    }

    fn tensors(&mut self, factors: &[Factor]) -> &[Vec<f64>] {
        let l: Vec<u8> = factors.iter().map(|f| f.l).collect();
        let mut label = vec![0; factors.len()];
        for t in 1..factors.len() {
            label[t] = label[t - 1] + usize::from(factors[t] != factors[t - 1]);
        }
        self.0.entry((l, label)).or_insert_with_key(|(l, label)| unit_tensors(l, label))
    }
}

/// The orthonormal invariants over all (m_1, …, m_ν), equal factors symmetrised.
fn unit_tensors(l: &[u8], label: &[usize]) -> Vec<Vec<f64>> {
    let strides = Strides::of_degrees(l);
    let (states, kernel) = states(l, label);
    let mut tensors = vec![vec![0.0; strides.size]; kernel.len()];
    for (q, m) in states.iter().enumerate() {
        let arrangements = arrangements(m, label);
        let share = 1.0 / (arrangements.len() as f64).sqrt();
        for arranged in arrangements {
            let at = strides.index(&arranged, l);
            tensors.iter_mut().zip(&kernel).for_each(|(tensor, row)| tensor[at] = row[q] * share);
        }
    }
    tensors
}

/// The distinct arrangements of m inside each group of equal labels.
fn arrangements(m: &[i8], label: &[usize]) -> Vec<Vec<i8>> {
    let slots: Vec<(u8, u16)> = label.iter().map(|&k| (k as u8, 0)).collect();
    let mut all: Vec<Vec<i8>> =
        permutations(&slots).iter().map(|p| p.iter().map(|&t| m[t]).collect()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// All permutations that map each slot to one of the same (l, n); equal slots are neighbors.
fn permutations(slots: &[(u8, u16)]) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for t in 0..slots.len() {
        all = all
            .iter()
            .flat_map(|p: &Vec<usize>| {
                let free = (0..slots.len()).filter(|u| slots[*u] == slots[t] && !p.contains(u));
                free.map(|u| p.iter().copied().chain([u]).collect()).collect::<Vec<_>>()
            })
            .collect();
    }
    all
}

/// Layout of a tensor over (m_1, …, m_ν), the last index fastest.
struct Strides {
    extents: Vec<usize>,
    steps: Vec<usize>,
    size: usize,
}

impl Strides {
    fn new(slots: &[(u8, u16)]) -> Self {
        Self::of_degrees(&slots.iter().map(|s| s.0).collect::<Vec<_>>())
    }

    fn of_degrees(l: &[u8]) -> Self {
        let extents: Vec<usize> = l.iter().map(|&l| 2 * usize::from(l) + 1).collect();
        let mut steps = vec![1; l.len()];
        for t in (1..l.len()).rev() {
            steps[t - 1] = steps[t] * extents[t];
        }
        let size = extents.iter().product();
        Self { extents, steps, size }
    }

    fn index(&self, m: &[i8], l: &[u8]) -> usize {
        m.iter().zip(l).zip(&self.steps).map(|((&m, &l), stride)| (m + l as i8) as usize * stride).sum()
    }

    /// The tensor of a function whose factor t sits where factor `p[t]` was.
    fn permute(&self, tensor: &[f64], p: &[usize]) -> Vec<f64> {
        (0..self.size)
            .map(|at| {
                let digit = |t: usize| at / self.steps[t] % self.extents[t];
                tensor[(0..p.len()).map(|t| digit(t) * self.steps[p[t]]).sum::<usize>()]
            })
            .collect()
    }
}
