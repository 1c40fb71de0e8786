/**
 * Texts of characters that take one terminal cell each and never join their neighbours: printable ASCII, and what podwire draws
 * with: · × ’ … the arrows ← to ↓ and ⇄, ⊘ ⏸, ─ to ▟ (lines and blocks), ▢ ▣ ▶ ○ ◉ ● ✖. Others want graphemes and their widths, which
 * take 35 ms to be ready.
 */
export const ONE_CELL =
  /^[ -~\u00b7\u00d7\u2019\u2026\u2190-\u2193\u21c4\u2298\u23f8\u2500-\u259f\u25a2\u25a3\u25b6\u25cb\u25c9\u25cf\u2716]*$/
