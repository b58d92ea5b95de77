//! The contrast of every text as the browser computes it (UX A16, WCAG 2.2, 1.4.3): what is written in
//! which colour on which ground, wherever it stands.

use inhaul_testkit::Browser;
use serde_json::Value;

/// Texts of the page as it is now that hardly stand out from their ground, signs among them.
pub(crate) fn faint(browser: &Browser) -> Vec<String> {
    let found = browser.script(FAINT, &[]).unwrap();
    assert!(found["looked"].as_u64() > Some(5), "few texts: {found}");
    let faint = found["faint"].as_array().unwrap().iter();
    faint
        .map(|text| Value::as_str(text).unwrap().to_owned())
        .collect()
}

/// Large text needs 3 : 1, other text 4.5 : 1, what is switched off nothing.
const FAINT: &str = r"
const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const colours = new Map();
const rgba = (colour) => {
  if (!colours.has(colour)) {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    colours.set(colour, [...pen.getImageData(0, 0, 1, 1).data]);
  }
  return colours.get(colour);
};
const over = ([r, g, b, a], [x, y, z]) => [[r, x], [g, y], [b, z]].map(([top, below]) => top * a / 255 + below * (1 - a / 255));
const ground = (element) => {
  const layers = [];
  for (let at = element; at; at = at.parentElement) {
    const style = getComputedStyle(at);
    const layer = rgba(style.backgroundColor);
    if (layer[3] > 0) layers.push(layer);
    if (layer[3] === 255) break;
  }
  return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255]);
};
const channel = (octet) => { const part = octet / 255; return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; };
const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const contrast = (one, other) => {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};
const faint = [];
let looked = 0;
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const text = walker.currentNode.textContent.trim();
  const element = walker.currentNode.parentElement;
  if (!text || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
  if (element.closest(':disabled, [aria-disabled=true], label:has(:disabled), .unseen, svg, script, noscript, option')) continue;
  const style = getComputedStyle(element);
  const below = ground(element);
  let opacity = 1;
  for (let at = element; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
  const [r, g, b, a] = rgba(style.color);
  const found = contrast(over([r, g, b, a * opacity], below), below);
  const size = parseFloat(style.fontSize);
  const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
  looked += 1;
  if (found < least) faint.push(`${found.toFixed(2)} : 1 for ${JSON.stringify(text.slice(0, 40))} in ${element.localName}.${element.className}`);
}
return { looked, faint };";
