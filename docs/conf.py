# ruff: noqa: INP001
"""The documentation as a site: `make docs` builds it to site/. Nothing in it is fetched from elsewhere, when it is built or when it is read.

Formulas become MathML here, with the converter of docutils, so that no script draws them. The pages of the reference are written from the map of
the package (`takeup._ROOMS`) before the site is read, so a public name can't be forgotten.
"""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "analysis"))

import takeup  # noqa: E402  # found by the path above

project, author, version = "takeup", "the takeup developers", takeup.__version__
release = version
copyright = "the takeup developers, MIT licence"  # noqa: A001  # Sphinx wants this name
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["README.md"]
language = "en"
html_theme = "furo"
html_title = f"takeup {version}"
html_last_updated_fmt = None
html_copy_source = False
html_show_sphinx = False
html_show_sourcelink = False
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
templates_path: list[str] = []
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
napoleon_use_admonition_for_examples = False
autodoc_typehints = "none"          # the signature has them
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
add_module_names = False
python_use_unqualified_type_names = True
default_role = "code"               # the docstrings write names in single back-quotes
pygments_style, pygments_dark_style = "friendly", "native"
suppress_warnings = ["ref.python"]     # words in single back-quotes that happen to be the name of several attributes

CHAPTERS = {
    "design": ("The design", "How units are assigned, and how many are needed.", ("design",)),
    "study": ("A study", "A plan opened with its data, and the trials to try.", ("study", "demo", "errors")),
    "estimate": ("Estimators", "What changed, by how much, and how sure that is.", ("estimate",)),
    "infer": ("Inference", "Randomisation, several outcomes, few clusters, simulated power.", ("infer",)),
    "missing": ("Missing data", "Bounds, weights and imputation.", ("missing",)),
    "measure": ("Measures", "From items to outcomes.", ("measure",)),
    "describe": ("Descriptions", "Before the effect: balance, attrition, compliance, dose, reach.", ("describe",)),
    "results": ("Results", "What every method returns.", ("results",)),
    "files": ("Files", "Tables and data for other programs.", ("report", "present", "release", "build")),
}
"""Pages of the reference: the title, what it is about, and the rooms whose public names it holds."""


ABSOLUTE = re.compile(r"\|(\S[^|\n]{0,20})\|")


def rooms() -> dict[str, list[tuple[str, str]]]:
    """The public names of each page, with the module that defines each."""
    found: dict[str, list[tuple[str, str]]] = {page: [] for page in CHAPTERS}
    for room, names in takeup._ROOMS.items():  # noqa: SLF001  # the map is the package's own
        page = next((name for name, (_, _, heads) in CHAPTERS.items() if room.partition(".")[0] in heads), None)
        if page is None:
            message = f"no page of the reference takes takeup.{room}: name it in docs/conf.py"
            raise LookupError(message)
        found[page] += [(name, f"takeup.{room}") for name in names]
    return found


def write_reference(app: Sphinx) -> None:
    """One page a room, written anew where it changed."""
    folder = Path(app.srcdir) / "reference"
    folder.mkdir(exist_ok=True)
    for page, names in rooms().items():
        title, about, _ = CHAPTERS[page]
        lines = [title, "=" * len(title), "", about, ""]
        for name, module in names:
            found = getattr(import_module(module), name)
            kind = "autoclass" if isinstance(found, type) else "autofunction"
            lines += [name, "-" * len(name), "", f".. {kind}:: {module}.{name}", *(["   :members:"] if kind == "autoclass" else []), ""]
        path, text = folder / f"{page}.rst", "\n".join(lines)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")


def mathml(self: Any, node: nodes.math | nodes.math_block) -> None:
    """A formula as MathML, which browsers draw and screen readers read by themselves."""
    from docutils import nodes
    from docutils.utils.math.latex2mathml import tex2mathml

    block = isinstance(node, nodes.math_block)
    made = tex2mathml(node.astext(), as_block=block)
    self.body.append(f'<div class="formula" tabindex="0" role="group" aria-label="formula">{made}</div>' if block else made)
    raise nodes.SkipNode


def short_name(_app: Sphinx, what: str, name: str, _obj: object, _options: object, lines: list[str]) -> None:
    """Say how a public name is reached, above what its docstring says; an absolute value isn't the name of a substitution."""
    lines[:] = [line if ">>>" in line or "``" in line else ABSOLUTE.sub(r"\\|\1\\|", line) for line in lines]
    public = name.rpartition(".")[2]
    if what in {"function", "class"} and public in takeup.__all__:
        lines[:0] = [f"``takeup.{public}``", ""]


def outside(app: Sphinx, docname: str, source: list[str]) -> None:
    """A link to a text of the repository that isn't a page of the site becomes its name."""
    here = Path(app.srcdir, docname).parent

    def named(match: re.Match[str]) -> str:
        target = (here / match[2]).resolve()
        inside = target.is_relative_to(HERE) or not target.exists()
        return match[0] if inside else f"{match[1]} (`{target.relative_to(HERE.parent).as_posix()}`)"

    source[0] = re.sub(r"(?<!!)\[([^\]]+)\]\((\.\./[^)\s#]+\.md)(?:#[^)\s]*)?\)", named, source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of these."""
    app.connect("source-read", outside)
    app.connect("builder-inited", write_reference)
    app.connect("autodoc-process-docstring", short_name)
    app.add_html_math_renderer("mathml", inline_renderers=(mathml, None), block_renderers=(mathml, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
