//! Which scalars a level holds.

use std::collections::HashSet;

use crate::error::{Error, Result};

use super::graph::{Graph, MAX_COUNT, MAX_FACTORS, Vertex};

/// Largest level that the generator supports.
pub const MAX_LEVEL: usize = 32;

/// The level rule: products of at most `max_factors` moments `M_{μ,ν}` with `Σ (2 + 4μ + ν) ≤ level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rule {
    level: usize,
    max_radial: usize,
    max_rank: usize,
    max_factors: usize,
}

impl Rule {
    /// Factors of the published potentials.
    pub const FACTORS: usize = 4;

    /// A rule; `max_radial` bounds μ and `max_rank` bounds ν.
    ///
    /// # Errors
    /// [`Error::Setting`] for a level outside 2–32 or a number of factors outside 1–5.
    pub fn new(
        level: usize,
        max_radial: Option<usize>,
        max_rank: Option<usize>,
        max_factors: usize,
    ) -> Result<Self> {
        if !(2..=MAX_LEVEL).contains(&level) {
            let reason = format!("expected 2 to {MAX_LEVEL}, got {level}");
            return Err(Error::Setting { name: "level", reason });
        }
        if !(1..=MAX_FACTORS).contains(&max_factors) {
            let reason = format!("expected 1 to {MAX_FACTORS}, got {max_factors}");
            return Err(Error::Setting { name: "max_factors", reason });
        }
        let capped = |limit: Option<usize>| limit.unwrap_or(MAX_COUNT).min(MAX_COUNT);
        Ok(Self { level, max_radial: capped(max_radial), max_rank: capped(max_rank), max_factors })
    }

    /// Level, bounds of μ and ν, and number of factors.
    pub fn bounds(&self) -> [usize; 4] {
        [self.level, self.max_radial, self.max_rank, self.max_factors]
    }

    /// All scalars, ordered by number of factors, then level.
    pub fn scalars(&self) -> Vec<Graph> {
        let mut kinds: Vec<Kind> = (0..=self.max_radial)
            .flat_map(|radial| (0..=self.max_rank).map(move |rank| Kind { radial, rank }))
            .filter(|kind| kind.level() <= self.level)
            .collect();
        kinds.sort_by_key(|kind| (kind.level(), kind.radial));
        let mut found = Vec::new();
        for n in 1..=self.max_factors {
            let mut of_size = Vec::new();
            choose(&kinds, n, self.level, &mut Vec::new(), &mut |factors| {
                add_contractions(factors, &mut of_size);
            });
            of_size.sort_by_key(|(level, graph): &(usize, Graph)| (*level, graph.key()));
            found.extend(of_size.into_iter().map(|(_, graph)| graph));
        }
        found
    }
}

/// A moment tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    radial: usize,
    rank: usize,
}

impl Kind {
    fn level(self) -> usize {
        2 + 4 * self.radial + self.rank
    }
}

/// Visits all choices of `n` kinds (ascending, with repetition) whose levels fit into `left`.
fn choose(kinds: &[Kind], n: usize, left: usize, chosen: &mut Vec<Kind>, visit: &mut impl FnMut(&[Kind])) {
    if n == 0 {
        return visit(chosen);
    }
    for (k, kind) in kinds.iter().enumerate() {
        if kind.level() * n > left {
            break;
        }
        chosen.push(*kind);
        choose(&kinds[k..], n - 1, left - kind.level(), chosen, visit);
        chosen.pop();
    }
}

/// Adds all full contractions of some tensors, each once.
fn add_contractions(factors: &[Kind], out: &mut Vec<(usize, Graph)>) {
    let n = factors.len();
    let vertices: Vec<Vertex> =
        factors.iter().map(|kind| Vertex { radial: kind.radial as u8, open: [0; 3] }).collect();
    let level = factors.iter().map(|kind| kind.level()).sum();
    let mut left = [0_usize; MAX_FACTORS];
    left.iter_mut().zip(factors).for_each(|(left, kind)| *left = kind.rank);
    let mut seen = HashSet::new();
    let mut edges = [[0; MAX_FACTORS]; MAX_FACTORS];
    contract(n, 0, 1, &mut left, &mut edges, &mut |edges| {
        let graph = Graph::new(&vertices, |i, j| edges[i][j]);
        if seen.insert(graph.key()) {
            out.push((level, graph));
        }
    });
}

/// Visits all symmetric matrices with zero diagonal whose rows sum to `left`, from entry (i, j) on.
fn contract(
    n: usize,
    i: usize,
    j: usize,
    left: &mut [usize; MAX_FACTORS],
    edges: &mut [[u8; MAX_FACTORS]; MAX_FACTORS],
    visit: &mut impl FnMut(&[[u8; MAX_FACTORS]; MAX_FACTORS]),
) {
    if j >= n {
        if left[i] == 0 {
            if i + 1 >= n {
                visit(edges);
            } else {
                contract(n, i + 1, i + 2, left, edges, visit);
            }
        }
        return;
    }
    let most = left[i].min(left[j]);
    for m in 0..=most {
        (edges[i][j], edges[j][i]) = (m as u8, m as u8);
        left[i] -= m;
        left[j] -= m;
        contract(n, i, j + 1, left, edges, visit);
        left[i] += m;
        left[j] += m;
    }
    (edges[i][j], edges[j][i]) = (0, 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Numbers of scalars, radial functions and components of moments.
    fn counts(rule: Rule) -> [usize; 3] {
        let scalars = rule.scalars();
        let kinds: BTreeSet<(u8, usize)> = scalars
            .iter()
            .flat_map(|g| (0..g.len()).map(|v| (g.vertices()[v].radial, g.rank(v))).collect::<Vec<_>>())
            .collect();
        let radials: BTreeSet<u8> = kinds.iter().map(|kind| kind.0).collect();
        let components = kinds.iter().map(|(_, rank)| (rank + 1) * (rank + 2) / 2).sum();
        [scalars.len(), radials.len(), components]
    }

    #[test]
    fn counts_are_those_published() -> Result<()> {
        let bare = |level| Rule::new(level, None, None, Rule::FACTORS).map(counts);
        assert_eq!(bare(2)?, [1, 1, 1]);
        assert_eq!(bare(8)?, [9, 2, 11]);
        assert_eq!(bare(12)?, [29, 3, 46]);
        assert_eq!(bare(16)?, [92, 4, 130]);
        assert_eq!(bare(20)?, [288, 5, 295]);
        assert_eq!(bare(24)?, [864, 6, 581]);
        assert_eq!(bare(28)?, [2455, 7, 1036]);
        assert_eq!(counts(Rule::new(28, Some(5), Some(10), Rule::FACTORS)?), [2445, 6, 866]);
        Ok(())
    }

    #[test]
    fn choices_besides_the_level() -> Result<()> {
        assert_eq!(counts(Rule::new(16, None, None, 1)?), [4, 4, 4]);
        assert_eq!(counts(Rule::new(16, Some(0), None, 2)?)[1], 1);
        assert!(counts(Rule::new(16, None, None, 5)?)[0] > 92);
        let scalars = Rule::new(12, None, Some(1), Rule::FACTORS)?.scalars();
        assert!(scalars.iter().all(|g| (0..g.len()).all(|v| g.rank(v) <= 1)));
        assert!(Rule::new(1, None, None, 4).is_err() && Rule::new(40, None, None, 4).is_err());
        assert!(Rule::new(8, None, None, 6).is_err());
        Ok(())
    }
}
