"""axe-core over a page: what people with a screen reader, a keyboard or weak eyes would stumble over."""

from importlib import resources

from playwright.async_api import Page

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


async def accessibility_problems(page: Page) -> list[str]:
    """The rules of WCAG 2.2 A and AA that the page breaks, each with the first element that does."""
    script = (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
    await page.evaluate(script)  # not a script element: the pages' policy would refuse one
    found = await page.evaluate("(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}})", LEVELS)
    return [f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in found["violations"]]
