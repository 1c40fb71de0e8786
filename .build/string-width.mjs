// Stands for string-width in the bundle, and loads it for what it is needed for.
import stripAnsi from 'strip-ansi'
import { ONE_CELL } from '../src/util/one-cell.ts'

export default function stringWidth(text, options) {
  const plain = options === undefined ? stripAnsi(text) : null
  return plain !== null && ONE_CELL.test(plain) ? plain.length : require('string-width').default(text, options)
}
