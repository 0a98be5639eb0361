//! What all centres share: sums, how moments follow from them, and the products below every scalar.

use std::ops::Range;

use crate::density::moments::evaluator::Layout;
use crate::density::moments::{PairRadial, Polynomials, Program, RadialSettings};

use super::below::{self, Below, Beside};

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
    /// Where the products of every node lie.
    pub ranges: Vec<Range<usize>>,
    /// What every scalar is made of.
    pub below: Vec<Below>,
    /// What the moments of every function (in the order of the layout) take part in.
    pub beside: Vec<Beside>,
}

impl Basis {
    pub fn new(program: &Program) -> Self {
        let products = program.products();
        let mut degrees = vec![None; program.settings().n_functions];
        for moment in products.moments() {
            degrees[moment.radial] = degrees[moment.radial].max(Some(moment.rank()));
        }
        let layout = Layout::new(&degrees);
        let moments: Vec<_> = products
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
        let ranges = below::ranges(products);
        let below = Below::of_scalars(products, &moments, &ranges);
        let beside = layout.functions.iter().map(|&(mu, _)| Beside::new(products, mu)).collect();
        Self { layout, entries, moments, pairs, settings, ranges, below, beside }
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
