/**
 * Up to `limit` of the words that come closest to a mistyped one, the nearest first: those that contain it, or differ by
 * at most a third of its letters.
 */
export function nearest(word: string, words: Iterable<string>, limit = 3): string[] {
  const near: { word: string; distance: number }[] = []
  const most = Math.max(1, Math.floor(word.length / 3))
  for (const candidate of words) {
    const distance = candidate.includes(word) && word.length > 2 ? 1 : editDistance(word, candidate, most)
    if (distance <= most) near.push({ word: candidate, distance })
  }
  near.sort((a, b) => a.distance - b.distance || (a.word < b.word ? -1 : 1))
  return near.slice(0, limit).map((found) => found.word)
}

/** Letters to insert, delete, change or swap with their neighbour; more than `most` is answered with `most + 1`. */
function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, change)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        next[j] = Math.min(next[j], before[j - 2] + 1)
    }
    if (Math.min(...next) > most) return most + 1
    ;[before, row] = [row, next]
  }
  return row[b.length]
}
