import { expect, test } from 'vitest'
import { hintsOf } from './hints.ts'

const here = { ready: true, node: 'node-1', zone: 'a' }

test('trafficDistribution becomes hints of ready endpoints alone', () => {
  expect(hintsOf('', here)).toEqual({ hintZones: [], hintNodes: [] })
  expect(hintsOf('PreferSameZone', here)).toEqual({ hintZones: ['a'], hintNodes: [] })
  expect(hintsOf('PreferSameNode', here)).toEqual({ hintZones: ['a'], hintNodes: ['node-1'] })
  expect(hintsOf('PreferSameZone', { ...here, ready: false })).toEqual({ hintZones: [], hintNodes: [] })
  expect(hintsOf('PreferSameNode', { ...here, zone: '' })).toEqual({ hintZones: [], hintNodes: ['node-1'] })
})
