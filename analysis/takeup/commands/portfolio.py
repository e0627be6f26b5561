"""Many studies on one page."""

from __future__ import annotations

from pathlib import Path

import click

from takeup.commands.lines import shown, split


@click.command()
@click.argument("plans", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default="portfolio", show_default=True, help="The folder of the page.")
@click.option("--language", multiple=True, metavar="LANGUAGE", help="Of the page: en, nl, fr [default: en].")
def portfolio(plans: tuple[Path, ...], out: Path, language: tuple[str, ...]) -> None:
    """Put the studies PLANS side by side: build those that changed, average what they released, write one page."""
    from takeup.build.portfolio import portfolio as gather

    found = gather(plans, out, languages=split(language) or ("en",))
    if found.rebuilt:
        click.echo(f"built: {', '.join(found.rebuilt)}")
    if found.kept:
        click.echo(f"unchanged: {', '.join(found.kept)}")
    if found.average is not None:
        item = found.average
        size = f"{item.estimate:.2f} standard deviations [{item.conf_low:.2f}, {item.conf_high:.2f}]"
        click.echo(f"average of {item.extra['studies']} studies: {size}, weakest evidence: {item.evidence.replace('_', ' ')}")
    click.echo(f"  {shown(out / 'portfolio.html')}")
