import type { CommonConfig } from './config.ts'
import { groupNamed } from './group/index.ts'
import { speakable } from './suite.ts'

/** Throws `RangeError` for suites, groups and versions that do not exist or cannot go together. */
export function checkNames({ versions, suites, groups = [], recordSizeLimit }: CommonConfig): void {
  speakable(versions, suites)
  groups.forEach(groupNamed)
  if (recordSizeLimit !== undefined && (recordSizeLimit < 64 || recordSizeLimit > 2 ** 14 + 1)) {
    throw new RangeError(`recordSizeLimit: expected 64 to 16385, got ${recordSizeLimit}`)
  }
}
