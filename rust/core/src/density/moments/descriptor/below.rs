//! What lies below scalars and beside radial functions in the graph of products: which steps a derivative needs.

use std::ops::Range;

use crate::density::moments::Products;

/// What one scalar is made of.
#[derive(Debug)]
pub struct Below {
    /// Nodes that are sums of products, last first.
    pub nodes: Vec<u32>,
    /// Moments.
    pub moments: Vec<u32>,
    /// Sums over neighbors.
    pub sums: Vec<u32>,
}

impl Below {
    /// Those of all scalars; `expansions` are the moments in terms of the sums, and products of a node lie at
    /// `ranges[node]`.
    pub fn of_scalars(
        products: &Products,
        expansions: &[Vec<(u32, f64)>],
        ranges: &[Range<usize>],
    ) -> Vec<Self> {
        let mut seen = vec![usize::MAX; products.n_nodes()];
        let below = |(scalar, &node): (usize, &u32)| {
            let mut nodes = vec![node];
            seen[node as usize] = scalar;
            let mut k = 0;
            while k < nodes.len() {
                let own = &products.products()[ranges[nodes[k] as usize].clone()];
                for factor in own.iter().flat_map(|product| product.factors) {
                    if seen[factor as usize] != scalar {
                        seen[factor as usize] = scalar;
                        nodes.push(factor);
                    }
                }
                k += 1;
            }
            nodes.sort_unstable_by_key(|&node| std::cmp::Reverse(node));
            let is_moment = |&node: &u32| (node as usize) < expansions.len();
            let moments = nodes.split_off(nodes.partition_point(|node| !is_moment(node)));
            let expanded = moments.iter().flat_map(|&moment| &expansions[moment as usize]);
            let mut sums: Vec<u32> = expanded.map(|&(sum, _)| sum).collect();
            sums.sort_unstable();
            sums.dedup();
            Self { nodes, moments, sums }
        };
        products.scalars().iter().enumerate().map(below).collect()
    }
}

/// Where the products of every node lie.
pub fn ranges(products: &Products) -> Vec<Range<usize>> {
    let mut ranges = vec![0..0; products.n_nodes()];
    let mut start = 0;
    for own in products.products().chunk_by(|a, b| a.target == b.target) {
        ranges[own[0].target as usize] = start..start + own.len();
        start += own.len();
    }
    ranges
}

/// The products that second derivatives along changes of the moments of one radial function need.
#[derive(Debug)]
pub struct Beside {
    /// Those whose value changes, in their order.
    pub forward: Vec<u32>,
    /// Those through which adjoints change, last first.
    pub backward: Vec<u32>,
}

impl Beside {
    pub fn new(products: &Products, radial: usize) -> Self {
        let mut moves = vec![false; products.n_nodes()];
        for (moment, moves) in products.moments().iter().zip(&mut moves) {
            *moves = moment.radial == radial;
        }
        let mut forward = Vec::new();
        for (k, product) in (0..).zip(products.products()) {
            if product.factors.iter().any(|&node| moves[node as usize]) {
                moves[product.target as usize] = true;
                forward.push(k);
            }
        }
        let (mut pulls, mut backward) = (vec![false; products.n_nodes()], Vec::new());
        for (k, product) in products.products().iter().enumerate().rev() {
            let [a, b] = product.factors.map(|node| node as usize);
            let through = pulls[product.target as usize];
            if through || moves[a] || moves[b] {
                pulls[a] |= through || moves[b];
                pulls[b] |= through || moves[a];
                backward.push(k as u32);
            }
        }
        Self { forward, backward }
    }
}
