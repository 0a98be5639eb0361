//! The energy as a polynomial of the sums over neighbors, and its adjoints: atoms in lanes.
//!
//! ```text
//! E = e0 + Σ_k w_k V_k + Σ_a V_a (Σ_b W_ab V_b)
//! ```
//!
//! over nodes V: the sums, moments with more powers of ẑ (differences of moments with fewer), and sums of products
//! that are factors of others. Scalars that are no factor appear as products of theirs, in W. An inner sum is also
//! what the adjoint of `V_a` gains.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use crate::density::evaluator::{Batch, VECTORS};
use crate::density::moments::{Moment, Products};
use crate::simd::{MAX_LANES, Simd};

use super::layout::Layout;

/// `target = a − b − c`
#[derive(Debug, Clone, Copy)]
struct Difference {
    target: u32,
    of: [u32; 3],
}

/// `target += weight Σ a b` over some factors.
#[derive(Debug, Clone)]
struct Run {
    target: u32,
    weight: f64,
    factors: Range<usize>,
}

/// `V_a Σ_b W_ab V_b`
#[derive(Debug, Clone)]
struct Group {
    node: u32,
    leaves: Range<usize>,
}

/// The compiled energy.
#[derive(Debug, Clone, Default)]
pub struct Polynomial {
    n_nodes: usize,
    differences: Vec<Difference>,
    runs: Vec<Run>,
    factors: Vec<[u32; 2]>,
    groups: Vec<Group>,
    leaf_nodes: Vec<u32>,
    leaf_weights: Vec<f64>,
    linear: Vec<(u32, f64)>,
}

impl Polynomial {
    /// Compiles `Σ coefficient · scalar`; `needed` tells which nodes matter.
    pub fn new(products: &Products, coefficients: &[f64], needed: &[bool], layout: &Layout) -> Self {
        let mut weights = vec![0.0; products.n_nodes()];
        for (&scalar, c) in products.scalars().iter().zip(coefficients) {
            weights[scalar as usize] += c;
        }
        let mut is_factor = vec![false; products.n_nodes()];
        let used = products.products().iter().filter(|p| needed[p.target as usize]);
        used.clone().flat_map(|p| p.factors).for_each(|node| is_factor[node as usize] = true);
        let mut builder = Builder::new(layout);
        let mut number = vec![u32::MAX; products.n_nodes()];
        for (k, moment) in products.moments().iter().enumerate().filter(|(k, _)| needed[*k]) {
            number[k] = builder.moment(*moment);
        }
        let mut leaves: BTreeMap<[u32; 2], f64> = BTreeMap::new();
        let used: Vec<_> = used.collect();
        for terms in used.chunk_by(|a, b| a.target == b.target) {
            let target = terms[0].target as usize;
            let factors = |k: usize| {
                let mut factors = terms[k].factors.map(|node| number[node as usize]);
                factors.sort_unstable();
                factors
            };
            if is_factor[target] {
                let terms: Vec<_> = (0..terms.len()).map(|k| (terms[k].weight, factors(k))).collect();
                number[target] = builder.node(terms);
            } else {
                for (k, term) in terms.iter().enumerate() {
                    *leaves.entry(factors(k)).or_default() += weights[target] * term.weight;
                }
            }
        }
        for (node, &weight) in weights.iter().enumerate() {
            if weight != 0.0 && (is_factor[node] || node < products.moments().len()) {
                builder.out.linear.push((number[node], weight));
            }
        }
        builder.finish(&leaves)
    }

    /// Number of nodes.
    pub fn n_nodes(&self) -> usize {
        self.n_nodes
    }

    /// Energies without e0. `values` holds the sums on entry; `bars` the adjoints of the sums after.
    #[inline(always)]
    pub fn run<S: Simd>(
        &self,
        values: &mut [Batch<S>],
        bars: &mut [Batch<S>],
    ) -> [[f64; MAX_LANES]; VECTORS] {
        let zero = [S::zero(); VECTORS];
        let (values, bars) = (&mut values[..self.n_nodes], &mut bars[..self.n_nodes]);
        for Difference { target, of: [a, b, c] } in &self.differences {
            let (a, b, c) = (values[*a as usize], values[*b as usize], values[*c as usize]);
            for v in 0..VECTORS {
                values[*target as usize][v] = a[v].sub(b[v]).sub(c[v]);
            }
        }
        for run in &self.runs {
            let mut sum = zero;
            for &[a, b] in &self.factors[run.factors.clone()] {
                let (a, b) = (values[a as usize], values[b as usize]);
                for v in 0..VECTORS {
                    sum[v] = a[v].mul_add(b[v], sum[v]);
                }
            }
            let weight = S::splat(run.weight);
            let target = &mut values[run.target as usize];
            for v in 0..VECTORS {
                target[v] = sum[v].mul_add(weight, target[v]);
            }
        }
        bars.fill(zero);
        let mut energy = zero;
        for &(node, weight) in &self.linear {
            let weight = S::splat(weight);
            for v in 0..VECTORS {
                energy[v] = values[node as usize][v].mul_add(weight, energy[v]);
                bars[node as usize][v] = weight;
            }
        }
        for group in &self.groups {
            let a = values[group.node as usize];
            let mut inner = zero;
            let nodes = &self.leaf_nodes[group.leaves.clone()];
            for (&node, &weight) in nodes.iter().zip(&self.leaf_weights[group.leaves.clone()]) {
                let weight = S::splat(weight);
                let (b, bar) = (values[node as usize], &mut bars[node as usize]);
                for v in 0..VECTORS {
                    inner[v] = b[v].mul_add(weight, inner[v]);
                    bar[v] = a[v].mul_add(weight, bar[v]);
                }
            }
            let bar = &mut bars[group.node as usize];
            for v in 0..VECTORS {
                energy[v] = a[v].mul_add(inner[v], energy[v]);
                bar[v] = bar[v].add(inner[v]);
            }
        }
        self.backward(values, bars);
        let mut lanes = [[0.0; MAX_LANES]; VECTORS];
        for v in 0..VECTORS {
            lanes[v] = energy[v].lanes();
        }
        lanes
    }

    #[inline(always)]
    fn backward<S: Simd>(&self, values: &[Batch<S>], bars: &mut [Batch<S>]) {
        for run in self.runs.iter().rev() {
            let weight = S::splat(run.weight);
            let mut bar = bars[run.target as usize];
            for v in 0..VECTORS {
                bar[v] = bar[v].mul(weight);
            }
            for &[a, b] in &self.factors[run.factors.clone()] {
                let (x, y) = (values[a as usize], values[b as usize]);
                let out = &mut bars[a as usize];
                for v in 0..VECTORS {
                    out[v] = bar[v].mul_add(y[v], out[v]);
                }
                let out = &mut bars[b as usize];
                for v in 0..VECTORS {
                    out[v] = bar[v].mul_add(x[v], out[v]);
                }
            }
        }
        for Difference { target, of: [a, b, c] } in self.differences.iter().rev() {
            let bar = bars[*target as usize];
            for v in 0..VECTORS {
                bars[*a as usize][v] = bars[*a as usize][v].add(bar[v]);
                bars[*b as usize][v] = bars[*b as usize][v].sub(bar[v]);
                bars[*c as usize][v] = bars[*c as usize][v].sub(bar[v]);
            }
        }
    }
}

struct Builder<'a> {
    layout: &'a Layout,
    out: Polynomial,
    moments: HashMap<Moment, u32>,
}

impl<'a> Builder<'a> {
    fn new(layout: &'a Layout) -> Self {
        Self {
            layout,
            out: Polynomial { n_nodes: layout.size, ..Polynomial::default() },
            moments: HashMap::new(),
        }
    }

    fn next(&mut self) -> u32 {
        self.out.n_nodes += 1;
        self.out.n_nodes as u32 - 1
    }

    /// Node of a moment: a sum, or the difference that ẑ² = 1 − x̂² − ŷ² makes of it.
    fn moment(&mut self, moment: Moment) -> u32 {
        if let Some(sum) = self.layout.sum(moment.radial, moment.powers) {
            return sum;
        }
        if let Some(&node) = self.moments.get(&moment) {
            return node;
        }
        let [a, b, c] = moment.powers;
        let c = c.saturating_sub(2);
        let of = [[a, b, c], [a + 2, b, c], [a, b + 2, c]]
            .map(|powers| self.moment(Moment { radial: moment.radial, powers }));
        let target = self.next();
        self.out.differences.push(Difference { target, of });
        self.moments.insert(moment, target);
        target
    }

    /// A node that is a sum of weighted products.
    fn node(&mut self, mut terms: Vec<(f64, [u32; 2])>) -> u32 {
        let target = self.next();
        terms.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for run in terms.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
            let start = self.out.factors.len();
            self.out.factors.extend(run.iter().map(|term| term.1));
            self.out.runs.push(Run { target, weight: run[0].0, factors: start..self.out.factors.len() });
        }
        target
    }

    /// Groups the leaves by the factor that has more of them.
    fn finish(mut self, leaves: &BTreeMap<[u32; 2], f64>) -> Polynomial {
        let mut count = vec![0_u32; self.out.n_nodes];
        leaves.keys().flatten().for_each(|&node| count[node as usize] += 1);
        let mut grouped: Vec<(u32, u32, f64)> = leaves
            .iter()
            .map(|(&[a, b], &weight)| {
                let swap = count[b as usize] > count[a as usize];
                if swap { (b, a, weight) } else { (a, b, weight) }
            })
            .collect();
        grouped.sort_unstable_by_key(|&(a, b, _)| (a, b));
        for group in grouped.chunk_by(|a, b| a.0 == b.0) {
            let start = self.out.leaf_nodes.len();
            self.out.leaf_nodes.extend(group.iter().map(|leaf| leaf.1));
            self.out.leaf_weights.extend(group.iter().map(|leaf| leaf.2));
            self.out.groups.push(Group { node: group[0].0, leaves: start..self.out.leaf_nodes.len() });
        }
        self.out
    }
}
