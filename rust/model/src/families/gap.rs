//! GAP: kernels of SOAP power spectra, or of products of ACE, towards sparse environments, which are arrays of the file,
//! with linear functions of ACE beside them.

use std::collections::BTreeMap;
use std::sync::Arc;

use ferrip_core::ace::Factor;
use ferrip_core::density::{Descriptor, KernelDescriptor, KernelFunction, Program};
use ferrip_core::elements::symbol;
use ferrip_core::soap::compile;
use ferrip_core::{Features, JointDescriptor};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::soap::Soap;
use super::{Arrays, Basis, linear_ace};
use crate::container::Array;
use crate::error::{Error, Result};
use crate::table::{Feature, of_density};

/// Complete settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    soap: Option<Soap>,
    ace: Option<linear_ace::Settings>,
    /// Linear functions beside the kernels.
    linear: Option<linear_ace::Settings>,
    zeta: Option<u32>,
    length: Option<f64>,
    /// By symbol.
    points: BTreeMap<String, Place>,
    /// By symbol; of products of ACE.
    scales: Option<BTreeMap<String, Place>>,
    /// Of fits only: the scales hold it.
    #[serde(default, rename = "constant")]
    _constant: IgnoredAny,
    /// Of fits only.
    #[serde(rename = "pair_delta")]
    _pair_delta: IgnoredAny,
    /// Of fits only.
    #[serde(default, rename = "linear_deviation")]
    _linear_deviation: IgnoredAny,
    /// Of fits only.
    #[serde(rename = "sparse")]
    _sparse: IgnoredAny,
}

/// Name of an array.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    array: String,
}

/// The descriptor of complete settings.
///
/// # Errors
/// [`Error::Content`] for arrays that are missing or do not fit; those of the core.
pub fn basis(settings: Settings, arrays: &Arrays<'_>) -> Result<Basis> {
    let Compared { program, functions } = compared(settings.soap, settings.ace)?;
    let below = of_density(&program, std::iter::repeat(&functions));
    let (mut points, mut scales, mut table) = (Vec::new(), Vec::new(), Vec::new());
    for (k, (&z, center)) in program.species().iter().zip(program.centers()).enumerate() {
        let n = center.functions.len();
        let array = find(&settings.points, z, "sparse environments", arrays)?;
        let [count, width] = array.shape[..] else {
            return Err(Error::content("sparse environments: expected two dimensions"));
        };
        let expected = n + usize::from(settings.scales.is_some());
        if width != expected {
            let reason = format!("sparse environments: expected {expected} numbers each, got {width}");
            return Err(Error::content(reason));
        }
        points.push(array.data.clone());
        if let Some(places) = &settings.scales {
            scales.push(find(places, z, "scales of functions", arrays)?.data.clone());
        }
        let first = program.feature_range(k).start;
        table.extend_from_slice(&below[first..first + center.n_pair_features()]);
        table.extend((1..=count as u16).map(|s| -> Feature { (z, vec![(0, s, 0)]) }));
    }
    let function = KernelFunction::new(settings.zeta, settings.length)?;
    let base = Arc::new(Descriptor::new(program));
    let scales = settings.scales.is_some().then_some(scales);
    let kernels = KernelDescriptor::new(base, points, function, scales)?;
    match settings.linear {
        None => Ok(Basis::Kernel(kernels, table)),
        Some(linear) => with_linear(kernels, &table, linear),
    }
}

/// Kernels with the functions of ACE beside them.
fn with_linear(kernels: KernelDescriptor, table: &[Feature], linear: linear_ace::Settings) -> Result<Basis> {
    let ace = linear.compile()?;
    let functions = of_density(&ace.program, std::iter::repeat(&ace.functions));
    let linear = Descriptor::new(ace.program);
    let mut all = Vec::with_capacity(table.len() + functions.len());
    for z in 0..kernels.species().len().min(linear.species().len()) {
        all.extend_from_slice(&table[kernels.feature_range(z)]);
        all.extend_from_slice(&functions[linear.feature_range(z)]);
    }
    Ok(Basis::Joint(JointDescriptor::new(Arc::new(kernels), Arc::new(linear))?, all))
}

/// Functions that kernels compare, and their factors.
struct Compared {
    program: Arc<Program>,
    functions: Vec<Vec<Factor>>,
}

fn compared(soap: Option<Soap>, ace: Option<linear_ace::Settings>) -> Result<Compared> {
    match (soap, ace) {
        (Some(soap), None) => {
            let soap = compile(&soap.resolved()?)?;
            Ok(Compared { program: soap.program, functions: soap.functions })
        }
        (None, Some(ace)) => {
            let ace = ace.compile()?;
            Ok(Compared { program: ace.program, functions: ace.functions })
        }
        _ => Err(Error::content("settings: expected either soap or ace")),
    }
}

/// The array of an element.
fn find<'a>(
    places: &BTreeMap<String, Place>,
    z: u8,
    what: &str,
    arrays: &'a Arrays<'_>,
) -> Result<&'a Array> {
    let name = symbol(z).unwrap_or("?");
    let array = places.get(name).and_then(|place| arrays(&place.array));
    array.ok_or_else(|| Error::content(format!("no {what} of {name}")))
}
