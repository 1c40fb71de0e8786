import type { ClusterOptions } from './cluster.ts'
import { FLOWS, type Flow, MTU_FLOWS, NARROW_FLOWS, SIX_FLOWS } from './flows.ts'
import { NFT_STRAY_FLOWS, SERVICE_FLOWS, SERVICES, STRAY_FLOWS } from './services.ts'

/** The clusters that are built, each with the flows that are sent through it. */
export const LABS: readonly {
  readonly name: string
  /** Where its recordings are kept, under `observed/`. */
  readonly folder: string
  readonly options: Partial<ClusterOptions>
  readonly flows: readonly Flow[]
}[] = [
  { name: 'vxlan', folder: 'vxlan', options: { overlay: 'vxlan' }, flows: FLOWS },
  { name: 'host-gw', folder: 'host-gw', options: { overlay: 'host-gw' }, flows: FLOWS },
  { name: 'vxlan, pods at 1500', folder: 'vxlan', options: { overlay: 'vxlan', podMtu: 1500 }, flows: MTU_FLOWS },
  {
    name: 'host-gw, pods at 1450',
    folder: 'host-gw',
    options: { overlay: 'host-gw', podMtu: 1450 },
    flows: NARROW_FLOWS,
  },
  { name: 'host-gw, IPv6', folder: 'host-gw', options: { overlay: 'host-gw', dualStack: true }, flows: SIX_FLOWS },
  { name: 'vxlan, IPv6', folder: 'vxlan', options: { overlay: 'vxlan', dualStack: true }, flows: SIX_FLOWS },
  {
    name: 'vxlan, Services',
    folder: 'vxlan',
    options: { overlay: 'vxlan', services: SERVICES },
    flows: [...SERVICE_FLOWS, ...STRAY_FLOWS],
  },
  {
    name: 'host-gw, Services',
    folder: 'host-gw',
    options: { overlay: 'host-gw', services: SERVICES },
    flows: [...SERVICE_FLOWS, ...STRAY_FLOWS],
  },
  {
    name: 'vxlan, Services in nftables mode',
    folder: 'vxlan-nftables',
    options: { overlay: 'vxlan', services: SERVICES, proxyMode: 'nftables' },
    flows: [...SERVICE_FLOWS, ...NFT_STRAY_FLOWS],
  },
  {
    name: 'host-gw, Services in nftables mode',
    folder: 'host-gw-nftables',
    options: { overlay: 'host-gw', services: SERVICES, proxyMode: 'nftables' },
    flows: [...SERVICE_FLOWS, ...NFT_STRAY_FLOWS],
  },
]

/** The file with what a kernel was seen to do. */
export const observedFile = (folder: string, flow: string): URL =>
  new URL(`observed/${folder}/${flow}.txt`, import.meta.url)
