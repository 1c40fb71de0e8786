import stringWidth from 'string-width'

/** Pads to `width` terminal cells (a Hangul syllable takes two). Longer text stays whole. */
export function pad(text: string, width: number): string {
  const missing = width - stringWidth(text)
  return missing > 0 ? text + ' '.repeat(missing) : text
}

/** Rows of cells as aligned lines: each column as wide as its widest cell, two blanks between, no trailing blanks. */
export function columns(rows: readonly (readonly string[])[], gap = '  '): string[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, stringWidth(cell))
    })
  }
  return rows.map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : pad(cell, widths[i])))
      .join(gap)
      .trimEnd(),
  )
}
