//! Cutting arrays into the parts that different threads fill.

/// Consecutive parts of `items` with the given lengths.
///
/// # Panics
/// If the lengths sum to more than there is.
pub(super) fn split<T>(mut items: &mut [T], lengths: impl IntoIterator<Item = usize>) -> Vec<&mut [T]> {
    lengths
        .into_iter()
        .map(|length| {
            let (part, rest) = std::mem::take(&mut items).split_at_mut(length);
            items = rest;
            part
        })
        .collect()
}
