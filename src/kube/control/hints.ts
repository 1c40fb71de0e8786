import type { SliceEndpoint, TrafficDistribution } from '../api/service.ts'

const NONE: Pick<SliceEndpoint, 'hintZones' | 'hintNodes'> = { hintZones: [], hintNodes: [] }

/**
 * Hints that the EndpointSlice controller gives for `trafficDistribution` (k8s.io/endpointslice/trafficdist): a ready endpoint is
 * meant for its own zone; for PreferSameNode for its own node too, the zone being the next best.
 */
export function hintsOf(
  distribution: TrafficDistribution,
  { ready, node, zone }: Pick<SliceEndpoint, 'ready' | 'node' | 'zone'>,
): Pick<SliceEndpoint, 'hintZones' | 'hintNodes'> {
  if (distribution === '' || !ready) return NONE
  const hintNodes = distribution === 'PreferSameNode' && node !== '' ? [node] : NONE.hintNodes
  const hintZones = zone === '' ? NONE.hintZones : [zone]
  return { hintZones, hintNodes }
}
