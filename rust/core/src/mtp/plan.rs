//! From scalars to products: which partially contracted components to compute, and from which factors.
//!
//! A graph is the sum over the values of the indices that are cut when its vertices are divided in two,
//!
//! ```text
//! G = Σ_{cut indices} (multinomial) · A(indices) · B(indices),
//! ```
//!
//! where equal pairs of parts are merged. Of all divisions the one with the fewest new products is taken, graph
//! after graph; parts are shared between all graphs.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::density::moments::{Moment, Product, Products};

use super::graph::{Graph, MAX_FACTORS};

/// The products that give all `scalars`, and their moments.
pub fn plan(scalars: &[Graph]) -> Products {
    let mut planner = Planner::default();
    let ids: Vec<u32> = scalars.iter().map(|scalar| planner.id(scalar)).collect();
    for &id in &ids {
        planner.build(id);
    }
    planner.finish(&ids)
}

/// One term of a division: factors and weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Term {
    factors: [u32; 2],
    weight: u32,
}

/// The ways to divide a graph in two, as terms.
type Divisions = Box<[Box<[Term]>]>;

/// Keys are products of odd constants already well mixed.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn write_u128(&mut self, key: u128) {
        let mixed = (key as u64 ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xff51_afd7_ed55_8ccd);
        let mixed = (mixed ^ (mixed >> 32) ^ (key >> 64) as u64).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        self.0 = mixed ^ (mixed >> 29);
    }
}

#[derive(Default)]
struct Planner {
    ids: HashMap<u128, u32, BuildHasherDefault<KeyHasher>>,
    graphs: Vec<Graph>,
    /// All divisions of a graph, once asked for.
    divisions: Vec<Option<Divisions>>,
    /// Cost and division found last, and the number of built graphs then.
    costs: Vec<(usize, usize, usize)>,
    /// Whether the graph has its products.
    built: Vec<bool>,
    /// Built graphs of more than one vertex and their divisions, parts before the whole.
    order: Vec<(u32, usize)>,
}

impl Planner {
    fn id(&mut self, graph: &Graph) -> u32 {
        let next = self.graphs.len() as u32;
        let id = *self.ids.entry(graph.key()).or_insert(next);
        if id == next {
            self.graphs.push(*graph);
            self.divisions.push(None);
            self.costs.push((0, 0, usize::MAX));
            self.built.push(graph.len() == 1);
        }
        id
    }

    /// Makes sure that a graph has its products.
    fn build(&mut self, id: u32) {
        if self.built[id as usize] {
            return;
        }
        let (_, division) = self.cheapest(id);
        let parts: Vec<u32> = self.terms(id, division).iter().flat_map(|term| term.factors).collect();
        for part in parts {
            self.build(part);
        }
        self.built[id as usize] = true;
        self.order.push((id, division));
    }

    fn terms(&self, id: u32, division: usize) -> &[Term] {
        self.divisions[id as usize].as_ref().map_or(&[], |divisions| &divisions[division])
    }

    /// Number of new products that the cheapest division of a graph needs, and which one it is.
    fn cheapest(&mut self, id: u32) -> (usize, usize) {
        let (cost, division, at) = self.costs[id as usize];
        if at == self.order.len() {
            return (cost, division);
        }
        if self.divisions[id as usize].is_none() {
            let divisions = self.divide(id);
            self.divisions[id as usize] = Some(divisions);
        }
        let n = self.divisions[id as usize].as_ref().map_or(0, |divisions| divisions.len());
        let mut best = (usize::MAX, 0);
        let mut missing = Vec::new();
        for division in 0..n {
            let terms = self.terms(id, division);
            let mut cost = terms.len();
            missing.clear();
            missing.extend(
                terms.iter().flat_map(|term| term.factors).filter(|&part| !self.built[part as usize]),
            );
            missing.sort_unstable();
            missing.dedup();
            for &part in &missing {
                cost += self.cheapest(part).0;
                if cost >= best.0 {
                    break;
                }
            }
            if cost < best.0 {
                best = (cost, division);
            }
        }
        self.costs[id as usize] = (best.0, best.1, self.order.len());
        best
    }

    /// All divisions of a graph in two.
    fn divide(&mut self, id: u32) -> Divisions {
        let graph = self.graphs[id as usize];
        let all = (1_u32 << graph.len()) - 1;
        // The first vertex is on one side: each division is seen once.
        (1..all).filter(|side| side & 1 == 1).map(|side| self.division(&graph, side, all ^ side)).collect()
    }

    fn division(&mut self, graph: &Graph, one: u32, other: u32) -> Box<[Term]> {
        let mut cut = Vec::new();
        for i in 0..graph.len() {
            for j in 0..graph.len() {
                if one >> i & 1 == 1 && other >> j & 1 == 1 && graph.edge(i, j) > 0 {
                    cut.push((i, j, graph.edge(i, j)));
                }
            }
        }
        let mut open = [[0; 3]; MAX_FACTORS];
        open.iter_mut().zip(graph.vertices()).for_each(|(open, vertex)| *open = vertex.open);
        let mut terms = Vec::new();
        self.assign(graph, [one, other], &cut, &mut open, 1, &mut terms);
        terms.sort_unstable();
        terms.dedup_by(|next, kept| {
            let same = next.factors == kept.factors;
            kept.weight += if same { next.weight } else { 0 };
            same
        });
        terms.into_boxed_slice()
    }

    /// Adds a term for every way to set the cut indices to x, y and z.
    fn assign(
        &mut self,
        graph: &Graph,
        sides: [u32; 2],
        cut: &[(usize, usize, u8)],
        open: &mut [[u8; 3]; MAX_FACTORS],
        weight: u32,
        terms: &mut Vec<Term>,
    ) {
        let Some((&(i, j, m), rest)) = cut.split_first() else {
            let mut factors = sides.map(|side| self.id(&graph.part(side, open)));
            factors.sort_unstable();
            terms.push(Term { factors, weight });
            return;
        };
        for a in 0..=m {
            for b in 0..=m - a {
                let counts = [a, b, m - a - b];
                for axis in 0..3 {
                    open[i][axis] += counts[axis];
                    open[j][axis] += counts[axis];
                }
                self.assign(graph, sides, rest, open, weight * multinomial(counts), terms);
                for axis in 0..3 {
                    open[i][axis] -= counts[axis];
                    open[j][axis] -= counts[axis];
                }
            }
        }
    }

    /// Moments by radial function and rank, then the built graphs.
    fn finish(&self, scalars: &[u32]) -> Products {
        let mut moments: Vec<(Moment, u32)> = Vec::new();
        let mut seen = vec![false; self.graphs.len()];
        let used = self.order.iter().flat_map(|&(id, division)| self.terms(id, division));
        for id in used.flat_map(|term| term.factors).chain(scalars.iter().copied()) {
            let graph = &self.graphs[id as usize];
            if graph.len() == 1 && !std::mem::replace(&mut seen[id as usize], true) {
                let vertex = graph.vertices()[0];
                moments.push((Moment { radial: vertex.radial.into(), powers: vertex.open }, id));
            }
        }
        moments.sort_unstable_by_key(|(moment, _)| {
            (moment.radial, moment.rank(), moment.powers.map(std::cmp::Reverse))
        });
        let mut node = vec![u32::MAX; self.graphs.len()];
        for (k, (_, id)) in (0..).zip(&moments) {
            node[*id as usize] = k;
        }
        let mut products = Vec::new();
        for (k, &(id, division)) in (moments.len() as u32..).zip(&self.order) {
            node[id as usize] = k;
            products.extend(self.terms(id, division).iter().map(|term| Product {
                factors: term.factors.map(|part| node[part as usize]),
                weight: f64::from(term.weight),
                target: k,
            }));
        }
        Products::planned(
            moments.into_iter().map(|(moment, _)| moment).collect(),
            products,
            scalars.iter().map(|&id| node[id as usize]).collect(),
        )
    }
}

/// (a + b + c)! / (a! b! c!)
fn multinomial(counts: [u8; 3]) -> u32 {
    let (mut out, mut n) = (1_u64, 0_u64);
    for count in counts {
        for k in 1..=u64::from(count) {
            n += 1;
            out = out * n / k;
        }
    }
    out as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Result;
    use crate::mtp::Rule;

    #[test]
    fn multinomials() {
        assert_eq!([[0, 0, 0], [1, 1, 1], [2, 0, 1], [4, 2, 0]].map(multinomial), [1, 6, 3, 15]);
    }

    #[test]
    fn fewer_products_than_published() -> Result<()> {
        for (level, published) in [(2, 0), (8, 14), (12, 117), (16, 969), (20, 6349), (24, 36_170)] {
            let products = plan(&Rule::new(level, None, None, Rule::FACTORS)?.scalars());
            assert!(products.products().len() <= published, "{level}: {}", products.products().len());
        }
        Ok(())
    }

    /// Every scalar against the sum over all values of all indices.
    #[test]
    fn scalars_equal_explicit_contractions() -> Result<()> {
        let scalars = Rule::new(12, None, None, Rule::FACTORS)?.scalars();
        let products = plan(&scalars);
        let component = |moment: &Moment| {
            let [a, b, c] = moment.powers.map(f64::from);
            (1.0 + 0.7 * moment.radial as f64 + 1.3 * a + 2.9 * b + 0.4 * c + 0.17 * a * b).sin()
        };
        let moments: Vec<f64> = products.moments().iter().map(component).collect();
        let values = products.evaluate(&moments);
        for (graph, &node) in scalars.iter().zip(products.scalars()) {
            let mut pairs = Vec::new();
            for i in 0..graph.len() {
                for j in 0..i {
                    pairs.extend((0..graph.edge(i, j)).map(|_| (i, j)));
                }
            }
            let mut sum = 0.0;
            for mut index in 0..3_usize.pow(pairs.len() as u32) {
                let mut powers = [[0_u8; 3]; MAX_FACTORS];
                for &(i, j) in &pairs {
                    powers[i][index % 3] += 1;
                    powers[j][index % 3] += 1;
                    index /= 3;
                }
                let factors = graph.vertices().iter().zip(powers);
                sum += factors
                    .map(|(v, powers)| component(&Moment { radial: v.radial.into(), powers }))
                    .product::<f64>();
            }
            let value = values[node as usize];
            assert!((value - sum).abs() < 1e-10 * (1.0 + sum.abs()), "{graph:?}: {value} {sum}");
        }
        Ok(())
    }
}
