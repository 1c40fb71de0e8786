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

/** Cells of a label, and of a line with it: a command stays whole, and so do columns. */
const LABEL = 14
/** As wide as a label in an exchange. */
export const EXCHANGE_LABEL = 13
const WIDTH = 112

/** Labels on the left, and texts that break at blanks and go on below themselves. */
export function labelled(rows: readonly (readonly [label: string, text: string])[], cells = LABEL): string[] {
  return rows.flatMap(([label, text]) =>
    broken(text, WIDTH - cells).map((line, i) => pad(i === 0 ? label : '', cells) + line),
  )
}

function broken(text: string, width: number): string[] {
  if (text.startsWith('kubectl ') || text.includes('   ') || stringWidth(text) <= width) return [text]
  const lines = ['']
  for (const word of text.split(/ +/)) {
    const line = lines[lines.length - 1]
    if (line !== '' && stringWidth(line) + 1 + stringWidth(word) > width) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines
}
