//! Small neural networks from the functions of a centre to a part of its energy.
//!
//! ```text
//! E = N(B) − N(0),     N: h ← σ(W h + b) layer by layer, the last one linear with one output
//! ```
//!
//! so that free atoms have no energy from it. The activations are algebraic: smooth, and a square root and a division
//! in every backend.

use crate::error::{Error, Result};

/// Most outputs of one layer.
pub const MAX_WIDTH: usize = 512;
/// Most layers.
pub const MAX_LAYERS: usize = 16;

/// What follows every layer but the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `s(a) = a / √(1 + a²)`, bounded.
    Isru,
    /// `a (1 + s(a)) / 2`, linear for large a.
    Gated,
}

impl Activation {
    /// By its name in files and settings.
    ///
    /// # Errors
    /// [`Error::Setting`] for another name.
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "isru" => Ok(Self::Isru),
            "gated" => Ok(Self::Gated),
            _ => {
                let reason = format!("expected isru or gated, got {name:?}");
                Err(Error::Setting { name: "activation", reason })
            }
        }
    }

    fn evaluate(self, a: f64) -> f64 {
        let s = a / (1.0 + a * a).sqrt();
        match self {
            Self::Isru => s,
            Self::Gated => 0.5 * a * (1.0 + s),
        }
    }
}

/// An affine map.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// `[output][input]`
    pub weights: Vec<f64>,
    /// One per output.
    pub biases: Vec<f64>,
}

/// A network of one centre species.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    activation: Activation,
    n_inputs: usize,
    layers: Vec<Layer>,
    /// N(0)
    free: f64,
}

impl Network {
    /// A network of the functions of order ≥ 2 of a centre, or of all.
    ///
    /// # Errors
    /// [`Error::Length`] for layers that do not fit to each other, [`Error::Setting`] for too few, too many or too wide
    /// ones and for numbers that are not finite.
    pub fn new(activation: Activation, n_inputs: usize, layers: Vec<Layer>) -> Result<Self> {
        let bad = |reason: String| Err(Error::Setting { name: "network", reason });
        if !(2..=MAX_LAYERS).contains(&layers.len()) {
            return bad(format!("expected 2 to {MAX_LAYERS} layers, got {}", layers.len()));
        }
        let mut width = n_inputs;
        for layer in &layers {
            let own = layer.biases.len();
            if !(1..=MAX_WIDTH).contains(&own) {
                return bad(format!("expected layers of 1 to {MAX_WIDTH} outputs, got {own}"));
            }
            Error::check_length("weights of a layer", width * own, layer.weights.len())?;
            if layer.weights.iter().chain(&layer.biases).any(|number| !number.is_finite()) {
                return bad("expected finite numbers".into());
            }
            width = own;
        }
        Error::check_length("outputs of the last layer", 1, width)?;
        let mut network = Self { activation, n_inputs, layers, free: 0.0 };
        network.free = network.at_zero();
        Ok(network)
    }

    /// What follows every layer but the last.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// Number of functions it takes.
    pub fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    /// The layers, at least two.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// N(0)
    pub fn free(&self) -> f64 {
        self.free
    }

    /// Combinations `[combination][input]` of the first `n` inputs, and the network that takes these in their place: one
    /// for each neuron that does not ignore them, or the inputs themselves where these are fewer.
    ///
    /// # Errors
    /// [`Error::Length`] for fewer inputs.
    pub fn combined(&self, n: usize) -> Result<(Vec<f64>, Self)> {
        if n == 0 {
            return Ok((Vec::new(), self.clone()));
        }
        Error::check_length("inputs of a network", self.n_inputs.max(n), self.n_inputs)?;
        let rows: Vec<(&[f64], &[f64])> =
            self.layers[0].weights.chunks_exact(self.n_inputs).map(|row| row.split_at(n)).collect();
        let takes: Vec<usize> = (0..rows.len()).filter(|&j| rows[j].0.iter().any(|&w| w != 0.0)).collect();
        let unit = |found: bool| if found { 1.0 } else { 0.0 };
        let (combinations, own): (Vec<f64>, Vec<Vec<f64>>) = if takes.len() < n {
            let selected = |j: usize| takes.iter().map(|&taken| unit(taken == j)).collect();
            (
                takes.iter().flat_map(|&j| rows[j].0).copied().collect(),
                (0..rows.len()).map(selected).collect(),
            )
        } else {
            let identity = (0..n).flat_map(|k| (0..n).map(move |i| unit(i == k)));
            (identity.collect(), rows.iter().map(|(own, _)| own.to_vec()).collect())
        };
        let mut layers = self.layers.clone();
        layers[0].weights =
            own.iter().zip(&rows).flat_map(|(own, (_, others))| own.iter().chain(*others)).copied().collect();
        let n_inputs = combinations.len() / n + self.n_inputs - n;
        Ok((combinations, Self::new(self.activation, n_inputs, layers)?))
    }

    fn at_zero(&self) -> f64 {
        let mut sums = self.layers[0].biases.clone();
        for layer in &self.layers[1..] {
            let hidden: Vec<f64> = sums.iter().map(|&a| self.activation.evaluate(a)).collect();
            let rows = layer.weights.chunks_exact(hidden.len());
            let sum =
                |(row, bias): (&[f64], &f64)| bias + row.iter().zip(&hidden).map(|(w, h)| w * h).sum::<f64>();
            sums = rows.zip(&layer.biases).map(sum).collect();
        }
        sums[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(network: &Network, inputs: &[f64]) -> Vec<f64> {
        let rows = network.layers[0].weights.chunks_exact(network.n_inputs);
        rows.map(|row| row.iter().zip(inputs).map(|(w, x)| w * x).sum()).collect()
    }

    #[test]
    fn combinations_of_inputs_leave_the_sums_of_neurons() {
        let inputs = [0.3, -1.2, 0.7, 2.0];
        for (own, expected) in [
            (vec![0.0, 0.0, 1.0, 2.0, 0.5, -0.5, 3.0, 4.0], 1),
            (vec![0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 3.0, 4.0], 0),
            (vec![1.0, 2.0, 1.0, 2.0, 0.5, -0.5, 3.0, 4.0], 2),
        ] {
            let layers = vec![
                Layer { weights: own, biases: vec![0.1, 0.2] },
                Layer { weights: vec![1.0, -2.0], biases: vec![0.0] },
            ];
            let network = Network::new(Activation::Gated, 4, layers).unwrap();
            let (combinations, combined) = network.combined(2).unwrap();
            assert_eq!(combinations.len(), 2 * expected);
            let mut reduced: Vec<f64> =
                combinations.chunks_exact(2).map(|row| row[0] * inputs[0] + row[1] * inputs[1]).collect();
            reduced.extend_from_slice(&inputs[2..]);
            for (a, b) in sums(&network, &inputs).into_iter().zip(sums(&combined, &reduced)) {
                assert!((a - b).abs() < 1e-14);
            }
            assert!(network.combined(5).is_err());
            assert_eq!(network.combined(0).unwrap().1, network);
        }
    }
}
