import { expect, it } from 'vitest'
import { exampleExperience } from '../testing/story.ts'
import { UNICODE } from '../theme/glyphs.ts'
import { statusRow } from './chrome.ts'
import { plainText } from './line.ts'
import { start } from './reduce.ts'

it.each([
  ['Pod to pod', 'Pod to pod · vxlan · ipvs'],
  ['One cluster, three proxies: ipvs', 'One cluster, three proxies: ipvs · vxlan'],
])('%s: the overlay and the mode of kube-proxy stand beside it once', (title, shown) => {
  const experience = { ...exampleExperience(), title, proxyMode: 'ipvs' }
  const request = { from: 'client', to: 'svc/web:80', protocol: 'tcp' } as const
  const state = start(experience, request, { color: false, ascii: false })
  expect(plainText(statusRow(experience, state, UNICODE, 160))).toContain(`  ${shown}  `)
})
