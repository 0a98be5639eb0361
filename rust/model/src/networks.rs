//! Networks of the functions of atoms: arrays and header put together.

use ferrip_core::density::network::{Activation, Layer, Network};

use crate::error::{Error, Result};
use crate::families::Arrays;
use crate::header::NetworkEntry;

/// The networks of elements with their symbols, whose arrays are `network/SYMBOL/LAYER/weights` and `biases`.
///
/// # Errors
/// [`Error::Content`] for arrays that are missing or do not fit; those of [`Network::new`].
pub fn networks(symbols: &[String], entries: &[&NetworkEntry], arrays: &Arrays<'_>) -> Result<Vec<Network>> {
    let one = |(symbol, entry): (&String, &&NetworkEntry)| {
        let layers = (0..entry.layers).map(|k| layer(&format!("network/{symbol}/{k}"), arrays));
        let layers: Vec<Layer> = layers.collect::<Result<_>>()?;
        let inputs = layers.first().map_or(0, |first| first.weights.len() / first.biases.len().max(1));
        Ok(Network::new(Activation::named(&entry.activation)?, inputs, layers)?)
    };
    symbols.iter().zip(entries).map(one).collect()
}

fn layer(name: &str, arrays: &Arrays<'_>) -> Result<Layer> {
    let array = |what: &str| {
        let name = format!("{name}/{what}");
        arrays(&name).ok_or_else(|| Error::content(format!("no array {name:?}")))
    };
    let (weights, biases) = (array("weights")?, array("biases")?);
    if weights.shape.len() != 2 || biases.shape != weights.shape[..1] {
        return Err(Error::content(format!("{name}: weights and biases do not fit to each other")));
    }
    Ok(Layer { weights: weights.data.clone(), biases: biases.data.clone() })
}
