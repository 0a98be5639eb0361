//! Python bindings of `ferrip-core`: the private extension module `ferrip._core`.

#![expect(clippy::needless_pass_by_value, reason = "PyO3 hands arguments over by value")]

use pyo3::prelude::*;

mod acsf;
mod buffers;
mod cluster;
mod convert;
mod descriptor;
mod errors;
mod evaluator;
mod features;
mod joint;
mod kernel;
mod moments;
mod mtp;
mod neighbors;
mod pace;
mod readout;
mod threads;

/// The extension module.
#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    acsf::register(module)?;
    cluster::register(module)?;
    descriptor::register(module)?;
    evaluator::register(module)?;
    features::register(module)?;
    joint::register(module)?;
    kernel::register(module)?;
    moments::register(module)?;
    mtp::register(module)?;
    neighbors::register(module)?;
    readout::register(module)?;
    pace::register(module)?;
    threads::register(module)
}
