"""A self-contained HTML page of sections with text, tables and figures: no script, no external resource."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

STYLE = """
:root { --ink: #1c2430; --soft: #5b6675; --line: #dfe4ea; --paper: #ffffff; --back: #f4f6f8; --rust: #b5482a; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
header, main { max-width: 1080px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 40px; padding-bottom: 12px; }
h1 { margin: 0; font-size: 30px; letter-spacing: -0.02em; border-left: 6px solid var(--rust); padding-left: 14px; }
header p { color: var(--soft); margin: 8px 0 0 20px; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 20px 24px;
  margin: 18px 0; }
h2 { margin: 0 0 6px; font-size: 20px; }
section > p { color: var(--soft); margin: 4px 0 12px; }
figure { margin: 8px 0; }
figure img { width: 100%; height: auto; display: block; }
.scroll { overflow-x: auto; margin: 12px 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 15px; }
caption { text-align: left; color: var(--soft); padding-bottom: 4px; }
th, td { padding: 6px 12px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
thead th { border-bottom: 2px solid var(--ink); font-weight: 600; }
tbody tr:hover { background: var(--back); }
footer { color: var(--soft); text-align: center; padding: 12px 0 40px; font-size: 14px; }
@media print { body { background: #fff; } section { break-inside: avoid; } }
""".strip()


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of text cells.

    Attributes
    ----------
    columns
        Headings.
    rows
        Cells.
    caption
        A line above it.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""

    def html(self) -> str:
        """Return the table as HTML."""
        head = "".join(f"<th>{escape(cell)}</th>" for cell in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n" for row in self.rows
        )
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        table = f"<table>{caption}<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"
        return f'<div class="scroll">{table}</div>'


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading with text, figures and tables, in this order.

    Attributes
    ----------
    title, text
        Heading and the paragraph below it.
    figures
        SVG documents with their alternative texts.
    tables
        Tables.
    """

    title: str
    text: str = ""
    figures: Sequence[tuple[str, str]] = ()
    tables: Sequence[Table] = ()

    def html(self) -> str:
        """Return the section as HTML."""
        parts = [f"<h2>{escape(self.title)}</h2>"]
        if self.text:
            parts.append(f"<p>{escape(self.text)}</p>")
        parts += [_figure(svg, description) for svg, description in self.figures]
        parts += [table.html() for table in self.tables]
        return "<section>\n" + "\n".join(parts) + "\n</section>"


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page.

    Attributes
    ----------
    title, subtitle
        What it is about.
    sections
        Its sections.
    footer
        Last line.
    """

    title: str
    subtitle: str
    sections: Sequence[Section]
    footer: str = ""

    def html(self) -> str:
        """Return the whole document."""
        sections = "\n".join(section.html() for section in self.sections)
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(self.title)}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n"
            f"<header><h1>{escape(self.title)}</h1><p>{escape(self.subtitle)}</p></header>\n"
            f"<main>\n{sections}\n</main>\n<footer>{escape(self.footer)}</footer>\n</body>\n</html>\n"
        )

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the document (UTF-8)."""
        Path(path).write_text(self.html(), encoding="utf-8")


def _figure(svg: str, description: str) -> str:
    """Return an image that carries its SVG; inside an image element the figures' ids cannot clash."""
    data = base64.b64encode(svg.encode("utf-8")).decode("ascii")
    return f'<figure><img alt="{escape(description)}" src="data:image/svg+xml;base64,{data}"></figure>'
