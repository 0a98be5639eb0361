//! Contraction graphs: products of moment tensors with some pairs of their indices summed over.
//!
//! A vertex is a moment `M_μ` with open indices set to x, y and z so many times, an edge of multiplicity m a
//! contraction over m pairs of indices. Components of a tensor are symmetric, so this is all there is to a
//! partially contracted product; two graphs that differ by the order of their vertices are equal.

/// Most factors of a product.
pub const MAX_FACTORS: usize = 5;
/// Largest number of a radial function, of equal open indices, and of contractions between two factors.
pub const MAX_COUNT: usize = 15;

/// A moment of radial function `radial` with open indices along x, y and z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Vertex {
    /// Index μ of the radial function.
    pub radial: u8,
    /// Number of open indices set to x, y and z.
    pub open: [u8; 3],
}

impl Vertex {
    fn code(self) -> u16 {
        let [a, b, c] = self.open.map(u16::from);
        (u16::from(self.radial) << 12) | (a << 8) | (b << 4) | c
    }
}

/// A product of moments with its contractions, in canonical order of the vertices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Graph {
    n: usize,
    vertices: [Vertex; MAX_FACTORS],
    edges: [[u8; MAX_FACTORS]; MAX_FACTORS],
}

impl Graph {
    /// The graph of at most [`MAX_FACTORS`] vertices and the symmetric multiplicities of their edges; counts are
    /// at most [`MAX_COUNT`].
    pub fn new(vertices: &[Vertex], edge: impl Fn(usize, usize) -> u8) -> Self {
        let n = vertices.len();
        let mut graph =
            Self { n, vertices: [Vertex::default(); MAX_FACTORS], edges: [[0; MAX_FACTORS]; MAX_FACTORS] };
        graph.vertices[..n].copy_from_slice(vertices);
        for i in 0..n {
            for j in 0..n {
                graph.edges[i][j] = if i == j { 0 } else { edge(i, j) };
            }
        }
        graph.canonical()
    }

    /// Number of factors.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there is no factor.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// The factors with their open indices.
    pub fn vertices(&self) -> &[Vertex] {
        &self.vertices[..self.n]
    }

    /// Number of contractions between two factors.
    pub fn edge(&self, i: usize, j: usize) -> u8 {
        self.edges[i][j]
    }

    /// Tensor rank of a factor: open and contracted indices.
    pub fn rank(&self, i: usize) -> usize {
        let open: usize = self.vertices[i].open.iter().map(|&n| usize::from(n)).sum();
        open + self.edges[i].iter().map(|&n| usize::from(n)).sum::<usize>()
    }

    /// All of the graph in one number, different for different graphs.
    pub fn key(&self) -> u128 {
        self.key_in(&[0, 1, 2, 3, 4])
    }

    /// [`Self::key`] of the vertices in another order.
    fn key_in(&self, order: &[usize; MAX_FACTORS]) -> u128 {
        let mut key = 0;
        for &v in &order[..self.n] {
            // The length is part of the key: radial functions are counted from 1 in it.
            key = (key << 16) | (u128::from(self.vertices[v].code()) + (1 << 12));
        }
        for i in 0..self.n {
            for j in 0..i {
                key = (key << 4) | u128::from(self.edges[order[i]][order[j]]);
            }
        }
        key
    }

    fn canonical(self) -> Self {
        let mut order = [0, 1, 2, 3, 4];
        if self.n > 1 {
            // What a vertex looks like from outside; ties are decided by trying all orders of them.
            let mut look = [(0, 0_u64); MAX_FACTORS];
            for i in 0..self.n {
                let neighbors = (0..self.n).filter(|&j| self.edges[i][j] > 0).map(|j| {
                    let seen = (u64::from(self.edges[i][j]) << 16) | u64::from(self.vertices[j].code());
                    (seen + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23)
                });
                look[i] = (self.vertices[i].code(), neighbors.fold(0, u64::wrapping_add));
            }
            order[..self.n].sort_by_key(|&i| look[i]);
            let mut best = (self.key_in(&order), order);
            self.permute(&look, 0, &mut order, &mut best);
            order = best.1;
        }
        let mut out = self;
        for i in 0..self.n {
            out.vertices[i] = self.vertices[order[i]];
            for j in 0..self.n {
                out.edges[i][j] = self.edges[order[i]][order[j]];
            }
        }
        out
    }

    /// Tries all orders of the vertices from place `start` on that exchange only vertices that look the same.
    fn permute(
        &self,
        look: &[(u16, u64); MAX_FACTORS],
        start: usize,
        order: &mut [usize; MAX_FACTORS],
        best: &mut (u128, [usize; MAX_FACTORS]),
    ) {
        if start == self.n {
            let key = self.key_in(order);
            if key < best.0 {
                *best = (key, *order);
            }
            return;
        }
        for k in start..self.n {
            if look[order[k]] != look[order[start]] {
                break;
            }
            order.swap(start, k);
            self.permute(look, start + 1, order, best);
            order.swap(start, k);
        }
    }

    /// The part of the graph on some of its vertices (bits of `of`), with these vertices' open indices.
    #[must_use]
    pub fn part(&self, of: u32, open: &[[u8; 3]; MAX_FACTORS]) -> Self {
        let mut own = [0; MAX_FACTORS];
        let mut vertices = [Vertex::default(); MAX_FACTORS];
        let mut n = 0;
        for v in (0..self.n).filter(|v| of >> v & 1 == 1) {
            own[n] = v;
            vertices[n] = Vertex { radial: self.vertices[v].radial, open: open[v] };
            n += 1;
        }
        Self::new(&vertices[..n], |i, j| self.edges[own[i]][own[j]])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_vertices_does_not_matter() {
        let vertex = |radial, a, b, c| Vertex { radial, open: [a, b, c] };
        let vertices = [vertex(0, 1, 0, 0), vertex(0, 0, 0, 0), vertex(0, 0, 0, 0), vertex(0, 0, 0, 0)];
        let edges = [[0, 2, 1, 0], [2, 0, 0, 1], [1, 0, 0, 3], [0, 1, 3, 0]];
        let graph = Graph::new(&vertices, |i, j| edges[i][j]);
        for order in [[3, 1, 0, 2], [1, 0, 3, 2], [2, 3, 1, 0]] {
            let permuted: Vec<Vertex> = order.iter().map(|&v| vertices[v]).collect();
            assert_eq!(Graph::new(&permuted, |i, j| edges[order[i]][order[j]]), graph);
        }
        let other = Graph::new(&vertices, |i, j| edges[j.min(1)][i.min(1)] + 1);
        assert_ne!(other.key(), graph.key());
        assert_eq!((0..4).map(|v| graph.rank(v)).sum::<usize>(), 15);
    }
}
