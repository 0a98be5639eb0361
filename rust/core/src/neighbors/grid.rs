//! Points sorted into the bins of a rectangular grid, so that those near a place lie in a few runs.

/// Points with their keys, in bins that follow one another with z fastest (counting sort).
#[derive(Debug)]
pub(super) struct Grid {
    origin: [f64; 3],
    /// Edge lengths of a bin, Å.
    edges: [f64; 3],
    counts: [usize; 3],
    /// First point of each bin, and the number of points at the end.
    starts: Vec<u32>,
    coordinates: [Vec<f64>; 3],
    keys: Vec<u64>,
}

impl Grid {
    /// Sorts points (Å) with their keys into bins of about `edge` Å; memory is O(points) however far
    /// apart they are. At most `u32::MAX` points.
    pub fn new(points: &[([f64; 3], u64)], edge: f64) -> Self {
        let mut low = [f64::INFINITY; 3];
        let mut high = [f64::NEG_INFINITY; 3];
        for (x, _) in points {
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
            coordinates: std::array::from_fn(|_| vec![0.0; points.len()]),
            keys: vec![0; points.len()],
        };
        let bins: Vec<u32> = points.iter().map(|(x, _)| grid.bin(x) as u32).collect();
        for &bin in &bins {
            grid.starts[bin as usize + 1] += 1;
        }
        for bin in 1..grid.starts.len() {
            grid.starts[bin] += grid.starts[bin - 1];
        }
        let mut next = grid.starts.clone();
        for (&bin, (x, key)) in bins.iter().zip(points) {
            let slot = next[bin as usize] as usize;
            next[bin as usize] += 1;
            for (column, &x) in grid.coordinates.iter_mut().zip(x) {
                column[slot] = x;
            }
            grid.keys[slot] = *key;
        }
        grid
    }

    /// Index along direction `k` of the bin of coordinate `x`; monotonic, clamped to the grid.
    fn index(&self, k: usize, x: f64) -> usize {
        (((x - self.origin[k]) / self.edges[k]) as usize).min(self.counts[k] - 1)
    }

    fn bin(&self, x: &[f64; 3]) -> usize {
        (self.index(0, x[0]) * self.counts[1] + self.index(1, x[1])) * self.counts[2] + self.index(2, x[2])
    }

    /// Distance (Å) along direction `k` from `x` to the bins of index `bin`, never too large.
    fn gap(&self, k: usize, bin: usize, x: f64) -> f64 {
        let inside = x - self.origin[k] - bin as f64 * self.edges[k];
        // Rounding puts no point further than 1e-6 of a bin into the wrong one.
        ((-inside).max(inside - self.edges[k]) - 1e-6 * self.edges[k]).max(0.0)
    }

    /// Appends the keys of all points with squared distance to `center` up to `squared_max` (Å²) to
    /// `found`. Returns the largest squared distance among them, 0 if there is none.
    pub fn within(&self, center: &[f64; 3], squared_max: f64, found: &mut Vec<u64>) -> f64 {
        let mut largest = 0.0_f64;
        let reach = squared_max.sqrt() * (1.0 + 1e-12);
        let range =
            |k: usize, reach: f64| self.index(k, center[k] - reach)..=self.index(k, center[k] + reach);
        for bx in range(0, reach) {
            let dx = self.gap(0, bx, center[0]);
            for by in range(1, reach) {
                let dy = self.gap(1, by, center[1]);
                let rest = reach * reach - dx * dx - dy * dy;
                if rest < 0.0 {
                    continue;
                }
                let bz = range(2, rest.sqrt() * (1.0 + 1e-12));
                let row = (bx * self.counts[1] + by) * self.counts[2];
                let run = self.starts[row + bz.start()] as usize..self.starts[row + bz.end() + 1] as usize;
                largest = largest.max(self.within_run(run, center, squared_max, found));
            }
        }
        largest
    }

    /// [`Self::within`] for consecutive points; without branches, as nearly half of them are hits.
    fn within_run(
        &self,
        run: std::ops::Range<usize>,
        center: &[f64; 3],
        squared_max: f64,
        found: &mut Vec<u64>,
    ) -> f64 {
        let mut end = found.len();
        let mut largest = 0.0_f64;
        found.resize(end + run.len(), 0);
        let [x, y, z] = &self.coordinates;
        let points = x[run.clone()].iter().zip(&y[run.clone()]).zip(&z[run.clone()]);
        for (((x, y), z), &key) in points.zip(&self.keys[run]) {
            let (dx, dy, dz) = (x - center[0], y - center[1], z - center[2]);
            let squared = dx * dx + dy * dy + dz * dz;
            let hit = squared <= squared_max;
            found[end] = key;
            end += usize::from(hit);
            largest = largest.max(if hit { squared } else { 0.0 });
        }
        found.truncate(end);
        largest
    }
}
