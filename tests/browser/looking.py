"""What can be told of a page's looks without eyes: nothing sticks out sideways, every text stands out."""

from typing import Any

from playwright.async_api import Page

MIN_CONTRAST = 4.5
"""WCAG 2.2, level AA, for text of ordinary size."""

_FAINT = """
(least) => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => {
    const [R, G, B] = [r, g, b].map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const over = (front, back) => front.slice(0, 3).map((v, i) => v * front[3] + back[i] * (1 - front[3]));
  const rgba = (text) => { const [r, g, b, a = 1] = parse(text); return [r, g, b, a]; };
  const ground = (node) => {
    const layers = [];
    for (let each = node; each; each = each.parentElement) layers.push(rgba(getComputedStyle(each).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !node.checkVisibility() || node.closest("[disabled], script, style")) continue;
    if (/^[\\p{Extended_Pictographic}\\s\\uFE0F]+$/u.test(text)) continue;
    const back = ground(node);
    const front = over(rgba(getComputedStyle(node).color), back);
    const [high, low] = [luminance(front), luminance(back)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < least) faint.push(`${ratio.toFixed(2)} ${text.slice(0, 30)}`);
  }
  return faint;
}
"""
_STICKS_OUT = """
() => {
  const edge = document.documentElement.clientWidth;
  return document.documentElement.scrollWidth > edge ? document.documentElement.scrollWidth - edge : 0;
}
"""


async def faint_texts(page: Page) -> list[str]:
    """Return the visible texts whose contrast is below WCAG's level AA, with their ratio."""
    found: list[str] = await page.evaluate(_FAINT, MIN_CONTRAST)
    return found


async def pixels_sticking_out(page: Page) -> int:
    """Return by how many pixels the page is wider than its window, once it has got used to that."""
    for _ in range(100):
        pixels: int = await page.evaluate(_STICKS_OUT)
        if not pixels:
            break
        await page.wait_for_timeout(50)
    return pixels


def watch_requests(page: Page) -> list[str]:
    """Return a list that fills with the address of everything the page asks for."""
    asked: list[str] = []

    def note(request: Any) -> None:
        asked.append(request.url)

    page.on("request", note)
    return asked
