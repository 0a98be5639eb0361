//! Points sorted into the bins of a rectangular grid, so that those near a place lie in a few runs.

/// Indices of points in bins that follow one another with z fastest (counting sort); ascending in a bin.
#[derive(Debug)]
pub(super) struct Grid {
    origin: [f64; 3],
    /// Edge lengths of a bin, Å.
    edges: [f64; 3],
    counts: [usize; 3],
    /// First entry of each bin, and the number of points at the end.
    starts: Vec<u32>,
    order: Vec<u32>,
}

impl Grid {
    /// Sorts points (Å) into bins of about `edge` Å; memory is O(points) however far apart they are. At
    /// most `u32::MAX` points.
    pub fn new(points: &[[f64; 3]], edge: f64) -> Self {
        let mut low = [f64::INFINITY; 3];
        let mut high = [f64::NEG_INFINITY; 3];
        for x in points {
            low = std::array::from_fn(|k| low[k].min(x[k]));
            high = std::array::from_fn(|k| high[k].max(x[k]));
        }
        let extent: [f64; 3] = std::array::from_fn(|k| (high[k] - low[k]).max(0.0));
        let limit = 2 * points.len() + 1;
        let mut counts = extent.map(|length| ((length / edge) as usize).clamp(1, limit));
        while counts.iter().fold(1_usize, |product, &n| product.saturating_mul(n)) > limit {
            let largest = (0..3).max_by_key(|&k| counts[k]).unwrap_or(0);
            counts[largest] = counts[largest].div_ceil(2);
        }
        let edges = std::array::from_fn(|k| (extent[k] / counts[k] as f64).max(f64::MIN_POSITIVE));
        let mut grid = Self {
            origin: low,
            edges,
            counts,
            starts: vec![0; counts.iter().product::<usize>() + 1],
            order: vec![0; points.len()],
        };
        let bins: Vec<u32> = points.iter().map(|x| grid.bin(x) as u32).collect();
        for &bin in &bins {
            grid.starts[bin as usize + 1] += 1;
        }
        for bin in 1..grid.starts.len() {
            grid.starts[bin] += grid.starts[bin - 1];
        }
        let mut next = grid.starts.clone();
        for (&bin, index) in bins.iter().zip(0..) {
            let slot = &mut next[bin as usize];
            grid.order[*slot as usize] = index;
            *slot += 1;
        }
        grid
    }

    /// Number of bins.
    pub fn n_bins(&self) -> usize {
        self.starts.len() - 1
    }

    /// Indices of the points in a bin, ascending.
    pub fn points_in(&self, bin: usize) -> &[u32] {
        &self.order[self.starts[bin] as usize..self.starts[bin + 1] as usize]
    }

    /// Index along direction `k` of the bin of coordinate `x`; monotonic, clamped to the grid.
    fn index(&self, k: usize, x: f64) -> usize {
        (((x - self.origin[k]) / self.edges[k]) as usize).min(self.counts[k] - 1)
    }

    fn bin(&self, x: &[f64; 3]) -> usize {
        (self.index(0, x[0]) * self.counts[1] + self.index(1, x[1])) * self.counts[2] + self.index(2, x[2])
    }

    /// Runs of points that together hold all points between the corners `low` and `high`.
    pub fn runs_between(&self, low: [f64; 3], high: [f64; 3]) -> impl Iterator<Item = &[u32]> {
        let range = |k: usize| self.index(k, low[k])..=self.index(k, high[k]);
        let (along_y, along_z) = (range(1), range(2));
        range(0).flat_map(move |bx| {
            let along_z = along_z.clone();
            along_y.clone().map(move |by| {
                let row = (bx * self.counts[1] + by) * self.counts[2];
                let run = self.starts[row + along_z.start()]..self.starts[row + along_z.end() + 1];
                &self.order[run.start as usize..run.end as usize]
            })
        })
    }
}
