//! YAML documents as trees whose nodes know their line.
//!
//! The events come from `saphyr-parser`; this file keeps the tree, its limits and the messages. Input is
//! untrusted: depth and number of nodes are bounded, anchors and aliases are refused (no file of the formats
//! read here has them), duplicate keys are errors.

use saphyr_parser::{Event, Parser};

use crate::error::{Error, Result};

/// Most bytes of a document.
const MAX_BYTES: usize = 256 << 20;
/// Most nodes of a document.
const MAX_NODES: usize = 32 << 20;
/// Deepest nesting.
const MAX_DEPTH: usize = 16;

/// A value and the line (from 1) on which it starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Line, counted from 1.
    pub line: usize,
    /// What stands there.
    pub value: Value,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A plain or quoted scalar.
    Scalar(Box<str>),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values in the order of the file.
    Mapping(Vec<(Node, Node)>),
}

/// An error at a line.
pub fn at(line: usize, reason: impl Into<String>) -> Error {
    Error::Parse { line, reason: reason.into() }
}

/// Parses the first document of `text`, without the stray notes described at [`without_notes`].
///
/// # Errors
/// [`Error::Parse`] with the line.
pub fn parse(text: &str, keys: &[&str]) -> Result<Node> {
    if text.len() > MAX_BYTES {
        return Err(at(1, format!("the file has {} bytes, the limit is {MAX_BYTES}", text.len())));
    }
    let text = without_notes(text, keys);
    let mut builder = Builder::default();
    for event in Parser::new_from_str(&text) {
        let (event, span) = event.map_err(|e| at(e.marker().line(), format!("not YAML: {}", e.info())))?;
        if let Some(root) = builder.add(event, span.start.line())? {
            return Ok(root);
        }
    }
    Err(at(1, "the file is empty"))
}

/// The text with every unindented line blanked that starts another key than `keys`, together with the
/// lines indented below it: notes that users and programs leave in such files, which are often no YAML.
fn without_notes(text: &str, keys: &[&str]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = false;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches(['\n', '\r']);
        let indented = body.starts_with([' ', '\t', '-', ']', '}']) || body.is_empty();
        if !indented {
            let key = body.split(':').next().unwrap_or("").trim_end();
            blank = !(keys.contains(&key) && body.contains(':') || body.starts_with("---"));
        }
        if !blank {
            out.push_str(body);
        }
        out.push('\n');
    }
    out
}

/// A collection that is not complete yet.
enum Open {
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>, Option<Node>),
}

#[derive(Default)]
struct Builder {
    stack: Vec<(usize, Open)>,
    n_nodes: usize,
}

impl Builder {
    /// Takes an event; the root once it is complete.
    fn add(&mut self, event: Event<'_>, line: usize) -> Result<Option<Node>> {
        match event {
            Event::Scalar(text, _, anchor, _) => {
                refuse_anchor(anchor, line)?;
                self.complete(Node { line, value: Value::Scalar(text.as_ref().into()) })
            }
            Event::SequenceStart(anchor, _) => {
                refuse_anchor(anchor, line)?;
                self.open(line, Open::Sequence(Vec::new()))
            }
            Event::MappingStart(anchor, _) => {
                refuse_anchor(anchor, line)?;
                self.open(line, Open::Mapping(Vec::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => match self.stack.pop() {
                Some((line, Open::Sequence(items))) => {
                    self.complete(Node { line, value: Value::Sequence(items) })
                }
                Some((line, Open::Mapping(pairs, None))) => {
                    self.complete(Node { line, value: Value::Mapping(pairs) })
                }
                _ => Err(at(line, "a key without a value")),
            },
            Event::Alias(_) => Err(at(line, "aliases are not used in this format")),
            Event::DocumentEnd | Event::StreamEnd => Err(at(line, "the file is empty")),
            Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => Ok(None),
        }
    }

    fn open(&mut self, line: usize, open: Open) -> Result<Option<Node>> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(at(line, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.stack.push((line, open));
        Ok(None)
    }

    fn complete(&mut self, node: Node) -> Result<Option<Node>> {
        self.n_nodes += 1;
        if self.n_nodes > MAX_NODES {
            return Err(at(node.line, format!("more than {MAX_NODES} values")));
        }
        match self.stack.last_mut() {
            None => return Ok(Some(node)),
            Some((_, Open::Sequence(items))) => items.push(node),
            Some((_, Open::Mapping(pairs, key))) => match key.take() {
                None => *key = Some(node),
                Some(key) => pairs.push((key, node)),
            },
        }
        Ok(None)
    }
}

fn refuse_anchor(anchor: usize, line: usize) -> Result<()> {
    if anchor == 0 { Ok(()) } else { Err(at(line, "anchors are not used in this format")) }
}

impl Node {
    /// The scalar's text.
    ///
    /// # Errors
    /// [`Error::Parse`] for a collection.
    pub fn text(&self, what: &str) -> Result<&str> {
        match &self.value {
            Value::Scalar(text) => Ok(text),
            _ => Err(at(self.line, format!("{what}: expected one value, got a list or mapping"))),
        }
    }

    /// A finite number.
    ///
    /// # Errors
    /// [`Error::Parse`] for anything else.
    pub fn number(&self, what: &str) -> Result<f64> {
        let text = self.text(what)?;
        match text.trim().parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(at(self.line, format!("{what}: expected a finite number, got '{}'", shortened(text)))),
        }
    }

    /// An integer from `range`.
    ///
    /// # Errors
    /// [`Error::Parse`] for anything else.
    pub fn integer(&self, what: &str, range: std::ops::RangeInclusive<i64>) -> Result<i64> {
        let text = self.text(what)?;
        match text.trim().parse::<i64>() {
            Ok(value) if range.contains(&value) => Ok(value),
            _ => Err(at(
                self.line,
                format!(
                    "{what}: expected an integer from {} to {}, got '{}'",
                    range.start(),
                    range.end(),
                    shortened(text)
                ),
            )),
        }
    }

    /// The items of a list.
    ///
    /// # Errors
    /// [`Error::Parse`] for anything else.
    pub fn items(&self, what: &str) -> Result<&[Node]> {
        match &self.value {
            Value::Sequence(items) => Ok(items),
            _ => Err(at(self.line, format!("{what}: expected a list"))),
        }
    }

    /// The entries of a mapping.
    ///
    /// # Errors
    /// [`Error::Parse`] for anything else.
    pub fn entries(&self, what: &str) -> Result<&[(Node, Node)]> {
        match &self.value {
            Value::Mapping(entries) => Ok(entries),
            _ => Err(at(self.line, format!("{what}: expected a mapping"))),
        }
    }

    /// A list of finite numbers.
    ///
    /// # Errors
    /// [`Error::Parse`] for anything else.
    pub fn numbers(&self, what: &str) -> Result<Vec<f64>> {
        self.items(what)?.iter().map(|item| item.number(what)).collect()
    }

    /// A list of integers from `range`.
    ///
    /// # Errors
    /// [`Error::Parse`] for anything else.
    pub fn integers(&self, what: &str, range: &std::ops::RangeInclusive<i64>) -> Result<Vec<i64>> {
        self.items(what)?.iter().map(|item| item.integer(what, range.clone())).collect()
    }

    /// The value of a key, if it is there.
    ///
    /// # Errors
    /// [`Error::Parse`] if this is no mapping or has the key twice.
    pub fn find(&self, key: &str) -> Result<Option<&Node>> {
        let mut found = None;
        for (name, value) in self.entries(key)? {
            if matches!(&name.value, Value::Scalar(text) if **text == *key) && found.replace(value).is_some()
            {
                return Err(at(name.line, format!("the key '{key}' stands here a second time")));
            }
        }
        Ok(found)
    }

    /// The value of a key.
    ///
    /// # Errors
    /// [`Error::Parse`] if it is missing.
    pub fn get(&self, key: &str) -> Result<&Node> {
        self.find(key)?.ok_or_else(|| at(self.line, format!("the key '{key}' is missing")))
    }
}

/// At most 40 characters of a text, for messages.
pub fn shortened(text: &str) -> String {
    if text.chars().count() <= 40 {
        text.into()
    } else {
        text.chars().take(37).chain("...".chars()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_blocks_flow_and_sequence_keys() -> Result<()> {
        let text =
            "NOTE: a note: with colons [\r\na: 1.5\r\nb:\r\n  [0, 1]: {c: [1, -2], d: 'x'}\r\nfree words\r\n";
        let root = parse(text, &["a", "b"])?;
        assert_eq!(root.get("a")?.number("a")?.to_bits(), 1.5_f64.to_bits());
        let (key, bond) = &root.get("b")?.entries("b")?[0];
        assert_eq!(key.integers("key", &(0..=9))?, [0, 1]);
        assert_eq!(bond.get("c")?.integers("c", &(-9..=9))?, [1, -2]);
        assert_eq!((bond.line, bond.get("d")?.text("d")?), (4, "x"));
        Ok(())
    }

    #[test]
    fn refuses_what_may_explode() {
        for bad in ["", "a: &x 1", "a: *x", "a: [1", "a: 1\na: 2\nb: }", &format!("a: {}", "[".repeat(99))] {
            let result = parse(bad, &["a", "b"]);
            assert!(matches!(result, Err(Error::Parse { .. })), "{bad}: {result:?}");
        }
    }
}
