//! Networks: on the functions of ACE, or on those that the settings name.

use serde::Deserialize;
use serde_json::Value;

use super::{Basis, acsf, chebyshev, from_json, linear_ace, soap};
use crate::error::{Error, Result};

/// Other functions than those of ACE.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Other {
    features: String,
    descriptor: Value,
}

/// The descriptor of complete settings.
///
/// # Errors
/// [`Error::Content`] for unknown functions or settings that they do not have; those of the core.
pub fn basis(settings: &Value) -> Result<Basis> {
    if settings.get("forces").and_then(Value::as_str) == Some("direct") {
        return Err(Error::content("direct forces, which are no derivatives of the energy, need Python"));
    }
    if settings.get("features").is_none() {
        return linear_ace::basis(from_json(settings)?);
    }
    let Other { features, descriptor } = from_json(settings)?;
    match features.as_str() {
        "soap" => soap::basis(from_json(&descriptor)?),
        "chebyshev" => chebyshev::basis(from_json(&descriptor)?),
        "acsf" => acsf::basis(from_json(&descriptor)?),
        _ => Err(Error::content(format!("networks on features {features:?} need Python"))),
    }
}
