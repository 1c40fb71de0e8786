import { Box } from 'ink'
import type { ReactElement } from 'react'
import { en } from '../../explain/messages/en.ts'
import { Pane } from '../components/pane.tsx'
import { tail } from '../model/chrome.ts'
import { conntrackRows, packetRows, whyRows } from '../model/detail.ts'
import type { NodeView } from '../model/experience.ts'
import { line, span } from '../model/line.ts'
import { legOf, nodeRows, packetRow, pathRows, serviceRow, underlayRow } from '../model/topology.ts'
import { chromeRows, Rows, ScreenFrame, type ScreenProps } from './frame.tsx'

/** What the path pane wants at the least: its borders, the packet, the way, and why. */
const PATH_ROWS = 8

/** The cluster as boxes, with the packet on its way through them. */
export function TopologyScreen(props: ScreenProps): ReactElement {
  const { state, theme, width, height } = props
  const { above, below } = chromeRows(height)
  const body = height - above - below
  const wide = width >= 110
  const side = wide ? 40 : 0
  const nodes = nodesInView(state.cluster.nodes, state, Math.max(1, Math.floor((width - side) / 24)))
  const devices = Math.max(...nodes.map((node) => node.devices.length), 1)
  const pods = Math.max(...nodes.map((node) => node.pods.length), 1)
  const nodeHeight = Math.max(devices + 3, Math.min(devices + pods + 3, body - 2 - PATH_ROWS))
  const pathHeight = Math.max(3, body - 2 - nodeHeight)
  return (
    <ScreenFrame {...props}>
      <Rows rows={[serviceRow(state.cluster.services, theme.glyphs)]} width={width} theme={theme} />
      <Box flexShrink={0} height={nodeHeight}>
        {nodes.map((node, i) => (
          <NodePane
            key={node.name}
            node={node}
            width={share(width - side, nodes.length, i)}
            height={nodeHeight}
            {...{ state, theme }}
          />
        ))}
        {wide && (
          <Pane title={line(en.ui.packet)} rows={packetRows(state)} width={side} height={nodeHeight} theme={theme} />
        )}
      </Box>
      <Rows rows={[underlayRow(props.experience, state, theme.glyphs)]} width={width} theme={theme} />
      <Box flexShrink={0} height={pathHeight}>
        <PathPane {...props} width={width - side} height={pathHeight} />
        {wide && (
          <Pane
            title={line(en.ui.conntrack)}
            rows={conntrackRows(state)}
            width={side}
            height={pathHeight}
            theme={theme}
          />
        )}
      </Box>
    </ScreenFrame>
  )
}

function NodePane({
  node,
  state,
  theme,
  width,
  height,
}: Pick<ScreenProps, 'state' | 'theme' | 'width' | 'height'> & { node: NodeView }): ReactElement {
  const { hops, cursor } = legOf(state)
  const here = hops[cursor]?.node === node.name
  const rows = nodeRows(node, state, theme.glyphs, Math.max(1, height - 2 - node.devices.length))
  return (
    <Pane
      title={line(tail(node.name, Math.max(8, width - 5), theme.glyphs), span(` ${node.address}`, 'dim'))}
      rows={rows}
      width={width}
      height={height}
      focused={here}
      theme={theme}
    />
  )
}

function PathPane({ state, theme, width, height }: ScreenProps): ReactElement {
  const { done, now, next } = theme.glyphs
  const title = line(
    legOf(state).reply ? en.ui.reply : en.ui.path,
    span(`  ${en.ui.pathLegend(done, now, next)}`, 'dim'),
  )
  const path = pathRows(state, theme.glyphs, width - 4)
  const room = Math.max(1, height - 3)
  const why = whyRows(state, width - 4)
  const rows = [packetRow(state), ...path.slice(0, Math.max(1, room - Math.min(why.length, 1))), ...why]
  return <Pane title={title} rows={rows} width={width} height={height} theme={theme} />
}

/** The nodes the packet visits come first when not all fit. */
function nodesInView(nodes: readonly NodeView[], state: ScreenProps['state'], room: number): readonly NodeView[] {
  if (nodes.length <= room) return nodes
  const { forward, reply } = state.story.trace
  const visited = new Set([...forward.hops, ...(reply?.hops ?? [])].map((hop) => hop.node))
  const kept = [
    ...nodes.filter((node) => visited.has(node.name)),
    ...nodes.filter((node) => !visited.has(node.name)),
  ].slice(0, room)
  return nodes.filter((node) => kept.includes(node))
}

function share(total: number, parts: number, index: number): number {
  return Math.floor(((index + 1) * total) / parts) - Math.floor((index * total) / parts)
}
