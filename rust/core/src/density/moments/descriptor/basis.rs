//! What all centres share: sums, how moments follow from them, and the products below every scalar.

use crate::density::moments::evaluator::Layout;
use crate::density::moments::{PairRadial, Polynomials, Product, Products, Program, RadialSettings};

/// See the module documentation.
#[derive(Debug)]
pub struct Basis {
    /// Sums over neighbors of monomials with at most one power of ẑ.
    pub layout: Layout,
    /// Sum of every function (in the order of the layout) and monomial: (function, monomial, sum).
    pub entries: Vec<[usize; 3]>,
    /// Every moment as a combination of sums.
    pub moments: Vec<Vec<(u32, f64)>>,
    /// Radial functions as plain Chebyshev series, by centre, then neighbor.
    pub pairs: Vec<PairRadial>,
    /// Their settings.
    pub settings: RadialSettings,
    /// Products below every scalar, last first.
    below: Vec<u32>,
    /// Start of every scalar's in `below`.
    starts: Vec<usize>,
}

impl Basis {
    pub fn new(program: &Program) -> Self {
        let products = program.products();
        let mut degrees = vec![None; program.settings().n_functions];
        for moment in products.moments() {
            degrees[moment.radial] = degrees[moment.radial].max(Some(moment.rank()));
        }
        let layout = Layout::new(&degrees);
        let moments = products
            .moments()
            .iter()
            .map(|moment| {
                let mut terms = Vec::new();
                expand(&layout, moment.radial, moment.powers, 1.0, &mut terms);
                terms.sort_unstable_by_key(|term| term.0);
                terms.dedup_by(|next, kept| {
                    let same = next.0 == kept.0;
                    kept.1 += if same { next.1 } else { 0.0 };
                    same
                });
                terms
            })
            .collect();
        let mut entries = Vec::with_capacity(layout.size);
        for (function, &(mu, _)) in layout.functions.iter().enumerate() {
            for (k, monomial) in layout.monomials.iter().enumerate() {
                if let Some(sum) = layout.sum(mu, monomial.powers) {
                    entries.push([function, k, sum as usize]);
                }
            }
        }
        let pairs = program
            .pairs()
            .iter()
            .map(|pair| PairRadial { coefficients: pair.chebyshev(program.settings()), ..pair.clone() })
            .collect();
        let settings =
            RadialSettings { polynomials: Polynomials::Chebyshev, scaling: 1.0, ..*program.settings() };
        let (below, starts) = below(products);
        Self { layout, entries, moments, pairs, settings, below, starts }
    }

    /// Products below a scalar, last first.
    pub fn below(&self, scalar: usize) -> &[u32] {
        &self.below[self.starts[scalar]..self.starts[scalar + 1]]
    }

    /// Values of the moments from those of the sums.
    pub fn moments_of(&self, sums: &[f64]) -> Vec<f64> {
        let combine = |terms: &Vec<(u32, f64)>| terms.iter().map(|&(sum, w)| w * sums[sum as usize]).sum();
        self.moments.iter().map(combine).collect()
    }
}

/// `x^a y^b z^c` through monomials with c ≤ 1, by z² = 1 − x² − y².
fn expand(layout: &Layout, radial: usize, powers: [u8; 3], weight: f64, out: &mut Vec<(u32, f64)>) {
    let [a, b, c] = powers;
    if c < 2 {
        out.extend(layout.sum(radial, powers).map(|sum| (sum, weight)));
        return;
    }
    expand(layout, radial, [a, b, c - 2], weight, out);
    expand(layout, radial, [a + 2, b, c - 2], -weight, out);
    expand(layout, radial, [a, b + 2, c - 2], -weight, out);
}

/// Products below every scalar, last first, and where each scalar's start.
fn below(products: &Products) -> (Vec<u32>, Vec<usize>) {
    let list = products.products();
    let mut first = vec![list.len(); products.n_nodes() + 1];
    for (k, product) in list.iter().enumerate().rev() {
        first[product.target as usize] = k;
    }
    let own = |node: usize| {
        let start = first[node].min(list.len());
        let of_node = |p: &&Product| p.target as usize == node;
        start..start + list[start..].iter().take_while(of_node).count()
    };
    let (mut below, mut starts) = (Vec::new(), vec![0]);
    let mut seen = vec![usize::MAX; products.n_nodes()];
    for (scalar, &node) in products.scalars().iter().enumerate() {
        let mut nodes = vec![node as usize];
        seen[node as usize] = scalar;
        let mut k = 0;
        while k < nodes.len() {
            for factor in list[own(nodes[k])].iter().flat_map(|product| product.factors) {
                let factor = factor as usize;
                if factor >= products.moments().len() && seen[factor] != scalar {
                    seen[factor] = scalar;
                    nodes.push(factor);
                }
            }
            k += 1;
        }
        nodes.sort_unstable_by_key(|&node| std::cmp::Reverse(node));
        below.extend(nodes.into_iter().flat_map(|node| own(node).rev().map(|k| k as u32)));
        starts.push(below.len());
    }
    (below, starts)
}
