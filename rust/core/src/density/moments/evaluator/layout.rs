//! Which sums over neighbors there are, and in which orders they lie.
//!
//! Functions are radial functions by falling degree, monomials `x^a y^b z^c` with c ≤ 1 by rising degree: the
//! functions that need a monomial are the first ones, and the sums fall into rectangles of both, cut into register
//! tiles. Sums are numbered tile by tile.

use crate::density::evaluator::{Tile, tile_cuts};

/// A monomial: its powers, and the earlier one that it is a multiple of along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Monomial {
    /// Powers of x, y and z.
    pub powers: [u8; 3],
    /// Index of the monomial with one power less.
    pub parent: usize,
    /// Axis of that power.
    pub axis: usize,
}

/// Sums over neighbors.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layout {
    /// Radial function and degree of each function.
    pub functions: Vec<(usize, usize)>,
    /// Monomials up to the largest degree; the first is 1.
    pub monomials: Vec<Monomial>,
    /// Register tiles that cover the sums.
    pub tiles: Vec<Tile>,
    /// Number of sums.
    pub size: usize,
    /// Sums in the order of Horner's rule: function by function, c = 0 before 1, b falling, a falling.
    pub horner: Vec<u32>,
    /// Sum of a function and a monomial, `[monomial][function]`, `u32::MAX` where there is none.
    sums: Vec<u32>,
}

impl Layout {
    /// The sums of radial functions up to a degree each, `None` without any.
    pub fn new(degrees: &[Option<usize>]) -> Self {
        let mut functions: Vec<(usize, usize)> =
            degrees.iter().enumerate().filter_map(|(mu, degree)| degree.map(|degree| (mu, degree))).collect();
        functions.sort_by_key(|&(mu, degree)| (std::cmp::Reverse(degree), mu));
        let top = functions.first().map_or(0, |first| first.1);
        let mut layout = Self { functions, ..Self::default() };
        layout.monomials = monomials(top);
        let n = layout.functions.len();
        layout.sums = vec![u32::MAX; layout.monomials.len() * n];
        let active = |degree: usize| layout.functions.iter().take_while(|f| f.1 >= degree).count();
        let mut degree = 0;
        while degree <= top && n > 0 {
            let last = (degree..=top).take_while(|&t| active(t) == active(degree)).last().unwrap_or(degree);
            // There are t² monomials below degree t.
            let rows = degree * degree..(last + 1) * (last + 1);
            for (function, row) in tile_cuts(0..active(degree), rows) {
                let offset = layout.size;
                layout.size += function.len() * row.len();
                for (k, f) in function.clone().enumerate() {
                    for (i, r) in row.clone().enumerate() {
                        layout.sums[r * n + f] = (offset + k * row.len() + i) as u32;
                    }
                }
                layout.tiles.push(Tile {
                    row: row.start,
                    rows: row.len(),
                    function: function.start,
                    functions: function.len(),
                    offset,
                });
            }
            degree = last + 1;
        }
        layout.horner = layout.in_horner_order();
        layout
    }

    /// The sum of a radial function and a monomial with c ≤ 1.
    pub fn sum(&self, radial: usize, powers: [u8; 3]) -> Option<u32> {
        let function = self.functions.iter().position(|&(mu, _)| mu == radial)?;
        let degree: usize = powers.iter().map(|&n| usize::from(n)).sum();
        let below = &self.monomials[degree * degree..];
        let place = degree * degree + below.iter().position(|m| m.powers == powers)?;
        let sum = self.sums[place * self.functions.len() + function];
        (sum != u32::MAX).then_some(sum)
    }

    fn in_horner_order(&self) -> Vec<u32> {
        let mut order = Vec::with_capacity(self.size);
        for &(mu, degree) in &self.functions {
            for c in 0..=degree.min(1) {
                for b in (0..=degree - c).rev() {
                    for a in (0..=degree - c - b).rev() {
                        order.extend(self.sum(mu, [a as u8, b as u8, c as u8]));
                    }
                }
            }
        }
        order
    }
}

/// Monomials with c ≤ 1 up to a degree.
fn monomials(top: usize) -> Vec<Monomial> {
    let mut out: Vec<Monomial> = Vec::with_capacity((top + 1) * (top + 1));
    for degree in 0..=top {
        for c in 0..=degree.min(1) {
            for b in 0..=degree - c {
                let powers = [degree - c - b, b, c];
                // Even numbers of factors along both branches: the larger power is lowered.
                let axis = match powers {
                    [_, _, 1] => 2,
                    [a, b, _] if a >= b => 0,
                    _ => 1,
                };
                let powers = powers.map(|n| n as u8);
                let mut lower = powers;
                lower[axis] = lower[axis].saturating_sub(1);
                let parent = out.iter().position(|m| m.powers == lower).unwrap_or(0);
                out.push(Monomial { powers, parent, axis });
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sum_has_one_place() {
        let layout = Layout::new(&[Some(3), None, Some(5), Some(0), Some(3)]);
        assert_eq!(layout.functions, [(2, 5), (0, 3), (4, 3), (3, 0)]);
        assert_eq!(layout.size, 36 + 16 + 16 + 1);
        assert_eq!(layout.monomials.len(), 36);
        let mut order = layout.horner.clone();
        order.sort_unstable();
        assert!(order.iter().copied().eq(0..layout.size as u32));
        assert_eq!(layout.sum(3, [0, 0, 0]).map(|sum| sum < 69), Some(true));
        assert_eq!((layout.sum(3, [1, 0, 0]), layout.sum(1, [0, 0, 0])), (None, None));
        for monomial in &layout.monomials[1..] {
            let mut powers = layout.monomials[monomial.parent].powers;
            powers[monomial.axis] += 1;
            assert_eq!(powers, monomial.powers);
        }
        assert_eq!(Layout::new(&[]).size, 0);
    }
}
