//! One table from core errors to the exceptions of `ferrip.errors`, and the one way into long calls.

use ferrip_core::Error;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Name in `ferrip.errors` of the exception for a core error.
fn exception_name(error: &Error) -> &'static str {
    match error {
        Error::UnknownElement { .. } => "UnsupportedElementError",
        Error::Parse { .. } => "ModelFileError",
        Error::Setting { .. } | Error::TooLarge { .. } => "SettingsError",
        Error::Length { .. } | Error::NotFinite { .. } | Error::Cell { .. } | Error::Overlap { .. } => {
            "DataError"
        }
    }
}

/// The Python exception for a core error.
pub fn to_python(py: Python<'_>, error: &Error) -> PyErr {
    let message = error.to_string();
    match py.import("ferrip.errors").and_then(|module| module.getattr(exception_name(error))) {
        Ok(class) => match class.call1((message.clone(),)) {
            Ok(value) => PyErr::from_value(value),
            Err(_) => PyValueError::new_err(message),
        },
        Err(_) => PyValueError::new_err(message),
    }
}

/// Runs a long computation with the GIL released and converts its error.
///
/// # Errors
/// The Python exception of whatever the computation returned.
pub fn detached<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> ferrip_core::Result<T> + Send,
) -> PyResult<T> {
    let result = py.detach(work);
    result.map_err(|error| to_python(py, &error))
}
