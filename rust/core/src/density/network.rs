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
