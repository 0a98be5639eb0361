//! Polynomials of moments as a graph of products.

use crate::error::{Error, Result};

/// Largest power of a coordinate, and largest rank of a moment.
const MAX_RANK: usize = 15;

/// The moment `Σ_j f_μ(r_ij) x̂^a ŷ^b ẑ^c`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// Index μ of the radial function.
    pub radial: usize,
    /// Powers a, b and c.
    pub powers: [u8; 3],
}

impl Moment {
    /// a + b + c
    pub fn rank(&self) -> usize {
        self.powers.iter().map(|&n| usize::from(n)).sum()
    }
}

/// `target += weight · factors[0] · factors[1]`
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Product {
    /// Nodes that are multiplied.
    pub factors: [u32; 2],
    /// Weight.
    pub weight: f64,
    /// Node that the product is added to.
    pub target: u32,
}

/// Nodes: the moments, then sums of products of earlier nodes. Some of them are scalars.
#[derive(Debug, Clone, PartialEq)]
pub struct Products {
    moments: Vec<Moment>,
    list: Vec<Product>,
    n_nodes: usize,
    scalars: Vec<u32>,
}

impl Products {
    /// Checks products in any order in which every factor is complete before it is used; nodes are numbered anew.
    ///
    /// # Errors
    /// [`Error::Setting`] for moments that repeat or have too large powers, nodes that do not exist, factors that
    /// are not complete, and targets that are moments.
    pub fn new(moments: Vec<Moment>, n_nodes: usize, products: &[Product], scalars: &[u32]) -> Result<Self> {
        let refuse = |reason: String| Err(Error::Setting { name: "products", reason });
        let mut sorted = moments.clone();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return refuse("a moment is listed twice".into());
        }
        if let Some(moment) = moments.iter().find(|moment| moment.rank() > MAX_RANK) {
            return refuse(format!("powers {:?} exceed the rank {MAX_RANK}", moment.powers));
        }
        let n_moments = moments.len();
        // Place of the last product of every node, and of its first use.
        let mut last = vec![None; n_nodes];
        for (k, product) in products.iter().enumerate() {
            let nodes = [product.factors[0], product.factors[1], product.target];
            if let Some(node) = nodes.iter().find(|&&node| node as usize >= n_nodes) {
                return refuse(format!("node {node} of product {k} does not exist (there are {n_nodes})"));
            }
            if (product.target as usize) < n_moments {
                return refuse(format!("product {k} changes the moment {}", product.target));
            }
            last[product.target as usize] = Some(k);
        }
        let complete = |node: u32, at: usize| {
            (node as usize) < n_moments || last[node as usize].is_some_and(|last| last < at)
        };
        for (k, product) in products.iter().enumerate() {
            if let Some(node) = product.factors.iter().find(|&&node| !complete(node, k)) {
                return refuse(format!("product {k} uses node {node} before it is complete"));
            }
        }
        if let Some(node) = scalars.iter().find(|&&s| s as usize >= n_nodes || !complete(s, products.len())) {
            return refuse(format!("scalar {node} is no node with a value"));
        }
        let mut targets: Vec<(usize, usize)> =
            last.iter().enumerate().filter_map(|(node, last)| last.map(|last| (last, node))).collect();
        targets.sort_unstable();
        let mut number: Vec<u32> = (0..n_nodes as u32).collect();
        for (k, &(_, node)) in (n_moments as u32..).zip(&targets) {
            number[node] = k;
        }
        let mut renumbered: Vec<Product> = products
            .iter()
            .map(|product| Product {
                factors: product.factors.map(|node| number[node as usize]),
                target: number[product.target as usize],
                ..*product
            })
            .collect();
        renumbered.sort_by_key(|product| product.target);
        let scalars = scalars.iter().map(|&node| number[node as usize]).collect();
        Ok(Self { n_nodes: n_moments + targets.len(), moments, list: renumbered, scalars })
    }

    /// Products whose targets ascend from the number of moments on, each after its factors.
    pub(crate) fn planned(moments: Vec<Moment>, products: Vec<Product>, scalars: Vec<u32>) -> Self {
        let n_nodes = products.last().map_or(moments.len(), |last| last.target as usize + 1);
        Self { moments, list: products, n_nodes, scalars }
    }

    /// The moments: the first nodes.
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// All products by ascending target, each after its factors.
    pub fn products(&self) -> &[Product] {
        &self.list
    }

    /// Number of nodes.
    pub fn n_nodes(&self) -> usize {
        self.n_nodes
    }

    /// Node of every scalar.
    pub fn scalars(&self) -> &[u32] {
        &self.scalars
    }

    /// The tensors (μ, rank) whose contraction each scalar is, ascending; `None` where that many factors cannot be
    /// told.
    pub fn tensors(&self) -> Option<Vec<Vec<(usize, usize)>>> {
        const MOST: usize = 64;
        let mut of_node: Vec<Vec<(usize, usize)>> =
            self.moments.iter().map(|moment| vec![(moment.radial, moment.rank())]).collect();
        of_node.resize(self.n_nodes, Vec::new());
        for Product { factors: [a, b], target, .. } in &self.list {
            if of_node[*target as usize].is_empty() {
                let mut joined = [&of_node[*a as usize][..], &of_node[*b as usize][..]].concat();
                if joined.len() > MOST {
                    return None;
                }
                joined.sort_unstable();
                of_node[*target as usize] = joined;
            }
        }
        Some(self.scalars.iter().map(|&node| of_node[node as usize].clone()).collect())
    }

    /// Which nodes matter for `Σ coefficient · scalar`.
    pub fn needed(&self, coefficients: &[f64]) -> Vec<bool> {
        let mut needed = vec![false; self.n_nodes];
        for (&scalar, &c) in self.scalars.iter().zip(coefficients) {
            needed[scalar as usize] |= c != 0.0;
        }
        for product in self.list.iter().rev().filter(|p| p.weight != 0.0) {
            if needed[product.target as usize] {
                product.factors.iter().for_each(|&node| needed[node as usize] = true);
            }
        }
        needed
    }

    /// Values of all nodes from those of the moments.
    pub fn evaluate(&self, moments: &[f64]) -> Vec<f64> {
        let mut values = moments.to_vec();
        values.resize(self.n_nodes, 0.0);
        for Product { factors: [a, b], weight, target } in &self.list {
            values[*target as usize] += weight * values[*a as usize] * values[*b as usize];
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(a: u32, b: u32, target: u32) -> Product {
        Product { factors: [a, b], weight: 2.0, target }
    }

    fn moments() -> Vec<Moment> {
        (0..2).map(|radial| Moment { radial, powers: [0; 3] }).collect()
    }

    #[test]
    fn any_order_with_complete_factors() -> Result<()> {
        let list = [product(0, 1, 4), product(4, 0, 2), product(1, 1, 3), product(4, 4, 2)];
        let products = Products::new(moments(), 6, &list, &[2, 3, 0])?;
        let values = products.evaluate(&[3.0, 5.0]);
        let scalars: Vec<f64> = products.scalars().iter().map(|&node| values[node as usize]).collect();
        assert_eq!(scalars, [2.0 * 30.0 * 3.0 + 2.0 * 900.0, 50.0, 3.0]);
        assert_eq!(products.n_nodes(), 5);
        assert!(products.products().windows(2).all(|pair| pair[0].target <= pair[1].target));
        Ok(())
    }

    #[test]
    fn refuses_what_has_no_meaning() {
        let fails = |list: &[Product], scalars: &[u32]| Products::new(moments(), 4, list, scalars).is_err();
        assert!(fails(&[product(0, 1, 0)], &[]));
        assert!(fails(&[product(0, 9, 2)], &[]));
        assert!(fails(&[product(0, 2, 3), product(0, 0, 2)], &[]));
        assert!(fails(&[product(0, 2, 2)], &[]));
        assert!(fails(&[product(0, 1, 2)], &[3]));
        assert!(fails(&[product(0, 1, 2)], &[7]));
        assert!(!fails(&[product(0, 1, 2)], &[2, 0]));
        let twice = vec![Moment { radial: 0, powers: [1, 0, 0] }; 2];
        assert!(Products::new(twice, 2, &[], &[]).is_err());
    }
}
