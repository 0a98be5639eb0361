//! Products with shared sub-products: all `M_q = Re Π_{v ∈ q} A_v` as a directed acyclic graph.
//!
//! Nodes are the inputs `A_v` followed by interior products of two earlier nodes. A monomial is a
//! leaf `Re(a · b)` of two nodes: two inputs for order 2, a pair and an input for order 3, two pairs for
//! order 4, a triple and a pair for order 5. Leaves are grouped by one factor `a`, so that a weighted sum over a group
//! costs one product: `Re(a · Σ w b)`. Since the real part of a product is that of its conjugate, a sub-product and
//! its conjugate share one node. Pairs are chosen greedily by the number of monomials they serve.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

/// Leaves that share the factor `node`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The shared factor.
    pub node: u32,
    /// Its leaves in [`Dag::leaf_nodes`] and [`Dag::leaf_monomials`].
    pub leaves: std::ops::Range<usize>,
}

/// The product graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dag {
    /// Number of input nodes.
    pub n_inputs: usize,
    /// Factors of each interior node, both before it.
    pub interior: Vec<[u32; 2]>,
    /// Groups of leaves.
    pub groups: Vec<Group>,
    /// Other factor of each leaf.
    pub leaf_nodes: Vec<u32>,
    /// The monomial that each leaf is.
    pub leaf_monomials: Vec<u32>,
}

impl Dag {
    /// Graph of the given monomials (ascending inputs, two or more each) over inputs whose conjugates, up
    /// to the sign `(−1)^m`, are `conjugate[v]`. Every input must be below `conjugate.len()` and the signs
    /// of a monomial must cancel (Σ m = 0).
    pub fn build(conjugate: &[u32], monomials: &[Vec<u32>]) -> Self {
        let mut builder = Builder::new(conjugate);
        let of_order = |orders: std::ops::RangeInclusive<usize>| -> Vec<Monomial<'_>> {
            let all = (0..).zip(monomials).map(|(index, factors)| Monomial { index, factors });
            all.filter(|q| orders.contains(&q.factors.len())).collect()
        };
        builder.order_two(&of_order(2..=2));
        builder.order_three(&of_order(3..=3));
        builder.higher_orders(of_order(4..=usize::MAX));
        builder.finish()
    }

    /// Weights of the leaves, `[leaf][density]`, from those of the monomials, `[monomial][n_densities]`; with zeros up to
    /// `padded` densities.
    pub fn leaf_weights(&self, weights: &[f64], n_densities: usize, padded: usize) -> Vec<f64> {
        let mut out = vec![0.0; self.leaf_monomials.len() * padded];
        for (leaf, &q) in out.chunks_exact_mut(padded).zip(&self.leaf_monomials) {
            leaf[..n_densities].copy_from_slice(&weights[q as usize * n_densities..][..n_densities]);
        }
        out
    }

    /// Number of nodes: inputs and interior products.
    pub fn n_nodes(&self) -> usize {
        self.n_inputs + self.interior.len()
    }
}

/// A product of ascending inputs.
#[derive(Clone, Copy)]
struct Monomial<'a> {
    index: u32,
    factors: &'a [u32],
}

/// A leaf before grouping.
struct Leaf {
    factors: [u32; 2],
    monomial: u32,
}

struct Builder<'a> {
    conjugate: &'a [u32],
    node_of: HashMap<Vec<u32>, u32>,
    interior: Vec<[u32; 2]>,
    leaves: Vec<Leaf>,
}

impl<'a> Builder<'a> {
    fn new(conjugate: &'a [u32]) -> Self {
        let node_of = (0..conjugate.len() as u32).map(|v| (vec![v], v)).collect();
        Self { conjugate, node_of, interior: Vec::new(), leaves: Vec::new() }
    }

    /// The conjugate of a product, as ascending inputs.
    fn conjugated(&self, factors: &[u32]) -> Vec<u32> {
        let mut out: Vec<u32> = factors.iter().map(|&v| self.conjugate[v as usize]).collect();
        out.sort_unstable();
        out
    }

    /// The lesser of a product and its conjugate.
    fn canonical(&self, factors: &[u32]) -> Vec<u32> {
        self.conjugated(factors).min(factors.to_vec())
    }

    /// The node of a product of ascending inputs, made where it is missing.
    fn node(&mut self, factors: &[u32]) -> u32 {
        if let Some(&node) = self.node_of.get(factors) {
            return node;
        }
        let (last, rest) = (factors[factors.len() - 1], &factors[..factors.len() - 1]);
        let rest = self.node(rest);
        self.product(factors.to_vec(), [rest, last])
    }

    fn product(&mut self, factors: Vec<u32>, of: [u32; 2]) -> u32 {
        let node = (self.conjugate.len() + self.interior.len()) as u32;
        self.interior.push(of);
        self.node_of.insert(factors, node);
        node
    }

    fn order_two(&mut self, pairs: &[Monomial<'_>]) {
        for &Monomial { index, factors } in pairs {
            self.leaves.push(Leaf { factors: [factors[0], factors[1]], monomial: index });
        }
    }

    /// Covers the monomials of order 3 by pairs: always the pair that serves most of the uncovered ones.
    fn order_three(&mut self, triples: &[Monomial<'_>]) {
        let mut pairs: Vec<Vec<u32>> = Vec::new();
        let mut members: Vec<Vec<(usize, usize)>> = Vec::new();
        let mut pair_ids: HashMap<Vec<u32>, usize> = HashMap::new();
        let mut covers = Vec::with_capacity(triples.len());
        for (q, Monomial { factors, .. }) in triples.iter().enumerate() {
            let mut own = Vec::with_capacity(3);
            for third in 0..3 {
                let pair = self.canonical(&without(factors, third));
                let id = *pair_ids.entry(pair).or_insert_with_key(|pair| {
                    pairs.push(pair.clone());
                    members.push(Vec::new());
                    pairs.len() - 1
                });
                if !own.contains(&id) {
                    own.push(id);
                    members[id].push((q, third));
                }
            }
            covers.push(own);
        }
        let mut uncovered: Vec<usize> = members.iter().map(Vec::len).collect();
        let mut heap: BinaryHeap<(usize, usize)> =
            uncovered.iter().enumerate().map(|(id, &count)| (count, id)).collect();
        let mut done = vec![false; triples.len()];
        while let Some((count, id)) = heap.pop() {
            if count != uncovered[id] {
                heap.push((uncovered[id], id));
                continue;
            }
            if count == 0 {
                break;
            }
            let pair = self.node(&pairs[id]);
            for &(q, third) in &members[id] {
                if std::mem::replace(&mut done[q], true) {
                    continue;
                }
                let Monomial { index, factors } = triples[q];
                let direct = without(factors, third) == pairs[id];
                let other = factors[third];
                let other = if direct { other } else { self.conjugate[other as usize] };
                self.leaves.push(Leaf { factors: [pair, other], monomial: index });
                for &cover in &covers[q] {
                    uncovered[cover] -= 1;
                }
            }
        }
    }

    /// Splits monomials of order 4 and more into two products, preferring nodes that exist, then products
    /// that occur in many monomials.
    fn higher_orders(&mut self, mut rest: Vec<Monomial<'_>>) {
        rest.sort_by_key(|q| q.factors.len());
        let mut popularity: HashMap<Vec<u32>, usize> = HashMap::new();
        for Monomial { factors, .. } in &rest {
            let products: HashSet<Vec<u32>> = splits(factors)
                .into_iter()
                .flat_map(|(front, back)| [self.canonical(&front), self.canonical(&back)])
                .collect();
            for product in products {
                *popularity.entry(product).or_default() += 1;
            }
        }
        for Monomial { index, factors } in rest {
            let flipped = self.conjugated(factors);
            let candidates = splits(factors).into_iter().chain(splits(&flipped));
            let best = candidates.min_by_key(|(front, back)| {
                let missing = self.missing(front) + if front == back { 0 } else { self.missing(back) };
                let popular = [front, back]
                    .map(|product| popularity.get(&self.canonical(product)).copied().unwrap_or(0));
                (missing, Reverse(popular[0] + popular[1]))
            });
            if let Some((front, back)) = best {
                let factors = [self.node(&front), self.node(&back)];
                self.leaves.push(Leaf { factors, monomial: index });
            }
        }
    }

    /// Number of nodes that [`Self::node`] would have to make.
    fn missing(&self, factors: &[u32]) -> usize {
        (1..=factors.len()).rev().take_while(|&n| !self.node_of.contains_key(&factors[..n])).count()
    }

    /// Groups the leaves by their more frequent factor.
    fn finish(self) -> Dag {
        let n_inputs = self.conjugate.len();
        let n_nodes = n_inputs + self.interior.len();
        let mut uses = vec![0_usize; n_nodes];
        for leaf in &self.leaves {
            for &factor in &leaf.factors {
                uses[factor as usize] += 1;
            }
        }
        let mut leaves: Vec<(u32, u32, u32)> = self
            .leaves
            .iter()
            .map(|leaf| {
                let [a, b] = leaf.factors;
                let swap = (uses[a as usize], a) < (uses[b as usize], b);
                if swap { (b, a, leaf.monomial) } else { (a, b, leaf.monomial) }
            })
            .collect();
        // Groups of equal length follow one another, so that the ends of their loops are predictable.
        let mut lengths: HashMap<u32, usize> = HashMap::new();
        for &(group, ..) in &leaves {
            *lengths.entry(group).or_default() += 1;
        }
        leaves.sort_by_key(|&(group, other, _)| (lengths[&group], group, other));
        let mut dag = Dag { n_inputs, interior: self.interior, ..Dag::default() };
        for (group, other, monomial) in leaves {
            let at = dag.leaf_nodes.len();
            match dag.groups.last_mut() {
                Some(last) if last.node == group => last.leaves.end = at + 1,
                _ => dag.groups.push(Group { node: group, leaves: at..at + 1 }),
            }
            dag.leaf_nodes.push(other);
            dag.leaf_monomials.push(monomial);
        }
        dag
    }
}

fn without(factors: &[u32], position: usize) -> Vec<u32> {
    factors.iter().enumerate().filter(|&(k, _)| k != position).map(|(_, &v)| v).collect()
}

/// All ways to split ascending factors into a front of half of them, rounded up, and the rest.
fn splits(factors: &[u32]) -> Vec<(Vec<u32>, Vec<u32>)> {
    let n = factors.len();
    (0_u32..1 << n)
        .filter(|mask| mask.count_ones() as usize == n.div_ceil(2))
        .filter(|mask| n % 2 == 1 || mask & 1 == 1)
        .map(|mask| {
            let (front, back): (Vec<_>, Vec<_>) =
                factors.iter().enumerate().partition(|&(k, _)| mask >> k & 1 == 1);
            let values = |list: Vec<(usize, &u32)>| list.into_iter().map(|(_, &v)| v).collect();
            (values(front), values(back))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All monomials from the graph for given complex inputs.
    fn evaluate(dag: &Dag, inputs: &[[f64; 2]]) -> Vec<f64> {
        let product = |a: [f64; 2], b: [f64; 2]| [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]];
        let mut nodes = inputs.to_vec();
        for &[a, b] in &dag.interior {
            nodes.push(product(nodes[a as usize], nodes[b as usize]));
        }
        let mut out = vec![f64::NAN; dag.leaf_nodes.len()];
        for group in &dag.groups {
            for k in group.leaves.clone() {
                let value = product(nodes[group.node as usize], nodes[dag.leaf_nodes[k] as usize])[0];
                out[dag.leaf_monomials[k] as usize] = value;
            }
        }
        out
    }

    /// Inputs with orders −2 ..= 2 and `A_{−m} = (−1)^m conj A_m`; all monomials with Σ m = 0.
    #[test]
    fn equals_the_direct_sum() {
        let orders = [0_i32, 1, -1, 2, -2, 0, 1, -1];
        let conjugate = [0_u32, 2, 1, 4, 3, 5, 7, 6];
        let mut inputs = [[0.0; 2]; 8];
        for v in 0..8 {
            if orders[v] >= 0 {
                let value = [0.3 + 0.17 * v as f64, if orders[v] == 0 { 0.0 } else { 0.9 - 0.21 * v as f64 }];
                let sign = if orders[v] % 2 == 0 { 1.0 } else { -1.0 };
                inputs[conjugate[v] as usize] = [sign * value[0], -sign * value[1]];
                inputs[v] = value;
            }
        }
        let mut monomials: Vec<Vec<u32>> = Vec::new();
        let mut stack: Vec<Vec<u32>> = (0..8).map(|v| vec![v]).collect();
        while let Some(factors) = stack.pop() {
            if factors.len() < 6 {
                stack.extend((factors[factors.len() - 1]..8).map(|v| [&factors[..], &[v]].concat()));
            }
            if factors.len() >= 2 && factors.iter().map(|&v| orders[v as usize]).sum::<i32>() == 0 {
                monomials.push(factors);
            }
        }
        let dag = Dag::build(&conjugate, &monomials);
        assert_eq!(dag.leaf_nodes.len(), monomials.len());
        assert!(dag.interior.len() < monomials.len() / 3);
        for (value, factors) in evaluate(&dag, &inputs).into_iter().zip(&monomials) {
            let direct = factors.iter().fold([1.0, 0.0], |a, &v| {
                let b = inputs[v as usize];
                [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]]
            });
            assert!((value - direct[0]).abs() < 1e-13, "{factors:?}");
        }
        let weights: Vec<f64> = (0..2 * monomials.len()).map(|k| k as f64).collect();
        let of_leaves = dag.leaf_weights(&weights, 2, 3);
        for (leaf, &q) in of_leaves.chunks_exact(3).zip(&dag.leaf_monomials) {
            assert_eq!(leaf, [2.0 * f64::from(q), 2.0 * f64::from(q) + 1.0, 0.0]);
        }
    }
}
