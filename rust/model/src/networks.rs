//! Networks of the functions of atoms: arrays and header put together.

use ferrip_core::density::Program;
use ferrip_core::density::network::{Activation, Layer, Network};

use crate::error::{Error, Result};
use crate::families::Arrays;
use crate::header::NetworkEntry;

/// The networks of elements with their symbols, whose arrays are `network/SYMBOL/LAYER/weights` and `biases`.
///
/// # Errors
/// [`Error::Content`] for arrays that are missing or do not fit; those of [`Network::new`].
pub fn networks(
    program: &Program,
    symbols: &[String],
    entries: &[&NetworkEntry],
    arrays: &Arrays<'_>,
) -> Result<Vec<Network>> {
    let one = |((center, symbol), entry): ((_, &String), &&NetworkEntry)| {
        let center: &ferrip_core::density::Center = center;
        let layers = (0..entry.layers).map(|k| layer(&format!("network/{symbol}/{k}"), arrays));
        let activation = Activation::named(&entry.activation)?;
        Ok(Network::new(activation, center.functions.len(), layers.collect::<Result<_>>()?)?)
    };
    program.centers().iter().zip(symbols).zip(entries).map(one).collect()
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
