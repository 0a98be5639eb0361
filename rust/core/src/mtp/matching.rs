//! Imported scalars as scalars of the level rule, whose products are fewer.
//!
//! Scalars are polynomials of independent moments. Two of them that agree up to a factor at three random points
//! are taken for the same; the sums over all scalars of a file then agree as well, which is checked again.

use crate::density::moments::{Moment, Products};

use super::graph::MAX_FACTORS;
use super::plan::plan;
use super::rule::{MAX_LEVEL, Rule};

/// Relative deviation at which values count as equal.
const TOLERANCE: f64 = 1e-9;

/// The products of a rule, and scalars of a file among its scalars.
#[derive(Debug, Clone, PartialEq)]
pub struct Matched {
    /// The rule.
    pub rule: Rule,
    /// Its products.
    pub products: Products,
    /// For every scalar of the file its scalar and its factor: `file = factor · own`.
    pub scalars: Vec<(usize, f64)>,
}

impl Matched {
    /// Finds the scalars of a file among those of the level rule, `None` where that fails.
    pub fn new(file: &Products) -> Option<Self> {
        let rule = rule_of(file)?;
        let products = plan(&rule.scalars());
        let ours: Vec<Vec<f64>> = (1..=3).map(|seed| scalars_at(&products, seed)).collect();
        let theirs: Vec<Vec<f64>> = (1..=3).map(|seed| scalars_at(file, seed)).collect();
        let mut sorted: Vec<usize> = (0..ours[0].len()).collect();
        let ratio = |values: &[Vec<f64>], k: usize| values[1][k] / values[0][k];
        sorted.sort_by(|&a, &b| ratio(&ours, a).total_cmp(&ratio(&ours, b)));
        let mut taken = vec![false; sorted.len()];
        let mut scalars = Vec::new();
        for k in 0..theirs[0].len() {
            let of = ratio(&theirs, k);
            let width = TOLERANCE * of.abs();
            let start = sorted.partition_point(|&own| ratio(&ours, own) < of - width);
            let own = *sorted[start..]
                .iter()
                .take_while(|&&own| ratio(&ours, own) <= of + width)
                .find(|&&own| !taken[own] && alike(&ours, own, &theirs, k))?;
            taken[own] = true;
            scalars.push((own, theirs[0][k] / ours[0][own]));
        }
        Some(Self { rule, products, scalars })
    }

    /// Coefficients of the rule's scalars from those of the file.
    pub fn coefficients(&self, of_file: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.products.scalars().len()];
        for (&(own, factor), c) in self.scalars.iter().zip(of_file) {
            out[own] = c * factor;
        }
        out
    }
}

/// Whether two scalars agree up to a factor.
fn alike(ours: &[Vec<f64>], own: usize, theirs: &[Vec<f64>], k: usize) -> bool {
    let factor = theirs[0][k] / ours[0][own];
    factor.is_finite()
        && factor != 0.0
        && ours
            .iter()
            .zip(theirs)
            .all(|(ours, theirs)| (theirs[k] - factor * ours[own]).abs() <= TOLERANCE * theirs[k].abs())
}

/// Values of all scalars at a random point.
fn scalars_at(products: &Products, seed: u64) -> Vec<f64> {
    let moments: Vec<f64> = products.moments().iter().map(|moment| random(moment, seed)).collect();
    let values = products.evaluate(&moments);
    products.scalars().iter().map(|&node| values[node as usize]).collect()
}

/// A number in 0.5–1.5 that belongs to a moment: no cancellation of large terms.
fn random(moment: &Moment, seed: u64) -> f64 {
    let [a, b, c] = moment.powers.map(u64::from);
    let mut x = seed ^ ((moment.radial as u64) << 40 | a << 32 | b << 24 | c << 16);
    for _ in 0..3 {
        x = (x ^ (x >> 31)).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xff51_afd7_ed55_8ccd);
        x ^= x >> 29;
    }
    0.5 + (x >> 11) as f64 / (1_u64 << 53) as f64
}

/// The rule that holds scalars of these levels.
fn rule_of(file: &Products) -> Option<Rule> {
    let tensors = file.tensors()?;
    let (mut level, mut radial, mut rank, mut factors) = (0, 0, 0, 1);
    for own in tensors {
        if own.len() > MAX_FACTORS {
            return None;
        }
        level = level.max(own.iter().map(|(mu, nu)| 2 + 4 * mu + nu).sum());
        radial = own.iter().map(|kind| kind.0).fold(radial, usize::max);
        rank = own.iter().map(|kind| kind.1).fold(rank, usize::max);
        factors = factors.max(own.len());
    }
    if level > MAX_LEVEL {
        return None;
    }
    // Where the level alone says as much, it is enough.
    let bare = Rule::new(level, None, None, factors.max(Rule::FACTORS)).ok()?;
    let fits = |rule: &Rule| rule.scalars().len() == file.scalars().len();
    if fits(&bare) { Some(bare) } else { Rule::new(level, Some(radial), Some(rank), factors).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::moments::Product;
    use crate::error::Result;

    #[test]
    fn finds_scalars_in_another_order_and_scale() -> Result<()> {
        let own = plan(&Rule::new(12, None, None, Rule::FACTORS)?.scalars());
        let scaled: Vec<Product> =
            own.products().iter().map(|p| Product { weight: -3.0 * p.weight, ..*p }).collect();
        let scalars: Vec<u32> = own.scalars().iter().rev().copied().collect();
        let file = Products::new(own.moments().to_vec(), own.n_nodes(), &scaled, &scalars)?;
        let matched = Matched::new(&file);
        let Some(matched) = matched else { panic!("not found") };
        assert_eq!(matched.products, own);
        for (k, (place, factor)) in matched.scalars.iter().enumerate() {
            assert_eq!(*place, scalars.len() - 1 - k);
            let power = factor.abs().ln() / 3.0_f64.ln();
            assert!((power - power.round()).abs() < 1e-9);
        }
        Ok(())
    }

    #[test]
    fn other_polynomials_are_not_found() -> Result<()> {
        let moments = vec![Moment { radial: 0, powers: [1, 0, 0] }, Moment { radial: 0, powers: [0, 1, 0] }];
        let product = Product { factors: [0, 1], weight: 1.0, target: 2 };
        let file = Products::new(moments, 3, &[product], &[2])?;
        assert_eq!(Matched::new(&file), None);
        Ok(())
    }
}
